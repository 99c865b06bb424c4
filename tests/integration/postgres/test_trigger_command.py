"""`listsync trigger` sends from anywhere, and tells what is wrong with a fitting exit code."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listsync.cli.program import listsync
from listsync.protocol import Exit
from tests.integration.postgres.listening import listening

_REFUSING = "host=127.0.0.1 port=1 user=a"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LISTSYNC_POSTGRES_DSN", raising=False)
    monkeypatch.setenv("LISTSYNC_CONFIG", str(tmp_path / "listsync.yaml"))


def _run(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(listsync, ["trigger", *arguments], env=environment)


def _configured(folder: Path, **postgres: object) -> None:
    config = {"server": {"url": "sandbox"}, "lists": [{"imdb": "top"}], "postgres": postgres}
    (folder / "listsync.yaml").write_text(json.dumps(config))


def test_a_script_needs_no_configuration(postgres_dsn: str) -> None:
    with listening(postgres_dsn) as heard:
        ran = _run("--postgres", postgres_dsn)
        assert (ran.exit_code, ran.stderr) == (Exit.OK, "")
        assert ran.stdout == "Sent: agents that listen on channel sync_trigger sync now.\n"
        options = ("--source", "backup", "--list", "a", "--list", "b", "--dry-run")
        assert _run(*options, LISTSYNC_POSTGRES_DSN=postgres_dsn).exit_code == Exit.OK
        first, second = heard()
    assert first["source"] == socket.gethostname()
    del second["timestamp"]
    assert second == {"source": "backup", "lists": ["a", "b"], "dry_run": True}


def test_beside_a_configuration_its_database_and_channel_count(
    postgres_dsn: str, tmp_path: Path
) -> None:
    _configured(tmp_path, dsn=postgres_dsn, channel="mine")
    with listening(postgres_dsn, "mine") as mine, listening(postgres_dsn, "other") as other:
        assert "on channel mine sync" in _run().stdout
        assert _run("--channel", "other").exit_code == Exit.OK
        assert (len(mine()), len(other())) == (1, 1)


def test_what_is_given_counts_before_the_configuration(postgres_dsn: str, tmp_path: Path) -> None:
    _configured(tmp_path, dsn=_REFUSING, channel="mine")
    with listening(postgres_dsn) as heard:
        assert _run("--postgres", postgres_dsn).exit_code == Exit.OK
        assert _run(LISTSYNC_POSTGRES_DSN=postgres_dsn).exit_code == Exit.OK
        assert len(heard()) == 2


@pytest.mark.parametrize("is_there", [False, True], ids=["no-configuration", "no-dsn"])
def test_who_names_no_database_is_told_all_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    monkeypatch.delenv("LISTSYNC_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    arguments: tuple[str, ...] = ()
    if is_there:
        _configured(tmp_path, channel="mine")
        arguments = ("--config", str(tmp_path / "listsync.yaml"))
    ran = _run(*arguments)
    assert ran.exit_code == Exit.FAILED
    for way in ("--postgres", "LISTSYNC_POSTGRES_DSN", "postgres.dsn", "listsyncctl sync-now"):
        assert way in ran.stderr


def test_a_configuration_that_is_named_and_missing_is_told(tmp_path: Path) -> None:
    ran = _run("--config", str(tmp_path / "none.yaml"))
    assert ran.exit_code == Exit.CONFIG
    assert "none.yaml" in ran.stderr


def test_what_cannot_be_sent_is_told_without_the_password_and_with_a_warning_of_it() -> None:
    ran = _run("--postgres", f"{_REFUSING} password=PlantedPassword1")
    assert ran.exit_code == Exit.FAILED
    warning, error = ran.stderr.splitlines()
    assert "PGPASSFILE" in warning
    assert error.startswith("listsync: PostgreSQL: ")
    assert "Planted" not in ran.output
    assert "PGPASSFILE" not in _run("--postgres", _REFUSING).stderr


def test_without_the_extra_it_is_said_how_to_come_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    ran = _run("--postgres", _REFUSING)
    assert ran.exit_code == Exit.FAILED
    assert "pip install 'listsync[postgres]'" in ran.stderr
