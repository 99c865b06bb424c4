"""The Radarrs and Sonarrs behind the server, as `/service/*` shows them.

There is one of each, and another for 4K where the settings say so; `POST /sandbox/services`
changes them and adds more. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from listsync.sandbox.answers import Reply, error, ok
from listsync.sandbox.call import Call
from listsync.sandbox.shapes import Json
from listsync.sandbox.world import RADARR, SONARR, Service, World

_FREE_SPACE = 2_000_000_000_000


@dataclass(frozen=True, slots=True)
class _Words:
    name: str
    parameter: str
    missing: str


_WORDS = {
    RADARR: _Words("Radarr", "radarrId", "Radarr server with provided ID does not exist."),
    SONARR: _Words("Sonarr", "sonarrId", "Sonarr server with provided ID does not exist."),
}


def radarr_servers(call: Call) -> Reply:
    return _servers(call, RADARR)


def sonarr_servers(call: Call) -> Reply:
    return _servers(call, SONARR)


def radarr_server(call: Call) -> Reply:
    return _server(call, RADARR)


def sonarr_server(call: Call) -> Reply:
    return _server(call, SONARR)


def _servers(call: Call, program: str) -> Reply:
    """List them as anybody may see them: without address and key."""
    return ok([_shown(program, one) for one in call.world.services(program).values()])


def _server(call: Call, program: str) -> Reply:
    """Show one with what can be chosen there."""
    found = call.world.services(program).get(call.number(_WORDS[program].parameter))
    if found is None:
        raise error(404, _WORDS[program].missing)
    shown: Json = {
        "server": _shown(program, found),
        "profiles": _rows("name", found.profiles),
        "rootFolders": [
            {**row, "freeSpace": _FREE_SPACE} for row in _rows("path", found.root_folders)
        ],
        "tags": _rows("label", found.tags),
    }
    if program == SONARR:
        spoken = found.language_profiles
        shown["languageProfiles"] = None if spoken is None else _rows("name", spoken)
    return ok(shown)


def _rows(word: str, named: Mapping[int, str]) -> list[Json]:
    return [{"id": number, word: name} for number, name in named.items()]


def _shown(program: str, service: Service) -> Json:
    shown: Json = {
        "id": service.id,
        "name": service.name,
        "is4k": service.is4k,
        "isDefault": service.is_default,
        "activeDirectory": next(iter(service.root_folders.values()), ""),
        "activeProfileId": _active_profile(service),
        "activeTags": [],
    }
    if program == RADARR:
        return shown
    return {
        **shown,
        "activeAnimeProfileId": None,
        "activeAnimeDirectory": None,
        "activeLanguageProfileId": next(iter(service.language_profiles or {}), None),
        "activeAnimeLanguageProfileId": None,
        "activeAnimeTags": [],
    }


def _active_profile(service: Service) -> int | None:
    """Give the best profile to 4K, the first to everything else."""
    numbers = list(service.profiles)
    return (numbers[-1] if service.is4k else numbers[0]) if numbers else None


def is_default_4k(world: World, program: str) -> bool:
    """Tell whether some service is both for 4K and the default: only that enables 4K."""
    return any(one.is4k and one.is_default for one in world.services(program).values())
