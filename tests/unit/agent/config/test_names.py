"""How lists are called that have no name of their own: never with a key or a login."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from listsync.config.configuration import load, secrets_of
from listsync.errors import ConfigError

_T = "S3cretT0ken99"
_SEARCH = "https://www.imdb.com/search/title/?title_type=feature&genres="
_HORROR = "search?genres=horror&title_type=feature"


def _loaded(folder: Path, *lists: dict[str, str], **more: object) -> list[tuple[str, str]]:
    path = folder / "listsync.yaml"
    content = {"server": {"url": "sandbox"}, "lists": lists} | more
    path.write_text(json.dumps(content), encoding="utf-8")
    return [(one.name, one.rules.source) for one in load(path, {}).lists]


@pytest.mark.parametrize(
    ("service", "text", "name"),
    [
        ("mdblist", f"https://mdblist.com/lists/u/l?apikey={_T}", "https://mdblist.com/lists/u/l"),
        ("mdblist", f"mdblist.com/lists/u/l/json?auth_token={_T}", "mdblist.com/lists/u/l/json"),
        ("mdblist", f"https://mdblist.com/?list=12&apikey={_T}", "12"),
        ("trakt", f"https://trakt.tv/lists/123?token={_T}", "https://trakt.tv/lists/123"),
        ("letterboxd", f"a/list/b-c/share/{_T}", "a/list/b-c"),
        ("tmdb", f"discover/movie?apikey={_T}&year=1", "discover/movie?year=1"),
        ("tmdb", "discover/movie?with_genres=27", "discover/movie?with_genres=27"),
        ("imdb", f"{_SEARCH}horror#{_T}", _HORROR),
        ("imdb", "top", "top"),
    ],
)
def test_a_name_has_no_key_and_no_login(
    tmp_path: Path, service: str, text: str, name: str
) -> None:
    [(shown, source)] = _loaded(tmp_path, {service: text})
    assert shown == f"{service}: {name}"
    assert _T not in source


def test_two_lists_that_differ_in_what_they_ask_for_have_two_names(tmp_path: Path) -> None:
    searches = [{"imdb": f"{_SEARCH}{genre}"} for genre in ("horror", "comedy")]
    names = [name for name, _ in _loaded(tmp_path, *searches)]
    assert len({*names}) == 2


@pytest.mark.parametrize(
    ("service", "text"),
    [
        ("mdblist", f"u/l?apikey={_T}"),
        ("mdblist", f"https://api.mdblist.com/lists/u/l/rows?apikey={_T}"),
        ("mdblist", f"https://u:{_T}@mdblist.com/lists/u/l"),
        ("tmdb", f"u:{_T}@x"),
        ("tmdb", f"https://www.themoviedb.org/discover/book?api_key={_T}&with_genres=28"),
        ("custom", f"https://letterboxd.com/a/list/b/share/{_T}/"),
        ("custom", f"ftp://u:{_T}@h/list.json"),
        ("stevenlu", f"https://popular-movies-data.stevenlu.com/all.json?apikey={_T}"),
        ("imdb", f"{_SEARCH}horror&shade={_T}"),
        ("letterboxd", f"https://letterboxd.com/films/popular/x/?apikey={_T}"),
        ("letterboxd", f"https://letterboxd.com/a/list/b/share/{_T}/x"),
        ("file", f"https://u:{_T}@h/list.json"),
        ("trakt", f"https://rss.plex.tv/{_T}"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_its_key(
    tmp_path: Path, service: str, text: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        _loaded(tmp_path, {service: text})
    assert _T[:6] not in str(caught.value)


def test_all_secrets_of_a_configuration_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p:of-the-environment@proxy:1")
    path = tmp_path / "listsync.yaml"
    content = {
        "server": {"url": "http://u:of%20the%20server@h", "api_key": "of-the-key"},
        "providers": {
            "mdblist": {"api_key": "of-mdblist", "base_url": "http://u:of-the-mirror@h"},
            "stevenlu": {"proxy": "http://u:of-the-proxy@h"},
        },
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    known = secrets_of(load(path, {}))
    assert known >= {
        *("of-the-environment", "of the server", "of-the-key", "of-mdblist", "of-the-mirror"),
        "of-the-proxy",
    }
