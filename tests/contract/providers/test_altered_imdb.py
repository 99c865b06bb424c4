"""Damaged answers of IMDb: one of our errors or an honest reading, never "empty" by accident."""

from __future__ import annotations

import contextlib
import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from listsync.providers.imdb.reader import read_site_pages
from tests.altered_json import places
from tests.contract.providers.site import FIXTURES, Site, answer
from tests.integration.providers.test_imdb import EXPECTED, imdb
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, ResponseChangedError)
FOLDER = FIXTURES / "imdb"
SAMPLES = sorted({(name, value) for name, value, _ in EXPECTED} | {("list.page1.json", "ls99000")})
LISTS = [(name, value) for name, value in SAMPLES if name in ("list.page1.json", "watchlist.json")]
PAGES = sorted(path.name for path in (FOLDER / "web").glob("*.html"))
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(([], {}, [None], "nm0000001", "tt9000001", 2.5, {"id": None}))
)
often = settings(max_examples=tries(6, 300))


def changed(content: object, draw: st.DataObject) -> object:
    """Replace, rename, drop or double one thing anywhere in a document."""
    path = draw.draw(st.sampled_from([(), *places(content)]), label="place")
    if not path:
        return draw.draw(VALUES, label="value")
    whole = copy.deepcopy(content)
    node: object = whole
    for step in path[:-1]:
        node = node[step]  # type: ignore[index]  # the path was found in this very document
    match draw.draw(st.sampled_from(["replace", "drop", "rename", "double"]), label="change"):
        case "replace":
            node[path[-1]] = draw.draw(VALUES, label="value")  # type: ignore[index]  # as above
        case "drop":
            del node[path[-1]]  # type: ignore[attr-defined]  # as above
        case "rename" if isinstance(node, dict):
            node[f"{path[-1]}s"] = node.pop(str(path[-1]))
        case _ if isinstance(node, list):
            node.append(node[0])
    return whole


def numbers(node: object, name: str) -> list[object]:
    found = [node[name]] if isinstance(node, dict) and name in node else []
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [*found, *(number for value in inner for number in numbers(value, name))]


def check(fetched: Fetched, content: object) -> None:
    totals = [number for number in numbers(content, "total") if isinstance(number, int)]
    if fetched.outcome is ListOutcome.EMPTY:
        assert totals == [0]
        assert not any(numbers(content, "errors"))
    if fetched.outcome is ListOutcome.COMPLETE and totals:
        assert fetched.distinct == max(totals)
    for entry in fetched.entries:
        assert entry.title or entry.ids
        entry.label.encode()


@pytest.mark.parametrize(("name", "value"), SAMPLES)
@given(draw=st.data())
@often
def test_an_answer_with_something_changed(name: str, value: str, draw: st.DataObject) -> None:
    content = json.loads((FOLDER / "graphql" / name).read_text())
    for _ in range(draw.draw(st.integers(1, 3), label="times")):
        content = changed(content, draw)
    with contextlib.suppress(*OURS):
        check(
            imdb(Site.of({"/": answer(json.dumps(content).encode())}), value).fetch(None), content
        )


@pytest.mark.parametrize(("name", "value"), LISTS)
@given(draw=st.data())
@often
def test_an_answer_with_other_bytes(name: str, value: str, draw: st.DataObject) -> None:
    body = bytearray((FOLDER / "graphql" / name).read_bytes())
    place = draw.draw(st.integers(0, len(body) - 1), label="place")
    body[place : place + 1] = draw.draw(st.binary(max_size=2), label="bytes")
    with contextlib.suppress(*OURS):
        fetched = imdb(Site.of({"/": answer(bytes(body))}), value).fetch(None)
        check(fetched, json.loads(body.decode("utf-8-sig")))


@pytest.mark.parametrize("name", PAGES)
@given(draw=st.data())
@often
def test_a_page_with_something_changed(name: str, draw: st.DataObject) -> None:
    html = (FOLDER / "web" / name).read_text()
    before, mark, rest = html.partition('type="application/json">')
    data, end, after = rest.partition("</script>")
    if not mark:
        with pytest.raises(OURS):
            read_site_pages(lambda _: html)
        return
    content = changed(json.loads(data), draw)
    with contextlib.suppress(*OURS):
        check(
            read_site_pages(lambda _: f"{before}{mark}{json.dumps(content)}{end}{after}"), content
        )
