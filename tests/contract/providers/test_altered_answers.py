"""Answers of every service altered at random: one of our errors, or a reading without a loss."""

from __future__ import annotations

import contextlib
import json
import re
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched, ListOutcome
from tests.altered_json import ODD, JsonPath, places
from tests.contract.providers.cases import Case
from tests.contract.providers.site import body_of, harmed
from tests.contract.providers.test_damage import DAMAGED, OURS, bodies, read, service
from tests.thorough import tries

CASES = [case for case in DAMAGED if service(case) != "file"]
ROWS = frozenset(
    (
        *("anime", "data", "edges", "entities", "entries", "items", "media", "Metadata"),
        *("movies", "parts", "results", "shows"),
    )
)
"""Under these names stand rows; in an array by itself, too."""
WITHOUT_ROWS = ("mdblist/list-meta.json",)
NOTHING = (b'"lists": []', b'"plantowatch": null')
ELEMENT = re.compile(rb"<([\w:]+)(?:\s[^<>]*)?>[^<]*</\1>")
often = settings(max_examples=tries(20, 1500))


@cache
def as_it_is(case: Case) -> Fetched | None:
    with contextlib.suppress(*OURS):
        return case.provider().fetch(case.previous)
    return None


@cache
def asked(case: Case, suffix: str) -> tuple[str, ...]:
    """Name the samples that are asked for as *case* is read, and that have something to alter."""
    names = dict[str, None]()

    def note(name: str, body: bytes) -> bytes:
        if name.endswith(suffix) and len(body.strip()) > len("null"):
            names[name] = None
        return body

    with harmed(note), contextlib.suppress(*OURS):
        case.provider().fetch(case.previous)
    return tuple(names)


def services_with(suffix: str) -> list[str]:
    return sorted(
        {service(case) for case in CASES for name in bodies(case) if name.endswith(suffix)}
    )


@cache
def cases_of(name: str, suffix: str) -> list[Case]:
    return [case for case in CASES if service(case) == name and asked(case, suffix)]


def row_in(path: JsonPath) -> int | None:
    """Say at which step of *path* a row is entered."""
    for step, key in enumerate(path):
        if isinstance(key, int) and (step == 0 or path[step - 1] in ROWS):
            return step
    return None


def alter(document: Any, path: JsonPath, draw: st.DataObject) -> bool | None:
    """Remove, rename or replace one thing; returns whether every row is still there.

    None: who knows. False: an array of rows stands there no more.
    """
    *way, last = path
    holder = document
    for key in way:
        holder = holder[key]
    was = holder[last]
    do = draw.draw(st.sampled_from(("remove", "rename", "replace")), label="do")
    if do == "replace":
        holder[last] = draw.draw(ODD, label="odd")
    else:
        holder.pop(last)
        if do == "rename" and isinstance(holder, dict):
            holder[f"{last}x"] = was
    step = row_in(path)
    if step is not None and (step < len(path) - 1 or do == "replace"):
        return True
    were_rows = last in ROWS and isinstance(was, list) and bool(was)
    return False if were_rows and not isinstance(holder.get(last), list) else None


def must_be_right(
    case: Case, fetched: Fetched | None, comes: bytes, *, has_rows: bool | None
) -> None:
    """Take any error; but of a reading no row may be missing, nor may it be "empty" at once.

    Only AniList and Simkl say by one thing alone that there is nothing.
    """
    if fetched is None:
        return
    says_none = case.expected is ListOutcome.EMPTY or any(map(comes.__contains__, NOTHING))
    assert fetched.outcome is not ListOutcome.EMPTY or says_none
    whole = as_it_is(case)
    assert whole is not None or not fetched.outcome.whole
    is_all = whole is None or fetched.read >= whole.read
    assert is_all or not has_rows
    assert is_all or has_rows is None or not fetched.is_sure
    for entry in fetched.entries:
        assert entry.title or entry.ids
        entry.label.encode()


@pytest.mark.parametrize("name", services_with(".json"))
@given(draw=st.data())
@often
def test_an_altered_answer_loses_no_row_unnoticed(name: str, draw: st.DataObject) -> None:
    case = draw.draw(st.sampled_from(cases_of(name, ".json")))
    sample = draw.draw(st.sampled_from(asked(case, ".json")), label="sample")
    document = json.loads(body_of(sample))
    path = draw.draw(st.sampled_from([*places(document)]), label="path")
    has_rows = alter(document, path, draw)
    if sample in WITHOUT_ROWS or (name == "anilist" and path[-1] == "status"):
        has_rows = None  # what has another status is of another list there
    comes = json.dumps(document).encode()
    must_be_right(case, read(case, sample, comes), comes, has_rows=has_rows)


@pytest.mark.parametrize("name", ["custom", "plex"])
@given(draw=st.data())
@often
def test_an_altered_feed_loses_no_row_unnoticed(name: str, draw: st.DataObject) -> None:
    case = draw.draw(st.sampled_from(cases_of(name, ".xml")))
    sample = draw.draw(st.sampled_from(asked(case, ".xml")), label="sample")
    body = body_of(sample)
    elements = [*ELEMENT.finditer(body)]
    if not elements:
        return
    found = draw.draw(st.sampled_from(elements), label="element")
    instead = draw.draw(st.sampled_from((b"", b"<x>1</x>", b"<%s/>" % found[1])))
    comes = body[: found.start()] + instead + body[found.end() :]
    must_be_right(case, read(case, sample, comes), comes, has_rows=True)
