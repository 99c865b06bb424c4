"""The Radarrs and Sonarrs behind the server, as `/service/*` shows them.

There is one of each, and another for 4K where the settings say so; `POST /sandbox/services`
changes them and adds more. `/service/{program}/{id}` and the test of the settings ask them, the
rest does not. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.endpoint import ApiCall
from listsync.sandbox.responses import ApiReply, error, ok
from listsync.sandbox.serializers import Json
from listsync.sandbox.server_model import RADARR, SONARR, SandboxServer, Service

_TOTAL_SPACE = 4_000_000_000_000
_FREE_SPACE = 2_000_000_000_000


@dataclass(frozen=True, slots=True)
class _Words:
    name: str
    parameter: str
    missing: str


_WORDS = {
    RADARR: _Words("Radarr", "radarrId", "Radarr server with provided ID  does not exist."),
    SONARR: _Words("Sonarr", "sonarrId", "Sonarr server with provided ID does not exist."),
}


_OWN_SETTINGS: dict[str, Json] = {
    RADARR: {"minimumAvailability": "released"},
    SONARR: {
        "enableSeasonFolders": True,
        "seriesType": "standard",
        "animeSeriesType": "anime",
        "animeTags": [],
    },
}


def radarr_servers(call: ApiCall) -> ApiReply:
    return _servers(call, RADARR)


def sonarr_servers(call: ApiCall) -> ApiReply:
    return _servers(call, SONARR)


async def radarr_server(call: ApiCall) -> ApiReply:
    """Show one Radarr; where it does not answer as it should, the servers die of it."""
    found = _find(call, RADARR)
    if not await _answers(call.server, RADARR):
        call.server.crash("Unhandled rejection: [Radarr] Failed to retrieve profiles")
    return _choices(RADARR, found)


async def sonarr_server(call: ApiCall) -> ApiReply:
    """Show one Sonarr."""
    found = _find(call, SONARR)
    if not await _answers(call.server, SONARR):
        raise error(500, "[Sonarr] Failed to retrieve profiles")
    return _choices(SONARR, found)


def radarr_settings(call: ApiCall) -> ApiReply:
    return ok([_setting(RADARR, one) for one in call.server.services(RADARR).values()])


def sonarr_settings(call: ApiCall) -> ApiReply:
    return ok([_setting(SONARR, one) for one in call.server.services(SONARR).values()])


async def radarr_test(call: ApiCall) -> ApiReply:
    """Try the connection to a Radarr; Seerr dies of one that is slow."""
    server = call.server
    if await _answers(server, RADARR):
        shown = _tested(next(iter(server.services(RADARR).values()), None))
        return ok({**shown, "urlBase": "/radarr"})
    if server.settings.radarr == "slow" and server.product.is_forked:
        server.crash("Unhandled rejection: timeout of 10000ms exceeded")
    raise error(500, "Failed to connect to Radarr")


async def _answers(server: SandboxServer, program: str) -> bool:
    """Ask the program; says whether it answered in time and as it should."""
    health = server.health(program)
    if health == "slow":
        await asyncio.sleep(server.settings.arr_timeout_ms / 1000)
    return health == "up"


def _servers(call: ApiCall, program: str) -> ApiReply:
    """List them as anybody may see them: without address and key."""
    return ok([_shown(program, one) for one in call.server.services(program).values()])


def _find(call: ApiCall, program: str) -> Service:
    found = call.server.services(program).get(call.number(_WORDS[program].parameter))
    if found is None:
        raise error(404, _WORDS[program].missing)
    return found


def _choices(program: str, service: Service) -> ApiReply:
    """Show one with what can be chosen there."""
    shown: Json = {"server": _shown(program, service), **_tested(service)}
    if program == SONARR:
        shown["server"] = {**_shown(program, service), "activeAnimeTags": []}
        spoken = service.language_profiles
        shown["languageProfiles"] = None if spoken is None else _rows("name", spoken)
    return ok(shown)


def _tested(service: Service | None) -> Json:
    if service is None:
        return {"profiles": [], "rootFolders": [], "tags": []}
    return {
        "profiles": _rows("name", service.profiles),
        "rootFolders": [
            {**row, "freeSpace": _FREE_SPACE, "totalSpace": _TOTAL_SPACE}
            for row in _rows("path", service.root_folders)
        ],
        "tags": _rows("label", service.tags),
    }


def _setting(program: str, service: Service) -> Json:
    """Show one as an administrator set it up; nothing is asked of the program itself."""
    profile = _active_profile(service)
    shown: Json = {
        "hostname": f"{program}.sandbox.example",
        "port": 7878,
        "apiKey": "sandbox",
        "useSsl": False,
        "activeProfileId": profile,
        "activeProfileName": service.profiles.get(profile) if profile is not None else None,
        "tags": [],
        "externalUrl": "",
        "syncEnabled": False,
        "preventSearch": False,
        "tagRequests": False,
        "overrideRule": [],
        "name": service.name,
        "baseUrl": f"/{service.name.lower()}",
        "is4k": service.is4k,
        "isDefault": service.is_default,
        "activeDirectory": next(iter(service.root_folders.values()), ""),
        "id": service.id,
    }
    return {**shown, **_OWN_SETTINGS[program]}


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
    if service.language_profiles and program == SONARR:
        shown["activeLanguageProfileId"] = next(iter(service.language_profiles))
    return shown


def _active_profile(service: Service) -> int | None:
    """Give the profile that was chosen, else the best one to 4K, the first to all else."""
    if service.active_profile is not None:
        return service.active_profile
    numbers = list(service.profiles)
    return (numbers[-1] if service.is4k else numbers[0]) if numbers else None


def is_default_4k(server: SandboxServer, program: str) -> bool:
    """Tell whether some service is both for 4K and the default: only that enables 4K."""
    return any(one.is4k and one.is_default for one in server.services(program).values())
