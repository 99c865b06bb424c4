from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.config.original_lists import NoListError, UnusableSource, list_of, values_of

ALONE = {"OVERSEERR_URL": "http://seerr:5055", "OVERSEERR_API_KEY": "abc"}


def loaded(**variables: str) -> Config:
    return load(None, ALONE | variables)


def warnings_of(config: Config) -> dict[str, str]:
    return {one.file: one.what for one in config.warnings}


@pytest.mark.parametrize(
    ("list_type", "text", "ours"),
    [
        ("imdb", "top", "top"),
        ("imdb", "popular", "moviemeter"),
        ("imdb", "ls026785255", "ls026785255"),
        ("letterboxd", "dave/official-top-500", "dave/list/official-top-500"),
        ("letterboxd", "dave/watchlist", "dave/watchlist"),
        ("letterboxd", "https://letterboxd.com/dave/best", "dave/list/best"),
        ("mdblist", "someone/latest-tv-shows", "someone/latest-tv-shows"),
        ("stevenlu", "stevenlu", "stevenlu"),
        ("stevenlu", "StevenLu's list", "popular"),
        ("tmdb", "8136", "8136"),
        ("collections", "Harry Potter Collection", "collection/Harry Potter Collection"),
        ("trakt", "123456", "123456"),
        ("trakt_special", "popular:tv", "popular:shows"),
        ("trakt_special", "trending", "trending:movies"),
    ],
)
def test_a_list_of_listsync_is_written_in_our_words(list_type: str, text: str, ours: str) -> None:
    assert list_of(list_type, text) == ours


@pytest.mark.parametrize(
    ("list_type", "text", "why"),
    [
        ("collections", "", "'collection/' is no list of TMDB"),
        ("file", "/etc/passwd", "file lists are not supported yet"),
        ("imdb", "worst", "'worst' is no list of IMDb"),
        ("letterboxd", "ls012345678", "belongs to IMDb"),
    ],
)
def test_what_nobody_reads_is_said(list_type: str, text: str, why: str) -> None:
    with pytest.raises(NoListError, match=why):
        list_of(list_type, text)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param(
            "top, boxoffice ,,ls000024621", ["top", "boxoffice", "ls000024621"], id="plain"
        ),
        pytest.param('"top,boxoffice"', ["top", "boxoffice"], id="quotes-around-all"),
        pytest.param("'top', \"boxoffice\"", ["top", "boxoffice"], id="quotes-around-each"),
        pytest.param("top\nboxoffice\n", ["top", "boxoffice"], id="lines"),
        pytest.param(
            "https://www.imdb.com/search/title/?genres=drama,crime&release_date=2020-01-01,,top",
            [
                "https://www.imdb.com/search/title/?genres=drama,crime&release_date=2020-01-01,",
                "top",
            ],
            id="commas-in-a-query",
        ),
        pytest.param(
            "https://www.imdb.com/search/title/?genres=a,b,https://www.imdb.com/list/ls000024621/",
            [
                "https://www.imdb.com/search/title/?genres=a,b",
                "https://www.imdb.com/list/ls000024621/",
            ],
            id="an-address-after-a-query",
        ),
        pytest.param('"https://host/a,b", top', ["https://host/a,b", "top"], id="comma-in-quotes"),
        pytest.param(' "', [], id="a-lone-quote"),
    ],
)
def test_values_are_split_where_lists_end(text: str, values: list[str]) -> None:
    assert values_of(text, "imdb") == values


def test_the_documented_values_of_listsync_are_lists() -> None:
    config = loaded(
        IMDB_LISTS="popular",
        LETTERBOXD_LISTS="dave/best",
        MDBLIST_LISTS="someone/latest-tv-shows",
        STEVENLU_LISTS="stevenlu",
        TMDB_KEY="abc",
        TMDB_LISTS="8136",
        TRAKT_CLIENT_ID="an-id",
        TRAKT_LISTS="123456",
        TRAKT_SPECIAL_LISTS="trending:movies,popular:shows",
    )
    assert {one.rules.source for one in config.lists} == {
        "imdb:chart/moviemeter",
        "letterboxd:dave/list/best",
        "mdblist:someone/latest-tv-shows",
        "stevenlu:movies",
        "tmdb:list/8136",
        "trakt:123456",
        "trakt:trending:movies",
        "trakt:popular:shows",
    }
    assert config.providers.tmdb.api_key is not None
    assert not config.warnings


