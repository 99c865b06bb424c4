"""The three lists of contrib/lists: remakes, wrong years, same names, and what does not exist."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.acceptance.conftest import FIRST_SYNC, LISTS, Home, titles_csv
from tests.thorough import IS_THOROUGH, tries

_FILES = ("imdb-export.csv", "letterboxd-watchlist.csv", "traps.csv")
_EXPECTED = set(json.loads(FIRST_SYNC.read_text(encoding="utf-8")))
_OF_TRAPS = {
    *(f"movie/{number}" for number in (194, 240, 275, 787, 841, 1396)),
    *(f"movie/{number}" for number in (10681, 24428, 424139, 438631)),
    *(f"tv/{number}" for number in (1396, 2316, 2996, 57243, 60622, 126308, 9900001)),
}
_LESS = (_FILES, _EXPECTED) if IS_THOROUGH else (_FILES[-1:], _OF_TRAPS)


def _follow(home: Home, files: tuple[str, ...]) -> None:
    home.write_config([home.write_list(name, (LISTS / name).read_bytes()) for name in files])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("product", "files", "wanted"),
    [
        ("seerr", _FILES, _EXPECTED),
        ("overseerr", *_LESS),
        ("jellyseerr", *_LESS),
    ],
)
def test_every_title_is_requested_once_and_no_trap(
    start_home: Callable[..., Home], product: str, files: tuple[str, ...], wanted: set[str]
) -> None:
    home = start_home(product)
    _follow(home, files)
    first = home.once("--yes")
    assert first.code == 0, first.err
    assert set(first.requested) == wanted
    assert len(first.requested) == len(wanted)
    at_server = home.sandbox.admin("log")["requests"]
    assert {f"{one['kind']}/{one['tmdbId']}" for one in at_server} == wanted
    assert len(at_server) == len(wanted)
    assert home.sandbox.admin("log")["max_posts_in_flight"] == 1

    home.sandbox.admin("reset-log", {})
    second = home.once()
    assert second.code == 0
    assert second.requested == []
    calls = home.sandbox.admin("log")["calls"]
    assert sum(calls.values()) == second.report["calls"]
    assert not [route for route in calls if route.startswith("POST")]
    # What was not found has been looked up once more, and is believed now.
    assert home.once().report["calls"] <= 8


@pytest.mark.slow
@pytest.mark.parametrize(
    "files",
    [_FILES[::-1], (_FILES[1], _FILES[2], _FILES[0])][: tries(1, 2)],
    ids="-".join,
)
def test_the_order_of_the_lists_does_not_matter(home: Home, files: tuple[str, ...]) -> None:
    _follow(home, files)
    report = home.once("--dry-run").report
    assert {one["key"] for one in report["items"] if one["verdict"] == "requested"} == _EXPECTED


def test_what_is_not_certain_is_held_and_what_is_no_title_is_skipped(home: Home) -> None:
    _follow(home, ("traps.csv",))
    ran = home.once()
    assert set(ran.verdicts("review")) == {"Batman", "The Office"}
    assert set(ran.verdicts("not_found")) == {
        "A Quiet Storm over Nowhere (2015)",
        "Dune: Part Nine (2031)",
        "The Matrix 9 (2030)",
    }
    skipped = ran.verdicts("skipped")
    assert "person" in skipped["Somebody"]
    assert "specials" in skipped["Specials of the Harbour (2012)"]
    assert len(skipped) == 3


def test_traps_become_what_they_should(home: Home) -> None:
    _follow(home, ("traps.csv",))
    taken = {one["label"]: one["key"] for one in home.once().report["items"] if one["key"]}
    assert taken["Dune (1984)"] == "movie/841"
    assert taken["Dune (2021)"] == taken["Dune: Part One (2021)"] == "movie/438631"
    assert taken["The Office (2001)"] == "tv/2996"
    assert taken["Fargo (1996)"] == "movie/275"
    assert taken["Fargo (2014)"] == "tv/60622"
    assert taken["Halloween (2017)"] == "movie/424139"
    assert taken["The Avengers (2012)"] == "movie/24428"
    assert taken["Mirror (1975)"] == "movie/1396"
    assert taken["Breaking Bad (2008)"] == "tv/1396"
    assert taken["The Salt Archive (2019)"] == "tv/9900001"


def test_two_series_with_one_tvdb_id_fail_in_words_and_are_tried_later(home: Home) -> None:
    home.write_config(
        [
            home.write_list(
                "two.csv", "kind,tmdb_id,title\ntv,1396,A\ntv,9900002,The Copper Ledger\n"
            )
        ]
    )
    first = home.once()
    assert first.code == 8
    assert "TVDB" in first.verdicts("failed")["The Copper Ledger"]
    home.sandbox.admin("reset-log", {})
    second = home.once()
    assert second.code == 0
    assert "postponed" in second.verdicts("skipped")["The Copper Ledger"]
    assert home.sandbox.admin("log")["requests"] == []


@pytest.mark.slow
def test_a_list_of_very_many_titles_syncs_to_its_end(start_home: Callable[..., Home]) -> None:
    count, there = tries(100, 2600), 2100  # more than two pages of the index
    home = start_home(titles=there + count, library=there)
    on_all_pages = [11, 12, 13, 10127, 49026, 20_000_001]
    new = range(20_000_001 + there, 20_000_001 + there + count)
    home.write_config([home.write_list("long.csv", titles_csv([*on_all_pages, *new]))])
    ran = home.once()
    assert ran.code == 0
    assert sorted(ran.requested) == sorted(f"movie/{number}" for number in new)
    # The pages of the index are read once more after so many requests.
    assert ran.report["calls"] <= 6 + 3 + count + 3 + tries(0, 2) + ran.report["duration_s"]
