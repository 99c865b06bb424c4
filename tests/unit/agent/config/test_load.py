from __future__ import annotations

import grp
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from listsync.config import list_entries, validation
from listsync.config.configuration import Config, ListConfig, check, load
from listsync.config.schema import LogOptions
from listsync.config.suggestions import meant
from listsync.config.validation import MAX_FINDINGS
from listsync.config.yaml_document import parse_document
from listsync.domain.list_rules import Filters, ListRules, Seasons, Span, Which
from listsync.domain.media import Exclusion, MediaType, TitleKey
from listsync.domain.server import Asking
from listsync.errors import ConfigError
from listsync.files.local_file import WriterWait
from listsync.providers.stevenlu.source import parse as parse_stevenlu
from listsync.triggers.schedule.rules import Cron, Every, Rule

SERVER = "server: {url: sandbox}\n"
ZONE = "timezone: Europe/Vienna"
VIENNA = ZoneInfo("Europe/Vienna")

Read = Callable[[str], Config]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def read(text: str) -> Config:
        (tmp_path / "listsync.yaml").write_text(text)
        return load(tmp_path / "listsync.yaml", {})

    return read


def complaints(text: str) -> list[str]:
    """Say what is wrong with *text*, as line:column: words."""
    with pytest.raises(ConfigError) as caught:
        check(parse_document(text, "f"), {}, Path())
    return [str(problem).removeprefix("f:") for problem in caught.value.problems]


def test_everything_is_read(read: Read, tmp_path: Path) -> None:
    config = read(
        """
server: {url: "http://localhost:5055/api/v1/", api_key: abc, act_as: 7, approve: yes}
sync: {every: 90m, on_config_change: off, four_k: true}
lists:
  - stevenlu: popular
    limit: 50
    kind: movie
    four_k: false
  - file: lists/mine.csv
    name: 1917
  - file: /data/theirs.csv
    exclude: true
exclude: [tmdb:movie/603, {title: 1917, year: 2019, kind: movie}]
providers: {stevenlu: {timeout_s: 5}}
"""
    )
    assert config.server.url == "http://localhost:5055"
    assert config.server.api_key is not None
    assert (config.server.request_as, config.server.approve) == (7, True)
    assert config.sync.every == timedelta(minutes=90)
    assert not config.sync.on_config_change
    assert config.lists[0] == ListConfig(
        source=parse_stevenlu("popular"),
        rules=ListRules(
            source="stevenlu:movies",
            name="stevenlu: popular",
            service="stevenlu",
            limit=50,
            kind=MediaType.MOVIE,
        ),
    )
    assert [entry.name for entry in config.lists[1:]] == ["1917", "file: /data/theirs.csv"]
    assert [entry.rules.four_k for entry in config.lists] == [False, True, True]
    assert [entry.rules.is_exclusion for entry in config.lists] == [False, False, True]
    assert str(tmp_path / "lists" / "mine.csv") in str(config.lists[1].source)
    assert config.exclude == (
        Exclusion(key=TitleKey(MediaType.MOVIE, 603)),
        Exclusion(title="1917", year=2019, kind=MediaType.MOVIE),
    )
    assert config.providers.stevenlu.timeout_s == 5


