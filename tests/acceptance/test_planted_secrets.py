"""Secrets come by every way, and are looked for in all that an agent leaves, shows or hands on."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from listsync.secrets import keys
from listsync.secrets.vault import open_vault
from tests.acceptance.agent_process import AgentProcess, until
from tests.acceptance.conftest import Home, titles_csv

PLANTED = {
    "vault": "no-key-of-mdblist-0123456789",
    "file": "no-token-of-tmdb-0123456789",
    "environment": "no-secret-of-trakt-0123456789",
    "variable-file": "no-id-of-trakt-0123456789",
    "credential": "no-hook-of-anybody-0123456789",
    "header": "no-header-of-anybody-0123456789",
    "plain": "noPasswordOfAProxy",
    "simkl": "no-id-of-simkl-0123456789",
    "plex": "no-token-of-plex-0123456789",
    "mal": "no-id-of-myanimelist-0123456789",
    "tvdb": "no-key-of-tvdb-0123456789",
    "pin": "no-pin-of-tvdb-0123456789",
    "map": "noLoginOfTheMap",
    "share": "noSh4reOfAnybody",
    "feed": "5ec2e7e0-0000-4000-8000-0f0ffeedbacc",
    "path": "noP4thOfAnybody0123456789",
    "query": "no-query-of-anybody-0123456789",
    "login": "noLoginOfAnybody",
    "parameter": "no-parameter-of-anybody-0123456789",
    "bearer": "no-bearer-of-anybody-0123456789",
    "passphrase": "no passphrase of anybody at all",
}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(name="environment")
def _environment(lone_home: Home) -> dict[str, str]:
    folder = lone_home.folder
    files = {
        "passphrase": PLANTED["passphrase"],
        "tmdb-token": PLANTED["file"],
        "trakt-id": PLANTED["variable-file"],
        "credentials/hook": f"{NOWHERE}/{PLANTED['credential']}",
    }
    (folder / "credentials").mkdir()
    for name, content in files.items():
        (folder / name).write_text(f"{content}\n")
        (folder / name).chmod(0o600)
    return {
        "LISTSYNC_PASSPHRASE_FILE": str(folder / "passphrase"),
        "CREDENTIALS_DIRECTORY": str(folder / "credentials"),
        "TRAKT_CLIENT_ID_FILE": str(folder / "trakt-id"),
        "TRAKT_CLIENT_SECRET": PLANTED["environment"],
        "HOOK_HEADER": PLANTED["header"],
        "OWN_PARAMETER": PLANTED["parameter"],
    }


def configure(home: Home, **more: object) -> None:
    far = {"base_url": NOWHERE, "timeout_s": 1}
    configuration = {
        "server": {"url": "sandbox"},
        "sync": {"every": 0},
        "lists": [
            {"file": "l.csv"},
            {"mdblist": "somebody/films"},
            {"tmdb": "list/1"},
            {"trakt": "somebody/watchlist"},
            f"https://rss.plex.tv/{PLANTED['feed']}",
            {"plex": "watchlist"},
            {"anilist": "somebody"},
            {"myanimelist": "somebody"},
            {"tvdb": "favorites"},
            {"simkl": "movies"},
            {"custom": f"{NOWHERE}/{PLANTED['path']}/list.json?key={PLANTED['query']}"},
            {
                "custom": {
                    "url": f"http://me:{PLANTED['login']}@127.0.0.1:9/list.json",
                    "allow_private": True,
                    "token": PLANTED["bearer"],
                    "headers": {"X-Key": {"env": "HOOK_HEADER"}},
                    "parameters": {"apikey": {"env": "OWN_PARAMETER"}},
                }
            },
            {"letterboxd": f"https://letterboxd.com/me/list/mine/share/{PLANTED['share']}/"},
        ],
        "providers": {
            "mdblist": {**far, "api_key": {"encrypted": "mdblist"}},
            "tmdb": {**far, "token": {"file": "tmdb-token"}},
            "trakt": {**far, "proxy": f"http://me:{PLANTED['plain']}@127.0.0.1:9"},
            "simkl": {**far, "client_id": PLANTED["simkl"]},
            "plex": {**far, "token": PLANTED["plex"]},
            "letterboxd": {**far, "browser": "never"},
            "anilist": far,
            "anime_ids": {**far, "base_url": f"http://me:{PLANTED['map']}@127.0.0.1:9/map.json"},
            "myanimelist": {**far, "client_id": PLANTED["mal"]},
            "tvdb": {**far, "api_key": PLANTED["tvdb"], "pin": PLANTED["pin"]},
        },
        "notify": [
            {
                "webhook": {
                    "url": {"credential": "hook"},
                    "headers": {"X-Key": {"env": "HOOK_HEADER"}},
                }
            }
        ],
        "http": {"listen": "127.0.0.1:0"},
        "log": {"level": "debug", "format": "json", "file": "debug.log"},
    }
    text = yaml.safe_dump({**configuration, **more})
    (home.folder / "listsync.yaml").write_text(text)


def seen_of_children(agent: AgentProcess, seen: dict[int, str]) -> None:
    """Note what can be read of each child; the last that was read is of the program it became."""
    for child in agent.process.children(recursive=True):
        with suppress(OSError):
            place = Path("/proc", str(child.pid))
            both = (place / "cmdline").read_bytes() + (place / "environ").read_bytes()
            seen[child.pid] = both.decode(errors="replace")


def test_no_planted_secret_is_in_anything_that_is_kept_shown_or_handed_on(
    lone_home: Home, environment: dict[str, str], start_agent: Callable[..., AgentProcess]
) -> None:
    home = lone_home
    home.write_list("l.csv", titles_csv([603]))
    config = home.folder / "listsync.yaml"
    open_vault(config, home.state, environment).set("mdblist", PLANTED["vault"])
    keys.forget()
    configure(home)
    agent = start_agent(home, environment=environment)
    children: dict[int, str] = {}
    agent.ask("trigger")

    def is_over() -> bool:
        seen_of_children(agent, children)
        return bool(agent.runs) and agent.is_at_rest()

    until("the sync is over", is_over)
    assert any("listsync.sandbox" in text for text in children.values()), children
    configure(home, sync={"every": "never ever"})
    agent.ctl("reload")
    until("the target was tried", lambda: any(t["answer"] for t in targets(agent)))
    asked = ("status", "config", "lists", "runs", "notices", "targets")
    shown = json.dumps([agent.ask(one) for one in asked])
    command_line = " ".join(agent.process.cmdline())
    agent.terminate()
    given = {"listsync.yaml", "passphrase", "tmdb-token", "trakt-id", "hook"}
    kept = {
        str(path): path.read_bytes().decode(errors="replace")
        for path in home.folder.rglob("*")
        if path.is_file() and path.name not in given
    }
    assert any(name.endswith("debug.log") for name in kept)
    assert any(name.endswith(".db") for name in kept)
    own_token = (home.state / "http-token").read_text().strip()
    kept.pop(str(home.state / "http-token"))
    everything = {"shown": shown, "cmdline": command_line, **kept}
    everything |= {f"child {pid}": text for pid, text in children.items()}
    found = {
        (name, place)
        for name, secret in {**PLANTED, "own": own_token}.items()
        for place, text in everything.items()
        if secret in text
    }
    assert not found, {one[1]: everything[one[1]] for one in found}


def targets(agent: AgentProcess) -> list[dict[str, object]]:
    answer: list[dict[str, object]] = agent.ask("targets")["targets"]
    return answer
