"""Lists in short: bare addresses, several in one entry, defaults; each piece keeps its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import Config, ListConfig, check
from listsync.config.settings_in_force import settings_of
from listsync.config.yaml_document import parse_document
from listsync.domain.list_rules import Filters, Seasons, Span, Which
from listsync.domain.media import MediaType
from listsync.domain.server import AS_USUAL, Asking
from listsync.errors import ConfigError
from listsync.triggers.schedule.rules import Cron, Every

SERVER = "server: {url: sandbox}\n"


def read(text: str, environ: dict[str, str] | None = None) -> Config:
    return check(parse_document(SERVER + text, "f"), environ or {}, Path("/etc/x"))


def complaints(text: str) -> list[str]:
    """Say what is wrong with *text*, whose first line is the second of the file."""
    with pytest.raises(ConfigError) as caught:
        read(text)
    return [str(problem).removeprefix("f:") for problem in caught.value.problems]


def sources(config: Config) -> list[str]:
    return [one.rules.source for one in config.lists]


@pytest.mark.parametrize(
    ("entry", "source"),
    [
        ("https://letterboxd.com/dave/watchlist/", "letterboxd:dave/watchlist"),
        ("letterboxd.com/dave/watchlist", "letterboxd:dave/watchlist"),
        ("HTTPS://WWW.IMDB.com/list/ls000024621/?ref_=x", "imdb:ls000024621"),
        ("ls000024621", "imdb:ls000024621"),
        ("trending:movies", "trakt:trending:movies"),
        ("https://app.trakt.tv/users/dave/watchlist", "trakt:dave/watchlist"),
        ("https://www.themoviedb.org/list/8990001-x", "tmdb:list/8990001"),
        ("https://mdblist.com/lists/dave/films", "mdblist:dave/films"),
        ("https://s3.amazonaws.com/popular-movies/movies.json", "stevenlu:movies"),
        ("'imdb: top'", "imdb:chart/top"),
        ("IMDB:top", "imdb:chart/top"),
        ("mdblist:dave/films", "mdblist:dave/films"),
        ("discover/movie?with_genres=27", "tmdb:discover/movie?with_genres=27"),
        ("'trakt: movies/trending'", "trakt:trending:movies"),
        ("'trakt: users/dave/lists/x'", "trakt:dave/lists/x"),
        ("'imdb: list/ls000024621'", "imdb:ls000024621"),
        ("'imdb: chart/top/'", "imdb:chart/top"),
        ("'mdblist: lists/dave/films'", "mdblist:dave/films"),
        ("watchlist.csv", "file:/etc/x/watchlist.csv"),
        ("/data/lists/mine", "file:/data/lists/mine"),
        ("./mine.txt", "file:/etc/x/mine.txt"),
    ],
)
def test_an_address_alone_is_a_list(entry: str, source: str) -> None:
    (bare,) = read(f"lists:\n  - {entry}").lists
    (named,) = read(f"lists:\n  - url: {entry}\n    limit: 5").lists
    assert (bare.rules.source, named.rules.source) == (source, source)
    assert (bare.rules.limit, named.rules.limit) == (None, 5)


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("https://example.com/list", "is an address of none of the services anilist, custom"),
        ("https://letterboxd.com.example/a/watchlist", "is an address of none of the services"),
        ("https://myimdb.com/list/ls000024621", "is an address of none of the services"),
        ("https://letterboxd.com/settings/x/y/z/", "is no known address of Letterboxd"),
        ("dave/films", "may be a list of"),
        ("hello!", "expected a list's address, such as https://letterboxd.com/dave/watchlist/"),
        ("''", "expected a list's address, such as"),
        ("[]", "expected at least one list"),
        ("[top, [x]]", "expected a list's address"),
    ],
)
def test_what_is_no_list_is_refused_at_its_place(entry: str, said: str) -> None:
    bare = complaints(f"lists:\n  - {entry}")
    assert any((said in one and one.startswith("3:5: lists[0]")) or "3:11:" in one for one in bare)
    (one, *_) = complaints(f"lists:\n  - limit: 5\n    addresses: {entry}")
    assert one.startswith("4:16: lists[0]") or "4:22:" in one


def test_a_key_in_an_address_is_not_told() -> None:
    (said,) = complaints("lists:\n  - https://example.com/list?apikey=S3cretT0ken99")
    assert "S3cret" not in said


def test_several_lists_of_one_entry_have_its_options_and_names_of_their_own() -> None:
    config = read(
        """lists:
  - addresses:
      - https://letterboxd.com/dave/watchlist/
      - imdb: top
      - trakt: [trending:movies, trending:shows]
    name: evening
    limit: 7
  - imdb: [toptv, ls000024621]
  - [popular, imdb:bottom]
