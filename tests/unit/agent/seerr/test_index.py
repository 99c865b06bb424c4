from __future__ import annotations

import httpx
import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import IndexPage, TitleState
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.row_limit import MOST_OF_ALL
from tests.unit.agent.seerr.playback import Playback, json_reply


def row(number: int, **more: object) -> dict[str, object]:
    return {
        "id": number,
        "mediaType": "movie",
        "tmdbId": number,
        "tvdbId": None,
        "status": 5,
        "status4k": 1,
        "seasons": [],
        "createdAt": "2025-01-01T00:00:00.000Z",
        **more,
    }


def page(rows: list[dict[str, object]], total: int, etag: str = 'W/"1"') -> httpx.Response:
    info = {"pages": 1, "pageSize": 1000, "results": total, "page": 1}
    return json_reply({"pageInfo": info, "results": rows}, ETag=etag)


def target(skip: int) -> str:
    return f"GET /media?take=1000&skip={skip}&sort=added"


def read(*rows: dict[str, object]) -> tuple[tuple[TitleKey, TitleState], ...]:
    server = Playback().on(target(0), page(list(rows), len(rows)))
    (only,) = server.seerr().read_index(())
    return only.titles


def test_all_pages_are_read() -> None:
    server = Playback()
    for skip in (0, 1000, 2000):
        rows = [row(n) for n in range(skip + 1, min(skip + 1000, 2500) + 1)]
        server.on(target(skip), page(rows, 2500, f'W/"{skip}"'))
    pages = server.seerr().read_index(())
    assert [len(one.titles) for one in pages] == [1000, 1000, 500]
    assert [one.etag for one in pages] == ['W/"0"', 'W/"1000"', 'W/"2000"']
    assert len(server.asked) == 3


def test_an_empty_server_is_one_empty_page() -> None:
    server = Playback().on(target(0), page([], 0))
    assert server.seerr().read_index(()) == (IndexPage(etag='W/"1"', total=0, titles=()),)


def test_a_row_becomes_key_and_state() -> None:
    ((key, state),) = read(row(7, mediaType="tv", tmdbId=1396, tvdbId=81189, status=4, status4k=2))
    assert key == TitleKey(MediaType.TV, 1396)
    assert state == TitleState(4, 2, 81189)


def test_unknown_numbers_are_kept_and_unknown_kinds_left_out() -> None:
    titles = read(row(1, status=99), row(2, mediaType="music"), row(3, tmdbId=None), row(4))
    assert [(key.tmdb_id, state.status) for key, state in titles] == [(1, 99), (4, 5)]


def test_every_row_of_a_key_is_given_to_the_reader() -> None:
    assert [state.status for _, state in read(row(1), row(1, status=2))] == [5, 2]


def test_equal_states_are_one_object() -> None:
    first, second = read(row(1), row(2))
    assert first[1] is second[1]


def test_an_odd_row_is_left_out() -> None:
    assert len(read(row(1), row(2), row(3), row(4, status="new"))) == 3


def test_an_unchanged_page_is_remembered() -> None:
    server = Playback().on(target(0), httpx.Response(304))
    known = (IndexPage(etag='W/"9"', total=1, titles=()),)
    assert server.seerr().read_index(known)[0] is known[0]
    assert server.asked[0].headers["if-none-match"] == 'W/"9"'


def test_only_the_changed_page_is_read_anew() -> None:
    server = Playback().on(target(0), httpx.Response(304))
    server.on(target(1000), page([row(5)], 1001, 'W/"new"'))
    known = tuple(IndexPage(etag=f'W/"{n}"', total=1001, titles=()) for n in range(2))
    first, second = server.seerr().read_index(known)
    assert first is known[0]
    assert second.etag == 'W/"new"'


def test_an_unasked_for_304_is_not_believed() -> None:
    server = Playback().on(target(0), httpx.Response(304))
    with pytest.raises(UnavailableError):
        server.seerr().read_index((IndexPage(etag=None, total=1, titles=()),))


def full(total: int, etag: str) -> httpx.Response:
    return page([row(n) for n in range(1, 1001)], total, etag)


def test_a_total_that_changes_meanwhile_means_reading_again() -> None:
    server = Playback().on(target(0), full(1002, '"a"'), full(1001, '"b"'))
    server.on(target(1000), page([row(5)], 1001, '"c"'), httpx.Response(304))
    pages = server.seerr().read_index(())
    assert [one.total for one in pages] == [1001, 1001]
    assert len(server.asked) == 4
    assert server.asked[3].headers["if-none-match"] == '"c"'


def test_growth_without_end_is_put_up_with() -> None:
    server = Playback().on(target(0), *(full(1000 + n, f'"{n}"') for n in (1, 3, 5)))
    server.on(target(1000), *(page([row(5)] * 6, 1000 + n, f'"{n}"') for n in (2, 4, 6)))
    assert len(server.seerr().read_index(())) == 2
    assert len(server.asked) == 6


def test_shrinking_without_end_is_no_index() -> None:
    server = Playback().on(target(0), *(full(1000 + n, f'"{n}"') for n in (9, 7, 5)))
    server.on(target(1000), *(page([row(5)] * 8, 1000 + n, f'"{n}"') for n in (8, 6, 4)))
    with pytest.raises(UnavailableError, match="keeps shrinking"):
        server.seerr().read_index(())


def test_the_largest_library_and_all_that_lists_may_bring_are_read() -> None:
    total = 110_000 + MOST_OF_ALL
    server = Playback().on(target(0), full(total, '"0"')).on(target(1000), page([], total))
    with pytest.raises(ResponseChangedError, match="0 readable rows of 1000"):
        server.seerr().read_index(())
    assert len(server.asked) == 2


def test_more_titles_than_are_read_are_said_to_be_too_many() -> None:
    server = Playback().on(target(0), full(210_001, '"0"'))
    with pytest.raises(ResponseChangedError, match="210,001 titles, more than the 210,000"):
        server.seerr().read_index(())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"results": []}, id="no-page-info"),
        pytest.param({"pageInfo": {"results": 1}}, id="no-results"),
        pytest.param({"pageInfo": {}, "results": []}, id="no-total"),
        pytest.param({"pageInfo": {"results": 1}, "results": {}}, id="no-list"),
        pytest.param({"pageInfo": {"results": 3}, "results": [{"a": 1}] * 3}, id="odd-rows"),
        pytest.param({"pageInfo": {"results": 999}, "results": [row(1)]}, id="page-cut-short"),
    ],
)
def test_another_shape_is_said_to_be_one(body: object) -> None:
    server = Playback().on(target(0), json_reply(body))
    with pytest.raises(ResponseChangedError, match="a page of the index"):
        server.seerr().read_index(())
