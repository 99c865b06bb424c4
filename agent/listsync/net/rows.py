"""A JSON list of a service, checked row by row: one bad row does not cost the list."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from pydantic import ValidationError

from listsync.domain.lists import SkippedRow, Validators
from listsync.errors import AnswerChangedError
from listsync.net.call import Call
from listsync.net.documents import parse_json, text_of
from listsync.net.verdicts import Reply, not_json
from listsync.options import Answer

if TYPE_CHECKING:
    import httpx

RowT = TypeVar("RowT", bound=Answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows(Generic[RowT]):
    """The rows of one answer. `rows` pairs each good row with its rank (from 1, bad ones count).

    `unchanged` means that nothing was sent: the list is as it was at the last reading.
    """

    rows: tuple[tuple[int, RowT], ...] = ()
    bad: tuple[SkippedRow, ...] = ()
    validators: Validators | None = None
    unchanged: bool = False

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.bad)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One JSON answer. `content` is None when `unchanged`."""

    reply: Reply
    content: object
    validators: Validators
    unchanged: bool = False


def get_document(client: httpx.Client, call: Call, previous: Validators | None = None) -> Document:
    """Ask, and parse the answer as JSON; raises what `ask` raises."""
    from listsync.net.http import ask  # noqa: PLC0415 - brings httpx, which an idle agent can do without

    reply = ask(client, call, previous)
    if reply.status == 304 and previous is not None:
        fresh = reply.validators
        kept = Validators(
            etag=fresh.etag or previous.etag,
            last_modified=fresh.last_modified or previous.last_modified,
        )
        return Document(reply=reply, content=None, validators=kept, unchanged=True)
    page = not_json(reply)
    if page is not None:
        raise page
    content = parse_json(call.service, text_of(reply))
    return Document(reply=reply, content=content, validators=reply.validators)


def get_rows(
    client: httpx.Client, call: Call, row: type[RowT], previous: Validators | None
) -> Rows[RowT]:
    """Read a JSON array whose elements look like *row*; raises what `ask` raises."""
    document = get_document(client, call, previous)
    if document.unchanged:
        return Rows(validators=document.validators, unchanged=True)
    return check_rows(call.service, document.content, row, validators=document.validators)


def check_rows(
    service: str,
    items: object,
    row: type[RowT],
    *,
    first: int = 1,
    validators: Validators | None = None,
) -> Rows[RowT]:
    """Check each element of a JSON array; *first* is the rank of the first one.

    Raises:
        AnswerChangedError: no array, or so many bad rows that the format must have changed.
    """
    if not isinstance(items, list):
        raise AnswerChangedError(
            service, f"a list was expected, not {_sketch(items)}", sample=_sketch(items)
        )
    good: list[tuple[int, RowT]] = []
    bad: list[SkippedRow] = []
    for rank, item in enumerate(items, start=first):
        try:
            good.append((rank, row.model_validate(item)))
        except ValidationError as error:
            bad.append(SkippedRow(rank=rank, what=_sketch(item), why=_fault(error)))
    refuse_drift(service, bad, total=len(items))
    return Rows(rows=tuple(good), bad=tuple(bad), validators=validators)


def refuse_drift(service: str, bad: list[SkippedRow], *, total: int) -> None:
    """Raise when the bad rows are all there is, or several and more than a quarter."""
    if bad and (len(bad) == total or (len(bad) > 1 and len(bad) * 4 > total)):
        raise AnswerChangedError(
            service,
            f"{len(bad)} of {total} rows are not of the known form: {bad[0].why}",
            sample=bad[0].what,
        )


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _sketch(value: object) -> str:
    """Show a value in a few words: its title where it has one."""
    title = value.get("title") if isinstance(value, dict) else None
    text = title if isinstance(title, str) else json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 80 else f"{text[:80]}..."
