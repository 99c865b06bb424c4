"""Guards: nothing is missing, nothing heavy is imported, the committed files are current."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import get_completion_class

from listsync.protocol import METHODS, Code
from listsyncctl.agents import is_agent
from listsyncctl.cli import ctl
from listsyncctl.trouble import refusal

_COMPLETIONS = Path(__file__).parents[3] / "contrib" / "completions"
_NAMES = {
    "trigger": "sync-now",
    "log_level": "log-level",
    "review_decide": "review",
    "plan_result": "plan",
}
_HEAVY = {"asyncio", "httpx", "psutil", "pydantic", "rich", "yaml", "sqlite3", "ssl", "http"}
_LOOK = """
import sys
sys.argv[1:] = {arguments!r}
import listsyncctl.cli
try:
    listsyncctl.cli.main()
except SystemExit:
    pass
top = {{name.split(".")[0] for name in sys.modules}}
parts = {{name for name in sys.modules if name.startswith("listsync.")}}
print("MODULES", *sorted(top - sys.stdlib_module_names - {{"__main__"}} | top & {heavy!r} | parts))
"""


def imported(*arguments: str, **env: str) -> set[str]:
    script = _LOOK.format(arguments=list(arguments), heavy=_HEAVY)
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        timeout=15,
        env={"LISTSYNC_SOCKET": "/nowhere", **env},
    )
    line = next(one for one in done.stdout.splitlines() if one.startswith("MODULES"))
    # Start-up files of an environment may bring these; they are none of ours.
    return set(line.split()[1:]) - {"_distutils_hack", "distutils-precedence", "coverage"}


def test_every_method_has_a_command() -> None:
    assert {_NAMES.get(name, name) for name in METHODS} <= set(ctl.commands)


def test_every_command_has_help_and_examples() -> None:
    for name, command in ctl.commands.items():
        assert command.help, name
        assert f"listsyncctl {name}" in (command.epilog or ""), name


def test_every_code_has_an_exit_that_is_not_ok() -> None:
    for code in Code:
        assert refusal(code, "no").exit != 0


@pytest.mark.parametrize("line", ["--help", "status", "sync-now --wait", "pause --for 2h"])
def test_without_an_agent_only_click_is_imported(line: str) -> None:
    assert imported(*line.split()) == {"click", "listsync", "listsync.protocol", "listsyncctl"}


@pytest.mark.parametrize(
    "words", ["listsyncctl sy", "listsyncctl status --", "listsyncctl lists "]
)
def test_completion_imports_no_more(words: str) -> None:
    env = {
        "_LISTSYNCCTL_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    assert imported(**env) == {"click", "listsync", "listsync.protocol", "listsyncctl"}


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", "listsyncctl.bash"),
        ("zsh", "_listsyncctl"),
        ("fish", "listsyncctl.fish"),
    ],
)
def test_the_completion_files_are_what_click_generates(
    shell: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = get_completion_class(shell)
    assert found is not None
    monkeypatch.setattr(found, "_check_version", lambda *_: None, raising=False)
    made = found(ctl, {}, "listsyncctl", "_LISTSYNCCTL_COMPLETE").source()
    assert (_COMPLETIONS / file).read_text(encoding="utf-8") == made.strip() + "\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("listsync run", True),
        ("/usr/local/bin/listsync run --config /etc/x.yaml", True),
        ("/usr/bin/python3 /usr/local/bin/listsync run", True),
        ("python -m listsync run", True),
        ("python3.12 -u -X dev -m listsync --verbose run", True),
        ("python -m listsync", False),
        ("python -m listsync once", False),
        ("python -m listsync sandbox run", False),
        ("python -m listsyncctl run", False),
        ("python -m pytest listsync run", False),
        ("python -c listsync run", False),
        ("python", False),
        ("listsyncctl sync-now", False),
        ("vim listsync run", False),
        ("sudo listsync run", False),
        ("", False),
    ],
)
def test_agents_are_known_by_their_command_line(line: str, expected: bool) -> None:
    assert is_agent(line.split()) is expected
