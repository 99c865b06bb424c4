from __future__ import annotations

import pytest

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.server import RequestStatus, ServerRequest
from listsync.domain.server_knowledge import RequestList
from listsync.errors import ResponseChangedError
from tests.unit.agent.seerr.playback import Playback, Reply, json_reply

SERIES = Edition(TitleKey(MediaType.TV, 1396), four_k=True)


def row(number: int, **more: object) -> dict[str, object]:
    media = {"tmdbId": number, "tvdbId": None, "status": 2}
    return {"id": number, "type": "movie", "status": 2, "is4k": False, "media": media, **more}


def series_row(status: int, *seasons: tuple[int, int]) -> dict[str, object]:
    rows = [{"id": number, "seasonNumber": number, "status": at} for number, at in seasons]
    more = {"type": "tv", "is4k": True, "media": {"tmdbId": 1396}, "seasons": rows}
    return row(9, status=status, **more)


def page(total: int, *rows: object) -> Reply:
    info = {"pages": 1, "pageSize": 1000, "results": total, "page": 1}
    return json_reply({"pageInfo": info, "results": list(rows)})


def listed(*pages: Reply) -> RequestList:
    playback = Playback()
    for number, one in enumerate(pages):
        playback.on(f"GET /request?take=1000&skip={number * 1000}&sort=added", one)
    return playback.seerr().read_requests()


def read(*rows: object) -> tuple[ServerRequest, ...]:
    return listed(page(len(rows), *rows)).requests


def test_a_film_is_told_by_its_edition_and_status() -> None:
    key = TitleKey(MediaType.MOVIE, 7)
    assert read(row(7, status=4, is4k=True)) == (
        ServerRequest(edition=Edition(key, four_k=True), status=4, request_id=7),
    )


def test_seasons_that_were_declined_are_told_apart_from_a_request_that_stands() -> None:
    assert read(series_row(2, (1, 2), (2, 3), (3, 2))) == (
        ServerRequest(edition=SERIES, status=2, request_id=9, seasons=frozenset({1, 3})),
        ServerRequest(
            edition=SERIES,
            status=RequestStatus.DECLINED,
            request_id=9,
            seasons=frozenset({2}),
        ),
    )


def test_a_declined_series_has_all_its_seasons_declined() -> None:
    (one,) = read(series_row(3, (1, 1), (2, 3)))
    assert (one.status, one.seasons) == (RequestStatus.DECLINED, frozenset({1, 2}))


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"id": 1},
        row(1, media=None),
        row(1, media={}),
        row(1, type="person"),
        row(1, status="x"),
    ],
)
def test_an_odd_row_costs_only_itself(odd: object) -> None:
    found = listed(page(3, odd, row(7), row(8)))
    assert [one.request_id for one in found.requests] == [7, 8]
    assert not found.is_whole


def test_a_list_is_whole_where_each_request_was_read() -> None:
    whole = [row(number) for number in range(1100, 0, -1)]
    assert listed(page(2, row(7), row(8))).is_whole
    assert listed(page(1100, *whole[:1000]), page(1100, *whole[1000:])).is_whole


def test_a_list_of_which_a_request_went_while_it_was_read_is_not_whole() -> None:
    """What follows moves up by one, so that one is in neither page."""
    rows = [row(number) for number in range(1100, 0, -1)]
    found = listed(page(1100, *rows[:1000]), page(1099, *rows[1001:]))
    assert (len(found.requests), found.is_whole) == (1099, False)


def test_a_list_with_more_requests_than_are_read_is_not_whole(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("listsync.seerr.index.MOST_PAGES", 1)
    found = listed(page(1001, *(row(number) for number in range(1000))))
    assert (len(found.requests), found.is_whole) == (1000, False)
    assert "only 1000 of 1001 requests at the server were read" in caplog.text


def test_a_list_of_odd_rows_is_none() -> None:
    with pytest.raises(ResponseChangedError):
        read({}, {}, row(7))
