"""Ctrl-C while a command loads: at any moment it ends, quietly, with 130."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from listsync.protocol import Exit
from tests.acceptance.agent_process import agent_environment
from tests.acceptance.conftest import Home

_INTERRUPTER = """
import os, signal, sys

def interrupt(event, arguments):
    if event == "import" and arguments[0] == os.environ["INTERRUPTED_AT"]:
        print("interrupted", flush=True)
        os.kill(os.getpid(), signal.SIGINT)

sys.addaudithook(interrupt)
"""
_AGENT = ("listsync", "run")
_ONCE = ("listsync", "once")


@pytest.mark.parametrize(
    ("command", "module"),
    [
        (_ONCE, "listsync.protocol"),
        (_ONCE, "click"),
        (_ONCE, "httpcore"),
        (_ONCE, "listsync.config.configuration"),
        (_ONCE, "listsync.cli.once"),
        (_AGENT, "listsync.app.daemon"),
        (("listsync", "check"), "msgspec"),
        (("listsync", "demo"), "listsync.cli.once"),
        (("listsync", "sandbox"), "listsync.sandbox.__main__"),
        (("listsyncctl", "status"), "listsyncctl.commands"),
        (("listsyncctl", "status"), "listsyncctl.views"),
        (("listsyncctl", "agents"), "psutil"),
    ],
)
def test_an_interrupt_while_a_command_loads_ends_it_without_a_traceback(
    lone_home: Home, tmp_path: Path, command: tuple[str, str], module: str
) -> None:
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPTER)
    program, *arguments = command
    ran = subprocess.run(
        [sys.executable, "-m", program, *arguments],
        env=agent_environment(
            lone_home, PYTHONPATH=str(tmp_path), INTERRUPTED_AT=module, COVERAGE_PROCESS_START=""
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (Exit.INTERRUPTED, "interrupted\n", "")