def test_the_rules_of_a_list_are_read(read: Read) -> None:
    config = read(
        SERVER
        + """
sync: {max_per_run: 20, max_per_day: 50}
lists:
  - file: a
    filters:
      {kind: tv, year: ">=1990", rating: 6.5-9, votes: <=500, genres: Sci-Fi  & Fantasy,
       genres_not: [Reality], languages: [EN], languages_not: de}
    seasons: {latest: 2}
    new_seasons: true
    max_per_run: 3
    max_per_day: 5
    user: 7
    approve: true
    service: Sonarr 2
    profile: HD-1080p
    root_folder: /tv
    language_profile: German
    tags: [listsync, tv]
    cancel_removed: true
  - {file: b, seasons: [0, 2], user: family}
  - {file: c, seasons: first}
exclude: [{genre: Reality}]
"""
    )
    one, two, three = (entry.rules for entry in config.lists)
    assert one.kind is MediaType.TV
    assert one.filters == Filters(
        year=Span(1990, None),
        rating=Span(6.5, 9),
        votes=Span(None, 500),
        genres=frozenset({"sci-fi & fantasy"}),
        genres_not=frozenset({"reality"}),
        languages=frozenset({"en"}),
        languages_not=frozenset({"de"}),
    )
    assert one.seasons == Seasons(which=Which.LATEST, count=2)
    assert (one.new_seasons, one.cancel_removed) == (True, True)
    assert (one.max_per_run, one.max_per_day) == (3, 5)
    assert one.asking == Asking(
        user="7",
        approve=True,
        service="Sonarr 2",
        profile="HD-1080p",
        root_folder="/tv",
        language_profile="German",
        tags=("listsync", "tv"),
    )
    assert two.seasons == Seasons(which=Which.NAMED, numbers=frozenset({0, 2}))
    assert (two.asking, two.filters) == (Asking(user="family"), Filters())
    assert three.seasons == Seasons(which=Which.FIRST)
    assert config.exclude == (Exclusion(genre="reality"),)
    assert (config.sync.max_per_run, config.sync.max_per_day) == (20, 50)


def test_what_is_left_out_has_its_default(read: Read) -> None:
    config = read(SERVER)
    assert config.lists == ()
    assert config.exclude == ()
    assert config.server.api_key is None
    assert config.sync.every == timedelta(hours=24)
    assert config.sync.on_config_change


def test_sections_with_nothing_in_them_are_as_good_as_absent(read: Read) -> None:
    assert read(SERVER + "sync:\nlists:\nexclude:\nproviders: {stevenlu: }\n") == read(SERVER)
    assert read(SERVER + "control:\nlog:\n") == read(SERVER)


def test_empty_values_are_as_good_as_absent(read: Read) -> None:
    empty = "sync: {every: , cron: , timezone: }\ncontrol: {group: }\n"
    log = "log: {level: , format: , file: , max_mb: , keep: , history: , history_keep: }\n"
    assert read(SERVER + empty + log) == read(SERVER)
    lists = SERVER + "lists: [{file: a%s}]"
    assert read(lists % ", every: , cron: ") == read(lists % "")


@pytest.mark.parametrize(
    ("sync", "schedule"),
    [
        pytest.param("", Every(timedelta(hours=24)), id="default"),
        pytest.param("every: 90m", Every(timedelta(minutes=90)), id="every"),
        pytest.param("every: 0", None, id="never"),
        pytest.param(f"cron: 0 4 * * *, {ZONE}", Cron("0 4 * * *", VIENNA), id="cron"),
        pytest.param(f"every: , cron: 0 4 * * *, {ZONE}", Cron("0 4 * * *", VIENNA), id="emptied"),
    ],
)
def test_the_schedule_of_all_lists(read: Read, sync: str, schedule: Rule | None) -> None:
    assert read(f"{SERVER}sync: {{{sync}}}").schedule == schedule


@pytest.mark.parametrize(
    ("own", "schedule"),
    [
        pytest.param("", None, id="as-all"),
        pytest.param(", every: 6h", Every(timedelta(hours=6)), id="every"),
        pytest.param(", every: 0", Every(timedelta()), id="never"),
        pytest.param(", cron: 0 4 * * mon", Cron("0 4 * * MON", VIENNA), id="cron"),
    ],
)
@pytest.mark.parametrize("sync", ["every: 1h", "cron: 0 5 * * *", "every: 0"])
def test_the_schedule_of_one_list(read: Read, sync: str, own: str, schedule: Rule | None) -> None:
    config = read(f"{SERVER}sync: {{{sync}, {ZONE}}}\nlists: [{{file: a{own}}}]")
    assert config.lists[0].schedule == schedule


