"""The sandbox answers every recorded call as the real server did.

A difference that is not meant (`meant.MEANT`) is a fault of the sandbox, not of the transcript.
"""

from __future__ import annotations

from functools import cache

import pytest

from listsync.sandbox.process import SandboxProcess
from tests.contract.transcripts.comparison import Difference, compare
from tests.contract.transcripts.meant import MEANT, Meant
from tests.contract.transcripts.transcript import (
    PRODUCTS,
    Call,
    RecordedResponse,
    ask,
    read,
    set_up,
)


@cache
def replay(product: str) -> list[tuple[Call, Difference]]:
    """Ask a fresh sandbox all that was asked, and give what differs."""
    transcript = read(product)
    with SandboxProcess(product) as sandbox:
        set_up(sandbox, transcript.before)
        return [
            (call, difference)
            for call in transcript.calls
            for difference in compare(call, ask(sandbox, call))
        ]


@pytest.fixture(autouse=True)
def _forks(forked_programs: None) -> None:
    """Start sandboxes quickly."""


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_call_is_answered_as_by_the_real_server(product: str) -> None:
    unmeant = [
        f"{call} {difference}"
        for call, difference in replay(product)
        if not any(meant.covers(product, call, difference) for meant in MEANT)
    ]
    assert unmeant == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_whole_transcript_is_replayed(product: str) -> None:
    transcript = read(product)
    assert len(transcript.calls) == 184
    assert transcript.before["product"] == product


@pytest.mark.parametrize(
    ("product", "meant"),
    [
        pytest.param(product, meant, id=f"{product}-{meant.calls[0]}")
        for meant in MEANT
        for product in meant.products
    ],
)
def test_a_difference_that_is_meant_is_still_there(product: str, meant: Meant) -> None:
    found = {
        call.number
        for call, difference in replay(product)
        if meant.covers(product, call, difference)
    }
    assert found == set(meant.calls)


def _call(answer: RecordedResponse, path: str = "/media") -> Call:
    return Call(
        number=1,
        label="made up",
        method="GET",
        path=path,
        key="right",
        user=None,
        headers={},
        body=None,
        answer=answer,
    )


def _answer(content: object, status: int = 200) -> RecordedResponse:
    return RecordedResponse(
        status=status, content_type="application/json", has_etag=True, content=content
    )


@pytest.mark.parametrize(
    ("ours", "places"),
    [
        pytest.param({"a": 1, "createdAt": "x"}, [], id="times-may-differ"),
        pytest.param({"a": 1, "createdAt": None}, ["/createdAt"], id="their-types-may-not"),
        pytest.param({"a": 2, "createdAt": "x"}, ["/a"], id="values"),
        pytest.param({"a": True, "createdAt": "x"}, ["/a"], id="true-is-no-number"),
        pytest.param({"createdAt": "x"}, ["/a"], id="missing"),
        pytest.param({"a": 1, "b": None, "createdAt": "x"}, ["/b"], id="too-much"),
        pytest.param([], ["/"], id="another-form"),
    ],
)
def test_the_comparison_sees(ours: object, places: list[str]) -> None:
    real = _answer({"a": 1, "createdAt": "2026-11-28T23:03:25.000Z"})
    assert [found.place for found in compare(_call(real), _answer(ours))] == places


def test_the_comparison_sees_another_status_and_a_missing_row() -> None:
    found = compare(_call(_answer([1, 2])), _answer([1], status=201))
    assert [one.place for one in found] == ["status", "/1"]


@pytest.mark.parametrize(
    ("path", "count"), [("/search?query=dune", 0), ("/search?query=tmdb%3A1", 4)]
)
def test_the_order_of_a_title_search_alone_does_not_count(path: str, count: int) -> None:
    rows = [{"mediaType": "movie", "id": 1}, {"mediaType": "tv", "id": 2}]
    call = _call(_answer({"results": rows}), path)
    assert len(compare(call, _answer({"results": rows[::-1]}))) == count
