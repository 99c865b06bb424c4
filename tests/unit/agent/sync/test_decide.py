from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from listsync.domain.decisions import (
    Decision,
    Found,
    How,
    Match,
    Prepared,
    Request,
    Skip,
    SkipReason,
    Wish,
)
from listsync.domain.media import Edition, Exclusion, MediaType, TitleKey
from listsync.domain.run_notes import HandledEntries
from listsync.domain.server import MediaStatus, RequestBody, SeriesDetails, TitleState
from listsync.sync.decide import decide
from listsync.sync.eligibility import needs_seasons
from listsync.sync.exclusions import Excluded, ExclusionSet
from listsync.sync.knowledge import RunKnowledge, Stored
from tests.builders import (
    MOVIE,
    TV,
    details,
    entry,
    film_wish,
    found,
    prepared,
    rules,
    series_wish,
    wish,
)

FILM, SERIES = TitleKey(MOVIE, 603), TitleKey(TV, 1396)
IN_4K = rules("in 4k", four_k=True)


def knowing(
    status: int = MediaStatus.UNKNOWN,
    status_4k: int = MediaStatus.UNKNOWN,
    *,
    handled: Iterable[Edition] = (),
    exclusions: Iterable[Exclusion] = (),
    holds: Mapping[tuple[MediaType, bool], str] | None = None,
) -> RunKnowledge:
    state = TitleState(status, status_4k)
    stored = Stored(
        index={FILM: state, SERIES: state},
        handled=HandledEntries({("file:mine", False): {str(one): one for one in handled}}),
    )
    return RunKnowledge(stored, excluded=ExclusionSet(exclusions), holds=holds)


def reason(decision: Decision) -> SkipReason | None:
    return decision.reason if isinstance(decision, Skip) else None


def on_film(known: RunKnowledge, *, four_k: bool = False) -> SkipReason | None:
    return reason(decide(prepared(film_wish(of=IN_4K if four_k else None)), known))


def on_series(
    known: RunKnowledge, seasons: SeriesDetails, one: Wish | None = None
) -> tuple[int, ...] | SkipReason:
    decision = decide(prepared(one or series_wish(), seasons), known)
    return decision.body.seasons if isinstance(decision, Request) else decision.reason


def test_a_title_that_the_server_does_not_know_is_asked_for() -> None:
    known = RunKnowledge(Stored())
    wish = film_wish()
    decision = decide(prepared(wish), known)
    assert decision == Request(RequestBody(key=FILM, four_k=False), wish.members)