"""
    )
    assert [(one.name, one.rules.source, one.rules.limit) for one in config.lists] == [
        ("evening (letterboxd: https://letterboxd.com/dave/watchlist/)", *_DAVES, 7),
        ("evening (imdb: top)", "imdb:chart/top", 7),
        ("evening (trakt: trending:movies)", "trakt:trending:movies", 7),
        ("evening (trakt: trending:shows)", "trakt:trending:shows", 7),
        ("imdb: toptv", "imdb:chart/toptv", None),
        ("imdb: ls000024621", "imdb:ls000024621", None),
        ("stevenlu: popular", "stevenlu:movies", None),
        ("imdb: bottom", "imdb:chart/bottom", None),
    ]


_DAVES = ("letterboxd:dave/watchlist",)


def test_what_is_wrong_with_one_of_several_is_told_at_its_address() -> None:
    said = complaints(
        """lists:
  - name: evening
    kind: tv
    limit: none
    addresses:
      - https://letterboxd.com/dave/watchlist/
      - imdb: ls0
      - https://example.com/a
      - popular
  - trakt: [trending:movies, trending:movies]
"""
    )
    assert [one.split(": ", 2)[:2] for one in said[1:4]] == [
        ["5:12", "lists[0].limit"],
        ["8:15", "lists[0].addresses[1].imdb"],
        ["9:9", "lists[0].addresses[2]"],
    ]
    assert said[0].startswith("4:11: evening (stevenlu: popular): this list holds films only")
    assert "https://example.com/a" in said[3]
    assert said[4].startswith('11:30: trakt: trending:movies: the name "trakt: trending:movies"')
    assert len(said) == 5, "an option is told once, for however many lists"


def test_what_a_list_says_is_before_the_defaults() -> None:
    config = read(
        """defaults:
  limit: 50
  tags: [auto, lists]
  exclude_genres: [horror]
  min_rating: 6
  max_rating: 9
  quality_profile: HD
  every: 6h
  seasons: first
lists:
  - imdb: top
  - trakt: trending:movies
    limit:
    tag: mine
    genres_not: []
    rating: 7
    profile: UHD
    cron: 0 4 * * *
    seasons: all
