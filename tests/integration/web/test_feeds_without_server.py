"""Lists without a request server: they are read, nothing is requested, and feeds are served."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.cli import once
from listsync.cli.report_view import summary
from listsync.commands.feeds import Feeds
from listsync.config.configuration import load
from listsync.domain.feeds import FeedForm
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched
from listsync.domain.media import Exclusion
from listsync.domain.report import Result
from listsync.domain.run_messages import message_of
from listsync.errors import ConfigError, RefusedError
from listsync.protocol import RefusedCommand
from listsync.store.database import FILE_NAME, Database
from listsync.store.feeds import SqliteFeeds
from tests.builders import MOVIE, TV, entry, rules
from tests.fakes import whole
from tests.integration.web.feed_house import MATRIX, FeedHouse
from tests.integration.web.test_feeds import BLOCKED, house  # noqa: F401 - the fixture

ROWS = (
    entry("Dune", 2021, MOVIE, rank=1),
    entry("Lost", 2004, TV, imdb="tt0411008", rank=2),
    entry("The Matrix", 1999, MOVIE, tmdb=603, imdb="tt0133093", rank=3),
    entry("Dark", 2017, TV, tvdb=334824, rank=4),
    entry("Heat", 1995, MOVIE, imdb="tt0113277", rank=5),
    entry("Which?", imdb="tt0000001", rank=6),
    entry("Torn", 2000, MOVIE, tmdb=5, rank=7, doubt="two titles in one row"),
)


@pytest.fixture
def alone(house: FeedHouse) -> FeedHouse:  # noqa: F811 - it is the fixture
    house.has_server = False
    return house


def titles(alone: FeedHouse, name: str = "mine", form: FeedForm = FeedForm.RADARR) -> str:
    feeds = Feeds(alone.context)
    return b"".join(feeds.write(feeds.find(name, form))).decode()


def test_feeds_hold_what_the_lists_themselves_give_ids_for(alone: FeedHouse) -> None:
    report = alone.follow(*ROWS).sync()
    assert report.result is Result.OK
    assert titles(alone) == (
        '[{"title":"The Matrix","imdb_id":"tt0133093","id":603,"release_year":"1999"},'
        '{"title":"Heat","imdb_id":"tt0113277","release_year":"1995"}]'
    )
    assert titles(alone, form=FeedForm.SONARR) == '[{"tvdbId":334824,"title":"Dark"}]'
    record = alone.state.feeds.find(rules())
    assert record is not None
    assert record.left_out == {
        "without an id": 1,
        "without a TVDB id": 1,
        "not known whether film or series": 1,
        "not sure which title is meant": 1,
    }


def test_nothing_is_requested_and_that_is_said(alone: FeedHouse) -> None:
    report = alone.follow(*ROWS).sync()
    assert (report.requested, report.calls, alone.server.calls) == ((), 0, 0)
    words = "nothing is requested, as there is no request server: lists are read for their feeds"
    assert message_of(report) == words
    assert words in summary(report)
    (one,) = report.lists
    assert one.left_out["in its feed alone, as there is no request server"] == 3
    (row,) = alone.state.runs.page(limit=1).rows
    assert (row.result, row.message) == ("ok", words)


def test_without_lists_there_is_nothing_to_read(alone: FeedHouse) -> None:
    words = "nothing is requested, as there is no request server, and no list"
    assert message_of(alone.sync()) == words


@pytest.mark.parametrize(
    "exclusion",
    [Exclusion(key=MATRIX.key), Exclusion(imdb="tt0133093"), Exclusion(title="The Matrix")],
    ids=["key", "imdb", "title"],
)
def test_exclusions_and_kinds_hold_without_a_server(
    alone: FeedHouse, exclusion: Exclusion
) -> None:
    alone.exclusions.append(exclusion)
    alone.follow(*ROWS, of=rules(kind=MOVIE))
    alone.follow(entry("Heat", 1995, MOVIE), of=rules("never", is_exclusion=True))
    alone.follow(ROWS[2], entry("Alien", 1979, MOVIE, tmdb=348), of=rules("other")).sync()
    assert titles(alone, "other") == '[{"title":"Alien","id":348,"release_year":"1979"}]'
    with pytest.raises(RefusedCommand, match="the list mine has no films"):
        titles(alone)


def test_a_row_is_of_the_kind_that_another_list_tells(alone: FeedHouse) -> None:
    films = rules("films", kind=MOVIE)
    alone.follow(entry(imdb="tt5753856"), of=films)
    alone.follow(entry("Dark", 2017, TV, imdb="tt5753856", tvdb=334824), of=rules("any")).sync()
    record = alone.state.feeds.find(films)
    assert record is not None
    assert record.left_out == {"not of the list's kind": 1}
    assert titles(alone, "any", FeedForm.SONARR) == '[{"tvdbId":334824,"title":"Dark"}]'


def test_an_exclusion_list_that_cannot_be_read_leaves_feeds_as_they_are(
    alone: FeedHouse,
) -> None:
    never = rules("never", is_exclusion=True)
    alone.play(BLOCKED, of=never)
    report = alone.follow(*ROWS).sync()
    assert (report.result, "never" in report.why) == (Result.PARTLY, True)
    with pytest.raises(RefusedCommand, match="no sync has made its feed"):
        titles(alone)
    alone.play(whole(ROWS[4]), of=never).sync()
    assert "Matrix" in titles(alone)
    assert "Heat" not in titles(alone)


def test_failures_and_empty_lists_are_as_with_a_server(alone: FeedHouse) -> None:
    alone.play(BLOCKED, of=rules("blocked"))
    alone.play(Fetched(entries=(), declared=0), of=rules("empty"))
    report = alone.follow(*ROWS).sync()
    assert report.result is Result.PARTLY
    assert titles(alone, "empty") == "[]"
    with pytest.raises(RefusedCommand, match="never read whole: blocked"):
        titles(alone, "blocked")
    before = titles(alone)
    alone.play(RefusedError("file", BLOCKED.kind, "no")).sync()
    assert titles(alone) == before


def test_explain_says_that_nothing_is_requested(alone: FeedHouse) -> None:
    alone.agent.has_server = False
    alone.follow(*ROWS).sync()
    (told,) = alone.agent.ask("explain", query="The Matrix")["titles"]
    assert told["decision"]["why"] == "nothing is requested, as there is no request server"
    alone.agent.exclusions = (Exclusion(key=MATRIX.key),)
    (told,) = alone.agent.ask("explain", query="The Matrix")["titles"]
    assert told["decision"]["verdict"] == "excluded"


def test_a_configuration_without_a_server_syncs_and_plans(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("title,year,imdb,type\nHeat,1995,tt0113277,movie\n")
    file = tmp_path / "listsync.yaml"
    file.write_text("http: {listen: '127.0.0.1:4222'}\nlists: [{file: list.csv, name: mine}]\n")
    config = load(file, {})
    assert not config.has_server
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    for is_plan in (True, False):
        report = once.run(config, state, dry_run=is_plan, ask=False)
        assert report.result is Result.OK, report.why
        assert message_of(report).startswith("nothing is requested")
    database = Database(state / FILE_NAME)
    try:
        source = config.lists[0].rules.source
        found = SqliteFeeds(database).titles(ListRules(source=source, name="mine", service="file"))
    finally:
        database.close()
    assert [one.imdb for one in found] == ["tt0113277"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("lists: [{imdb: top}]", 'missing key "server"'),
        ("http: {base_path: /a}\nlists: [{imdb: top}]", '"listen" in http'),
        ("http: {listen: 4222}\nlists: [{imdb: top, filters: {year: 1999}}]", "year goes by"),
        ("http: {listen: 4222}\nlists: [{imdb: top}]\nexclude: [{genre: reality}]", "genre goes"),
    ],
    ids=["nothing", "http-is-shut", "filter", "genre"],
)
def test_what_needs_a_server_is_refused_without_one(tmp_path: Path, text: str, what: str) -> None:
    file = tmp_path / "listsync.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=what):
        load(file, {})