def test_without_a_timezone_cron_follows_the_machines_clock() -> None:
    document = parse_document(SERVER + "sync: {cron: 0 4 * * *}", "f")
    config = check(document, {"TZ": "Europe/Vienna"}, Path())
    assert config.schedule == Cron("0 4 * * *", VIENNA)
    assert config.sync.timezone is None


def test_who_may_look(read: Read) -> None:
    name = grp.getgrall()[0].gr_name
    assert read(SERVER).control.group is None
    assert read(f"{SERVER}control: {{group: {name}}}").control.group == name


def test_the_log_is_read(read: Read, tmp_path: Path) -> None:
    log = read(
        SERVER + "log: {level: debug, format: json, file: logs/a.log, max_mb: 0.5, keep: 0}"
    )
    assert log.log == LogOptions(
        level="debug", format="json", file=tmp_path / "logs/a.log", max_mb=0.5, keep=0
    )
    assert read(SERVER).log == LogOptions()


@pytest.mark.parametrize(
    ("text", "found"), [("true", True), ("false", False), ("a.log", "a.log"), ("", True)]
)
def test_the_history_log_is_a_place_or_none(
    read: Read, tmp_path: Path, text: str, found: object
) -> None:
    expected = tmp_path / found if isinstance(found, str) else found
    assert read(f"{SERVER}log: {{history: {text}}}").log.history == expected


@pytest.mark.parametrize(
    ("text", "path"),
    [("/var/log/a.log", "/var/log/a.log"), ("~/a.log", "/home/anna/a.log")],
)
def test_where_the_log_lies(
    read: Read, monkeypatch: pytest.MonkeyPatch, text: str, path: str
) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert read(f"{SERVER}log: {{file: {text}}}").log.file == Path(path)


