"""Every key of the configuration, changed while an agent runs: it takes force, or that is said."""

from __future__ import annotations

import grp
import json
import logging
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import certifi
import pytest

from listsync import logs
from listsync.config.configuration import load
from listsync.config.list_options import CustomFieldsForm
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import holds, is_model, keys_of
from listsync.config.values import SERVICES
from listsync.config_types import Options
from listsync.notify.options import TARGET_TYPES
from tests.integration.app.conftest import AgentInProcess

_PATIENCE_S = 30.0
_GROUP = grp.getgrgid(os.getegid()).gr_name


# -- what can be seen of a key --------------------------------------------------------------------


def rights(agent: AgentInProcess) -> str:
    return oct(stat.S_IMODE(agent.socket.stat().st_mode))


def next_due(agent: AgentInProcess) -> object:
    """Give the days and minutes of all due times, which no two rules below have alike."""
    due = agent.daemon._timetable.planned()
    return {key: at and (at.month, at.hour, at.minute // 15) for key, at in due.items()}


def log_form(_: AgentInProcess) -> str:
    (ours,) = (one for one in logging.root.handlers if isinstance(one, logs._StreamHandler))
    return type(ours.formatter).__name__


def log_file(_: AgentInProcess) -> tuple[str, int, int] | None:
    for one in logging.root.handlers:
        if isinstance(one, logs._FileHandler):
            return one.path.name, one.rotation.max_bytes, one.rotation.keep
    return None


def history(agent: AgentInProcess) -> object:
    settings = agent.daemon._history._settings
    return settings and (settings.path.name, settings.rotation)


def syncs_on_change(agent: AgentInProcess) -> bool:
    return agent.daemon._configuration.current.snapshot.sync_on_change


def web(agent: AgentInProcess) -> object:
    backend = agent.daemon.http._backend
    return backend and backend.settings


@dataclass(frozen=True)
class Change:
    """What a key is changed to, beside *given*; what is seen of it differs then."""

    to: object
    seen: Callable[[AgentInProcess], object]
    given: dict[str, object] = field(default_factory=dict)


_HOOK: dict[str, object] = {"webhook": {"url": "http://127.0.0.1:7"}}
_MAIL: dict[str, object] = {
    "host": "127.0.0.7",
    "security": "none",
    "from": "a@a.example",
    "to": "a@a.example",
    "user": "me",
    "password": "seven",
}
_TARGETS: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "discord": (
        {"discord": {"url": "http://127.0.0.1:7"}},
        {"url": "http://127.0.0.1:8", "username": "us", "avatar": "http://127.0.0.1:8/a.png"},
    ),
    "telegram": (
        {"telegram": {"token": "123:no-token-of-anybody-at-all", "chat": "5"}},
        {
            "token": "124:no-token-of-anybody-at-all",
            "chat": "@our_channel",
            "topic": 7,
            "base_url": "http://127.0.0.1:8",
        },
    ),
    "ntfy": (
        {"ntfy": {"url": "http://127.0.0.1:7/topic"}},
        {"url": "http://127.0.0.1:8/topic", "token": "tk_of_nobody"},
    ),
    "webhook": (_HOOK, {"url": "http://127.0.0.1:8", "headers": {"X-Token": "eight"}}),
    "apprise": ({"apprise": {"url": "json://127.0.0.1:7"}}, {"url": "json://127.0.0.1:8"}),
    "email": (
        {"email": _MAIL},
        {
            "host": "127.0.0.8",
            "port": 26,
            "security": "starttls",
            "user": "you",
            "password": "eight",
            "from": "b@b.example",
            "to": ["b@b.example"],
        },
    ),
    "heartbeat": (
        {"heartbeat": {"url": "http://127.0.0.1:7"}},
        {"url": "http://127.0.0.1:8", "form": "uptime_kuma"},
    ),
}
"""The least that each kind of target has, and what its own keys are changed to."""
_OF_ALL_TARGETS: dict[str, object] = {
    "timeout_s": 7,
    "proxy": "http://127.0.0.1:7",
    "ca_file": None,
}


def daily(agent: AgentInProcess) -> object:
    return agent.daemon._summaries.at


def targets(agent: AgentInProcess) -> object:
    return agent.daemon._notifications.forms


def _of_targets() -> Iterator[tuple[str, Change]]:
    own: dict[str, object] = {"name": "us", "on": ["daily"], "lists": ["a"], "severity": "error"}
    for key, value in own.items():
        yield f"notify[].{key}", Change(value, targets, {"notify": [_HOOK]})
    for kind, (least, changes) in _TARGETS.items():
        usual = {
            key: one for key, one in _OF_ALL_TARGETS.items() if key in keys_of(TARGET_TYPES[kind])
        }
        for key, value in {**usual, **changes}.items():
            yield f"notify[].{kind}.{key}", Change(value, targets, {"notify": [least]})


_LISTEN = "127.0.0.1:0"
_OPEN: dict[str, object] = {"http.listen": _LISTEN}


def transfers(agent: AgentInProcess) -> object:
    return agent.daemon._configuration.current.snapshot.content.transfers


_MAPPINGS = [{"from": "/a", "source": "/b", "destination": "/c", "instance": "us"}]
_SERVER = {"url": "http://127.0.0.1:7", "api_key": "seven"}
_PLEX = {"url": "http://127.0.0.1:7", "token": "seven"}
_OF_MEDIA_SERVERS: dict[str, dict[str, object]] = {
    "plex": {"token": "eight", "sections": {"/a": 7}},
    "jellyfin": {"api_key": "eight"},
    "emby": {"api_key": "eight"},
}


def _of_transfers() -> Iterator[tuple[str, Change]]:
    given = {**_OPEN, "transfers.mappings": _MAPPINGS}
    of_mapping = {
        "from": "/d",
        "source": "/d",
        "destination": "/d",
        "media_server": "/d",
        "instance": "you",
        "marker": ".here",
        "require_mount": True,
    }
    for key, to in of_mapping.items():
        yield f"transfers.mappings[].{key}", Change(to, transfers, given)
    usual: dict[str, object] = {"url": "http://127.0.0.1:8", "timeout_s": 7, "ca_file": None}
    for kind, own in _OF_MEDIA_SERVERS.items():
        server = {kind: _PLEX if kind == "plex" else _SERVER}
        with_server = {**given, "transfers.media_servers": [server]}
        for key, to in {**usual, **own}.items():
            yield f"transfers.media_servers[].{kind}.{key}", Change(to, transfers, with_server)
    with_server = {**given, "transfers.media_servers": [{"plex": _PLEX}]}
    yield "transfers.media_servers[].name", Change("us", transfers, with_server)
    for kind in ("radarr", "sonarr"):
        with_arr = {**given, "transfers.missed": [{kind: _SERVER}]}
        for key, to in {"url": "http://127.0.0.1:8", "api_key": "eight", "ca_file": None}.items():
            yield f"transfers.missed[].{kind}.{key}", Change(to, transfers, with_arr)
    with_arr = {**given, "transfers.missed": [{"radarr": _SERVER}]}
    yield "transfers.missed[].name", Change("us", transfers, with_arr)
    others: dict[str, object] = {
        "retry.every": "15m",
        "retry.attempts": 7,
        "verify": "checksum",
        "movies": "file",
        "episodes": "file",
        "superseded": "remove",
        "renamed": "rename",
        "exclude": ["*.seven"],
        "dry_run": True,
        "limits.concurrent": 7,
        "limits.bandwidth": "7m",
        "limits.stall_s": 77,
        "limits.longest_s": 77,
        "limits.nice": 7,
    }
    for key, to in others.items():
        yield f"transfers.{key}", Change(to, transfers, given)


_NOBODY = "host=127.0.0.1 port=1 dbname="
_POSTGRES: dict[str, object] = {"postgres.dsn": f"{_NOBODY}a"}
_FLEET: dict[str, object] = {**_POSTGRES, "postgres.fleet": True}


def postgres(agent: AgentInProcess) -> object:
    """Tell where triggers are listened for, and as whom this agent is in a fleet."""
    heard, fleet = agent.daemon._postgres.status(), agent.daemon._fleet.status()
    return heard and (heard.where, heard.channel), fleet and fleet.name


def catches_up(agent: AgentInProcess) -> bool:
    return agent.daemon._postgres.intake()._catches_up()


_TOKENS = [{"name": "me", "token": "no-secret-but-long-enough", "scopes": ["read"]}]
_WITH_TOKENS: dict[str, object] = {"http.listen": _LISTEN, "http.tokens": _TOKENS}
_LOG_FILE: dict[str, object] = {"log.file": "agent.log"}
_AT_ONCE = {
    "control.group": Change(_GROUP, rights),
    "http.listen": Change(_LISTEN, lambda agent: agent.http_url),
    "http.base_path": Change("/sync", web, _OPEN),
    "http.allowed_hosts": Change(["sync.example.org"], web, _OPEN),
    "http.trusted_proxies": Change(["127.0.0.1"], web, _OPEN),
    "http.tokens[].name": Change("you", web, _WITH_TOKENS),
    "http.tokens[].token": Change("another-one-that-is-long", web, _WITH_TOKENS),
    "http.tokens[].scopes": Change(["feed"], web, _WITH_TOKENS),
    "log.level": Change("debug", lambda _: logs.level()),
    "log.format": Change("json", log_form),
    "log.file": Change("agent.log", log_file),
    "log.max_mb": Change(1, log_file, _LOG_FILE),
    "log.keep": Change(1, log_file, _LOG_FILE),
    "daily.at": Change("07:30", daily, {"notify": [_HOOK]}),
    "log.history": Change("diary.log", history),
    "log.history_max_mb": Change(1, history),
    "log.history_keep": Change(1, history),
    "sync.every": Change("100d", next_due),
    "sync.cron": Change("7 3 1 2 *", next_due),
    "sync.timezone": Change("Asia/Tokyo", next_due, {"sync.cron": "7 3 1 2 *"}),
    "sync.on_config_change": Change(False, syncs_on_change),
    "lists[].every": Change("100d", next_due),
    "lists[].cron": Change("7 3 1 2 *", next_due),
    "defaults.every": Change("100d", next_due),
    "defaults.cron": Change("7 3 1 2 *", next_due),
    "postgres.dsn": Change(f"{_NOBODY}b", postgres, _POSTGRES),
    "postgres.channel": Change("another", postgres, _POSTGRES),
    "postgres.catch_up": Change(False, catches_up, _POSTGRES),
    "postgres.fleet": Change(True, postgres, _POSTGRES),
    "postgres.agent_name": Change("us", postgres, _FLEET),
    **dict(_of_targets()),
    **dict(_of_transfers()),
}
"""Keys whose effect is seen as soon as the reload has been answered; `to` None as below."""

_OF_SERVICE: dict[str, object] = {
    "base_url": "http://127.0.0.1:7",
    "web_url": "http://127.0.0.1:7",
    "auth_url": "http://127.0.0.1:7",
    "timeout_s": 7,
    "user_agent": "seven",
    "at_once": 7,
    "pace_s": 7,
    "list_timeout_s": 7,
    "proxy": "http://127.0.0.1:7",
    "ca_file": None,
    "browser": "never",
    "page_size": 7,
    "film_pages": 7,
    "id_calls": 7,
    "chart_films": 7,
    "chart_size": 7,
    "special_items_limit": 7,
    "limit_mib": 7,
    "file": "/seven",
    "token": "seven",
    "api_key": "seven",
    "pin": "seven",
    "client_id": "seven",
    "client_secret": "seven",
}
_OF_LISTS: dict[str, object] = {
    "enabled": False,
    "limit": 7,
    "kind": "tv",
    "min_year": 1977,
    "max_year": 1977,
    "min_rating": 7,
    "max_rating": 7,
    "min_votes": 7,
    "max_votes": 7,
    "genres": ["Drama"],
    "exclude_genres": ["Drama"],
    "languages": ["de"],
    "exclude_languages": ["de"],
    "seasons": "first",
    "new_seasons": True,
    "four_k": True,
    "max_per_run": 7,
    "max_per_day": 7,
    "request_as": 7,
    "approve": True,
    "service": "seven",
    "quality_profile": "seven",
    "root_folder": "/seven",
    "language_profile": "seven",
    "tags": ["seven"],
    "cancel_removed": True,
}
_FOR_THE_NEXT_SYNC: dict[str, object] = {
    **{
        f"providers.{service}.{name}": value
        for service in (*SERVICES, "anime_ids")
        for name, value in _OF_SERVICE.items()
    },
    "server.url": "http://127.0.0.1:7",
    "server.api_key": "seven",
    "server.request_as": 7,
    "server.approve": True,
    "server.timeout_s": 7,
    "server.max_per_second": 7,
    "server.ca_file": None,
    "sync.four_k": True,
    "sync.max_per_run": 7,
    "sync.max_per_day": 7,
    "exclude": ["tmdb:movie/7"],
    "chromium.memory_mb": 777,
    "chromium.no_sandbox": True,
    **{f"{of}.{key}": value for of in ("lists[]", "defaults") for key, value in _OF_LISTS.items()},
    "lists[].addresses": ["ls007777777", "trending:shows"],
    "lists[].anilist": "seven/Planning",
    "lists[].custom.url": "http://127.0.0.1:7/",
    "lists[].custom.file": "/seven.json",
    "lists[].custom.rows": "seven",
    "lists[].custom.token": "seven",
    "lists[].custom.headers": {"X-Seven": "seven"},
    "lists[].custom.parameters": {"seven": "seven"},
    "lists[].custom.allow_private": True,
    "lists[].custom.complete": True,
    "lists[].custom.statuses": ["paused"],
    **{f"lists[].custom.fields.{name}": "seven" for name in keys_of(CustomFieldsForm)},
    "lists[].file": "/seven",
    "lists[].imdb": "ls007777777",
    "lists[].letterboxd": "seven/list/seven",
    "lists[].tmdb": "list/7",
    "lists[].trakt": "trending:movies",
    "lists[].stevenlu": "popular",
    "lists[].mdblist": "seven/seven",
    "lists[].tvdb": "seven",
    "lists[].myanimelist": "seven/watching",
    "lists[].plex": "watchlist",
    "lists[].simkl": "movies",
    "lists[].seerr": "watchlist/seven",
    "lists[].name": "seven",
    "lists[].exclude": True,
}
"""Keys that each sync reads anew; None stands for a file of certificates."""


def keys(model: type[Options] = ConfigForm, before: str = "") -> Iterator[str]:
    """Walk all keys that a file may have, with `[]` behind those of sequences."""
    for name, key in keys_of(model).items():
        held = holds(key.type)
        inside = holds(held.entry) if held.entry is not None else held
        if is_model(inside.kind):
            sign = "[]" if held.entry is not None else ""
            yield from keys(inside.kind, f"{before}{name}{sign}.")
        else:
            yield f"{before}{name}"


def test_of_every_key_it_is_known_when_it_takes_force() -> None:
    known = {*_AT_ONCE, *_FOR_THE_NEXT_SYNC}
    unknown = set(keys()) - known
    assert not unknown, "say in this file when they take force, or have the agent say so"
    gone = {one for one in known if not one.startswith("providers.")} - set(keys())
    assert not gone


def test_a_key_takes_force_while_the_agent_runs(agent: AgentInProcess, tmp_path: Path) -> None:
    """Change them one after the other, those that need the same beside them in a row."""
    for given, group in groupby(sorted(_AT_ONCE, key=_given), _given):
        keys_of_group = [*group]
        put_in_force(agent, json.loads(given))
        without = {key: _AT_ONCE[key].seen(agent) for key in keys_of_group}
        last = {_AT_ONCE[key].seen: now for key, now in without.items()}
        for key in keys_of_group:
            change = _AT_ONCE[key]
            to = change.to if change.to is not None else ca_file(tmp_path)
            put_in_force(agent, {**change.given, key: to})
            now = change.seen(agent)
            assert now not in (without[key], last[change.seen]), f"{key} is said to be in force"
            last[change.seen] = now


def _given(key: str) -> str:
    return json.dumps(_AT_ONCE[key].given)


def test_the_next_sync_is_given_every_other_key(agent: AgentInProcess, tmp_path: Path) -> None:
    walked = 0
    given = before = base = agent.next_sync(None)
    for key in keys():
        if key in _AT_ONCE:
            continue
        value = _FOR_THE_NEXT_SYNC[key]
        put_in_force(agent, {key: value if value is not None else ca_file(tmp_path)})
        given = agent.next_sync(base, before)
        assert given not in (base, before), f"{key} is said to be in force"
        before = given
        walked += 1
    assert walked > 100
    assert given == load(agent.file, {})


def put_in_force(agent: AgentInProcess, keys: dict[str, object]) -> None:
    """Reload with *keys* until all is in force: a service of a busy machine may begin late."""
    agent.write(keys)
    until = time.monotonic() + _PATIENCE_S
    while pending := agent.reload()["pending"]:
        assert time.monotonic() < until, (keys, pending)


def ca_file(folder: Path) -> str:
    path = folder / "ca.pem"
    end = "-----END CERTIFICATE-----"
    path.write_text(Path(certifi.where()).read_text().partition(end)[0] + end)
    return str(path)


def test_a_group_that_is_refused_is_said_until_it_is_given(
    agent: AgentInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    agent.write({"control.group": _GROUP})
    with monkeypatch.context() as patch:
        patch.setattr(os, "chown", refuse)
        reloaded = agent.reload()
        status = agent.ask("status")
        assert rights(agent) == "0o600"
    assert "not yet all of it. control.group: " in reloaded["message"]
    assert [one["key"] for one in reloaded["pending"]] == ["control.group"]
    assert status["config"]["pending"] == reloaded["pending"]
    assert agent.reload()["pending"] == []
    assert rights(agent) == "0o660"