""",
        {"TRAKT_LISTS": "popular:movies"},
    )
    first, second, third = config.lists
    assert first.rules.limit == third.rules.limit == 50
    assert first.rules.asking == Asking(profile="HD", tags=("auto", "lists"))
    assert first.rules.filters == Filters(rating=Span(6, 9), genres_not=frozenset({"horror"}))
    assert first.rules.seasons == Seasons(which=Which.FIRST)
    assert isinstance(first.schedule, Every)
    assert second.rules.limit is None
    assert second.rules.asking == Asking(profile="UHD", tags=("mine",))
    assert second.rules.filters == Filters(rating=Span(7, None))
    assert isinstance(second.schedule, Cron)
    assert third.rules.filters == first.rules.filters


def test_a_bound_of_a_list_leaves_the_other_one_of_the_defaults() -> None:
    config = read(
        "defaults: {filters: {rating: 6-9, year: '>=1990'}}\n"
        "lists: [{imdb: top, min_rating: 7.5}, {imdb: toptv, filters: {year: 1999}}]"
    )
    first, second = (one.rules.filters for one in config.lists)
    assert first == Filters(rating=Span(7.5, 9), year=Span(1990, None))
    assert second == Filters(rating=Span(6, 9), year=Span(1999, 1999))


def test_what_is_excluded_is_not_narrowed_by_the_defaults() -> None:
    config = read(
        "defaults: {limit: 5, kind: movie, min_rating: 7, tags: x, every: 2d, request_as: bob}\n"
        "lists: [{imdb: top, exclude: true}, {imdb: toptv, kind: tv}]"
    )
    assert config.warnings == ()
    deny = config.lists[0]
    assert deny.rules.is_exclusion
    assert (deny.rules.limit, deny.rules.kind, deny.rules.filters) == (None, None, Filters())
    assert deny.rules.asking == AS_USUAL
    assert deny.schedule is not None


@pytest.mark.parametrize("key", ["exclude: true", "name: x", "imdb: top"])
def test_what_is_said_of_one_list_alone_is_no_default(key: str) -> None:
    (said,) = complaints(f"defaults: {{{key}}}\nlists: [ls000024621]")
    name = key.partition(":")[0]
    assert said == f'2:12: "{name}" is said of one list, expected it there and not in defaults'


def test_a_wrong_default_of_very_many_lists_hides_nothing_else() -> None:
    numbers = ", ".join(f"ls{number:09}" for number in range(300))
    said = complaints(f"defaults: {{min_votes: x}}\nlists: [{numbers}, {{imdb: top, limit: y}}]")
    assert [one.partition(": ")[2].partition(":")[0] for one in said] == [
        "defaults.min_votes",
        "lists[300].limit",
    ]


def test_what_is_wrong_with_a_default_is_told_once_and_there() -> None:
    said = complaints(
        "defaults:\n  limt: 5\n  min_votes: many\n  filters:\n    rating: 11\n    gnre: x\n"
        "  every: 5\n  cron: 0 4 * * *\nlists: [{imdb: top}, {imdb: toptv}, {imdb: bottom}]"
    )
    assert [one.split(",")[0] for one in said] == [
        '3:3: unknown key "limt" in defaults',
        "4:14: defaults.min_votes: expected a whole number",
        "6:13: defaults.filters.rating: expected ratings from 0 to 10",
        '7:5: unknown key "gnre" in defaults.filters',
        "8:10: defaults.every: has no unit",
        "9:3: defaults: every is given as well",
    ]


def test_a_default_that_a_list_cannot_have_is_told_with_the_list() -> None:
    (said,) = complaints(
        "defaults: {kind: movie}\nlists:\n  - trakt: [trending:shows, trending:movies]"
    )
    assert said.startswith("2:18: trakt: trending:shows: this list holds series only")


def test_defaults_suit_some_lists_only_without_a_warning() -> None:
    options = (
        "{seasons: latest, new_seasons: true, language_profile: German, exclude_genres: [soap]}"
    )
    config = read(f"defaults: {options}\nlists: [{{stevenlu: popular}}, {{imdb: toptv}}]")
    assert config.warnings == ()


def test_empty_defaults_are_as_good_as_none() -> None:
    assert sources(read("defaults:\nlists: [top-english-movies]")) == [
        "imdb:chart/top-english-movies"
    ]


@pytest.mark.parametrize(
    ("documented", "other"),
    [
        ("quality_profile: HD", "profile: HD"),
        ("request_as: bob", "user: bob"),
        ("request_as: bob", "act_as: bob"),
        ("tags: [a]", "tag: a"),
        ("exclude_genres: [horror]", "genres_not: horror"),
        ("exclude_genres: [horror]", "filters: {genres_not: [horror]}"),
        ("genres: [drama]", "genre: drama"),
        ("languages: [de]", "filters: {language: de}"),
        ("exclude_languages: [de]", "languages_not: [de]"),
        ("four_k: true", "4k: true"),
        ("kind: tv", "filters: {kind: tv}"),
        ("min_rating: 6.5", "filters: {rating: 6.5}"),
        ("min_rating: 6.5", "rating: '>=6.5'"),
        ("max_rating: 6.5", "rating: <=6.5"),
        ("min_year: 1990, max_year: 1999", "year: 1990-1999"),
        ("min_year: 1999, max_year: 1999", "filters: {year: 1999}"),
        ("min_votes: 1234567", "filters: {votes: 1234567}"),
        ("min_votes: 200", "filters: {min_votes: 200}"),
    ],
)
def test_what_was_valid_before_means_the_same(documented: str, other: str) -> None:
    assert _one(documented) == _one(other) != _one("limit: 5")
    assert _one(f"{documented}, {other}") == _one(documented), "twice the same is said once"


def _one(options: str) -> ListConfig:
    (one,) = read(f"lists: [{{imdb: top, {options}}}]").lists
    return one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("quality_profile: HD, profile: UHD", '4:5: "profile" and "quality_profile" are one'),
        ("user: anna, request_as: bob", '3:5: "user" and "request_as" are one thing'),
        ("user: anna, act_as: bob", '4:5: "act_as" and "request_as" are one thing'),
        ("min_rating: 7, rating: 6", '4:5: "rating" and "min_rating" are one thing'),
        ("genres: [war], filters: {genre: [drama]}", '4:15: "filters.genre" and "genres" are'),
    ],
)
def test_two_names_that_say_two_things_are_refused(text: str, said: str) -> None:
    lines = text.replace(", ", "\n    ")
    (found,) = complaints(f"lists:\n  - {lines}\n    imdb: top")
    assert found.startswith(said), found
    assert found.endswith("say two, expected one of them")


def test_a_problem_is_told_by_the_name_that_is_written() -> None:
    said = complaints("lists:\n  - imdb: top\n    profile: []\n    filters: {votes: x}")
    assert said[0].startswith("4:14: lists[0].profile: expected text")
    assert said[1].startswith("5:22: lists[0].filters.votes: expected a number")


def test_the_environment_is_before_another_name_in_the_file() -> None:
    document = parse_document("server: {url: sandbox, act_as: bob}", "f")
    assert check(document, {"OVERSEERR_USER_ID": "7"}, Path()).server.request_as == 7
    with pytest.raises(ConfigError, match=r"^OVERSEERR_USER_ID: server\.request_as: expected"):
        check(document, {"OVERSEERR_USER_ID": "0"}, Path())


def test_a_list_of_the_environment_that_the_file_has_in_short_is_one() -> None:
    environ = {"IMDB_LISTS": "top,toptv", "LETTERBOXD_LISTS": "dave/watchlist"}
    text = "lists: ['https://letterboxd.com/dave/watchlist/', {imdb: [ls000024621, top]}]"
    assert sources(read(text, environ)) == [
        "letterboxd:dave/watchlist",
        "imdb:ls000024621",
        "imdb:chart/top",
        "imdb:chart/toptv",
    ]


def test_the_settings_in_force_tell_entries_by_documented_names_and_whence_they_are() -> None:
    config = read(
        "defaults: {limit: 5}\n"
        "lists: ['imdb:top', {imdb: [toptv, bottom], user: bob, filters: {rating: 7}},\n"
        "  {addresses: [ls000024621, popular], limit: 9}]"
    )
    told = {one.path: (one.value, one.origin) for one in settings_of(config) if one.origin}
    assert told["defaults.limit"] == ("5", "the file")
    assert told["lists[0].imdb"] == ("chart/top", "the file")
    assert told["lists[0].limit"] == ("5", "defaults")
    assert told["lists[1].imdb"] == ("[chart/toptv, chart/bottom]", "the file")
    assert told["lists[1].request_as"] == ("bob", "the file")
    assert told["lists[1].min_rating"] == ("7", "the file")
    assert told["lists[2].addresses"] == ("[imdb:ls000024621, stevenlu:movies]", "the file")
    assert told["lists[2].limit"] == ("9", "the file")


def test_a_list_that_is_not_enabled_is_kept_and_read_by_no_sync() -> None:
    text = "defaults: {enabled: false}\nlists: [top-english-movies, {imdb: top, enabled: true}]"
    off, on = read(text).lists
    assert not off.is_read_in(None)
    assert not off.is_read_in(frozenset({off.rules.source}))
    assert on.is_read_in(None)
    assert off.rules.kind is on.rules.kind is None
    (warning,) = read("lists: [{imdb: top, enabled: no}]").warnings
    assert "no lists are followed" in warning.what


def test_a_list_of_what_is_excluded_that_is_not_enabled_is_warned_of() -> None:
    text = "lists: [{imdb: top}, {file: a, exclude: true, enabled: false}]"
    (warning,) = read(text).warnings
    assert str(warning) == ("f:2:47: while it is not enabled, nothing is excluded by this list")


def test_very_many_lists_in_short_are_one_entry_each() -> None:
    numbers = ", ".join(f"ls{number:09}" for number in range(300))
    config = read(f"defaults: {{kind: movie}}\nlists: [{{imdb: [{numbers}]}}]")
    assert len({*sources(config)}) == 300
    assert {one.rules.kind for one in config.lists} == {MediaType.MOVIE}


def test_films_and_series_of_one_list_go_where_each_belongs() -> None:
    config = read(
        """
