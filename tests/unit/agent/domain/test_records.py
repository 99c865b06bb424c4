from __future__ import annotations

import pytest

from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.media import NO_IDS, ExternalIds, MediaType, TitleKey
from listsync.domain.report import ListReport, Phase, Progress, Verdict
from listsync.domain.run_notes import Notes
from listsync.domain.server import (
    ABSENT,
    Candidate,
    RequestBody,
    Season,
    TitleState,
    year_of,
)

DUNE = TitleKey(MediaType.MOVIE, 438631)
ROW = SkippedRow(rank=1, what="Al Pacino", why="a person")
ENTRY = ListEntry(rank=2, title="Dune")


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        (ListEntry(rank=1, title="Dune", year=2021), "Dune (2021)"),
        (ListEntry(rank=1, title="Dune", ids=ExternalIds(imdb="tt1")), "Dune"),
        (ListEntry(rank=1, ids=ExternalIds(imdb="tt1", tmdb=2)), "imdb:tt1"),
        (ListEntry(rank=1, kind=MediaType.TV, ids=ExternalIds(tmdb=2)), "tmdb:tv/2"),
        (ListEntry(rank=1, ids=ExternalIds(tmdb=2, tvdb=3)), "tmdb:2"),
        (ListEntry(rank=1, ids=ExternalIds(tvdb=3)), "tvdb:3"),
    ],
    ids=["title-and-year", "title", "imdb", "tmdb", "tmdb-no-kind", "tvdb"],
)
def test_an_entry_is_called_by_its_title_else_its_id(entry: ListEntry, label: str) -> None:
    assert entry.label == label


@pytest.mark.parametrize(
    ("fetched", "outcome"),
    [
        (Fetched(entries=(ENTRY,)), ListOutcome.COMPLETE),
        (Fetched(entries=(ENTRY,), declared=1), ListOutcome.COMPLETE),
        (Fetched(entries=(ENTRY, ENTRY), declared=1), ListOutcome.COMPLETE),
        (Fetched(entries=(ENTRY,), skipped=(ROW,), declared=2), ListOutcome.COMPLETE),
        (Fetched(entries=(ENTRY,), declared=2), ListOutcome.PARTIAL),
        (Fetched(declared=2), ListOutcome.PARTIAL),
        (Fetched(declared=0), ListOutcome.EMPTY),
        (Fetched(), ListOutcome.DRIFT),
        (Fetched.unchanged(None), ListOutcome.UNCHANGED),
    ],
    ids=[
        "undeclared",
        "all",
        "more-than-declared",
        "skipped-rows-count",
        "one-missing",
        "all-missing",
        "declared-empty",
        "unexplained-nothing",
        "unchanged",
    ],
)
def test_a_reading_is_judged_by_its_counts(fetched: Fetched, outcome: ListOutcome) -> None:
    assert fetched.outcome is outcome


def test_an_unchanged_list_keeps_what_makes_the_next_read_cheap() -> None:
    marks = Validators(etag="1")
    assert Fetched.unchanged(marks).validators is marks


@pytest.mark.parametrize("outcome", ListOutcome)
def test_only_three_outcomes_are_a_whole_list(outcome: ListOutcome) -> None:
    whole = {ListOutcome.COMPLETE, ListOutcome.UNCHANGED, ListOutcome.EMPTY}
    assert outcome.whole is (outcome in whole)
    report = ListReport(name="a", service="file", outcome=outcome, read=0, declared=None, new=0)
    assert report.is_good is outcome.whole
    assert report.verdicts.get(Verdict.FAILED, 0) == 0


@pytest.mark.parametrize(
    ("date", "year"),
    [
        ("2021-09-15", 2021),
        ("2021", 2021),
        ("", None),
        (None, None),
        ("21-9-15", None),
        ("soon", None),
        ("\u0662\u0660\u0662\u0661-01-01", None),
    ],
    ids=["date", "year", "empty", "none", "short", "words", "other-digits"],
)
def test_a_year_is_read_from_a_date(date: str | None, year: int | None) -> None:
    assert year_of(date) == year


@pytest.mark.parametrize(
    "ids", [ExternalIds(imdb="tt1"), ExternalIds(tmdb=0), ExternalIds(tvdb=1)]
)
def test_any_id_is_an_id(ids: ExternalIds) -> None:
    assert ids
    assert not NO_IDS


def test_a_key_is_written_with_its_kind() -> None:
    assert str(DUNE) == "movie/438631"


def test_keys_of_both_kinds_can_be_sorted() -> None:
    series = TitleKey(MediaType.TV, 1)
    assert sorted([series, DUNE]) == [DUNE, series]


def test_a_state_differs_by_edition() -> None:
    state = TitleState(5, 2)
    assert (state.of(four_k=False), state.of(four_k=True)) == (5, 2)
    assert ABSENT.of(four_k=True) == 1


def test_a_season_is_covered_by_edition() -> None:
    season = Season(number=1, episodes=8, covered_4k=True)
    assert (season.is_covered(four_k=False), season.is_covered(four_k=True)) == (False, True)


@pytest.mark.parametrize(("year", "label"), [(2021, "Dune (2021)"), (None, "Dune")])
def test_a_candidate_is_called_by_title_and_year(year: int | None, label: str) -> None:
    assert Candidate(key=DUNE, title="Dune", original_title="", year=year).label == label


@pytest.mark.parametrize(("done", "total", "percent"), [(0, 0, 0), (1, 3, 33), (3, 3, 100)])
def test_progress_is_counted_in_percent(done: int, total: int, percent: int) -> None:
    progress = Progress(
        run_id=None, phase=Phase.ADD, done=done, total=total, requested=0, lists=(), sequence=1
    )
    assert progress.percent == percent


def test_notes_are_counted_over_all_their_parts() -> None:
    body = RequestBody(key=DUNE, four_k=False)
    assert len(Notes(dropped=[body, body])) == 2
    assert not Notes()
