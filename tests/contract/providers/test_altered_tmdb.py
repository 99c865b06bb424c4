"""Damaged answers of TMDB: one of our errors or a reading, and never more whole than it is."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from listsync.providers.tmdb.reader import Tmdb
from listsync.providers.tmdb.source import TmdbOptions, parse
from tests.altered_json import ODD, places
from tests.contract.providers.site import FIXTURES, answer, client
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, ResponseChangedError)
SAMPLES = {
    "8990001": ("v4-list.page1.json", "v4-list.page2.json"),
    "list/8990001": ("v3-list.page1.json",),
    "collection/99001": ("collection.json",),
    "keyword/9799/movie": ("discover-movie.json",),
    "trending/all/week": ("discover-movie.json",),
}
often = settings(max_examples=tries(10, 300))


def fetched(value: str, bodies: list[bytes], status: int = 200) -> Fetched | None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", 1))
        return answer(bodies[min(page, len(bodies)) - 1], status)

    options = TmdbOptions(token=SecretStr("not-a-real-token"))
    provider = Tmdb(parse(value), options, client(options, handler))
    with contextlib.suppress(*OURS):
        return provider.fetch(None)
    return None


def read(value: str) -> list[bytes]:
    return [(FIXTURES / "tmdb" / name).read_bytes() for name in SAMPLES[value]]


def changed(body: bytes, draw: st.DataObject) -> bytes:
    """Take something out of an answer, or put something odd in its place."""
    document: Any = json.loads(body)
    for _ in range(draw.draw(st.integers(1, 3), label="changes")):
        ways = [*places(document)]
        if not ways:
            break
        *way, last = draw.draw(st.sampled_from(ways), label="place")
        holder = document
        for key in way:
            holder = holder[key]
        if draw.draw(st.booleans(), label="remove"):
            del holder[last]
        else:
            holder[last] = draw.draw(ODD, label="odd")
    return json.dumps(document).encode()


def counts(bodies: list[bytes]) -> list[int]:
    """Read the sizes that the answers themselves give for the whole list."""
    found = []
    for body in bodies:
        document = json.loads(body)
        sizes = [document.get("total_results"), document.get("item_count")]
        found += [size for size in sizes if type(size) is int]
    return found


def rows(body: bytes) -> int:
    """Count what stands where rows stand."""
    document = json.loads(body)
    lists = [document.get(name) for name in ("results", "items", "parts")]
    return max(len(found) if isinstance(found, list) else 0 for found in lists)


@pytest.mark.parametrize("value", SAMPLES)
@given(draw=st.data())
@often
def test_a_changed_answer(value: str, draw: st.DataObject) -> None:
    bodies = read(value)
    place = draw.draw(st.integers(0, len(bodies) - 1), label="page")
    bodies[place] = changed(bodies[place], draw)
    reading = fetched(value, bodies)
    if reading is None or not reading.outcome.whole:
        return
    whole = max(counts(bodies), default=0)
    if value.startswith("trending"):
        whole = min(whole, 100)
    assert reading.read >= whole
    assert reading.read <= sum(map(rows, bodies))
    assert reading.outcome is not ListOutcome.EMPTY or 0 in counts(bodies)
    for entry in reading.entries:
        entry.label.encode()
