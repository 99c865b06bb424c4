"""Our copy of the installed chromedriver, patched once for each version of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import undetected_chromedriver as uc  # type: ignore[import-untyped]  # has no types

from listsync.file_access import replace_whole
from listsync.lean_dataclasses import dataclass

_LAUNCHER = """\
#!/bin/sh
# Starts listsync's {name}, which first says who it is, for the case that it must be ended.
# (undetected chromedriver: nothing is to be patched here)
read -r stat <"/proc/$$/stat" && printf '%s\\n' "$stat" >"$LISTSYNC_FOLDER/{name}.stat" || exit 1
exec "$LISTSYNC_{upper}" {options}"$@" </dev/null >>"$LISTSYNC_FOLDER/{name}.log" 2>&1
"""
_OPTIONS = {"driver": '--log-path="$LISTSYNC_FOLDER/driver.log" --log-level=OFF ', "browser": ""}
_STALE_S = 3600.0


class UnknownDriverError(Exception):
    """This chromedriver cannot be used; says why, for the user."""


@dataclass(frozen=True, slots=True)
class PreparedDriver:
    """What to give to the library, and the major version of the driver."""

    browser: Path
    driver: Path
    major: int


def prepare(*, folder: Path, cache: Path, browser: Path, driver: Path) -> PreparedDriver:
    """Make launchers for the session in *folder*, and the patched driver where it is missing.

    The library starts the launchers: so the ids of both programs are on disk before these begin,
    and what they print goes to a file instead of into a pipe that nobody reads. The library takes
    the driver's launcher for a patched driver.

    Raises:
        UnknownDriverError: the installed driver is broken, or of a form that cannot be patched.
    """
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    version = _version(driver)
    copy = cache / f"chromedriver-{version}"
    if not copy.exists():
        _patch(driver, copy, draft=cache / f"{folder.name}.draft")
    os.environ["LISTSYNC_FOLDER"] = str(folder)
    os.environ["LISTSYNC_BROWSER"] = str(browser)
    os.environ["LISTSYNC_DRIVER"] = str(copy)
    return PreparedDriver(
        browser=_launcher("browser", cache, folder),
        driver=_launcher("driver", cache, folder),
        major=int(version.partition(".")[0]),
    )


def _version(driver: Path) -> str:
    try:
        done = subprocess.run(  # noqa: S603  # the program that was found on PATH
            [driver, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise UnknownDriverError(f"{driver} does not run ({error})") from error
    found = re.search(r"\b(\d+(?:\.\d+){1,3})\b", done.stdout)
    if found is None:
        raise UnknownDriverError(f"{driver} does not say its version")
    return found[1]


def _patch(driver: Path, copy: Path, *, draft: Path) -> None:
    """Patch under another name: one that is being executed cannot be written to."""
    try:
        shutil.copyfile(driver, draft)
        draft.chmod(0o700)
        patcher = uc.Patcher(executable_path=str(draft))
        patcher.auto()
        if not patcher.is_binary_patched():
            raise UnknownDriverError(
                f"undetected-chromedriver cannot patch {driver} ({copy.name.partition('-')[2]})"
            )
        draft.replace(copy)
    finally:
        draft.unlink(missing_ok=True)
    _tidy(copy)


def _tidy(copy: Path) -> None:
    """Remove older versions, and drafts that a kill has left."""
    for other in copy.parent.glob("chromedriver-*"):
        if other != copy:
            other.unlink(missing_ok=True)
    for draft in copy.parent.glob("*.draft"):
        with suppress(FileNotFoundError):
            if time.time() - draft.stat().st_mtime > _STALE_S:
                draft.unlink()


def _launcher(name: str, cache: Path, folder: Path) -> Path:
    path = cache / name
    text = _LAUNCHER.format(name=name, upper=name.upper(), options=_OPTIONS[name])
    try:
        written = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        written = ""
    if written != text:
        beside = cache / f"{folder.name}.draft"
        replace_whole(path, text.encode(), mode=0o700, beside=beside, is_durable=False)
    return path
