from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.decisions import Wish
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, ExternalIds, MediaType
from listsync.sync.deduplication import entry_id, members_of, wishes_of
from listsync.sync.exclusions import wishes_to_exclude
from tests.builders import MOVIE, TV, entry, rules

A, B, C = rules("a"), rules("b"), rules("c")
IN_4K = rules("in 4k", four_k=True)


def wishes(*entries: ListEntry) -> list[Wish]:
    """Put each entry on a list of its own, in order."""
    members = []
    for number, one in enumerate(entries):
        members += members_of(rules(f"list {number}"), [one])
    return wishes_of(members)


@pytest.mark.parametrize(
    ("one", "name"),
    [
        (entry("Dune", 2021, MOVIE, imdb="tt1", tmdb=2, tvdb=3), "imdb:tt1"),
        (entry("Dune", 2021, MOVIE, tmdb=2, tvdb=3), "tmdb:movie/2"),
        (entry("Dune", 2021, tmdb=2), "tmdb:?/2"),
        (entry("Lost", tvdb=3), "tvdb:3"),
        (entry("Lost", tvdb=3, season=0), "tvdb:3 s0"),
        (entry("Lost", tvdb=3)._replace(seasons=(1, 3)), "tvdb:3 s1,3"),
        (entry("Lost", tvdb=3, doubt="the season"), "tvdb:3 ?"),
        (entry("Düne (2021)", kind=MOVIE), "title:dune|2021|movie"),
        (entry("Dune", 1984), "title:dune|1984|"),
    ],
    ids=[
        "imdb",
        "tmdb",
        "tmdb-no-kind",
        "tvdb",
        "specials",
        "seasons",
        "doubt",
        "title",
        "title-no-kind",
    ],
)
def test_an_entry_is_named_by_its_steadiest_id(one: ListEntry, name: str) -> None:
    assert entry_id(one) == name


def test_a_row_that_repeats_another_of_its_list_is_dropped() -> None:
    members = members_of(A, [entry("Dune", imdb="tt1"), entry("Dune!", rank=2, imdb="tt1")])
    assert [member.entry.rank for member in members] == [1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("Dune", imdb="tt1"), entry(kind=MOVIE, imdb="tt1", tmdb=2)),
        (entry("Dune", kind=MOVIE, tmdb=2), entry(kind=MOVIE, imdb="tt1", tmdb=2)),
        (entry("Lost", kind=TV, tvdb=3), entry("LOST", tvdb=3)),
        (entry("Dune", 2021, MOVIE), entry("DUNE!", 2021, MOVIE)),
        (entry("Dune", 2021, tmdb=2), entry("Dune", 2021, tmdb=2)),
        (entry(tmdb=2), entry(tmdb=2)),
    ],
    ids=["imdb", "tmdb", "tvdb", "title", "tmdb-no-kind-same-title", "tmdb-no-kind-no-title"],
)
def test_entries_that_share_an_id_are_one_wish(one: ListEntry, other: ListEntry) -> None:
    assert len(wishes(one, other)) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (entry("Dune", kind=MOVIE, tmdb=2), entry("Lost", kind=TV, tmdb=2)),
        (entry("Dune", kind=MOVIE, tmdb=2), entry("Dune", tmdb=2)),
        (entry("Dune", tmdb=2), entry("Lost", tmdb=2)),
        (entry("Dune", kind=MOVIE, tvdb=3), entry("Lost", kind=TV, tvdb=3)),
        (entry(kind=MOVIE, tvdb=3), entry(kind=MOVIE, tvdb=4)),
        (entry("Dune", 1984, MOVIE), entry("Dune", 2021, MOVIE)),
        (entry("Dune", 2021, MOVIE), entry("Dune", 2021, TV)),
        (entry("Dune", 2021, MOVIE, imdb="tt1"), entry("Dune", 2021, MOVIE)),
    ],
    ids=[
        "tmdb-of-two-kinds",
        "tmdb-of-no-kind",
        "tmdb-of-two-titles",
        "tvdb-of-a-film",
        "films-with-tvdb-ids-only",
        "years",
        "kinds",
        "id-and-title",
    ],
)
def test_entries_that_may_differ_stay_apart(one: ListEntry, other: ListEntry) -> None:
    assert len(wishes(one, other)) == 2


def test_4k_is_a_wish_of_its_own() -> None:
    one = entry("Dune", imdb="tt1")
    both = wishes_of([*members_of(A, [one]), *members_of(IN_4K, [one])])
    assert [wish.four_k for wish in both] == [False, True]


def test_a_wish_knows_the_ids_of_all_its_members() -> None:
    (wish,) = wishes(
        entry(imdb="tt1"), entry("Lost", 2004, TV, imdb="tt1", tmdb=2), entry(tvdb=3, imdb="tt1")
    )
    assert wish.ids == ExternalIds(imdb="tt1", tmdb=2, tvdb=3)
    assert (wish.title, wish.year, wish.kind) == ("Lost", 2004, TV)
    assert wish.conflict is None


