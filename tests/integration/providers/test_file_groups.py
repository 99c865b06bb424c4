"""Documents that hold several lists of titles under names of their own."""

from __future__ import annotations

import json

import pytest

from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from tests.integration.providers.reader import Reader

SALT = {"title": "Salt", "year": 1994}
DUNES = {"title": "Dunes", "year": 1972}
BOTH = {"Salt", "Dunes"}


def titles(read: Reader, content: object) -> set[str | None]:
    fetched = read(json.dumps(content), "a.json")
    assert fetched.outcome is ListOutcome.COMPLETE
    return {entry.title for entry in fetched.entries}


@pytest.mark.parametrize(
    "content",
    [
        {"movies": [SALT], "tv_series": [DUNES]},
        {"movies": [SALT], "documentaries": [DUNES]},
        {"movies": [SALT], "other": ["Dunes (1972)"]},
        {"movies": [SALT], "watchlist": [DUNES]},
        {"movies": [SALT], "more": {"old": [DUNES]}},
        {"movies": [SALT], "shows": {"dunes": DUNES}},
        {"peliculas": [SALT], "series": [DUNES]},
        {"items": [SALT], "shows": [DUNES]},
        {"data": {"movies": [SALT]}, "shows": [DUNES]},
        {"Horror": [SALT], "SciFi": ["Dunes (1972)"]},
        {"movies": {"a": [SALT]}, "shows": {"b": [DUNES]}},
        {"items": [{"type": "movie", "movie": SALT}], "results": [DUNES]},
    ],
)
def test_lists_beside_the_first_known_one_are_read(read: Reader, content: object) -> None:
    assert titles(read, content) == BOTH


def test_the_name_of_a_list_says_what_its_titles_are(read: Reader) -> None:
    content = {"filme": ["Salt (1994)"], "serien": ["Dunes (1972)"], "books": [{**SALT}]}
    fetched = read(json.dumps(content), "a.json")
    assert [entry.kind for entry in fetched.entries] == [MediaType.MOVIE, MediaType.TV]
    assert [row.why for row in fetched.skipped] == ["a book"]


@pytest.mark.parametrize("names", ["titles extra", "results more", "watchlist favorites"])
def test_a_list_that_may_mean_anything_is_told_and_makes_a_part(read: Reader, names: str) -> None:
    known, other = names.split()
    fetched = read(json.dumps({known: [SALT], other: [DUNES]}), "a.json")
    assert [entry.title for entry in fetched.entries] == ["Salt"]
    assert fetched.skipped[0].what == other
    assert "a list of 1 titles beside those that are read" in fetched.skipped[0].why
    assert fetched.outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize(
    "done",
    ["watched", "seen", "dropped", "completed", "already_seen", "movies_watched", "gesehen"],
)
@pytest.mark.parametrize("wanted", ["watchlist", "movies", "items", "to_watch", "Horror"])
def test_what_was_seen_is_not_wanted_beside_what_is(read: Reader, wanted: str, done: str) -> None:
    for content in ({wanted: [SALT], done: [DUNES]}, {done: ["Dunes (1972)"], wanted: [SALT]}):
        assert titles(read, content) == {"Salt"}
    assert titles(read, {"movies": {done: [DUNES], wanted: [SALT]}}) == {"Salt"}


def test_a_list_of_what_was_seen_is_one_where_it_is_alone(read: Reader) -> None:
    assert titles(read, {"name": "mine", "date": "2026-01-01", "watched": [SALT]}) == {"Salt"}


def test_what_was_seen_is_not_wanted_where_nothing_else_is_left(read: Reader) -> None:
    assert read(json.dumps({"watchlist": [], "watched": [SALT]})).outcome is ListOutcome.EMPTY
    with pytest.raises(ResponseChangedError, match="its keys are to_watch, watched"):
        read(json.dumps({"to_watch": [], "watched": [SALT]}))


@pytest.mark.parametrize("name", ["cast", "recommendations", "genres", "seasons"])
def test_what_services_show_beside_a_list_is_no_loss(read: Reader, name: str) -> None:
    assert titles(read, {"results": [SALT], name: [DUNES]}) == {"Salt"}


def test_cards_of_a_board_go_by_the_names_of_its_lists(read: Reader) -> None:
    lists = [{"id": "1", "name": "To watch"}, {"id": "2", "name": "Watched"}]
    lists += [{"id": "3", "name": "Series"}, {"id": "4", "name": "Books"}]
    names = ["Salt (1994)", "Copper (2009)", "Dunes", "Sand (1965)"]
    cards = [{"id": f"c{at}", "name": name, "idList": str(at)} for at, name in enumerate(names, 1)]
    fetched = read(json.dumps({"name": "A board", "lists": lists, "cards": cards}), "a.json")
    assert [(entry.title, entry.kind) for entry in fetched.entries] == [
        ("Salt (1994)", None),
        ("Dunes", MediaType.TV),
    ]
    assert {row.why.rpartition("titles ")[2] for row in fetched.skipped} == {
        "a book",
        "that are not wanted, by its name",
    }


def test_texts_in_a_list_of_what_was_dropped_are_not_wanted(read: Reader) -> None:
    fetched = read(json.dumps({"dropped": ["Salt (1994)", "Dunes (1972)"]}), "a.json")
    assert (fetched.entries, len(fetched.skipped)) == ((), 2)
