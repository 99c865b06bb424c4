"""The client's requests against a server process: asked for once, whatever happens."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from listsync.config_types import SecretStr
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import FoundRequests, MediaStatus, RequestBody, ResponseKind
from listsync.errors import RefusedError, UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from tests.builders import film_body
from tests.integration.seerr.conftest import Connect

_numbers = count(1)


@pytest.fixture
def film(sandbox: SandboxProcess) -> RequestBody:
    """Give a film that nobody has asked for yet."""
    return RequestBody(key=new_title(sandbox, MediaType.MOVIE), four_k=False)


@pytest.fixture
def series(sandbox: SandboxProcess) -> RequestBody:
    return RequestBody(key=new_title(sandbox, MediaType.TV), four_k=False, seasons=(1, 2))


def new_title(sandbox: SandboxProcess, kind: MediaType, **more: object) -> TitleKey:
    number = 980_000_000 + next(_numbers)
    is_series = kind is MediaType.TV
    sandbox.admin(
        "titles",
        {
            "media_type": kind.value,
            "tmdb_id": number,
            "title": f"New {number}",
            "date": "2024-01-01",
            "tvdb_id": number if is_series else None,
            "seasons": 3 if is_series else None,
            **more,
        },
    )
    return TitleKey(kind, number)


def written(sandbox: SandboxProcess) -> list[dict[str, Any]]:
    """List what the server was asked and did: the successful ones of its log."""
    return [one for one in sandbox.admin("log")["requests"] if one["status"] == 201]


def test_the_seasons_that_were_really_taken_are_told(
    seerr: Seerr, sandbox: SandboxProcess, product: str, film: RequestBody
) -> None:
    key = new_title(sandbox, MediaType.TV)
    body = RequestBody(key=key, four_k=False, seasons=(0, 1))
    # With specials off, which they are at first, Seerr leaves season 0 out.
    assert seerr.request(body).seasons == ((0, 1) if product == "overseerr" else (1,))
    assert seerr.request(film).seasons == ()


def test_a_request_is_found_by_what_it_asked_for(
    seerr: Seerr, film: RequestBody, series: RequestBody
) -> None:
    assert seerr.find_requests(film) == FoundRequests()
    assert seerr.find_requests(series) == FoundRequests()
    number = seerr.request(film).request_id
    assert seerr.find_requests(film).covering == number
    assert seerr.find_requests(replace(film, four_k=True)) == FoundRequests()
    number = seerr.request(replace(series, seasons=(1,))).request_id
    in_part = seerr.find_requests(series)
    assert in_part.covering is None
    assert [one.seasons for one in in_part.requests] == [{1}]
    assert seerr.find_requests(replace(series, seasons=(1,))).covering == number


def test_a_film_is_requested_once(
    seerr: Seerr, sandbox: SandboxProcess, film: RequestBody
) -> None:
    first, second = seerr.request(film), seerr.request(film)
    assert first.kind is ResponseKind.REQUESTED
    assert second.kind is ResponseKind.COVERED
    (only,) = written(sandbox)
    assert (only["is4k"], only["userId"], only["requestId"]) == (False, 1, first.request_id)


def test_editions_are_requested_apart(
    seerr: Seerr, sandbox: SandboxProcess, film: RequestBody
) -> None:
    seerr.request(film)
    four_k = RequestBody(key=film.key, four_k=True)
    assert seerr.request(four_k).kind is ResponseKind.REQUESTED
    assert [one["is4k"] for one in written(sandbox)] == [False, True]


def test_seasons_are_covered_once_asked_for(seerr: Seerr, series: RequestBody) -> None:
    assert seerr.request(series).kind is ResponseKind.REQUESTED
    details = seerr.series(series.key.tmdb_id)
    assert [one.number for one in details.seasons if one.covered] == [1, 2]
    assert not any(one.covered_4k for one in details.seasons)
    assert seerr.request(series).kind is ResponseKind.COVERED


def test_a_user_asks_and_waits(
    connect: Connect, sandbox: SandboxProcess, film: RequestBody
) -> None:
    answer = connect(act_as="kids").request(film)
    assert answer.detail == "waits for approval"
    assert written(sandbox)[0]["userId"] == 7


def test_the_owner_asks_for_a_user_and_it_is_approved(
    connect: Connect, sandbox: SandboxProcess, film: RequestBody
) -> None:
    answer = connect(act_as="kids", approve=True).request(film)
    assert answer.kind is ResponseKind.REQUESTED
    assert answer.detail == ""
    assert written(sandbox)[0]["userId"] == 7


def test_a_missing_right_is_an_answer(connect: Connect, film: RequestBody) -> None:
    answer = connect(act_as="rightless").request(film)
    assert answer.kind is ResponseKind.PERMISSION
    assert "movie requests" in answer.detail


def test_a_used_up_quota_is_an_answer(
    connect: Connect, sandbox: SandboxProcess, film: RequestBody
) -> None:
    user = {"id": 9, "name": "Quota", "permissions": 32, "movieLimit": 1}
    sandbox.admin("users", user)
    client = connect(act_as=9)
    first = RequestBody(key=new_title(sandbox, MediaType.MOVIE), four_k=False)
    client.request(first)
    assert client.request(film).kind is ResponseKind.QUOTA


def test_a_blocklisted_film_is_an_answer(
    seerr: Seerr, sandbox: SandboxProcess, product: str, film: RequestBody
) -> None:
    order = {"kind": "movie", "tmdbId": film.key.tmdb_id, "status": MediaStatus.BLOCKLISTED}
    sandbox.admin("media", order)
    has_blocklist = product != "overseerr"
    expected = ResponseKind.BLOCKLISTED if has_blocklist else ResponseKind.REQUESTED
    assert seerr.request(film).kind is expected


def test_an_unknown_film_is_impossible(seerr: Seerr) -> None:
    unknown = film_body(2_000_000_000)
    answer = seerr.request(unknown)
    assert answer.kind is ResponseKind.IMPOSSIBLE
    assert "TMDB knows no movie/2000000000" in answer.detail


def test_a_series_without_tvdb_id_is_impossible_until_one_is_given(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    for tvdb_id, answer in ((None, ResponseKind.IMPOSSIBLE), (987_001, ResponseKind.REQUESTED)):
        key = new_title(sandbox, MediaType.TV, tvdb_id=None)
        given = tvdb_id and tvdb_id + key.tmdb_id
        body = RequestBody(key=key, four_k=False, seasons=(1,), tvdb_id=given)
        assert seerr.request(body).kind is answer


def test_a_tvdb_id_that_is_taken_is_impossible(
    seerr: Seerr, sandbox: SandboxProcess, series: RequestBody
) -> None:
    seerr.request(series)
    key = new_title(sandbox, MediaType.TV, tvdb_id=series.key.tmdb_id)
    answer = seerr.request(RequestBody(key=key, four_k=False, seasons=(1,)))
    assert answer.kind is ResponseKind.IMPOSSIBLE
    assert "another series" in answer.detail


def test_a_refused_key_is_told(connect: Connect, film: RequestBody) -> None:
    with pytest.raises(RefusedError, match="API key is refused"):
        connect(key="wrong").request(film)


def test_csrf_protection_is_passed(
    seerr: Seerr, sandbox: SandboxProcess, film: RequestBody, series: RequestBody
) -> None:
    sandbox.admin("settings", {"csrf": True})
    assert seerr.request(film).kind is ResponseKind.REQUESTED
    assert seerr.request(series).kind is ResponseKind.REQUESTED
    assert sandbox.admin("log")["calls"]["POST /request"] == 3


def test_tmdb_down_is_not_the_titles_fault(
    seerr: Seerr, sandbox: SandboxProcess, film: RequestBody
) -> None:
    sandbox.admin("faults", {"kind": "tmdb_down", "method": "POST"})
    with pytest.raises(UnavailableError, match="TMDB"):
        seerr.request(film)
    assert seerr.request(film).kind is ResponseKind.REQUESTED


@pytest.mark.parametrize(
    "kind", ["drop_before", "drop_after", "drop_midway", "html", "login_page"]
)
def test_a_lost_answer_never_makes_two_requests(
    seerr: Seerr, sandbox: SandboxProcess, film: RequestBody, series: RequestBody, kind: str
) -> None:
    for body in (film, series):
        sandbox.admin("faults", {"kind": kind, "method": "POST"})
        answer = seerr.request(body)
        assert answer.kind is ResponseKind.REQUESTED
        assert answer.request_id is not None
    assert [one["tmdbId"] for one in written(sandbox)] == [film.key.tmdb_id, series.key.tmdb_id]


def test_a_lost_answer_is_found_though_the_server_left_specials_out(
    seerr: Seerr, sandbox: SandboxProcess, product: str
) -> None:
    key = new_title(sandbox, MediaType.TV)
    body = RequestBody(key=key, four_k=False, seasons=(0, 1))
    sandbox.admin("faults", {"kind": "drop_after", "method": "POST"})
    answer = seerr.request(body)
    (first,) = written(sandbox)
    assert (answer.kind, answer.request_id) == (ResponseKind.REQUESTED, first["requestId"])
    only_specials = RequestBody(key=key, four_k=False, seasons=(0,))
    is_found = seerr.find_requests(only_specials).covering is not None
    assert is_found is (product == "overseerr")


def test_after_a_timeout_it_is_looked_and_found(
    connect: Connect, sandbox: SandboxProcess, film: RequestBody
) -> None:
    sandbox.admin("faults", {"kind": "hang_after", "method": "POST"})
    client = connect(timeout_s=0.5)
    assert client.request(film).kind is ResponseKind.REQUESTED
    assert len(written(sandbox)) == 1
    assert client.calls == 2


def test_after_a_timeout_nothing_is_repeated(
    connect: Connect, sandbox: SandboxProcess, film: RequestBody
) -> None:
    sandbox.admin("faults", {"kind": "hang", "method": "POST"})
    client = connect(timeout_s=0.5)
    assert client.request(film).kind is ResponseKind.UNSURE
    assert written(sandbox) == []
    assert client.calls == 2


def test_eight_threads_are_one_writer(seerr: Seerr, sandbox: SandboxProcess) -> None:
    sandbox.admin("settings", {"post_floor_ms": 5})
    bodies = [
        RequestBody(key=new_title(sandbox, MediaType.MOVIE), four_k=False) for _ in range(40)
    ]
    with ThreadPoolExecutor(12) as pool:
        reads = pool.map(seerr.find_by_imdb, ["tt1160419"] * 40)
        answers = list(pool.map(seerr.request, bodies))
        assert all(page.candidates for page in reads)
    assert {one.kind for one in answers} == {ResponseKind.REQUESTED}
    log = sandbox.admin("log")
    assert log["max_posts_in_flight"] == 1
    assert log["lost"] == 0


def test_a_server_that_dies_loses_nothing_silently(film: RequestBody) -> None:
    with SandboxProcess("seerr") as mortal:
        client = Seerr(mortal.url, SecretStr(mortal.api_key))
        client.identify()
        mortal.kill()
        with pytest.raises(UnavailableError, match=r"connection refused|look failed"):
            client.request(film)
        client.close()
