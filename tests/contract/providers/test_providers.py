"""What every provider keeps, tried with every sample of every service."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync import errors
from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import ListsyncError, Refusal, RefusedError, UnavailableError
from tests.contract.providers import (
    cases,
    cases_anilist,
    cases_custom,
    cases_letterboxd,
    cases_myanimelist,
    cases_plex,
    cases_seerr,
    cases_simkl,
    cases_tmdb,
    cases_trakt,
    cases_tvdb,
)
from tests.contract.providers.cases import FAILURES, NO, PAGES, Case
from tests.contract.providers.site import FIXTURES

FOLDERS = (
    "anilist",
    "custom",
    "file",
    "imdb/csv",
    "imdb/graphql",
    "imdb/web",
    "letterboxd/csv",
    "letterboxd/pages",
    "mdblist",
    "myanimelist",
    "plex",
    "simkl",
    "stevenlu",
    "tmdb",
    "trakt",
    "tvdb",
    "watchlists",
)
SERVICES = (
    "anilist",
    "custom",
    "file",
    "imdb",
    "letterboxd",
    "mdblist",
    "myanimelist",
    "plex",
    "seerr",
    r"server http://seerr\S+",
    "simkl",
    "stevenlu",
    "tmdb",
    "trakt",
    "tvdb",
)
NAMED = rf"^({'|'.join(SERVICES)}): "
MODULES = (
    cases,
    cases_anilist,
    cases_custom,
    cases_letterboxd,
    cases_myanimelist,
    cases_plex,
    cases_seerr,
    cases_simkl,
    cases_tmdb,
    cases_trakt,
    cases_tvdb,
)
CASES = [case for module in MODULES for case in module.CASES]
FAILING = {name: build for module in MODULES for name, build in module.FAILING.items()}
READ = [case for case in CASES if isinstance(case.expected, ListOutcome)]
REFUSED = [case for case in CASES if not isinstance(case.expected, ListOutcome)]


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Case) else None


def _fetched(case: Case) -> Fetched:
    return case.provider().fetch(case.previous)


@pytest.mark.parametrize("case", READ, ids=_name)
def test_a_sample_is_read_with_the_outcome_it_stands_for(case: Case) -> None:
    fetched = _fetched(case)
    assert fetched.outcome is case.expected
    assert (len(fetched.entries), len(fetched.skipped)) == (case.titles, case.skipped)


@pytest.mark.parametrize("case", READ, ids=_name)
def test_ranks_count_every_row_from_one(case: Case) -> None:
    fetched = _fetched(case)
    entries = [entry.rank for entry in fetched.entries]
    skipped = [row.rank for row in fetched.skipped]
    assert sorted(entries + skipped) == list(range(1, fetched.read + 1))
    assert entries == sorted(entries)


@pytest.mark.parametrize("case", READ, ids=_name)
def test_every_entry_says_which_title_it_is_and_every_skipped_row_why(case: Case) -> None:
    fetched = _fetched(case)
    assert all(entry.title or entry.ids for entry in fetched.entries)
    assert all(row.what and row.why for row in fetched.skipped)


@pytest.mark.parametrize("case", READ, ids=_name)
def test_reading_twice_gives_the_same(case: Case) -> None:
    assert _fetched(case) == _fetched(case)


@pytest.mark.parametrize("case", REFUSED, ids=_name)
def test_a_sample_without_a_list_says_what_to_do(case: Case) -> None:
    expected = RefusedError if isinstance(case.expected, Refusal) else case.expected
    assert isinstance(expected, type)
    with pytest.raises(expected, match=NAMED) as caught:
        _fetched(case)
    if isinstance(caught.value, RefusedError):
        assert caught.value.kind is case.expected


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.parametrize("service", FAILING)
def test_fetch_says_what_to_do(service: str, failure: str, tmp_path: Path) -> None:
    with pytest.raises(
        ListsyncError, match=service.removesuffix("-with-key").removesuffix("-feed")
    ) as caught:
        FAILING[service](tmp_path, failure).fetch(None)
    general = next(one for one in type(caught.value).mro() if one.__module__ == errors.__name__)
    assert general is FAILURES[failure]  # the server's client has finer ones of its own


@pytest.mark.parametrize("way", NO)
@pytest.mark.parametrize("service", [one for one in FAILING if one not in ("file", "seerr")])
def test_what_services_in_general_say_no_with_is_told_apart(
    service: str, way: str, tmp_path: Path
) -> None:
    if way == "gone" and service in ("imdb", "letterboxd"):
        return  # theirs look otherwise: what answers so is somebody else
    expected = NO[way][1]
    with pytest.raises((RefusedError, UnavailableError)) as caught:
        FAILING[service](tmp_path, way).fetch(None)
    if isinstance(expected, Refusal):
        assert getattr(caught.value, "kind", None) is expected, str(caught.value)
    else:
        assert isinstance(caught.value, expected)


@pytest.mark.parametrize("way", PAGES)
@pytest.mark.parametrize(
    "service",
    ["anilist", "mdblist-with-key", "myanimelist", "simkl", "tmdb", "trakt", "tvdb"],
)
def test_a_web_page_in_the_place_of_an_api_says_nothing_of_the_list(
    service: str, way: str, tmp_path: Path
) -> None:
    with pytest.raises((RefusedError, UnavailableError), match="a web page answers") as caught:
        FAILING[service](tmp_path, way).fetch(None)
    if isinstance(caught.value, RefusedError):
        assert (caught.value.kind, way) == (Refusal.BLOCKED, "page-403")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_sample_is_used_and_every_folder_says_where_it_is_from(folder: str) -> None:
    used = {name for case in CASES for name in case.samples}
    there = {
        str(path.relative_to(FIXTURES))
        for path in (FIXTURES / folder).iterdir()
        if path.name != "README.md"
    }
    assert there <= used
    assert (FIXTURES / folder.partition("/")[0] / "README.md").exists()
