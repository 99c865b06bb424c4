"""What can never have an effect: wrong where nothing could match, else warned of."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import check, load
from listsync.config.yaml_document import parse_document
from listsync.errors import ConfigError

SERVER = "server: {url: sandbox}\n"
EXAMPLE = Path(__file__).parents[4] / "listsync.yaml.example"


def wrong(lists: str) -> list[str]:
    """Say what is wrong with *lists*, as line:column: words."""
    with pytest.raises(ConfigError) as caught:
        check(parse_document(f"{SERVER}lists: [{lists}]", "f"), {}, Path())
    return [str(problem).removeprefix("f:") for problem in caught.value.problems]


def warned(text: str, environ: dict[str, str] | None = None) -> list[str]:
    config = check(parse_document(text, "f"), environ or {}, Path())
    return [str(problem).removeprefix("f:") for problem in config.warnings]


@pytest.mark.parametrize(
    ("lists", "said"),
    [
        (
            "{file: a, kind: movie, filters: {genres: [reality]}}",
            '2:51: "reality" is no genre of films',
        ),
        (
            "{stevenlu: popular, filters: {genres: Reality}}",
            '2:47: "reality" is no genre of films',
        ),
        (
            "{tmdb: trending/tv, filters: {genres: [war]}}",
            '2:48: "war" is no genre of series',
        ),
        (
            "{file: a, filters: {genres: [drama, war], genres_not: [War]}}",
            '2:64: "war" is in genres as well: it can never match',
        ),
        (
            "{file: a, filters: {languages: [de, en], languages_not: en}}",
            '2:65: "en" is in languages as well: it can never match',
        ),
        (
            "{file: a, filters: {votes: <=0, rating: 7}}",
            "2:36: a title without votes has no rating, and min_rating asks for one",
        ),
        ("{stevenlu: popular, kind: tv}", "2:35: this list holds films only: it can never match"),
        (
            "{mdblist: official/shows/new, kind: movie}",
            "2:45: this list holds series only: it can never match",
        ),
        (
            "{trakt: 'trending:shows', filters: {kind: movie}}",
            "2:51: this list holds series only: it can never match",
        ),
        (
            "{file: a, exclude: true, filters: {year: <=1980}}",
            "2:44: max_year does not narrow what is excluded, expected a list",
        ),
        (
            "{file: a, min_year: 2000, max_year: 1990}",
            "2:29: min_year is above max_year: it can never match",
        ),
    ],
)
def test_a_list_that_can_take_nothing_is_wrong(lists: str, said: str) -> None:
    (problem,) = wrong(lists)
    assert problem.startswith(said)
    assert problem.endswith(("it can never match", "expected a list without such filters"))


def test_all_of_it_is_told_with_what_else_is_wrong() -> None:
    lists = "{stevenlu: a, kind: tv}, {stevenlu: popular, kind: tv, filters: {rating: 11}}"
    assert [line.split(":")[1] for line in wrong(lists)] == ["20", "60", "82"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("kind: movie, seasons: first", "seasons has no effect: the list takes films only"),
        ("kind: movie, new_seasons: true", "new_seasons has no effect"),
        ("kind: movie, tags: {series: x}", "tags has no effect: the list takes films only"),
        ("kind: tv, service: {film: x}", "service has no effect: the list takes series only"),
        ("kind: movie, language_profile: German", "language_profile has no effect"),
        ("kind: movie, filters: {genres: [war, soap]}", '"soap" is no genre of films'),
        ("kind: movie, filters: {genres_not: [reality]}", '"reality" is no genre of films'),
        ("seasons: first, new_seasons: true", "only the first season is wanted"),
        ("exclude: true, tags: x", "tags has no effect: nothing of an excluded list is requested"),
        ("exclude: true, max_per_day: 5", "max_per_day has no effect"),
        ("cancel_removed: true", "cancel_removed has no effect"),
        ("user: anna, approve: true, cancel_removed: true", "cancel_removed has no effect"),
    ],
)
def test_an_option_without_effect_is_warned_of(options: str, said: str) -> None:
    both = f"{SERVER}lists: [{{file: b}}, {{file: a, {options}}}]"
    (warning,) = warned(both)
    assert said in warning
    assert warning.startswith("2:")


@pytest.mark.parametrize(
    "options",
    [
        "kind: movie, seasons: all, new_seasons: false",
        "kind: tv, filters: {genres: [reality, drama], genres_not: [soap]}",
        "filters: {genres: [war, soap], rating: 7, votes: 200, year: 1999}",
        "new_seasons: true, seasons: latest",
        "exclude: true, kind: tv, four_k: false, tags: [], user: ",
        "user: anna, cancel_removed: true",
        "user: anna, approve: false, cancel_removed: true",
        "kind: movie, filters: {genres: horror, votes: <=0}",
    ],
)
def test_what_has_an_effect_is_not_warned_of(options: str) -> None:
    assert warned(f"{SERVER}lists: [{{file: b}}, {{file: a, {options}}}]") == []


def test_values_of_a_wrong_type_are_told_once() -> None:
    said = wrong("{file: a, kind: [], filters: [], exclude: {}, seasons: 5, tags: {}}, x, []")
    assert len(said) == 7
    assert not any("effect" in line for line in said)


def test_a_configuration_that_follows_no_list_is_warned_of() -> None:
    said = "no lists are followed"
    assert warned(SERVER) == [f"1:1: {said}"]
    assert warned(SERVER + "lists: []") == [f"2:1: {said}"]
    assert warned(SERVER + "lists: [{file: a, exclude: true}]") == [f"2:1: {said}"]
    assert warned(SERVER, {"STEVENLU_LISTS": "popular"}) == []


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_an_empty_variable_of_lists_is_warned_of(text: str) -> None:
    assert warned(SERVER + "lists: [{file: a}]", {"IMDB_LISTS": text}) == [
        "IMDB_LISTS: is empty: it names no list"
    ]


def test_approval_without_effect_is_warned_of() -> None:
    lists = "lists: [{file: a}]"
    assert "approve has no effect" in warned(f"server: {{url: sandbox, approve: yes}}\n{lists}")[0]
    named = "server: {url: sandbox, approve: yes, act_as: anna}\n"
    assert warned(named + lists) == []


def test_what_a_list_says_of_approval_wins_over_the_server() -> None:
    lists = "lists: [{file: a, user: anna, approve: %s, cancel_removed: true}]"
    server = "server: {url: sandbox, approve: yes}\n"
    assert warned(server + lists % "false") == []
    assert "cancel_removed has no effect" in warned(server + lists % "")[0]


def test_the_example_is_without_warnings_but_for_the_keys_that_it_lacks() -> None:
    ids = ("TRAKT_CLIENT_ID", "SIMKL_CLIENT_ID", "MAL_CLIENT_ID", "TMDB_KEY", "TVDB_KEY")
    keys = (*ids, "MDBLIST_API_KEY", "PLEX_WATCHLIST_TOKEN")
    assert load(EXAMPLE, dict.fromkeys(keys, "a-key")).warnings == ()


_TWO_OF_TRAKT = f"{SERVER}lists: [{{trakt: anna/watchlist}}, {{trakt: 'trending:movies'}}]\n"


@pytest.mark.parametrize(
    "text",
    [
        _TWO_OF_TRAKT,
        f"{_TWO_OF_TRAKT}providers: {{trakt: {{client_id: }}}}",
        f"{_TWO_OF_TRAKT}providers: {{mdblist: {{client_id: an-id}}}}",
    ],
)
def test_that_trakt_wants_a_client_id_is_said_once_with_what_there_is_for_free(text: str) -> None:
    (told,) = warned(text)
    assert told.startswith("2:17: ")
    assert "wants providers.trakt.client_id" in told
    assert "mdblist: external/NUMBER" in told
    assert "data export" in told


@pytest.mark.parametrize(
    "text",
    [
        f"{_TWO_OF_TRAKT}providers: {{trakt: {{client_id: an-id}}}}",
        f"{SERVER}lists: [{{trakt: anna/watchlist, enabled: false}}, {{stevenlu: all}}]",
        f"{SERVER}lists: [{{stevenlu: all}}]",
    ],
)
def test_who_has_a_client_id_or_needs_none_is_not_told_of_it(text: str) -> None:
    assert warned(text) == []


@pytest.mark.parametrize(
    ("entry", "key"),
    [
        ("tmdb: list/1", "tmdb.token or providers.tmdb.api_key"),
        ("tvdb: some-list", "tvdb.api_key"),
        ("plex: watchlist", "plex.token"),
        ("simkl: movies", "simkl.client_id"),
        ("myanimelist: anna", "myanimelist.client_id"),
        ("mdblist: external/12345", "mdblist.api_key or providers.mdblist.client_id"),
        ("mdblist: 'anna/films?filter_genre=war'", "mdblist.api_key or"),
    ],
)
def test_that_a_list_wants_a_key_is_said_before_it_is_read(entry: str, key: str) -> None:
    text = f"{SERVER}lists: [{{{entry}}}, {{stevenlu: all}}]"
    (told,) = warned(text)
    assert f"cannot be read: {entry.partition(':')[0]} wants providers.{key}" in told
    service, _, name = key.partition(" ")[0].partition(".")
    assert warned(f"{text}\nproviders: {{{service}: {{{name}: a-key}}}}") == []


@pytest.mark.parametrize(
    ("entry", "first", "second"),
    [
        ("tvdb: favorites", "api_key", "pin"),
        ("trakt: me/watchlist", "client_id", "client_secret"),
    ],
)
def test_that_a_list_wants_two_keys_is_said_of_each_that_lacks(
    entry: str, first: str, second: str
) -> None:
    text, service = f"{SERVER}lists: [{{{entry}}}, {{stevenlu: all}}]\n", entry.partition(":")[0]
    one, other = f"providers.{service}.{first}", f"providers.{service}.{second}"
    assert f"cannot be read: {service} wants {one} and {other}" in warned(text)[0]
    (half,) = warned(f"{text}providers: {{{service}: {{{first}: a-key}}}}")
    assert half.endswith(f"cannot be read: {service} wants {other}")
    both = f"{first}: a-key, {second}: a-key"
    assert warned(f"{text}providers: {{{service}: {{{both}}}}}") == []


@pytest.mark.parametrize(
    ("lists", "is_all"),
    [
        ("[{tmdb: list/1}, {trakt: anna/watchlist}]", True),
        ("[{tmdb: list/1}, {stevenlu: all, enabled: false}]", True),
        ("[{tmdb: list/1}, {stevenlu: all}]", False),
        ("[{mdblist: anna/films}]", False),
        ("[]", False),
    ],
)
def test_where_no_list_can_be_read_at_all_is_known(lists: str, is_all: bool) -> None:
    config = check(parse_document(f"{SERVER}lists: {lists}", "f"), {}, Path())
    assert bool(config.unread) is is_all
    assert {*config.unread} <= {*config.warnings}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plex: watchlist", "plex: https://watch.plex.tv/watchlist, name: mine"),
        ("imdb: top", "imdb: https://www.imdb.com/chart/top/?ref_=x"),
        ("addresses: [top, toptv]", "imdb: toptv, name: again"),
    ],
)
def test_a_list_that_is_named_twice_is_told(one: str, other: str) -> None:
    providers = "\nproviders: {plex: {token: a-token}}"
    (told,) = warned(f"{SERVER}lists: [{{{one}}}, {{{other}}}]{providers}")
    assert "this is the list that lists[0] names already" in told
    assert warned(f"{SERVER}lists: [{{{one}}}, {{{other}, kind: movie}}]{providers}") == []


def test_a_list_that_is_followed_under_two_names_is_meant_so() -> None:
    lists = "[{imdb: top, name: a}, {imdb: https://www.imdb.com/chart/top/, name: b}]"
    assert warned(f"{SERVER}lists: {lists}") == []


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://192.168.1.4:8080/list.json", "192.168.1.4"),
        ("http://127.0.0.1/a", "127.0.0.1"),
        ("http://[fd00::1]/a", "fd00::1"),
        ("http://nas/list.json", "nas"),
        ("http://nas.local/list.json", "nas.local"),
        ("http://LOCALHOST:1/a", "localhost"),
    ],
)
def test_an_address_at_home_that_is_not_let_is_told_before_it_is_asked(
    url: str, host: str
) -> None:
    (told,) = warned(f"{SERVER}lists: [{{custom: '{url}'}}]")
    assert f"cannot be read: {host} is in a private network" in told
    assert warned(f"{SERVER}lists: [{{custom: {{url: '{url}', allow_private: true}}}}]") == []


@pytest.mark.parametrize(
    "url", ["https://example.org/a.json", "https://8.8.8.8/a", "https://local.example.org/a"]
)
def test_an_address_of_the_open_network_is_not_warned_of(url: str) -> None:
    assert warned(f"{SERVER}lists: [{{custom: '{url}'}}]") == []


def test_a_warning_moved_to_another_line_is_no_other_configuration() -> None:
    text = SERVER + "lists: [{file: a, cancel_removed: true}]"
    one, two = (check(parse_document(t, "f"), {}, Path()) for t in (text, f"# moved\n{text}"))
    assert one.warnings != two.warnings
    assert one == two