def test_a_tmdb_number_with_its_kind_counts_before_one_without() -> None:
    (wish,) = wishes(entry(imdb="tt1", tmdb=9), entry(kind=MOVIE, imdb="tt1", tmdb=2))
    assert wish.ids.tmdb == 2


def test_a_tmdb_number_takes_the_kind_that_another_member_gives() -> None:
    (wish,) = wishes(entry(imdb="tt1", tmdb=9), entry(kind=TV, imdb="tt1"))
    assert (wish.kind, wish.ids.tmdb) == (TV, 9)


def test_members_stay_in_list_order_when_groups_grow_together() -> None:
    members = [
        *members_of(A, [entry("First", imdb="tt1")]),
        *members_of(B, [entry("Second", kind=MOVIE, tmdb=2)]),
        *members_of(C, [entry("Third", imdb="tt1")]),
        *members_of(rules("d"), [entry("Fourth", kind=MOVIE, imdb="tt1", tmdb=2)]),
    ]
    (wish,) = wishes_of(members)
    assert [member.rules.name for member in wish.members] == ["a", "b", "c", "d"]
    assert wish.label == "First"


def test_a_member_of_a_united_group_still_attracts_others() -> None:
    linked = wishes(
        entry("X", kind=MOVIE, tmdb=2),
        entry("Y", imdb="tt1"),
        entry("Z", kind=MOVIE, imdb="tt1", tmdb=2),
        entry("Y", imdb="tt1"),
    )
    assert [len(wish.members) for wish in linked] == [4]


def test_wishes_stand_in_the_order_of_their_first_members() -> None:
    titles = [
        wish.title
        for wish in wishes(
            entry("B", imdb="tt2"), entry("A", imdb="tt1"), entry("B", imdb="tt2"), entry("C")
        )
    ]
    assert titles == ["B", "A", "C"]


def test_seasons_of_one_series_unite() -> None:
    (wish,) = wishes(entry(tvdb=3, season=2), entry(tvdb=3, season=1), entry(tvdb=3, season=2))
    assert wish.seasons == {1, 2}


def test_an_entry_for_the_whole_series_wants_all_seasons() -> None:
    (wish,) = wishes(entry(tvdb=3, season=2), entry(tvdb=3))
    assert wish.seasons == frozenset()


def test_a_lone_entry_keeps_its_season() -> None:
    (wish,) = wishes(entry(tvdb=3, season=0))
    assert wish.seasons == {0}


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        (entry(kind=MOVIE, imdb="tt1"), entry(kind=TV, imdb="tt1"), "kind movie and tv"),
        (
            entry(kind=MOVIE, imdb="tt1", tmdb=2),
            entry(kind=MOVIE, imdb="tt1", tmdb=3),
            "TMDB id movie/2 and movie/3",
        ),
        (
            entry(kind=MOVIE, imdb="tt1", tmdb=2),
            entry(kind=MOVIE, imdb="tt9", tmdb=2),
            "IMDb id tt1 and tt9",
        ),
    ],
    ids=["kind", "tmdb", "imdb"],
)
def test_members_that_contradict_each_other_say_so(
    one: ListEntry, other: ListEntry, words: str
) -> None:
    (wish,) = wishes(one, other)
    assert wish.conflict == f"the lists contradict each other: {words}"


def test_an_exclusion_by_an_outer_id_becomes_a_wish_that_excludes() -> None:
    (wish,) = wishes_to_exclude([Exclusion(imdb="tt1", kind=MOVIE)])
    assert wish.ids == ExternalIds(imdb="tt1")
    assert wish.members[0].rules.is_exclusion


def test_kinds_are_the_only_difference_between_equal_numbers() -> None:
    kinds = [MediaType.MOVIE, MediaType.TV, None]
    assert len(wishes(*(entry("Same", kind=kind, tmdb=1396) for kind in kinds))) == 3


def test_a_row_in_doubt_holds_no_other_row_of_its_title_back() -> None:
    sure, doubtful = wishes(entry(kind=TV, tmdb=1), entry(kind=TV, tmdb=1, doubt="season ?"))
    assert (sure.conflict, doubtful.conflict) == (None, "season ?")


def test_the_same_doubt_on_two_lists_is_one_question() -> None:
    (doubtful,) = wishes(*[entry(kind=TV, tmdb=1, doubt="season ?")] * 2)
    assert (doubtful.conflict, len(doubtful.members)) == ("season ?", 2)


def test_what_must_not_be_requested_is_beyond_doubt() -> None:
    row = entry(kind=TV, tmdb=1, season=2, doubt="season ?")
    (member,) = members_of(replace(A, is_exclusion=True), [row])
    assert (member.entry, member.entry_id) == (row._replace(doubt=None), "tmdb:tv/1 s2")