def test_edits_that_change_nothing_leave_the_configuration_equal(read: Read) -> None:
    text = SERVER + "lists:\n  - stevenlu: popular\n"
    same = (
        "# a comment\nlists: [{stevenlu: 'popular', exclude: no}]\n\nserver:\n    url: sandbox\n"
    )
    assert read(same) == read(text)
    assert read(text + "    limit: 5\n") != read(text)
    cron = SERVER + "sync: {cron: 0 4 * * mon}"
    assert read(SERVER + 'sync: {cron: "0  4 * * MON"}') == read(cron)
    assert read(cron.replace("mon", "tue")) != read(cron)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            SERVER + "list: []",
            '2:1: unknown key "list" at the top level, did you mean "lists"?',
            id="top",
        ),
        pytest.param(
            "server: {url: sandbox, urll: x}",
            '1:24: unknown key "urll" in server, did you mean "url"?',
            id="server",
        ),
        pytest.param(
            SERVER + "sync: {colour: x}",
            '2:8: unknown key "colour" in sync, expected one of every, cron, timezone, '
            "on_config_change, four_k",
            id="sync",
        ),
        pytest.param(
            SERVER + "control: {user: }",
            '2:11: unknown key "user" in control, expected one of group',
            id="control",
        ),
        pytest.param(
            SERVER + "log: {levl: }",
            '2:7: unknown key "levl" in log, did you mean "level"?',
            id="log",
        ),
        pytest.param(
            SERVER + "lists:\n  - stevenlu: popular\n    limt: 5",
            '4:5: unknown key "limt" in a list, did you mean "limit"?',
            id="list",
        ),
        pytest.param(
            SERVER + "lists:\n  - stevnlu: popular",
            '3:5: unknown key "stevnlu" in a list, did you mean "stevenlu"?',
            id="service",
        ),
        pytest.param(
            SERVER + "exclude: [{title: Cats, yeer: 2019}]",
            '2:25: unknown key "yeer" in an exclusion, did you mean "year"?',
            id="exclusion",
        ),
        pytest.param(
            SERVER + "providers: {stevenloo: {}}",
            '2:13: unknown key "stevenloo" in providers, did you mean "stevenlu"?',
            id="providers",
        ),
        pytest.param(
            SERVER + "providers: {stevenlu: {base: x}}",
            '2:24: unknown key "base" in providers.stevenlu, did you mean "base_url"?',
            id="provider",
        ),
        pytest.param(
            SERVER + '"a\\e\\n": x', '2:1: unknown key "a\\x1b\\n" at the top level', id="escaped"
        ),
        pytest.param(
            SERVER + "<id>: x", '2:1: unknown key "<id>" at the top level', id="like-our-own"
        ),
    ],
)
def test_an_unknown_key_is_told_with_what_was_meant(text: str, said: str) -> None:
    (complaint,) = complaints(text)
    assert complaint.startswith(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- a", "1:1: the file: expected a mapping", id="file-is-a-list"),
        pytest.param(
            "hello", "1:1: the file: expected a mapping (key: value), found text", id="text"
        ),
        pytest.param("server: x", "1:9: server: expected a mapping", id="server-is-text"),
        pytest.param(
            "server:",
            "1:8: server: expected a mapping (key: value), found nothing",
            id="server-empty",
        ),
        pytest.param("lists: []", '1:1: missing key "server" at the top level', id="no-server"),
        pytest.param(
            "server: {}", '1:9: missing key "url" in server (or set OVERSEERR_URL)', id="no-url"
        ),
        pytest.param(
            "server: {url: 'http://a'}", '1:9: missing key "api_key" in server', id="no-key"
        ),
        pytest.param(
            "server: {url: [a]}", "1:15: server.url: expected an address such as", id="url-list"
        ),
        pytest.param(
            "server: {url: 'http://b:c@d e'}", 'found "http://…@d e"', id="login-is-not-shown"
        ),
        pytest.param(
            "server: {url: 'ftp://h/?key=c'}", 'found "ftp://h/?…"', id="query-is-not-shown"
        ),
        pytest.param(
            "server: {url: sandbox, approve: 5}",
            "1:33: server.approve: expected true or false",
            id="bool",
        ),
        pytest.param(
            "server: {url: sandbox, timeout_s: 0}",
            "server.timeout_s: expected more than 0",
            id="low",
        ),
        pytest.param(
            "server: {url: sandbox, timeout_s: 9999}",
            'expected at most 600, found "9999"',
            id="high",
        ),
        pytest.param(
            "server: {url: sandbox, timeout_s: .nan}", "server.timeout_s: expected", id="nan"
        ),
        pytest.param(
            "server: {url: sandbox, max_per_second: 0}",
            "server.max_per_second: expected more than 0",
            id="no-calls-a-second",
        ),
        pytest.param(
            "server: {url: sandbox, max_per_second: .inf}",
            "server.max_per_second: expected",
            id="endless-calls-a-second",
        ),
        pytest.param(
            "server: {url: sandbox, act_as: [x]}", "server.act_as: expected a user name", id="user"
        ),
        pytest.param(SERVER + "sync: []", "2:7: sync: expected a mapping", id="sync-list"),
        pytest.param(
            SERVER + "sync: {every: soon}", "2:15: sync.every: expected a duration", id="every"
        ),
        pytest.param(
            SERVER + "sync: {every: [1h]}",
            "2:15: sync.every: expected a duration",
            id="every-list",
        ),
        pytest.param(
            SERVER + "sync: {cron: x}",
            "2:14: sync.cron: is no cron schedule such as 0 4 * * * (expected five fields: minute "
            'hour day-of-month month day-of-week), found "x"',
            id="cron",
        ),
        pytest.param(
            SERVER + "sync:\n  cron: 61 4 * * *",
            "3:9: sync.cron: is no cron schedule such as 0 4 * * * (bad minute), "
            'found "61 4 * * *"',
            id="cron-minute",
        ),
        pytest.param(
            SERVER + "sync: {cron: [x]}", "2:14: sync.cron: is no cron schedule", id="cron-list"
        ),
        pytest.param(
            SERVER + "sync:\n  cron: 0 4 * * *\n  every: 1h",
            "3:3: sync: every is given as well, expected one of every and cron",
            id="every-and-cron",
        ),
        pytest.param(
            SERVER + "sync: {timezone: Vienna}",
            "2:18: sync.timezone: is no time zone that this machine knows, expected a name such "
            'as Europe/Vienna, found "Vienna"',
            id="timezone",
        ),
        pytest.param(
            SERVER + "sync: {timezone: ''}",
            "2:18: sync.timezone: is no time zone",
            id="zone-empty",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, every: 5x}]",
            "2:26: lists[0].every: expected a duration",
            id="list-every",
        ),
        pytest.param(
            SERVER + "lists:\n  - file: a\n    cron: 0 25 * * *",
            "4:11: lists[0].cron: is no cron schedule such as 0 4 * * * (bad hour)",
            id="list-cron",
        ),
        pytest.param(
            SERVER + "lists:\n  - file: a\n    every: 0\n    cron: 0 4 * * *",
            "5:5: lists[0]: every is given as well, expected one of every and cron",
            id="list-every-and-cron",
        ),
        pytest.param(
            SERVER + "control: x", "2:10: control: expected a mapping", id="control-text"
        ),
        pytest.param(
            SERVER + "control: {group: no-such-group}",
            "2:18: control.group: is no group of this machine, expected the name of one, "
            'found "no-such-group"',
            id="group",
        ),
        pytest.param(
            SERVER + "log: {history: []}",
            "2:16: log.history: expected a path as text",
            id="log-history",
        ),
        pytest.param(SERVER + "log: []", "2:6: log: expected a mapping", id="log-list"),
        pytest.param(
            SERVER + "log: {level: loud}",
            "2:14: log.level: expected 'debug', 'info', 'warning' or 'error', found \"loud\"",
            id="level",
        ),
        pytest.param(
            SERVER + "log: {format: jason}",
            "2:15: log.format: expected 'auto', 'text', 'journal' or 'json', found \"jason\", "
            'did you mean "json"?',
            id="format",
        ),
        pytest.param(
            SERVER + "log: {file: ''}", "2:13: log.file: expected a path as text", id="file-empty"
        ),
        pytest.param(
            SERVER + "log: {file: [a]}", "2:13: log.file: expected a path as text", id="file-list"
        ),
        pytest.param(
            SERVER + 'log: {file: "a\\nb"}', "2:13: log.file: may not hold line", id="file-lines"
        ),
        pytest.param(
            SERVER + "log: {file: ~nobody-has-this-name/x}",
            "2:13: log.file: whose home is meant by",
            id="file-home",
        ),
        pytest.param(
            SERVER + "log: {max_mb: 0}", "2:15: log.max_mb: expected more than 0", id="max-0"
        ),
        pytest.param(
            SERVER + "log: {max_mb: inf}", "2:15: log.max_mb: expected a number", id="max-inf"
        ),
        pytest.param(
            SERVER + "log: {keep: 101}", "2:13: log.keep: expected at most 100", id="keep-high"
        ),
        pytest.param(
            SERVER + "log: {keep: -1}", "2:13: log.keep: expected at least 0", id="keep-low"
        ),
        pytest.param(
            SERVER + "lists: top", "2:8: lists: expected a list of entries", id="lists-text"
        ),
        pytest.param(
            SERVER + "lists: {stevenlu: popular}",
            "2:8: lists: expected a list of entries",
            id="lists-map",
        ),
        pytest.param(
            SERVER + "lists: ['?!']",
            "2:9: lists[0]: expected a list's address, such as",
            id="list-text",
        ),
        pytest.param(
            SERVER + "lists:\n  -",
            "3:4: lists[0]: expected a list's address, such as https://letterboxd.com/dave/watchlist/"
            ", or as in imdb: top, found nothing",
            id="bullet",
        ),
        pytest.param(
            SERVER + "lists: [{}]", "2:9: this list has no source, expected one", id="no-source"
        ),
        pytest.param(
            SERVER + "lists: [{file: a, stevenlu: popular}]",
            "2:19: this list has a source already (file)",
            id="two-sources",
        ),
        pytest.param(
            SERVER + "lists: [{stevenlu: }]",
            "lists[0].stevenlu: expected the list as text, found nothing",
            id="source-empty",
        ),
        pytest.param(
            SERVER + "lists: [{stevenlu: [all, []]}]",
            "2:26: lists[0].stevenlu[1]: expected the list as text",
            id="source-list",
        ),
        pytest.param(
            SERVER + "lists: [{stevenlu: popluar}]",
            '2:20: lists[0].stevenlu: "popluar" is no list of StevenLu; accepted: popular, all',
            id="source-wrong",
        ),
        pytest.param(
            SERVER + "lists: [{url: all, file: a}]",
            "2:20: this list has a source already (addresses), expected one key for all of them",
            id="url-and-file",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, limit: 0}]",
            'lists[0].limit: expected at least 1, found "0"',
            id="limit-0",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, limit: 2.5}]",
            "lists[0].limit: expected a whole number",
            id="limit-half",
        ),
        pytest.param(
            SERVER + f"lists: [{{file: a, limit: {'9' * 5000}}}]",
            "lists[0].limit: expected a whole number",
            id="limit-huge",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, kind: movies}]",
            "lists[0].kind: expected 'movie' or 'tv', found \"movies\", did you mean \"movie\"?",
            id="kind",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, name: ''}]",
            "lists[0].name: expected at least 1 character",
            id="name-empty",
        ),
        pytest.param(
            SERVER + 'lists: [{file: a, name: "a\\nb"}]',
            'line breaks or control characters, found "a\\nb"',
            id="name-lines",
        ),
        pytest.param(
            SERVER + f"lists: [{{file: a, name: {'x' * 200}}}]",
            "expected at most 100 characters",
            id="name-long",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, name: x}, {file: b, name: x}]",
            '2:45: the name "x" is taken by lists[0]',
            id="name-twice",
        ),
        pytest.param(
            SERVER + "lists: [{file: a}, {file: a}]",
            '2:27: the name "file: a" is taken by lists[0]',
            id="list-twice",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, root_folder: '  '}]",
            "lists[0].root_folder: expected at least 1 character",
            id="name-of-spaces",
        ),
        pytest.param(
            SERVER + "log: {max_mb: 1_0}", "log.max_mb: expected a number", id="number-odd"
        ),
        pytest.param("server: {url: 'anna:hunter2@h'}", 'found "…@h"', id="login-without-scheme"),
        pytest.param(
            SERVER + "lists: [{file: a, seasons: some}]",
            "lists[0].seasons: expected all, first, latest, {latest: 2}, or numbers",
            id="seasons",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, seasons: {latest: 0}}]",
            "lists[0].seasons: expected all",
            id="seasons-latest-none",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, filters: {year: new}}]",
            "lists[0].filters.year: expected a number, a least one such as >=1990",
            id="span",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, filters: {year: 2000-1990}}]",
            "lists[0].filters.year: begins after its end",
            id="span-turned-round",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, filters: {languages: [english]}}]",
            "expected the two letters of a language, such as en or de",
            id="language",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, kind: tv, filters: {kind: movie}}]",
            '"filters.kind" and "kind" are one thing and say two, expected one of them',
            id="two-kinds",
        ),
        pytest.param(
            SERVER + "lists: [{file: a, filters: {gnre: x}}]",
            'unknown key "gnre" in lists[0].filters, expected one of kind, min_year',
            id="filter-key",
        ),
        pytest.param(
            SERVER + "exclude: tmdb:movie/603",
            "2:10: exclude: expected a list of entries",
            id="exclude-text",
        ),
        pytest.param(
            SERVER + "exclude: [603]",
            "2:11: exclude[0]: expected tmdb:movie/603",
            id="exclude-number",
        ),
        pytest.param(
            SERVER + "exclude: [[a]]",
            "2:11: exclude[0]: expected tmdb:movie/603",
            id="exclude-list",
        ),
        pytest.param(
            SERVER + "exclude: [{year: 2019}]",
            '2:11: missing key "title" in an exclusion',
            id="exclude-untitled",
        ),
        pytest.param(
            SERVER + "exclude: [{title: x, year: y}]",
            "2:28: exclude[0].year: expected a whole number",
            id="exclude-year",
        ),
        pytest.param(
            SERVER + "exclude: [{title: [x]}]",
            "2:19: exclude[0].title: expected text",
            id="exclude-title",
        ),
        pytest.param(
            SERVER + "lists:\n  -stevenlu: popular",
            'begin with -, found a mapping; a space is missing behind the "-"',
            id="no-space-behind-the-dash",
        ),
        pytest.param(
            SERVER + "providers: []", "2:12: providers: expected a mapping", id="providers-list"
        ),
        pytest.param(
            SERVER + "providers: {stevenlu: x}",
            "2:23: providers.stevenlu: expected a mapping",
            id="provider-text",
        ),
        pytest.param(
            SERVER + "providers: {stevenlu: {timeout_s: x}}",
            "2:35: providers.stevenlu.timeout_s: expected a number",
            id="provider-number",
        ),
        pytest.param(SERVER + "a: !x b", "2:4: tags such as !name", id="tag"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(text: str, said: str) -> None:
    told = [line for line in complaints(text) if said in line]
    assert len(told) == 1
    assert len(told[0]) < 400


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    told = complaints(
        """\
server:
  url: http://localhost:5055
  api_key: {env: NOT_SET}
  approve: maybe
  approve: true
lists:
  - limit: many
  - imdb: x
    kind: moovie
  - file: a
    name: x
  - file: b
    name: x
exclude: [nonsense, {titel: Cats}]
provider: {}
"""
    )
    places = [line.split(": ")[0] for line in told]
    assert places == [
        *("3:12", "4:12", "5:3", "7:5", "7:12", "8:11", "9:11", "13:11", "14:11", "14:21"),
        *("14:22", "15:1"),
    ]


@pytest.mark.parametrize(
    ("written", "seconds"), [("30", 30), ("0.5", 0.5), ("30s", 30), ("1m30s", 90), ("2m", 120)]
)
def test_seconds_are_a_number_or_a_duration(read: Read, written: str, seconds: float) -> None:
    text = f"server: {{url: sandbox, timeout_s: {written}}}\nproviders: {{imdb: {{pace_s: 5s}}}}"
    config = read(text)
    assert config.server.timeout_s == seconds
    assert config.providers.imdb.pace_s == 5


@pytest.mark.parametrize("written", ["soon", "[]", "11m", "-1"])
def test_what_is_no_number_of_seconds_is_told(written: str) -> None:
    (said,) = complaints(f"server: {{url: sandbox, timeout_s: {written}}}")
    assert said.startswith("1:35: server.timeout_s: expected ")


def test_a_problem_names_the_file_as_it_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text("server: {url: x, api_key: y}")
    with pytest.raises(ConfigError) as caught:
        load(path, {})
    assert caught.value.problems[0].file == str(path)
    assert str(caught.value).startswith(f"{path}:1:15: server.url: ")


@pytest.mark.parametrize("text", ["server: hunter2", "hunter2", "server: {api_key: [hunter2]}"])
def test_a_key_that_stands_at_the_wrong_place_is_not_shown(text: str) -> None:
    assert "hunter2" not in "".join(complaints(text))


def test_a_login_in_the_servers_url_is_not_in_the_representation(read: Read) -> None:
    config = read("server: {url: 'http://bob:hunter2@h', api_key: hunter2}")
    assert "hunter2" not in repr(config)


def test_a_proxy_may_hold_a_login_which_is_not_in_the_representation(read: Read) -> None:
    config = read(SERVER + "providers: {trakt: {proxy: 'http://bob:hunter2@proxy:3128 '}}")
    proxy = config.providers.trakt.proxy
    assert proxy is not None
    assert proxy.get_secret_value() == "http://bob:hunter2@proxy:3128"
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize("key", ["base_url", "proxy"])
@pytest.mark.parametrize(
    "text",
    [
        "stevenlu.example",
        "bob:hunter2@proxy:3128",
        "ftp://bob:hunter2@proxy",
        "socks5://bob:hunter2@proxy:1080",
        "http://",
        "https://[",
        "http://bob:hunter2@proxy:99999",
        "http://proxy:0",
        "http://a..b",
        "http://pro\u00a0xy",
    ],
)
def test_an_address_that_is_none_has_its_place_in_the_file(key: str, text: str) -> None:
    (told,) = complaints(f"{SERVER}providers: {{imdb: {{{key}: '{text}'}}}}")
    assert told.startswith(f"2:{20 + len(key) + 2}: providers.imdb.{key}: ")
    assert "hunter2" not in told


@pytest.mark.parametrize("text", ["caf\u00e9", "two\\nlines"])
def test_a_user_agent_that_cannot_be_sent_has_its_place_in_the_file(text: str) -> None:
    (told,) = complaints(f'{SERVER}providers: {{imdb: {{user_agent: "{text}"}}}}')
    assert "providers.imdb.user_agent: expected ASCII" in told


def test_one_text_is_as_good_as_a_list_of_one(read: Read) -> None:
    lists = SERVER + "lists: [{file: a, tags: %s, filters: {genres: %s, languages: %s}}]"
    assert read(lists % ("tv", "drama", "en")) == read(lists % ("[tv]", "[drama]", "[en]"))


@pytest.mark.parametrize("text", ["hunter 2", "hunter2\u0131"])
def test_a_secret_that_cannot_be_sent_is_not_shown(text: str) -> None:
    (told,) = complaints(f"{SERVER}providers: {{trakt: {{client_id: '{text}'}}}}")
    assert told.startswith("2:32: providers.trakt.client_id: expected ASCII letters")
    assert "hunter" not in told


def test_very_many_problems_are_not_all_searched_for_what_was_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searched: list[str] = []

    def counted(word: str, *args: Any) -> str:
        searched.append(word)
        return meant(word, *args)

    monkeypatch.setattr(validation, "meant", counted)
    monkeypatch.setattr(list_entries, "meant", counted)
    text = "\n".join(f"  - {{stvnlu: {n}, lmt: x, limit: x}}" for n in range(300))
    assert len(complaints(f"{SERVER}lists:\n{text}")) == MAX_FINDINGS
    assert MAX_FINDINGS < len(searched) <= 4 * MAX_FINDINGS


def test_a_writer_of_the_file_or_of_a_secret_is_waited_for(tmp_path: Path) -> None:
    path, key = tmp_path / "listsync.yaml", tmp_path / "key"
    path.write_text("server: {url: http://localhost, api_key: {file: key}}\n")
    key.touch(mode=0o600)
    with path.open("a") as file, key.open("w") as secret:

        def end(_: float) -> None:
            if not file.closed:
                file.close()
            else:
                secret.write("abc")
                secret.close()

        config = load(path, {}, WriterWait(pause=end))
    assert config.server.api_key is not None
    assert config.server.api_key.get_secret_value() == "abc"
    assert not config.is_unfinished


def test_a_file_that_is_never_closed_is_read_as_it_is_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "listsync.yaml"
    path.write_text(f"{SERVER}lists: [stevenlu: popular]\n")
    with path.open("a"):
        config = load(path, {}, WriterWait(0.1))
    assert config.is_unfinished
    (warning,) = config.warnings
    assert str(warning).startswith(f"{path}: was read as it is")
