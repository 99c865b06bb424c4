"""How a reply that comes in pages is asked for, checked and put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

from listsyncctl.client import Line, not_understood
from listsyncctl.replies import strange_in


def later_pages(
    line: Line, method: str, params: Mapping[str, object], after: object
) -> Iterator[dict[str, object]]:
    """Ask for all pages behind the one that says *after*; raises ClientError.

    The next one is asked for before one is looked at, so that the agent makes it meanwhile.
    """
    seen = set[object]()
    with closing(line):
        if after:
            line.send(method, behind(params, after))
        while after:
            seen.add(after)
            page = line.result()
            after = page.get("next")
            if is_more := isinstance(after, str) and after not in seen and has_rows(page):
                line.send(method, behind(params, after))
            understood(method, page)
            if after and not is_more:
                raise not_understood(method, "next")  # for ever
            yield page


def understood(method: str, reply: dict[str, object]) -> dict[str, object]:
    """Give *reply* back; raises ClientError for one that is not understood."""
    if (field := strange_in(method, reply)) is not None:
        raise not_understood(method, field)
    return reply


def behind(params: Mapping[str, object], after: object) -> dict[str, object]:
    return {**without_offset(params), "cursor": after}


def rows_of(page: Mapping[str, object], name: str) -> list[object]:
    rows = page.get(name)
    return rows if isinstance(rows, list) else []


def has_rows(page: Mapping[str, object]) -> bool:
    return any(
        has_rows(value) if isinstance(value, dict) else isinstance(value, list) and value
        for value in page.values()
    )


def append_page(whole: dict[str, object], page: Mapping[str, object]) -> None:
    """Put the rows of a page behind those that there are; what is no row is as it was first."""
    for name, value in page.items():
        there = whole.get(name)
        if isinstance(there, list) and isinstance(value, list):
            there += value
        elif isinstance(there, dict) and isinstance(value, dict):
            append_page(there, value)


def without_offset(params: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in params.items() if name != "offset"}
