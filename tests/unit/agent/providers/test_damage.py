"""Damaged lists: whatever bytes arrive, one of our errors or a reading, and never "empty"."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import AnswerChangedError, RefusedError, UnavailableError
from listsync.ports.lists import ListProvider
from tests.contract.providers.cases import (
    KEY,
    LIST,
    file_provider,
    mdblist_provider,
    stevenlu_provider,
)
from tests.contract.providers.site import FIXTURES, Site, answer, sample
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, AnswerChangedError)
FILES = sorted(
    path
    for folder in ("file", "imdb/csv", "letterboxd/csv")
    for path in (FIXTURES / folder).iterdir()
    if path.name != "README.md"
)
ANSWERS = [
    FIXTURES / name
    for name in (
        "stevenlu/movies.json",
        "mdblist/keyless-json.array.json",
        "mdblist/items.split.page1.json",
        "mdblist/items.unified.page1.json",
        "mdblist/watchlist-items.json",
        "mdblist/error.generic.json",
    )
]
SUFFIXES = (".txt", ".csv", ".json", ".yml", "")
often = settings(
    max_examples=tries(6, 300), suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(provider: ListProvider) -> Fetched | None:
    with contextlib.suppress(*OURS):
        return provider.fetch(None)
    return None


def shows_emptiness(data: bytes) -> bool:
    """Say whether a person would agree that this file is an empty list."""
    lines = [
        line for line in data.decode("latin-1").strip("\ufeffï»¿").splitlines() if line.strip()
    ]
    titles = [line for line in lines if not line.lstrip().startswith(("#", "//"))]
    header = "".join(titles[-1:]).lower()
    lone = len(titles) == 1 or header.startswith("position,name,year")
    columns = ("title", "name", "const", "imdb")
    return not titles or (lone and any(word in header for word in columns))


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    if draw.draw(st.booleans(), label="truncate"):
        return data[: draw.draw(st.integers(0, len(data)), label="length")]
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3), label="changes")):
        place = draw.draw(st.integers(0, len(changed) - 1), label="place")
        changed[place : place + 1] = draw.draw(st.binary(max_size=2), label="bytes")
        if not changed:
            break
    return bytes(changed)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@given(draw=st.data())
@often
def test_a_damaged_file(path: Path, tmp_path: Path, draw: st.DataObject) -> None:
    data = damaged(path.read_bytes(), draw)
    target = tmp_path / path.name
    target.write_bytes(data)
    fetched = read(file_provider(target))
    if fetched is not None and not shows_emptiness(data):
        assert fetched.outcome in (ListOutcome.COMPLETE, ListOutcome.PARTIAL)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_cut_anywhere(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    target = tmp_path / path.name
    for length in range(0, len(data), 1 + len(data) // tries(25, 300)):
        target.write_bytes(data[:length])
        fetched = read(file_provider(target))
        if fetched is not None and not shows_emptiness(data[:length]):
            assert fetched.outcome in (ListOutcome.COMPLETE, ListOutcome.PARTIAL), length


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
@often
def test_any_bytes_at_all(suffix: str, tmp_path: Path, data: bytes) -> None:
    target = tmp_path / f"list{suffix}"
    target.write_bytes(data)
    fetched = read(file_provider(target))
    if fetched is not None:
        for entry in fetched.entries:
            assert entry.title or entry.ids
            entry.label.encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
@given(text=st.text(alphabet='[]{}",:;#\n\t -<>ab1\\&*!|?%@`tn', max_size=40))
@often
def test_any_marks_at_all(suffix: str, tmp_path: Path, text: str) -> None:
    target = tmp_path / f"list{suffix}"
    target.write_text(text)
    read(file_provider(target))


@pytest.mark.parametrize("path", ANSWERS, ids=lambda path: path.name)
@given(draw=st.data())
@settings(max_examples=tries(6, 300))
def test_a_damaged_answer(path: Path, draw: st.DataObject) -> None:
    site = Site.of(
        {LIST: sample("mdblist/list-meta.json"), "*": answer(damaged(path.read_bytes(), draw))}
    )
    official = "https://mdblist.com/lists/official/movies/x"
    for provider in (
        stevenlu_provider(site),
        mdblist_provider(site),
        mdblist_provider(site, key=KEY),
        mdblist_provider(site, official, KEY),
    ):
        fetched = read(provider)
        assert fetched is None or fetched.outcome is not ListOutcome.EMPTY


@given(body=st.binary(max_size=200), status=st.integers(200, 599))
@settings(max_examples=tries(15, 300))
def test_any_answer_at_all(body: bytes, status: int) -> None:
    for provider in (
        stevenlu_provider(Site.of({"*": answer(body, status)})),
        mdblist_provider(Site.of({"*": answer(body, status, None)}), key=KEY),
    ):
        fetched = read(provider)
        assert fetched is None or fetched.outcome is not ListOutcome.EMPTY
