"""What the documents tell people to type works as it stands there."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest

from listsync.fleet.lease import FleetLease
from listsync.postgres.sender import DSN_VARIABLE
from tests.acceptance.agent_process import AgentProcess, config_of
from tests.acceptance.conftest import Home, titles_csv
from tests.documents import commands_of, documents
from tests.integration.postgres.listening import listening
from tests.postgres_server import installed_programs

StartAgent = Callable[..., AgentProcess]

_AT_POSTGRESQL = r"listsync trigger|psql\s"
_BESIDE_AN_AGENT = r"(listsyncctl|curl|cat)\s|\w+="
_ALONE = r"listsync\s"
_DIALOGUES = (
    "listsync secret set",
    "listsync run",
    "listsync init",
    "listsync login",
    "listsync webhook install",
    "listsync trigger",
    "listsync demo",
    "listsync sandbox",
)
"""What runs until it is ended, or asks: each has tests of its own."""
_FINE = {0, 8}
_ELSEWHERE = "/media/usb"
_WRITTEN = "127.0.0.1:4222"


@pytest.fixture
def person(home: Home, port: int) -> Home:
    """A person whose folders are where they are by default."""
    config = home.folder / ".config" / "listsync"
    config.mkdir(parents=True)
    home.write_list("watchlist.csv", titles_csv([603, 27205]))
    library = {"from": "/movies"}
    for key in ("source", "destination"):
        library[key] = str(home.folder / key)
        (home.folder / key).mkdir()
    home.write_config(
        [{"file": "watchlist.csv", "name": "mine"}],
        http={"listen": f"127.0.0.1:{port}"},
        transfers={"mappings": [library]},
    )
    (config / "listsync.yaml").symlink_to(config_of(home))
    state = home.folder / ".local" / "state"
    state.mkdir(parents=True)
    (state / "listsync").symlink_to(home.state)
    commands = home.folder / "bin"
    commands.mkdir()
    for name in ("listsync", "listsyncctl"):
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} -m {name} "$@"\n')
        script.chmod(stat.S_IRWXU)
    _run(home, "a secret", "echo not-a-real-key | listsync secret set seerr-key")
    return home


def test_commands_that_need_no_agent_work(person: Home) -> None:
    for name, script in _scripts(_ALONE):
        _run(person, name, script.replace(_ELSEWHERE, str(person.folder)))


def test_commands_beside_an_agent_work(person: Home, start_agent: StartAgent, port: int) -> None:
    agent = start_agent(person)
    agent.until_synced(1)
    for name, script in _scripts(_BESIDE_AN_AGENT):
        _run(person, name, script.replace(_WRITTEN, f"127.0.0.1:{port}"), agent)


def test_whatever_is_shown_to_trigger_a_sync_does(
    person: Home, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DSN_VARIABLE, postgres_dsn)
    monkeypatch.setenv("PATH", f"{installed_programs()}:{os.environ['PATH']}")
    (readme,) = [one for one in documents() if one.name == "README.md"]
    shown = [one for one in readme.blocks("python") if "trigger_sync" in one]
    queries = [one for one in readme.blocks("sql") if "pg_notify" in one]
    scripts = list(_scripts(_AT_POSTGRESQL, but=()))
    assert (len(shown), len(queries), len(scripts)) == (1, 1, 1)
    with listening(postgres_dsn) as heard, psycopg.connect(postgres_dsn) as link:
        script = scripts[0][1]
        _run(person, "README.md", script)
        exec(re.sub("dsn=.*\\)", ")", shown[0]), {})
        link.execute(queries[0].encode())
        link.commit()
        assert [one.get("source") for one in heard()] == [None, "backup", "webhook", "library"]


def test_the_database_that_is_shown_is_one_for_agents_and_gone_when_they_are(
    postgres_dsn: str,
) -> None:
    (readme,) = [one for one in documents() if one.name == "README.md"]
    (make,) = [one for one in readme.blocks("sql") if "CREATE ROLE" in one]
    (drop,) = [one for one in readme.blocks("sql") if "DROP TABLE" in one]
    name = f"listsync_{postgres_dsn.partition('dbname=')[2].split()[0]}"
    own = psycopg.conninfo.make_conninfo(postgres_dsn, user=name, dbname=name)
    with psycopg.connect(postgres_dsn, autocommit=True) as link:
        for statement in make.replace(" listsync", f" {name}").split(";"):
            link.execute(statement.encode())
        try:
            with psycopg.connect(own, autocommit=True) as agent:
                FleetLease("sync_trigger", "an-owner", "attic").prepare(agent)
                tables = "SELECT relname FROM pg_class WHERE relname LIKE 'listsync%'"
                assert len(agent.execute(tables).fetchall()) >= 3
                agent.execute(drop.encode())
                assert agent.execute(tables).fetchall() == []
        finally:
            identifier = psycopg.sql.Identifier(name)
            link.execute(psycopg.sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))
            link.execute(psycopg.sql.SQL("DROP ROLE {}").format(identifier))


def _scripts(programs: str, but: tuple[str, ...] = _DIALOGUES) -> Iterator[tuple[str, str]]:
    """Give of each block what can run here, as one script."""
    for document in documents():
        for block in document.blocks("console"):
            lines = [
                line
                for line in commands_of(block)
                if re.match(programs, line) and not (but and line.startswith(but))
            ]
            if lines:
                yield document.name, "\n".join(lines)


def _run(person: Home, name: str, script: str, agent: AgentProcess | None = None) -> None:
    socket = {"LISTSYNC_SOCKET": str(agent.socket)} if agent else {}
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        env=person.environment(
            HOME=str(person.folder), PATH=f"{person.folder}/bin:{os.environ['PATH']}", **socket
        ),
        cwd=person.folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode in _FINE, f"{name}: {script}\n{done.stdout}{done.stderr}"
