"""Damaged answers: one of our errors or a reading, never "empty" or "complete" with rows lost."""

from __future__ import annotations

import contextlib
import json

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from tests.contract.providers.site import FIXTURES, Site, answer, sample
from tests.fakes import KeptTokens
from tests.integration.providers.test_trakt import (
    ITEMS,
    LIST,
    PAGES,
    VALUE,
    dated,
    read_once,
    trakt,
)
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, ResponseChangedError)
often = settings(max_examples=tries(15, 300))


def read(site: Site, value: str = VALUE, previous: Validators | None = None) -> Fetched | None:
    with contextlib.suppress(*OURS):
        return trakt(site, value, KeptTokens()).fetch(previous)
    return None


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    if draw.draw(st.booleans(), label="truncate"):
        return data[: draw.draw(st.integers(0, len(data)), label="length")]
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3), label="changes")):
        place = draw.draw(st.integers(0, max(len(changed) - 1, 0)), label="place")
        changed[place : place + 1] = draw.draw(st.binary(max_size=2), label="bytes")
    return bytes(changed)


def with_body(response: httpx.Response, body: bytes) -> httpx.Response:
    headers = {k: v for k, v in response.headers.items() if k != "content-length"}
    return httpx.Response(response.status_code, headers=headers, content=body)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)


def altered(value: object, draw: st.DataObject) -> object:
    """Replace, rename or remove one thing somewhere inside *value*."""
    if isinstance(value, dict | list) and value and draw.draw(st.integers(0, 4), label="in"):
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = draw.draw(st.sampled_from(keys), label="key")
        copy = dict(value) if isinstance(value, dict) else dict(enumerate(value))
        copy[key] = altered(copy[key], draw)
        match draw.draw(st.sampled_from(["keep", "keep", "keep", "drop", "rename"]), label="do"):
            case "drop":
                del copy[key]
            case "rename":
                copy[f"{key}x"] = copy.pop(key)
            case _:
                pass
        return copy if isinstance(value, dict) else list(copy.values())
    return draw.draw(VALUES, label="value")


@pytest.mark.parametrize("at", [0, 1])
@given(draw=st.data())
@often
def test_damaged_bytes_lose_no_row_unnoticed(at: int, draw: st.DataObject) -> None:
    pages = [sample(name) for name in PAGES]
    pages[at] = with_body(pages[at], damaged(pages[at].content, draw))
    fetched = read(Site.of({ITEMS: pages}))
    assert fetched is None or fetched.outcome is not ListOutcome.EMPTY
    assert fetched is None or fetched.outcome is not ListOutcome.COMPLETE or fetched.read >= 7


@pytest.mark.parametrize("at", [0, 1])
@given(draw=st.data())
@often
def test_altered_rows_lose_no_row_unnoticed(at: int, draw: st.DataObject) -> None:
    pages = [sample(name) for name in PAGES]
    body = json.dumps(altered(json.loads(pages[at].content), draw)).encode()
    pages[at] = with_body(pages[at], body)
    fetched = read(Site.of({ITEMS: pages}))
    if fetched is not None:
        assert fetched.outcome in (ListOutcome.COMPLETE, ListOutcome.PARTIAL)
        assert (fetched.outcome is ListOutcome.PARTIAL) == (fetched.read < 7)
        for entry in fetched.entries:
            assert entry.title or entry.ids
            entry.label.encode()


@given(draw=st.data())
@often
def test_altered_counts_end_and_never_empty_a_list(draw: st.DataObject) -> None:
    told = st.none() | st.integers(-3, 3000).map(str) | st.sampled_from(["", "x", "1e9", "9" * 30])
    pages = [sample(name) for name in PAGES]
    for page in pages:
        for name in ("page", "limit", "page-count", "item-count"):
            value = draw.draw(told | st.just(page.headers[f"x-pagination-{name}"]), label=name)
            del page.headers[f"x-pagination-{name}"]
            if value is not None:
                page.headers[f"x-pagination-{name}"] = value
    site = Site.of({ITEMS: pages})
    fetched = read(site)
    assert len(site.seen) <= 1000
    assert fetched is None or fetched.outcome is not ListOutcome.EMPTY
    if fetched is not None and fetched.declared is not None and fetched.read < fetched.declared:
        assert fetched.outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize("name", ["list-summary.json", "last-activities.json"])
@given(draw=st.data())
@often
def test_a_damaged_description_only_costs_another_reading(name: str, draw: st.DataObject) -> None:
    whole = json.loads((FIXTURES / "trakt" / name).read_bytes())
    about = dated(answer(json.dumps(altered(whole, draw)).encode()))
    pages = [dated(sample(page)) for page in PAGES]
    site = Site.of({LIST: about, "/sync/last_activities": about, ITEMS: pages})
    fetched = read(site, VALUE, read_once())
    assert fetched is not None
    assert fetched.is_unchanged or fetched.read == 7
