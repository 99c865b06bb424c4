"""The configuration as `config` tells it: every key, what set it, and no secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from listsync.app.config_loader import ConfigLoader, DaemonOptions
from listsync.config.configuration import load
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import holds, keys_of, models_in
from listsync.config.settings_in_force import settings_of
from listsync.config_types import Options, SecretStr
from listsync.domain.runs import Setting
from listsync.notify.options import TARGET_TYPES, NtfyOptions, TelegramOptions
from listsync.transfers.options import ARR_TYPES, MEDIA_SERVER_TYPES

_SECRET = "S3cret-of-"
_FEED = "5ec2e7e0-0000-4000-8000-0f0ffeedbacc"
_LOGIN = f"https://me:{_SECRET}login-@host.example"
_OF_OWN_FORM: dict[type[Options], dict[str, Any]] = {
    TelegramOptions: {"token": f"123:{_SECRET}some-bot-of-somebody", "chat": "5"},
    NtfyOptions: {"url": f"{_LOGIN}/topic"},
}
"""What is taken in no other form, or is needed beside it."""


def _with_secrets(model: type[Options]) -> dict[str, Any]:
    """Fill in every key of a model that holds a secret, or an address that may have a login."""
    found: dict[str, Any] = {}
    for name, key in keys_of(model).items():
        held, inner = holds(key.type), next(models_in(key.type), None)
        if held.kind is SecretStr:
            is_address = name in {"proxy", "url"}
            found[name] = _LOGIN if is_address else f"{_SECRET}{model.__name__}-{name}"
            found |= _OF_OWN_FORM.get(model, {})
        elif held.named is not None:
            if holds(held.named[1]).kind is SecretStr:
                found[name] = {"X-Token": f"{_SECRET}{name}"}
        elif name in {"url", "base_url"}:
            found[name] = _LOGIN
        elif inner is not None and name not in _FILLED_IN_BY_HAND:
            inside = _with_secrets(inner)
            found |= {name: [inside] if held.entry is not None else inside} if inside else {}
    return found


_FILLED_IN_BY_HAND = {"lists", "exclude", "notify", "mappings", "media_servers", "missed"}
_ENTRIES = {*_FILLED_IN_BY_HAND, "tokens"}
_LEAST = {"email": {"host": "h.example", "user": "u", "from": "a@b.example", "to": "a@b.example"}}
"""What a target must have beside its secrets."""


def _full() -> dict[str, Any]:
    data = _with_secrets(ConfigForm)
    data["http"] |= {"listen": "127.0.0.1:4222"}
    data["http"]["tokens"][0] |= {"name": "me"}
    data["notify"] = [
        {kind: {**_LEAST.get(kind, {}), **_with_secrets(model)}}
        for kind, model in TARGET_TYPES.items()
    ]
    data["transfers"] = {
        "mappings": [{"from": "/movies"}],
        "media_servers": [
            {kind: {**_with_secrets(model), "url": _LOGIN}, "name": kind}
            for kind, model in MEDIA_SERVER_TYPES.items()
        ],
        "missed": [
            {kind: {**_with_secrets(model), "url": _LOGIN}} for kind, model in ARR_TYPES.items()
        ],
    }
    data["lists"] = [
        {"mdblist": f"https://mdblist.com/lists/u/l?apikey={_SECRET}a"},
        {"trakt": f"https://trakt.tv/lists/123?token={_SECRET}b"},
        {"letterboxd": "https://letterboxd.com/a/list/b-c/share/S3cret0fThis/", "limit": 9},
        {"tmdb": f"discover/movie?api_key={_SECRET}c&with_genres=27"},
        {"plex": f"https://rss.plex.tv/{_FEED}"},
        f"https://discover.provider.plex.tv/rss/{_FEED[:-1]}0",
    ]
    data["exclude"] = ["tmdb:movie/603", {"title": "Cats", "year": 2019}, {"genre": "Horror"}]
    return data


def _settings(
    folder: Path, data: dict[str, Any], environ: dict[str, str] | None = None
) -> dict[str, Setting]:
    path = folder / "listsync.yaml"
    path.write_text(json.dumps(data), encoding="utf-8")
    return {one.path: one for one in settings_of(load(path, environ or {}))}


def _keys(model: type[Options], path: str = "") -> Iterator[str]:
    for name, key in keys_of(model).items():
        inner = [] if name in _ENTRIES else [*models_in(key.type)]
        yield from (_keys(inner[0], f"{path}{name}.") if inner else [f"{path}{name}"])


def test_a_secret_is_told_to_be_set_and_by_no_letter_more(tmp_path: Path) -> None:
    settings = _settings(tmp_path, _full())
    told = repr([*settings.values()])
    assert "S3cret" not in told
    assert _FEED[:8] not in told
    secrets = {path for path, one in settings.items() if one.is_secret and one.origin}
    assert secrets == {
        *("server.api_key", "http.tokens[0].token", "providers.mdblist.api_key"),
        *(
            "providers.mdblist.client_id",
            "providers.myanimelist.client_id",
            "providers.tvdb.api_key",
            "providers.tvdb.pin",
            "providers.plex.token",
            "providers.simkl.client_id",
            "providers.tmdb.token",
            "providers.tmdb.api_key",
        ),
        *("providers.trakt.client_id", "providers.trakt.client_secret"),
        *(f"providers.{name}.proxy" for name in _SERVICES),
        *_secrets_of_targets(),
        "transfers.media_servers[0].plex.token",
        "transfers.media_servers[1].jellyfin.api_key",
        "transfers.media_servers[2].emby.api_key",
        "transfers.missed[0].radarr.api_key",
        "transfers.missed[1].sonarr.api_key",
        "postgres.dsn",
    }
    assert all(settings[path].value is None for path in secrets)
    assert settings["server.url"].value == "https://host.example"
    assert settings["lists[0].mdblist"].value == "u/l"
    assert settings["lists[2].letterboxd"].value == "a/list/b-c"
    assert settings["lists[4].plex"].value == "rss.plex.tv (29194eb6)"


def _secrets_of_targets() -> Iterator[str]:
    for number, (kind, model) in enumerate(TARGET_TYPES.items()):
        for name, key in keys_of(model).items():
            held = holds(key.type)
            if held.kind is SecretStr:
                yield f"notify[{number}].{kind}.{name}"
            if held.named is not None:
                yield f"notify[{number}].{kind}.{name}.X-Token"


_SERVICES = (
    "anilist",
    "anime_ids",
    "custom",
    "imdb",
    "letterboxd",
    "mdblist",
    "myanimelist",
    "plex",
    "simkl",
    "stevenlu",
    "tmdb",
    "trakt",
    "tvdb",
)


def test_every_key_is_told_and_what_nobody_set_is_a_default(tmp_path: Path) -> None:
    settings = _settings(tmp_path, {"server": {"url": "sandbox"}})
    assert {*settings} == {*_keys(ConfigForm)}
    assert settings["server.url"] == Setting("server.url", "sandbox", "the file")
    assert settings["sync.every"] == Setting("sync.every", "24h")
    assert settings["log.max_mb"].value == "10"
    assert settings["providers.imdb.browser"] == Setting("providers.imdb.browser", "auto")
    assert settings["server.api_key"] == Setting("server.api_key", None, is_secret=True)
    assert {path for path, one in settings.items() if one.origin} == {"server.url"}


def test_a_value_is_told_as_it_is_written(tmp_path: Path) -> None:
    entry = {"imdb": "top", "seasons": {"latest": 2}, "tags": ["a", "b"], "four_k": True}
    more = {"filters": {"year": ">=1990"}, "every": "12h"}
    settings = _settings(tmp_path, {**_full(), "lists": [{**entry, **more}]})
    values = {path: one.value for path, one in settings.items() if one.origin}
    assert values["lists[0].seasons"] == "{latest: 2}"
    assert values["lists[0].tags"] == "[a, b]"
    assert values["lists[0].four_k"] == "true"
    assert values["lists[0].min_year"] == "1990"
    assert values["exclude[0]"] == "tmdb:movie/603"
    assert values["exclude[1].title"] == "Cats"
    assert values["exclude[2].genre"] == "Horror"
    assert "lists[0].trakt" not in values
    assert settings["http.tokens[0].scopes"] == Setting(
        "http.tokens[0].scopes", "[read, control, webhook, feed]"
    )


def test_what_the_environment_sets_names_its_variable(tmp_path: Path) -> None:
    environ = {"OVERSEERR_API_KEY": f"{_SECRET}x", "IMDB_LISTS": "top", "LOG_LEVEL": "DEBUG"}
    settings = _settings(tmp_path, {"server": {"url": "sandbox"}}, environ)
    assert settings["server.api_key"].origin == "OVERSEERR_API_KEY"
    assert settings["lists[0].imdb"] == Setting("lists[0].imdb", "chart/top", "IMDB_LISTS")
    assert settings["log.level"] == Setting("log.level", "debug", "LOG_LEVEL")
    assert settings["lists[0].limit"].origin == ""


@pytest.mark.parametrize(
    ("said", "path", "value"),
    [
        ({"interval": timedelta(hours=2)}, "sync.every", "2h"),
        ({"interval": timedelta()}, "sync.every", "0h"),
        ({"interval": timedelta()}, "sync.cron", None),
        ({"log_level": "debug"}, "log.level", "debug"),
        ({"log_file": Path("/var/log/x")}, "log.file", "/var/log/x"),
    ],
)
def test_the_command_line_has_the_last_word(
    tmp_path: Path, said: dict[str, Any], path: str, value: str | None
) -> None:
    file = tmp_path / "listsync.yaml"
    file.write_text("server: {url: sandbox}\nsync: {every: 12h}\nlog: {level: error}\n")
    options = DaemonOptions(
        config_path=file, state_dir=tmp_path, socket=tmp_path / "agent.sock", **said
    )
    loader = ConfigLoader(options, {})
    settings = {one.path: one for one in loader.settings_of(load(file, {}))}
    assert settings[path] == Setting(path, value, "the command line")