lists:
  - file: both.csv
    root_folder: {movies: /films, series: /tv}
    quality_profile: {TV: HD, Film: 4}
    service: {radarr: Main}
    tags: {series: [kids, 7], movies: mine}
  - {file: tv.csv, tags: mine}
defaults: {root_folder: {movies: /other}}
"""
    )
    both, other = (one.rules for one in config.lists)
    assert both.asking_for(MediaType.MOVIE) == Asking(
        service="Main", profile="4", root_folder="/films", tags=("mine",)
    )
    assert both.asking_for(MediaType.TV) == Asking(
        profile="HD", root_folder="/tv", tags=("kids", "7")
    )
    assert other.asking_for(MediaType.MOVIE) == Asking(root_folder="/other", tags=("mine",))
    assert other.asking_for(MediaType.TV) == Asking(tags=("mine",))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("{}", "expected movies, series or both, each with a value of its own"),
        ("{music: /a}", "expected movies, series or both"),
        ("{movies: /a, films: /b}", "expected movies, series or both"),
        ("{movies: [/a]}", "expected text"),
        ("{movies: ''}", "expected at least 1 character"),
        ("[/a, /b]", "expected text"),
    ],
)
def test_what_is_no_value_by_kind_is_told_at_its_place(value: str, said: str) -> None:
    (told,) = complaints(f"lists: [{{file: a, root_folder: {value}}}]")
    assert "lists[0].root_folder" in told
    assert said in told


def test_a_limit_in_an_address_is_that_of_its_list() -> None:
    text = """\
defaults: {limit: 50}
lists:
  - https://letterboxd.com/dave/watchlist/?limit=10
  - addresses: ["https://www.imdb.com/chart/top/?limit=5", "imdb: toptv"]
  - {trakt: "users/dave/watchlist?limit=7", limit: 7, name: seven}
  - custom: https://example.org/list.json?limit=3
"""
    lists = read(text).lists
    assert [one.rules.limit for one in lists] == [10, 5, 50, 7, 50]
    assert lists[0].name == "letterboxd: https://letterboxd.com/dave/watchlist/"
    assert lists[0].rules.source == "letterboxd:dave/watchlist"
    assert "?limit=3" in getattr(lists[4].source, "url", "")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{imdb: 'https://www.imdb.com/chart/top/?limit=5', limit: 6}", "are one thing and say"),
        ("{imdb: 'https://www.imdb.com/chart/top/?limit=many'}", "limit=many, expected a number"),
    ],
)
def test_a_limit_in_an_address_is_one_that_is_understood(entry: str, said: str) -> None:
    (problem,) = complaints(f"lists:\n  - {entry}")
    assert problem.startswith(("3:12: ", "3:6: "))
    assert said in problem
