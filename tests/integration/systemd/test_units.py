"""The units in contrib/systemd, as systemd's own analyser reads them; nothing is started."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

_UNITS = Path(__file__).parents[3] / "contrib" / "systemd"
_SYSTEM = "listsync.service"
_USER = "listsync-user.service"
_DROP_IN = "listsync.service.d/browser.conf"
_FOR_COPIES = "listsync.service.d/transfers.conf"

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def copied(folder: Path, *names: str) -> Path:
    """Copy units, with a program that exists in the place of ours; returns the first."""
    for name in names:
        copy = folder / name
        copy.parent.mkdir(exist_ok=True)
        text = (_UNITS / name).read_text()
        copy.write_text(
            re.sub(r"^(Exec\w+)=listsync(ctl)? ", r"\1=/bin/true ", text, flags=re.MULTILINE)
        )
    return folder / names[0]


def analysed(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    # The analyser looks folders up as a session would have them.
    home = {"HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "SYSTEMD_COLORS": "0"}
    return subprocess.run(
        ["systemd-analyze", *arguments],
        env={**os.environ, **home},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def exposure(folder: Path, unit: Path) -> float:
    output = analysed(folder, "security", "--offline=true", "--no-pager", unit).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", output)
    assert found, output
    return float(found[1])


@pytest.mark.parametrize(
    ("names", "options"),
    [
        pytest.param([_SYSTEM], [], id="system"),
        pytest.param([_SYSTEM, _DROP_IN], [], id="system-with-a-browser"),
        pytest.param([_SYSTEM, _FOR_COPIES], [], id="system-with-copies"),
        pytest.param([_USER], ["--user"], id="user"),
    ],
)
def test_systemd_has_nothing_to_say_about_it(
    names: list[str], options: list[str], tmp_path: Path
) -> None:
    unit = copied(tmp_path, *names)
    ran = analysed(tmp_path, "verify", "--man=no", *options, unit)
    ours = [line for line in (ran.stdout + ran.stderr).splitlines() if "listsync" in line]
    assert not ours
    assert ran.returncode == 0, ran.stderr


def test_a_wrong_key_would_be_told(tmp_path: Path) -> None:
    unit = copied(tmp_path, _SYSTEM)
    unit.write_text(unit.read_text().replace("ProtectClock=", "ProtectClocks="))
    assert "ProtectClocks" in analysed(tmp_path, "verify", "--man=no", unit).stderr


def test_the_service_is_shut_in(tmp_path: Path) -> None:
    assert exposure(tmp_path, copied(tmp_path, _SYSTEM)) <= 1.5


def test_a_browser_opens_it_a_little(tmp_path: Path) -> None:
    closed = exposure(tmp_path, copied(tmp_path, _SYSTEM))
    opened = exposure(tmp_path, copied(tmp_path, _SYSTEM, _DROP_IN))
    assert closed < opened <= 2.0


def test_copies_open_it_hardly(tmp_path: Path) -> None:
    """What they may write to, no number tells."""
    assert exposure(tmp_path, copied(tmp_path, _SYSTEM, _FOR_COPIES)) <= 1.5


@pytest.mark.parametrize(
    ("drop_in", "expected"),
    [
        (_DROP_IN, {"MemoryDenyWriteExecute", "RestrictNamespaces"}),
        (_FOR_COPIES, {"ReadWritePaths", "SystemCallFilter"}),
    ],
)
def test_a_drop_in_gives_only_what_is_needed(drop_in: str, expected: set[str]) -> None:
    keys = {
        line.split("=")[0]
        for line in (_UNITS / drop_in).read_text().splitlines()
        if "=" in line and not line.startswith("#")
    }
    assert keys == expected
