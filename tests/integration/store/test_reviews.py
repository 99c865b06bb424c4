"""Titles that wait for a person, and choices, in a real file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listsync.app.agent_wiring import read_shown
from listsync.app.config_loader import DaemonOptions
from listsync.domain.decisions import ChosenId, Found, How, Match
from listsync.domain.history import Choice
from listsync.domain.media import ExternalIds, TitleKey, parse_exclusion
from listsync.domain.run_notes import Notes
from listsync.domain.server import TitleFacts
from listsync.store import database as module
from listsync.store.database import FILE_NAME, Database
from listsync.store.list_snapshots import SqliteConfiguredLists
from listsync.store.match_cache import SqliteFacts
from tests.fakes import SERVER
from tests.integration.store.choosing import (
    CANDIDATES,
    CRASH,
    CRONENBERG,
    HAGGIS,
    REVIEW,
    World,
    film,
    lookup,
)
from tests.integration.store.state import AT, rules

_DAY = timedelta(days=1)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / FILE_NAME)
    yield world
    world.database.close()


# -- what waits --------------------------------------------------------------------------------


def test_a_title_that_waits_is_told_with_all_that_was_found(world: World) -> None:
    world.wait("one", "two")
    total, (row,), _ = world.state.reviews.waiting(limit=10)
    assert total == 1
    assert (row.lookup, row.label, row.lists, row.since) == (
        lookup(CRASH),
        "Crash",
        ("one", "two"),
        AT,
    )
    assert (row.candidates, row.reasons, row.score) == (CANDIDATES, REVIEW.reasons, 1.0)
    assert row.choice is None


def test_what_waits_comes_oldest_first_in_pages(world: World) -> None:
    films = [film(title, rank) for rank, title in enumerate(("C", "A", "B"), start=1)]
    for days, one in enumerate(films):
        world.wait(f"list {days}", entry=one, at=AT + days * _DAY)
    first = world.state.reviews.waiting(limit=2)
    world.state.reviews.choose(first.rows[0].lookup, Choice(None, "", AT))
    second = world.state.reviews.waiting(limit=2, after=first.last)
    assert [[row.label for row in page.rows] for page in (first, second)] == [["C", "A"], ["B"]]
    assert (first.total, second.total, second.last) == (3, None, None)
    assert [row.label for row in world.state.reviews.waiting(limit=2, skip=1).rows] == ["B"]


def test_what_waits_is_counted_for_the_status_without_a_page_of_it(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.wait()
    monkeypatch.setattr(world.state.reviews, "waiting", None)
    options = DaemonOptions(config_path=None, state_dir=tmp_path, socket=tmp_path / "socket")
    assert read_shown(options, world.database, world.state).waiting == 1


@pytest.mark.parametrize("found", [Found.FOUND, Found.NOT_FOUND])
def test_what_is_certain_does_not_wait(world: World, found: Found) -> None:
    world.read("mine", CRASH)
    key = HAGGIS if found is Found.FOUND else None
    world.seek(CRASH, Match(found=found, how=How.TITLE, key=key))
    assert world.state.reviews.waiting(limit=10) == (0, (), None)


def test_what_only_a_list_holds_that_is_not_followed_any_more_does_not_wait(world: World) -> None:
    world.wait("one")
    lists = SqliteConfiguredLists(world.database)
    lists.replace([rules("other")])
    assert world.state.reviews.waiting(limit=10) == (0, (), None)
    lists.replace([rules("other"), rules("one")])
    assert world.state.reviews.waiting(limit=10)[0] == 1


def test_what_left_its_lists_waits_no_more(world: World) -> None:
    world.wait()
    world.read("mine")
    assert world.state.reviews.waiting(limit=10)[0] == 0


def test_what_another_list_still_holds_goes_on_waiting(world: World) -> None:
    world.wait("one", "two")
    world.read("one")
    (row,) = world.state.reviews.waiting(limit=10)[1]
    assert row.lists == ("two",)


def test_what_waits_at_another_server_is_not_told(world: World) -> None:
    world.wait()
    world.memory.guard.use(replace(SERVER, identity="another"))
    with world.database.write() as connection:
        connection.execute("UPDATE servers SET last_seen = '2000' WHERE identity = 'fake-1'")
    assert world.state.reviews.waiting(limit=10)[0] == 0


def test_an_entry_that_is_renamed_waits_only_when_it_was_looked_up_anew(world: World) -> None:
    one = film("Crash", imdb="tt0375679")
    world.wait(entry=one)
    world.read("mine", one._replace(rank=7))
    assert world.state.reviews.waiting(limit=10)[0] == 1
    world.read("mine", one._replace(title="L.A. Crash"))
    assert world.state.reviews.waiting(limit=10)[0] == 0


# -- choices -----------------------------------------------------------------------------------


def test_a_choice_wins_over_what_was_looked_up(world: World) -> None:
    name = world.wait()
    world.choose(name, CRONENBERG, "Crash (1996)")
    match = world.memory.matches.load(AT)[name]
    assert (match.found, match.how, match.key) == (Found.FOUND, How.CHOICE, CRONENBERG)
    assert (match.title, match.reasons) == ("Crash (1996)", ("you chose it",))


def test_a_rejection_is_found_nowhere_and_never_looked_up_again(world: World) -> None:
    name = world.wait()
    world.choose(name, None)
    match = world.memory.matches.load(AT + 9999 * _DAY)[name]
    assert (match.found, match.how, match.key) == (Found.NOT_FOUND, How.CHOICE, None)
    assert match.reasons == ("you rejected all candidates",)


def test_a_later_sync_does_not_overwrite_a_choice(world: World) -> None:
    name = world.wait()
    world.choose(name, CRONENBERG)
    world.seek(CRASH, Match(found=Found.FOUND, how=How.TITLE, key=HAGGIS))
    assert world.memory.matches.load(AT)[name].key == CRONENBERG


def test_a_choice_holds_at_every_server(world: World) -> None:
    name = world.wait()
    world.choose(name, CRONENBERG)
    world.memory.guard.use(replace(SERVER, identity="another"))
    assert world.memory.matches.load(AT)[name].key == CRONENBERG


def test_what_is_decided_waits_no_more_and_is_told_as_decided(world: World) -> None:
    name = world.wait()
    world.choose(name, HAGGIS, "Crash (2005)")
    assert world.state.reviews.waiting(limit=10) == (0, (), None)
    total, (row,), _ = world.state.reviews.decided(limit=10)
    assert (total, row.label, row.choice) == (1, "Crash", Choice(HAGGIS, "Crash (2005)", AT))
    assert row.candidates == CANDIDATES


def test_the_last_choice_counts(world: World) -> None:
    name = world.wait()
    world.choose(name, None)
    world.choose(name, HAGGIS)
    assert world.memory.matches.load(AT)[name].key == HAGGIS


def test_a_choice_that_is_withdrawn_leaves_the_title_waiting(world: World) -> None:
    name = world.wait()
    world.choose(name, HAGGIS)
    assert world.state.reviews.withdraw(name)
    assert not world.state.reviews.withdraw(name)
    assert world.state.reviews.waiting(limit=10)[0] == 1


@pytest.mark.parametrize(
    ("key", "status"), [(HAGGIS, "open"), (None, "rejected")], ids=["accepted", "rejected"]
)
def test_items_tell_what_was_decided(world: World, key: object, status: str) -> None:
    name = world.wait()
    assert world.statuses() == ["review"]
    world.choose(name, HAGGIS if key else None)
    assert world.statuses() == [status]


def test_a_decision_outlives_its_entry(world: World) -> None:
    name = world.wait()
    world.choose(name, HAGGIS)
    world.read("mine")
    world.read("mine")
    (row,) = world.state.reviews.decided(limit=10)[1]
    assert (row.label, row.lists, row.since) == ("crash", (), None)


# -- IMDb ids ----------------------------------------------------------------------------------

_IMDB = "tt0375679"


def resolve(world: World, name: str, key: TitleKey | None, imdb: str = _IMDB) -> None:
    """Note what a sync found behind an IMDb id."""
    found = Found.FOUND if key else Found.REVIEW
    title = "Crash (2005)" if key else ""
    chosen = ChosenId(name, imdb)
    match = Match(found=found, how=How.CHOICE, key=key, title=title, chosen=chosen)
    world.memory.record(Notes(chosen=[match]))


def test_an_imdb_id_that_was_chosen_is_to_be_looked_up(world: World) -> None:
    name = world.wait("one", "two")
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    assert world.memory.matches.chosen_ids() == {name: _IMDB}
    assert world.memory.matches.load(AT)[name].found is Found.REVIEW
    assert world.statuses() == ["open", "open"]
    assert world.state.reviews.waiting(limit=10)[0] == 0
    (row,) = world.state.reviews.decided(limit=10)[1]
    assert row.choice == Choice(None, "", AT, imdb=_IMDB)


def test_what_an_imdb_id_leads_to_is_remembered_as_the_choice(world: World) -> None:
    name = world.wait("one", "two")
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    resolve(world, name, HAGGIS)
    assert world.memory.matches.chosen_ids() == {}
    match = world.memory.matches.load(AT)[name]
    assert (match.found, match.how, match.key) == (Found.FOUND, How.CHOICE, HAGGIS)
    assert world.state.titles.lookup(name)[1] == Choice(HAGGIS, "Crash (2005)", AT, imdb=_IMDB)
    assert world.state.reviews.withdraw(name)
    assert world.state.reviews.waiting(limit=10)[0] == 1


def test_an_imdb_id_that_leads_nowhere_is_no_choice_any_more(world: World) -> None:
    name = world.wait()
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    resolve(world, name, None)
    assert world.memory.matches.chosen_ids() == {}
    assert world.state.reviews.waiting(limit=10)[0] == 1


@pytest.mark.parametrize("key", [HAGGIS, None], ids=["found", "not-found"])
@pytest.mark.parametrize(
    "later",
    [
        Choice(CRONENBERG, "Crash (1996)", AT),
        Choice(None, "", AT),
        Choice(None, "", AT, imdb="tt0115964"),
    ],
    ids=["a-title", "none", "another-id"],
)
def test_what_i_say_while_an_id_is_looked_up_stays(
    world: World, key: TitleKey | None, later: Choice
) -> None:
    name = world.wait()
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    world.state.reviews.choose(name, later)
    resolve(world, name, key)
    assert world.state.titles.lookup(name)[1] == later


def test_what_i_take_back_while_an_id_is_looked_up_stays_undecided(world: World) -> None:
    name = world.wait()
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    world.state.reviews.withdraw(name)
    resolve(world, name, HAGGIS)
    assert world.state.titles.lookup(name)[1] is None


@pytest.mark.parametrize("is_undone", [True, False], ids=["undone", "changed"])
def test_what_took_a_choice_over_is_looked_up_anew_without_it(
    world: World, *, is_undone: bool
) -> None:
    name = world.wait()
    world.choose(name, HAGGIS)
    other = film("Crash", imdb="tt9999999")
    world.read("other", other)
    lookup = world.seek(other, Match(found=Found.FOUND, how=How.CHOICE, key=HAGGIS))
    assert world.memory.matches.load(AT)[lookup].key == HAGGIS
    if is_undone:
        world.state.reviews.withdraw(name)
    else:
        world.choose(name, CRONENBERG)
    assert lookup not in world.memory.matches.load(AT)


def test_forgetting_an_imdb_id_forgets_that_it_was_chosen(world: World) -> None:
    name = world.wait()
    world.state.reviews.choose(name, Choice(None, "", AT, imdb=_IMDB))
    item = f"imdb:{_IMDB}"
    assert world.state.exclusions.forget(item, parse_exclusion(item)) == 1
    assert world.memory.matches.chosen_ids() == {}
    world.state.reviews.choose(name, Choice(HAGGIS, "", AT, imdb=_IMDB))
    assert world.state.exclusions.forget(item, parse_exclusion(item)) == 1
    assert world.state.reviews.waiting(limit=10)[0] == 1


def test_the_title_of_an_imdb_id_is_known_from_a_lookup_a_choice_or_the_catalogue(
    world: World,
) -> None:
    name = world.wait()
    assert world.state.reviews.title_of_imdb(_IMDB) is None
    facts = TitleFacts(ids=ExternalIds(imdb=_IMDB), title="Crash", year=2005)
    SqliteFacts(world.database).put(HAGGIS, facts)
    assert world.state.reviews.title_of_imdb(_IMDB) == (HAGGIS, "Crash (2005)")
    assert world.state.reviews.title_of_imdb("tt03756790") is None
    one = film("Other", imdb="tt0115964")
    world.read("other", one)
    world.seek(
        one, Match(found=Found.FOUND, how=How.IMDB_ID, key=CRONENBERG, title="Crash (1996)")
    )
    assert world.state.reviews.title_of_imdb("tt0115964") == (CRONENBERG, "Crash (1996)")
    world.state.reviews.choose(name, Choice(HAGGIS, "Crash!", AT, imdb="tt0000001"))
    assert world.state.reviews.title_of_imdb("tt0000001") == (HAGGIS, "Crash!")


def test_an_imdb_id_of_two_titles_is_known_to_be_none(world: World) -> None:
    for key in (HAGGIS, CRONENBERG):
        facts = TitleFacts(ids=ExternalIds(imdb=_IMDB), title="Crash", year=2005)
        SqliteFacts(world.database).put(key, facts)
    assert world.state.reviews.title_of_imdb(_IMDB) is None


# -- names -------------------------------------------------------------------------------------


def test_a_title_is_found_by_its_short_id_and_its_lookup(world: World) -> None:
    name = world.wait()
    (row,) = world.state.reviews.find(name)
    assert [one.lookup for one in world.state.reviews.find(row.short_id)] == [name]
    assert [one.lookup for one in world.state.reviews.find(row.long_id.upper())] == [name]
    assert world.state.reviews.find("zzzz") == ()


def test_what_was_found_nowhere_or_is_decided_is_found_by_its_name(world: World) -> None:
    world.read("mine", CRASH)
    name = world.seek(CRASH, Match(found=Found.NOT_FOUND, how=How.TITLE))
    assert len(world.state.reviews.find(name)) == 1
    world.choose(name, HAGGIS)
    assert [row.choice is not None for row in world.state.reviews.find(name)] == [True]


def test_what_was_found_needs_no_name(world: World) -> None:
    world.read("mine", CRASH)
    name = world.seek(CRASH, Match(found=Found.FOUND, how=How.TITLE, key=HAGGIS))
    assert world.state.reviews.find(name) == ()


# -- forgetting --------------------------------------------------------------------------------


def test_forgetting_a_title_forgets_its_choice(world: World) -> None:
    name = world.wait()
    world.choose(name, HAGGIS)
    item = "tmdb:movie/1640"
    assert world.state.exclusions.forget(item, parse_exclusion(item)) == 1
    assert world.state.reviews.waiting(limit=10)[0] == 1


@pytest.mark.parametrize("key", [HAGGIS, None], ids=["accepted", "rejected"])
def test_forgetting_an_id_forgets_what_was_said_of_it(world: World, key: object) -> None:
    name = world.wait(entry=film("Crash", imdb="tt0375679"))
    world.choose(name, HAGGIS if key else None)
    item = "imdb:tt0375679"
    assert world.state.exclusions.forget(item, parse_exclusion(item)) == 2
    assert world.state.reviews.decided(limit=10)[0] == 0


def test_forgetting_everything_keeps_what_you_chose(world: World) -> None:
    name = world.wait()
    world.choose(name, HAGGIS)
    world.state.exclusions.forget_all()
    assert world.memory.matches.load(AT)[name].key == HAGGIS


# -- files of the version before ---------------------------------------------------------------


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Give a file as version 3 left it, in which a title waits."""
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    for number, script in module._scripts()[:3]:
        connection.executescript(f"BEGIN;{script};PRAGMA user_version = {number};COMMIT;")
    connection.executescript(
        "INSERT INTO servers VALUES (1, 'fake-1', 'Seerr', '1', '', '2026-01-01');"
        "INSERT INTO followed (id, source, service, name, last_try, outcome)"
        " VALUES (1, 'file:/mine', 'file', 'mine', '2026-01-01T00:00:00+00:00', 'complete');"
        "INSERT INTO entries (list, entry, rank, title, kind, first_seen)"
        " VALUES (1, 'title:crash||movie', 1, 'Crash', 'movie', '2026-01-01T00:00:00+00:00');"
        "INSERT INTO matches VALUES (1, 'title:crash||movie', 'review', 'title', NULL, NULL, '',"
        " 1.0, '[]', '[]', 1, '2026-01-01T00:00:00+00:00', '2099-01-01');"
        "INSERT INTO requests (server, run, label, lists, kind, tmdb, four_k, seasons, answer,"
        " detail, at) VALUES (1, 'r', 'Heat', '[\"mine\"]', 'movie', 949, 0, '[]', 'requested',"
        " '', '2026-01-01T00:00:00+00:00');"
    )
    connection.close()
    return path


def test_an_older_file_keeps_its_titles_and_lets_them_wait_after_a_sync(old: Path) -> None:
    world = World(old)
    assert world.statuses() == ["review"]
    world.seek(CRASH)
    (row,) = world.state.reviews.waiting(limit=10)[1]
    assert (row.label, row.lists) == ("Crash", ("mine",))
    world.database.close()
    assert list(old.parent.glob("old-v3-*.db"))


def test_requests_of_an_older_file_were_asked_for_as_usual(old: Path) -> None:
    database = Database(old)
    assert [row["asked_as"] for row in database.read("SELECT asked_as FROM requests")] == [None]
    database.close()
