"""Watchlists of the server's users, read from a server process of each product."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.app.wiring import open_parts
from listsync.cancellation import CancelToken
from listsync.config.configuration import load
from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.domain.report import SyncReport, SyncRun, Verdict
from listsync.errors import Refusal, RefusedError
from listsync.providers.seerr.reader import ServerWatchlist
from listsync.providers.seerr.source import parse
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from listsync.sync.run import sync

KIDS = 7
MANY = 45
Numbers = Iterable[int]


@pytest.fixture(autouse=True)
def _nobody_watches(sandbox: SandboxProcess) -> None:
    sandbox.admin("watchlists", {"userId": 1})
    sandbox.admin("watchlists", {"userId": KIDS})


def at_plex(sandbox: SandboxProcess, user: int, films: Numbers) -> None:
    titles = [{"kind": "movie", "tmdbId": number} for number in films]
    sandbox.admin("watchlists", {"userId": user, "titles": titles})


def read(seerr: Seerr, value: str, previous: Validators | None = None) -> Fetched:
    return ServerWatchlist(parse(value), seerr).fetch(previous)


def numbers(fetched: Fetched) -> list[int | None]:
    return [one.ids.tmdb for one in fetched.entries]


def test_a_watchlist_at_plex_is_read_with_all_its_pages_and_again_in_one_call(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    at_plex(sandbox, KIDS, range(1, MANY + 1))
    seerr.identify()
    fetched = read(seerr, "watchlist/kids")
    assert (fetched.outcome, fetched.is_sure) == (ListOutcome.COMPLETE, True)
    assert numbers(fetched) == [*range(1, MANY + 1)]
    before = seerr.calls
    assert read(seerr, "watchlist/kids", fetched.validators).is_unchanged
    assert seerr.calls == before + 1


def test_a_title_that_came_for_another_at_plex_is_seen(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    at_plex(sandbox, KIDS, range(1, MANY + 1))
    fetched = read(seerr, "watchlist/7")
    at_plex(sandbox, KIDS, [99, *range(1, MANY)])
    again = read(seerr, "watchlist/7", fetched.validators)
    assert numbers(again) == [99, *range(1, MANY)]


def test_titles_without_a_number_of_tmdb_leave_a_watchlist_partial(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    at_plex(sandbox, 1, [1, 0, 2])
    fetched = read(seerr, "watchlist")
    assert (fetched.outcome, numbers(fetched)) == (ListOutcome.PARTIAL, [1, 2])


def test_who_has_neither_a_list_nor_plex_has_an_empty_list_that_proves_little(
    seerr: Seerr,
) -> None:
    fetched = read(seerr, "watchlist/7")
    assert (fetched.outcome, fetched.is_unproven) == (ListOutcome.EMPTY, True)


def test_a_list_of_nobody_is_refused(seerr: Seerr) -> None:
    with pytest.raises(RefusedError, match=r"there is no user 'kidz'.*Kids") as caught:
        read(seerr, "watchlist/kidz")
    assert caught.value.kind is Refusal.NOT_FOUND


def test_the_servers_own_watchlist_goes_before_that_of_plex(
    seerr: Seerr, sandbox: SandboxProcess, product: str
) -> None:
    if product == "overseerr":
        assert sandbox.api("POST", "/watchlist", {}, user=KIDS)[0] == 404
        return
    at_plex(sandbox, KIDS, [1])
    films = [*range(101, 101 + MANY)]
    try:
        watch(sandbox, "POST", films)
        fetched = read(seerr, "watchlist/kids")
        assert numbers(fetched) == films
        assert read(seerr, "watchlist/kids", fetched.validators).is_unchanged
        watch(sandbox, "DELETE", films[:1])
        watch(sandbox, "POST", [98])
        again = read(seerr, "watchlist/kids", fetched.validators)
        assert numbers(again) == [*films[1:], 98]
    finally:
        watch(sandbox, "DELETE", [*films[1:], 98])


def watch(sandbox: SandboxProcess, method: str, films: Numbers) -> None:
    for number in films:
        body = {"mediaType": "movie", "tmdbId": number, "title": f"Film {number}"}
        where = "/watchlist" if method == "POST" else f"/watchlist/{number}"
        sandbox.api(method, where, body, user=KIDS)


def synced(sandbox: SandboxProcess, folder: Path, lists: str) -> SyncReport:
    path = folder / "listsync.yaml"
    path.write_text(
        f"server: {{url: '{sandbox.url}', api_key: '{sandbox.api_key}'}}\nlists: [{lists}]\n"
    )
    now = datetime.now(UTC)
    run = SyncRun(run_id=f"run {now.timestamp()}", origin="test", started_at=now)
    config, token = load(path, {}), CancelToken()
    with open_parts(config, folder / "state", dry_run=False, token=token) as parts:
        return sync(run, parts)


def test_what_the_server_itself_requested_from_a_watchlist_is_not_requested_again(
    sandbox: SandboxProcess, tmp_path: Path
) -> None:
    own, ours = 880001, 880002
    for number in (own, ours):
        title = {"media_type": "movie", "tmdb_id": number, "title": f"Film {number}"}
        sandbox.admin("titles", {**title, "imdb_id": f"tt{number}0", "date": "2020-05-05"})
    sandbox.api("POST", "/request", {"mediaType": "movie", "mediaId": own}, user=KIDS)
    sandbox.admin("requests", {"kind": "movie", "tmdbId": own, "isAuto": True})
    sandbox.admin("reset-log", {})
    at_plex(sandbox, KIDS, [own, ours])
    for requested in (1, 0):
        report = synced(sandbox, tmp_path, "{seerr: watchlist, request_as: kids}")
        assert report.lists[0].read == 2
        assert report.count(Verdict.REQUESTED) == requested
    (asked,) = sandbox.admin("log")["requests"]
    assert (asked["tmdbId"], asked["actingId"]) == (ours, KIDS)