@pytest.mark.parametrize("is_4k", [False, True], ids=["normal", "4k"])
@pytest.mark.parametrize("is_handled", [False, True], ids=["new", "handled"])
@pytest.mark.parametrize(
    ("status", "new", "handled"),
    [
        (MediaStatus.UNKNOWN, None, SkipReason.HANDLED),
        (MediaStatus.PENDING, SkipReason.REQUESTED, SkipReason.REQUESTED),
        (MediaStatus.PROCESSING, SkipReason.REQUESTED, SkipReason.REQUESTED),
        (MediaStatus.PARTIALLY_AVAILABLE, None, SkipReason.AVAILABLE),
        (MediaStatus.AVAILABLE, SkipReason.AVAILABLE, SkipReason.AVAILABLE),
        (MediaStatus.BLOCKLISTED, SkipReason.BLOCKLISTED, SkipReason.BLOCKLISTED),
        (MediaStatus.DELETED, SkipReason.DELETED, SkipReason.DELETED),
        (99, SkipReason.REQUESTED, SkipReason.REQUESTED),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_each_status_has_its_answer(
    status: int,
    new: SkipReason | None,
    handled: SkipReason | None,
    *,
    is_handled: bool,
    is_4k: bool,
) -> None:
    memory = [Edition(FILM, is_4k)] if is_handled else []
    states = (MediaStatus.AVAILABLE, status) if is_4k else (status, MediaStatus.AVAILABLE)
    assert on_film(knowing(*states, handled=memory), four_k=is_4k) is (
        handled if is_handled else new
    )


@pytest.mark.parametrize("four_k", [False, True])
def test_what_is_blocklisted_in_one_edition_is_so_in_both(*, four_k: bool) -> None:
    known = knowing(MediaStatus.UNKNOWN, MediaStatus.BLOCKLISTED)
    assert on_film(known, four_k=four_k) is SkipReason.BLOCKLISTED


def test_what_was_handled_in_4k_is_new_otherwise() -> None:
    assert on_film(knowing(handled=[Edition(FILM, True)])) is None


# Exclusions


@pytest.mark.parametrize(
    ("exclusion", "is_excluded"),
    [
        (Exclusion(key=FILM), True),
        (Exclusion(key=TitleKey(TV, 603)), False),
        (Exclusion(imdb="tt0133093"), True),
        (Exclusion(imdb="tt1"), False),
        (Exclusion(tvdb=7), True),
        (Exclusion(tvdb=8), False),
        (Exclusion(title="MATRIX: the!"), False),
        (Exclusion(title="THE MATRIX!"), True),
        (Exclusion(title="The Matrix", year=1999), True),
        (Exclusion(title="The Matrix", year=2021), False),
        (Exclusion(title="The Matrix", kind=MOVIE), True),
        (Exclusion(title="The Matrix", kind=TV), False),
        (Exclusion(title="Matrix, A"), False),
        (Exclusion(title="Matrica", year=1999), True),
    ],
    ids=str,
)
def test_an_exclusion_holds_by_each_of_its_names(
    exclusion: Exclusion, *, is_excluded: bool
) -> None:
    one = wish(
        entry("The Matrix", 1999, MOVIE, original="Matrica", imdb="tt0133093", tmdb=603, tvdb=7)
    )
    decision = decide(prepared(one), knowing(exclusions=[exclusion]))
    assert (reason(decision) is SkipReason.EXCLUDED) is is_excluded


def test_an_exclusion_holds_for_what_an_id_turned_out_to_be() -> None:
    one = Prepared(wish=wish(entry(imdb="tt0133093")), match=found(FILM))
    assert reason(decide(one, knowing(exclusions=[Exclusion(key=FILM)]))) is SkipReason.EXCLUDED


def test_an_exclusion_by_title_holds_for_a_row_without_a_title() -> None:
    one = Prepared(wish=wish(entry(imdb="tt0133093")), match=found(FILM, "The Matrix (1999)"))
    known = knowing(exclusions=[Exclusion(title="The Matrix", year=1999)])
    assert reason(decide(one, known)) is SkipReason.EXCLUDED


def test_an_excluded_title_is_excluded_before_it_is_found() -> None:
    one = Prepared(wish=wish(entry("Cats", 2019)), match=None)
    known = knowing(exclusions=[Exclusion(title="Cats")])
    assert reason(decide(one, known)) is SkipReason.EXCLUDED


def test_a_number_without_its_kind_is_not_excluded_by_key() -> None:
    assert Excluded([Exclusion(key=FILM)]).by_ids(wish(entry(tmdb=603)), None) is None


# What cannot be asked for


@pytest.mark.parametrize(
    ("match", "skip"),
    [
        (None, Skip(SkipReason.NOT_FOUND)),
        (
            Match(found=Found.NOT_FOUND, how=How.TITLE, reasons=("none like it", "no")),
            Skip(SkipReason.NOT_FOUND, "none like it"),
        ),
        (Match(found=Found.REVIEW, how=How.TITLE), Skip(SkipReason.REVIEW)),
    ],
    ids=["no-match", "not-found", "review"],
)
def test_what_was_not_found_is_not_asked_for(match: Match | None, skip: Skip) -> None:
    assert decide(Prepared(wish=film_wish(), match=match), knowing()) == skip


def test_a_list_of_films_takes_no_series() -> None:
    of = rules(kind=MOVIE)
    one = Prepared(wish=wish(entry(imdb="tt1"), of), match=found(SERIES), details=details())
    assert decide(one, knowing()) == Skip(SkipReason.EXCLUDED, "the list takes no tv")


def test_another_list_may_take_what_one_does_not() -> None:
    one = wish(entry(imdb="tt1"), rules(kind=TV))
    both = replace(one, members=(*one.members, *film_wish().members))
    assert isinstance(decide(Prepared(wish=both, match=found(FILM)), knowing()), Request)


# This run so far


def test_a_film_is_asked_for_once_a_run() -> None:
    known = knowing()
    known.note_requested(Edition(FILM, False), ())
    assert on_film(known) is SkipReason.SAME_RUN
    assert on_film(known, four_k=True) is None


@pytest.mark.parametrize(
    ("season", "expected"),
    [(1, SkipReason.SAME_RUN), (2, (2,)), (None, (2, 3))],
    ids=["the-same", "another", "all"],
)
def test_a_later_wish_for_a_series_only_adds_seasons(
    season: int | None, expected: tuple[int, ...] | SkipReason
) -> None:
    known = knowing(MediaStatus.PROCESSING)
    known.note_requested(Edition(SERIES, False), {1})
    assert on_series(known, details((0, 1, 2, 3)), series_wish(season)) == expected


def test_all_seasons_asked_for_is_the_same_run() -> None:
    known = knowing()
    known.note_requested(Edition(SERIES, False), {1, 2})
    assert on_series(known, details()) is SkipReason.SAME_RUN


def test_seasons_that_were_not_read_are_not_guessed() -> None:
    assert reason(decide(prepared(series_wish()), knowing())) is SkipReason.SAME_RUN


def test_a_setback_waits_for_its_time() -> None:
    known = knowing()
    known.set_back(Edition(FILM, False), None, "no such film")
    assert decide(prepared(film_wish()), known) == Skip(SkipReason.SETBACK, "no such film")


def test_another_tvdb_id_gets_over_a_setback() -> None:
    known = knowing()
    known.set_back(Edition(SERIES, False), None, "no TVDB id")
    assert on_series(known, details(), series_wish(tvdb=None)) is SkipReason.SETBACK
    assert on_series(known, details(), series_wish(tvdb=81189)) == (1, 2)


def test_a_kind_that_is_held_is_not_asked_for() -> None:
    known = knowing(holds={(MOVIE, False): "the quota is used up"})
    assert decide(prepared(film_wish()), known) == Skip(SkipReason.ON_HOLD, "the quota is used up")
    assert on_film(known, four_k=True) is None


def test_more_seasons_of_a_held_kind_are_not_asked_for() -> None:
    known = knowing(holds={(TV, False): "the quota is used up"})
    known.note_requested(Edition(SERIES, False), {1})
    assert on_series(known, details()) is SkipReason.ON_HOLD


def test_what_may_have_arrived_is_not_asked_for_again() -> None:
    known = knowing()
    known.put_on_hold(Edition(FILM, False), "the connection broke")
    assert on_film(known) is SkipReason.ON_HOLD


# Series


@pytest.mark.parametrize(
    ("seasons", "season", "expected"),
    [
        (details((0, 1, 2)), None, (1, 2)),
        (details((0, 1, 2)), 0, (0,)),
        (details((1, 2, 3), covered=[1]), None, (2, 3)),
        (details((1, 2, 3), announced=[3]), None, (1, 2)),
        (details((1, 2), announced=[1, 2]), None, (1, 2)),
        (details((1, 2), announced=[2]), 2, (2,)),
        (details((1, 2), covered=[1, 2]), None, SkipReason.REQUESTED),
        (details((1, 2), covered=[2]), 2, SkipReason.REQUESTED),
        (details((1, 2)), 9, SkipReason.NO_SEASONS),
        (details((0,)), None, SkipReason.NO_SEASONS),
        (details(()), None, SkipReason.NO_SEASONS),
        (details((1, 2), covered_4k=[1, 2]), None, (1, 2)),
    ],
    ids=[
        "regular",
        "specials-by-name",
        "missing-only",
        "announced-left-out",
        "nothing-but-announced",
        "announced-by-name",
        "all-covered",
        "the-one-covered",
        "no-such-season",
        "only-specials",
        "none",
        "4k-is-apart",
    ],
)
def test_the_missing_seasons_are_named(
    seasons: SeriesDetails, season: int | None, expected: tuple[int, ...] | SkipReason
) -> None:
    assert on_series(knowing(), seasons, series_wish(season)) == expected


def test_a_series_in_4k_goes_by_what_is_there_in_4k() -> None:
    seasons = details((1, 2), covered=[1, 2], covered_4k=[1])
    assert on_series(knowing(), seasons, series_wish(of=IN_4K)) == (2,)


@pytest.mark.parametrize(
    ("ours", "theirs", "sent"),
    [(81189, 81189, None), (81189, None, 81189), (None, 81189, None)],
    ids=["both", "ours-only", "theirs-only"],
)
def test_a_tvdb_id_is_sent_only_where_the_server_has_none(
    ours: int | None, theirs: int | None, sent: int | None
) -> None:
    decision = decide(prepared(series_wish(tvdb=ours), details(tvdb=theirs)), knowing())
    assert isinstance(decision, Request)
    assert decision.body.tvdb_id == sent


def test_a_series_without_any_tvdb_id_is_not_asked_for() -> None:
    assert on_series(knowing(), details(tvdb=None), series_wish(tvdb=None)) is (
        SkipReason.NO_TVDB_ID
    )


# Which series must be read


def are_seasons_read(known: RunKnowledge, key: TitleKey = SERIES) -> bool:
    return needs_seasons(series_wish(), found(key), None, known)


def test_only_series_have_seasons_to_read() -> None:
    assert are_seasons_read(knowing())
    assert not are_seasons_read(knowing(), FILM)


def test_what_was_not_found_has_no_seasons() -> None:
    match = Match(found=Found.NOT_FOUND, how=How.TITLE)
    assert not needs_seasons(series_wish(), match, None, knowing())


@pytest.mark.parametrize(
    ("status", "is_read"),
    [
        (MediaStatus.UNKNOWN, True),
        (MediaStatus.PENDING, True),
        (MediaStatus.PROCESSING, True),
        (MediaStatus.PARTIALLY_AVAILABLE, True),
        (MediaStatus.AVAILABLE, False),
        (MediaStatus.BLOCKLISTED, False),
        (MediaStatus.DELETED, False),
        (99, False),
    ],
)
def test_seasons_are_read_where_the_status_says_nothing_of_them(
    status: int, *, is_read: bool
) -> None:
    assert are_seasons_read(knowing(status)) is is_read


@pytest.mark.parametrize(("season", "is_read"), [(1, False), (2, True), (None, True)])
def test_seasons_are_read_again_only_for_more_of_them(
    season: int | None, *, is_read: bool
) -> None:
    known = knowing()
    known.note_requested(Edition(SERIES, False), {1})
    assert needs_seasons(series_wish(season), found(SERIES), None, known) is is_read


def test_a_setback_is_not_read_though_the_series_was_asked_for_by_another_id() -> None:
    known = knowing()
    known.set_back(Edition(SERIES, False), 81189, "its TVDB id is taken")
    assert not are_seasons_read(known)
    known.note_requested(Edition(SERIES, False), {1})
    assert not are_seasons_read(known)
