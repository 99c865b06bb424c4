"""What is imported when: an agent that waits keeps in memory only what waiting needs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_RUN = """
import os, signal, sys
before = set(sys.modules)
from listsync.agent.systemd import Systemd

def ready(self, status):
    names = set(sys.modules) - before
    print("MODULES", *sorted(names))
    os.kill(os.getpid(), signal.SIGTERM)
    Systemd.ready = told

told, Systemd.ready = Systemd.ready, ready
"""
_ONCE = """
import atexit, sys
before = set(sys.modules)
atexit.register(lambda: print("MODULES", *sorted(set(sys.modules) - before)))
"""
_SHOWN = """
import os, sys
before, leave = set(sys.modules), os._exit

def told(code):
    print("MODULES", *sorted(set(sys.modules) - before), flush=True)
    leave(code)

os._exit = told
"""
_SEARCHING = """
import atexit, gc, os, signal, sys
from listsync.agent.systemd import Systemd

def ready(self, status):
    is_searching = gc.isenabled()
    atexit.register(lambda: print("MODULES", f"ready-{is_searching}", f"ended-{gc.isenabled()}"))
    os.kill(os.getpid(), signal.SIGTERM)

Systemd.ready = ready
"""
_MAIN = """
from listsync.cli import main
sys.argv[1:] = {arguments!r}
main()
"""
_OF_A_SYNC = {
    "h11",
    "html",
    "http",
    "httpcore",
    "httpx",
    "rapidfuzz",
    "selectolax",
    "ssl",
}
_OF_NOBODY = {
    "psycopg",
    "asyncio",
    "cronsim",
    "cryptography",
    "difflib",
    "psutil",
    "pydantic",
    "pygments",
    "rich",
    "starlette",
    "trio",
    "typing_extensions",
    "undetected_chromedriver",
    "uvicorn",
    "uvloop",
}
_OF_OURS = {
    "listsync.app.wiring",
    "listsync.commands.explain",
    "listsync.browser",
    "listsync.fleet",
    "listsync.postgres",
    "listsync.triggers.postgres",
    "listsync.http.request",
    "listsync.http.service_client",
    "listsync.parsing.json_rows",
    "listsync.process",
    "listsync.http.browser_fallback",
    "listsync.sandbox",
    "listsync.seerr.client",
    "listsync.sync.titles.matching",
    "listsync.sync.run",
}
_OF_THE_PROGRAM = {
    f"listsync.cli.{name}" for name in ("commands", "container", "options", "program")
}


def imported(script: str, *arguments: str, folder: Path) -> set[str]:
    """Run a command of `listsync` in a process of its own; what it says, modules mostly."""
    done = subprocess.run(
        [sys.executable, "-IB", "-c", script + _MAIN.format(arguments=list(arguments))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"HOME": str(folder)},
    )
    found = [one for one in done.stdout.splitlines() if one.startswith("MODULES ")]
    assert found, done.stderr
    return set(found[0].split()[1:])


@pytest.fixture(name="config")
def _config(tmp_path: Path) -> Path:
    path = tmp_path / "listsync.yaml"
    server = {"url": "sandbox"}
    content = {"server": server, "sync": {"every": 0}, "lists": [{"file": "list.json"}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    (tmp_path / "list.json").write_text('[{"tmdb_id": 603, "kind": "movie"}]', encoding="utf-8")
    return path


def readers(modules: set[str]) -> set[str]:
    """Tell of which services there is more than what reads the configuration."""
    light = ("source", "endpoints", "search_constraints")
    parts = [name.split(".") for name in modules if name.startswith("listsync.providers.")]
    return {part[2] for part in parts if part[3:] and part[3] not in light}


def test_an_agent_that_waits_has_nothing_that_only_a_sync_needs(
    config: Path, tmp_path: Path
) -> None:
    modules = imported(
        _RUN,
        *("run", "--config", str(config), "--state-dir", str(tmp_path / "state")),
        *("--socket", str(tmp_path / "agent.sock")),
        folder=tmp_path,
    )
    assert "listsync.app.daemon" in modules
    assert {name for name in modules if name.startswith("listsync.cli.")} == _OF_THE_PROGRAM
    assert modules & (_OF_A_SYNC | _OF_NOBODY | _OF_OURS) == set()
    assert readers(modules) == set()


def test_a_sync_imports_what_reads_its_own_lists_alone(config: Path, tmp_path: Path) -> None:
    modules = imported(
        _ONCE,
        *("once", "--yes", "--config", str(config), "--state-dir", str(tmp_path / "state")),
        *("--socket", str(tmp_path / "agent.sock")),
        folder=tmp_path,
    )
    assert "listsync.sync.run" in modules
    assert readers(modules) == {"file"}
    assert modules & (_OF_NOBODY - {"difflib", "typing_extensions"}) == set()
    assert "selectolax" not in modules
    assert "listsync.commands" not in modules, "only an agent is asked anything"
    assert "html" not in modules


def test_what_asks_the_server_brings_nothing_for_dates_and_proxies() -> None:
    """An answer that names a date brings the one, an environment that names a proxy the other."""
    script = """
import sys
from listsync.app.memory_tuning import import_httpcore
import_httpcore()
import listsync.http.request, listsync.seerr.client
print(*{"email", "http.client", "urllib.request"} & set(sys.modules))
"""
    command = [sys.executable, "-IB", "-c", script]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "\n"


def test_an_agent_searches_for_garbage_once_it_is_ready_and_no_sooner(
    config: Path, tmp_path: Path
) -> None:
    told = imported(
        _SEARCHING,
        *("run", "--config", str(config), "--state-dir", str(tmp_path / "state")),
        *("--socket", str(tmp_path / "agent.sock")),
        folder=tmp_path,
    )
    assert told == {"ready-False", "ended-True"}


def test_the_list_of_commands_is_shown_without_any_of_them(tmp_path: Path) -> None:
    modules = imported(_SHOWN, "--help", folder=tmp_path)
    ours = {name for name in modules if name.startswith("listsync.")}
    assert ours == {
        "listsync.cli",
        "listsync.cli.container",
        "listsync.cli.program",
        "listsync.interrupts",
    }
    spared = {"gettext", "inspect", "locale", "platform", "shutil", "signal", "uuid"}
    assert not spared & modules


def test_yaml_has_its_patterns_compiled_by_who_needs_them() -> None:
    script = """
import re
from listsync.app.memory_tuning import import_yaml
before = re.compile
import_yaml()
assert re.compile is before
import yaml
assert not isinstance(yaml.reader.Reader.NON_PRINTABLE, re.Pattern)
print(yaml.safe_load("{a: 2020-01-01, b: yes, c: 0x1f, d: 1.5, e: ~}"))
print(yaml.safe_dump(["yes", "no way"]))
try:
    yaml.safe_load(chr(1))
except yaml.reader.ReaderError as error:
    print(error)
"""
    command = [sys.executable, "-IB", "-c", script]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "{'a': datetime.date(2020, 1, 1), 'b': True, 'c': 31, 'd': 1.5, 'e': None}" in told
    assert "- 'yes'\n- no way\n" in told
    assert "special characters are not allowed" in told