def test_a_wrong_value_costs_its_own_list_only() -> None:
    config = loaded(MDBLIST_LISTS="anna/films, ?, bob/series, ?", IMDB_LISTS="worst")
    assert [one.name for one in config.lists] == [
        "mdblist: anna/films",
        "mdblist: bob/series",
        "imdb: worst",
        "mdblist: ?",
    ]
    assert [isinstance(one.source, UnusableSource) for one in config.lists] == [
        False,
        False,
        True,
        True,
    ]
    assert "'?' is no list of MDBList" in warnings_of(config)["MDBLIST_LISTS"]
    assert "'worst' is no list of IMDb" in warnings_of(config)["IMDB_LISTS"]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("SIMKL_USER_TOKEN", "abc", "has no effect: a login at Simkl is made by `listsync"),
        ("LETTERBOX_LISTS", "dave", "has no effect: did you mean LETTERBOXD_LISTS?"),
        ("MYANIMELIST_LISTS", "dave", "has no effect: name such lists in the configuration, as"),
        ("PLEX_LISTS", "watchlist", "has no effect: name such lists in the configuration, as"),
        ("MY_OWN_LISTS", "a", "has no effect: expected ANILIST_LISTS, "),
        ("SLACK_WEBHOOK_URL", "https://hooks", "has no effect: expected DISCORD_WEBHOOK_URL, "),
        ("TELEGRAM_TOKEN", "abc", "has no effect: expected DISCORD_WEBHOOK_URL, "),
    ],
)
def test_a_variable_without_effect_is_named(variable: str, value: str, said: str) -> None:
    config = loaded(**{variable: value, "IMDB_LISTS": "top"})
    assert warnings_of(config)[variable].startswith(said)
    assert value not in warnings_of(config)[variable] or len(value) < 5
    assert [one.name for one in config.lists] == ["imdb: top"]


def test_addresses_of_ones_own_may_stand_in_a_variable(tmp_path: Path) -> None:
    path = tmp_path / "listsync.yaml"
    path.write_text(
        "server: {url: 'http://seerr', api_key: abc}\n"
        "lists: [{custom: {url: 'https://example.org/a.json', rows: data}}, {imdb: top}]\n"
    )
    text = "https://example.org/a.json, https://example.org/b.csv,dave"
    config = load(path, {"URL_LISTS": text})
    assert [one.rules.source.partition(" ")[0] for one in config.lists] == [
        "custom:https://example.org/a.json",
        "imdb:chart/top",
        "custom:https://example.org/b.csv",
        "custom:dave",
    ]
    assert isinstance(config.lists[3].source, UnusableSource)
    assert "begins with https://" in warnings_of(config)["URL_LISTS"]


def test_what_others_use_is_not_named(tmp_path: Path) -> None:
    path = tmp_path / "listsync.yaml"
    path.write_text(
        "server: {url: 'http://seerr', api_key: abc}\nlists: [{imdb: top}]\n"
        "notify: [{ntfy: {url: 'https://ntfy.sh/topic', token: {env: NTFY_TOKEN}}}]\n"
    )
    environ = {"NTFY_TOKEN": "tk_abc", "MY_LISTS": " ", "IMDB_LISTS_FILE": "x", "lists": "a"}
    assert not [one for one in load(path, environ).warnings if one.file in environ]


def test_a_login_in_a_wrong_value_is_not_shown() -> None:
    config = loaded(IMDB_LISTS="https://dave:hunter2@host/x?apikey=hunter2")
    (one,) = config.lists
    assert "hunter2" not in one.name
    assert all("hunter2" not in said.what for said in config.warnings)
    assert "hunter2" not in str(one.source)
