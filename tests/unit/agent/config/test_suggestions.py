"""What people of other programs write first: it works, or the answer leads to the right key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.config.configuration import ListConfig, check
from listsync.config.list_options import ListDefaults, ListForm
from listsync.config.schema import ConfigForm, ServerOptions, SyncOptions
from listsync.config.schema_keys import keys_of, other_names_of
from listsync.config.suggestions import meant, slips_between
from listsync.config.yaml_document import parse_document
from listsync.errors import ConfigError

_HEAD = "server: {url: sandbox}\n"
_LEADING = {"approve", "cancel_removed", "enabled", "exclude", "new_seasons", "no_sandbox"}
"""Keys that a wrong suggestion must not lead to."""


def _lists(text: str) -> tuple[ListConfig, ...]:
    return check(parse_document(_HEAD + text, "f"), {}, Path()).lists


def _said(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        check(parse_document(text, "f"), {}, Path())
    return str(caught.value)


@pytest.mark.parametrize(
    ("written", "documented"),
    [
        ("- https://letterboxd.com/dave/watchlist/", "- letterboxd: dave/watchlist"),
        ("- https://trakt.tv/users/dave/watchlist", "- trakt: dave/watchlist"),
        ("- https://www.imdb.com/list/ls000024621/", "- imdb: ls000024621"),
        ("- url: https://mdblist.com/lists/dave/x", "- mdblist: dave/x"),
        ("- urls: [ls000024621]", "- imdb: ls000024621"),
        ("- {imdb: top, quality_profile: HD-1080p}", "- {imdb: top, profile: HD-1080p}"),
        ("- {imdb: top, tag: lists}", "- {imdb: top, tags: [lists]}"),
        ("- {imdb: top, user: bob}", "- {imdb: top, request_as: bob}"),
        ("- {imdb: top, 4k: true}", "- {imdb: top, four_k: true}"),
        ("- {imdb: top, genre: drama}", "- {imdb: top, genres: [drama]}"),
        ("- {imdb: top, excluded_genres: [horror]}", "- {imdb: top, exclude_genres: [horror]}"),
        ("- {imdb: top, language: en}", "- {imdb: top, languages: [en]}"),
        ("- {imdb: top, rating: 7}", "- {imdb: top, min_rating: 7}"),
        ("- {imdb: top, year: '>=1990'}", "- {imdb: top, min_year: 1990}"),
        ("- {imdb: top, filters: {min_votes: 200}}", "- {imdb: top, min_votes: 200}"),
        ("- {imdb: top, every: daily}", "- {imdb: top, every: 24h}"),
    ],
)
def test_what_is_tried_first_works(written: str, documented: str) -> None:
    (one,), (other,) = _lists(f"lists:\n  {written}"), _lists(f"lists:\n  {documented}")
    assert (one.rules.source, one.schedule) == (other.rules.source, other.schedule)
    assert one.rules.filters == other.rules.filters
    assert one.rules.asking == other.rules.asking
    assert one.rules.four_k is other.rules.four_k


@pytest.mark.parametrize(
    ("key", "value", "likely"),
    [
        # Kometa: its builders, its Radarr and Sonarr details, its filters
        ("imdb_list", "ls000024621", "imdb"),
        ("imdb_chart", "top_movies", "imdb"),
        ("letterboxd_list", "https://letterboxd.com/a/list/b", "letterboxd"),
        ("mdblist_list", "https://mdblist.com/lists/a/b", "mdblist"),
        ("trakt_list", "https://trakt.tv/users/a/lists/b", "trakt"),
        ("trakt_watchlist", "me", "trakt"),
        ("trakt_trending", "30", "trakt: trending:movies"),
        ("tmdb_list", "1", "tmdb"),
        ("radarr_quality", "HD", "quality_profile"),
        ("radarr_folder", "/movies", "root_folder"),
        ("sonarr_tag", "a", "tags"),
        ("year.gte", "1990", "min_year"),
        ("vote_count.gte", "200", "min_votes"),
        ("tmdb_vote_average.gte", "7", "min_rating"),
        ("genre.not", "[horror]", "exclude_genres"),
        # Radarr's and Sonarr's import lists, and the server's own API
        ("qualityProfileId", "4", "quality_profile"),
        ("rootFolderPath", "/movies", "root_folder"),
        ("rootFolder", "/movies", "root_folder"),
        ("languageProfileId", "1", "language_profile"),
        ("enable", "false", "enabled"),
        ("disabled", "true", "enabled: false"),
        ("mediaType", "movie", "kind"),
        ("is4k", "true", "four_k"),
        ("userId", "7", "request_as"),
        ("serverId", "0", "service"),
        # traktarr
        ("blacklisted_genres", "[horror]", "exclude_genres"),
        ("blacklisted_min_year", "1990", "min_year"),
        ("rating_limit", "7", "min_rating"),
        ("allowed_languages", "[en]", "languages"),
        ("add_limit", "10", "limit"),
        # Pulsarr, ListSync, and whoever writes what comes to mind
        ("genre_exclude", "[horror]", "exclude_genres"),
        ("genres_exclude", "horror", "exclude_genres"),
        ("exclude-genres", "[horror]", "exclude_genres"),
        ("rating_min", "7", "min_rating"),
        ("minRating", "7", "min_rating"),
        ("requester", "bob", "request_as"),
        ("max_items", "10", "limit"),
        ("max_requests", "10", "max_per_day or max_per_run"),
        ("imdb_rating", "7", "min_rating"),
        ("exclusion", "true", "exclude"),
        ("path", "/lists/a.csv", "root_folder or file"),
        ("interval", "6h", "every"),
        ("limt", "5", "limit"),
        ("exlude", "true", "exclude"),
        ("auto_approve", "true", "approve"),
        ("thetvdb", "a-list", "tvdb"),
        ("mal", "dave", "myanimelist"),
        ("plex_watchlist", "true", "plex"),
        ("simkl_lists", "movies", "simkl"),
        ("rss", "https://example.org/feed", "custom"),
    ],
)
def test_what_is_called_otherwise_is_answered_with_the_right_key(
    key: str, value: str, likely: str
) -> None:
    said = _said(f"{_HEAD}lists:\n  - imdb: top\n    {key}: {value}")
    assert said == f'f:4:5: unknown key "{key}" in a list, did you mean "{likely}"?'


@pytest.mark.parametrize(
    ("text", "likely"),
    [
        ("dashboard: {port: 4222}", "http"),
        ("http: {port: 4222}", "listen"),
        ("notify: [{ntfy: {url: 'https://ntfy.sh/a'}, events: [failure]}]", "on"),
    ],
)
def test_what_is_called_otherwise_elsewhere_is_answered_with_the_right_key(
    text: str, likely: str
) -> None:
    assert f'did you mean "{likely}"?' in _said(f"{_HEAD}lists: []\n{text}")


def test_an_id_that_is_written_like_a_key_is_answered_with_how_it_is_written() -> None:
    said = _said(f"{_HEAD}lists: []\nexclude:\n  - tmdb: 603")
    assert '"tmdb" and its number are one word, such as tmdb:movie/603' in said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("include", "true"),
        ("included", "true"),
        ("exclude_users", "[bob]"),
        ("excludes_by_genre", "[horror]"),
        ("exclud", "[horror]"),
        ("keep_removed", "true"),
        ("removed", "true"),
        ("unapproved", "true"),
        ("enable_auto", "true"),
        ("no_seasons", "true"),
        ("mix_rating", "7"),
        ("monitor", "true"),
        ("min_per_run", "5"),
        ("cancel", "true"),
        ("appr", "true"),
        ("minimum_availability", "released"),
    ],
)
def test_what_is_not_sure_is_answered_with_all_that_there_is(key: str, value: str) -> None:
    said = _said(f"{_HEAD}lists:\n  - imdb: top\n    {key}: {value}")
    assert f'unknown key "{key}" in a list, expected one of ' in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "overseerr: {url: sandbox}",
            'unknown key "overseerr" at the top level, did you mean "server"',
        ),
        ("server: {url: sandbox, apikey: x}", 'in server, did you mean "api_key"?'),
        ("server: {host: sandbox}", 'unknown key "host" in server, did you mean "url"?'),
        (f"{_HEAD}list: []", 'did you mean "lists"?'),
        (f"{_HEAD}default: {{}}", 'did you mean "defaults"?'),
        (f"{_HEAD}notifications: []", 'did you mean "notify"?'),
        (f"{_HEAD}sync: {{interval: 6h}}", 'in sync, did you mean "every"?'),
        (f"{_HEAD}sync: {{schedule: 0 4 * * *}}", 'in sync, did you mean "every or cron"?'),
        (f"{_HEAD}sync: {{every: 12}}", "has no unit, expected 12h for hours, 12m for minutes"),
        (f"{_HEAD}lists: [{{imdb: top, kind: shows}}]", 'did you mean "tv"?'),
        (f"{_HEAD}lists: [{{imdb: top, kind: films}}]", 'did you mean "movie"?'),
        (
            f"{_HEAD}notify: [{{email: {{host: h, from: a@b.cc, to: a@b.cc, security: on}}}}]",
            "expected 'starttls', 'tls' or 'none', found \"on\"",
        ),
    ],
)
def test_it_is_so_everywhere(text: str, said: str) -> None:
    assert said in _said(text)
    assert 'mean "none"' not in _said(text)


_MODELS = (ListForm, ListDefaults, ServerOptions, SyncOptions, ConfigForm)
_WORDS = sorted({word for one in _MODELS for key in keys_of(one) for word in key.split("_")})


@given(
    st.sampled_from(_MODELS),
    st.lists(
        st.sampled_from([*_WORDS, "include", "included", "not", "no", "keep", "un"]),
        min_size=1,
        max_size=3,
    ).map("_".join)
    | st.text(alphabet="abcdeilmnoprtuvx_", min_size=3, max_size=14),
)
def test_nothing_leads_to_what_much_depends_on_but_one_wrong_letter(
    model: type[ListDefaults], word: str
) -> None:
    keys = keys_of(model)
    if word in keys or word in other_names_of(model):
        return
    likely = meant(word, keys)
    assert (
        likely not in _LEADING
        or slips_between(word, likely) <= 1
        or (
            sorted(word.removesuffix("s").split("_")) == sorted(likely.split("_"))
            or word in {"auto_approve", "approved", "excluded", "enable", "disable"}
        )
    )


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("limit", "limit", 0),
        ("limt", "limit", 1),
        ("lmiit", "limit", 1),
        ("limjt", "limit", 1),
        ("lmt", "limit", 2),
        ("limit", "min_rating", 3),
    ],
)
def test_slips_are_counted(one: str, other: str, count: int) -> None:
    assert slips_between(one, other) == count
