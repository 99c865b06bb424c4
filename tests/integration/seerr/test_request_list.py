"""The list of requests, as the real server answers it."""

from __future__ import annotations

import pytest

from listsync.domain.media import Edition, MediaType, TitleKey
from listsync.domain.server import RequestBody, RequestStatus, ServerRequest
from listsync.sandbox.process import SandboxProcess
from listsync.seerr import index
from listsync.seerr.client import Seerr

FILMS = [20_000_901 + number for number in range(3)]
SERIES = 1396


@pytest.fixture
def requested(seerr: Seerr) -> dict[int, int]:
    """Have films requested; gives the numbers of their requests."""
    numbers = {}
    for film in FILMS:
        key = TitleKey(MediaType.MOVIE, film)
        answered = seerr.request(RequestBody(key=key, four_k=False))
        found = seerr.find_requests(RequestBody(key=key, four_k=False))
        numbers[film] = answered.request_id or found.covering or 0
    return numbers


def of(seerr: Seerr, key: TitleKey) -> list[ServerRequest]:
    return [one for one in seerr.read_requests().requests if one.edition.key == key]


def test_each_request_is_told_with_its_status(
    seerr: Seerr, sandbox: SandboxProcess, requested: dict[int, int]
) -> None:
    for film, deed in zip(FILMS[:2], ("decline", "fail"), strict=True):
        sandbox.admin("requests", {"id": requested[film], "do": deed})
    told = {one.request_id: one for one in seerr.read_requests().requests}
    for film, status in zip(FILMS, (3, 4, 2), strict=True):
        one = told[requested[film]]
        assert one.edition == Edition(TitleKey(MediaType.MOVIE, film), four_k=False)
        assert one.status == status


def test_the_seasons_of_a_series_are_told(seerr: Seerr) -> None:
    key = TitleKey(MediaType.TV, SERIES)
    for season in (1, 2):
        seerr.request(RequestBody(key=key, four_k=True, seasons=(season,)))
    found = {one.seasons: one for one in of(seerr, key)}
    assert found.keys() >= {frozenset({1}), frozenset({2})}
    assert found[frozenset({1})].edition.four_k
    assert found[frozenset({1})].status != RequestStatus.DECLINED


def test_several_pages_are_read_up_to_a_bound(
    seerr: Seerr, requested: dict[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "PAGE", 2)
    monkeypatch.setattr(index, "MOST_PAGES", 50)
    before = seerr.calls
    numbers = {one.request_id for one in seerr.read_requests().requests}
    assert numbers >= set(requested.values())
    assert seerr.calls - before >= 2
    monkeypatch.setattr(index, "MOST_PAGES", 1)
    before = seerr.calls
    assert len({one.request_id for one in seerr.read_requests().requests}) == 2
    assert seerr.calls - before == 1
