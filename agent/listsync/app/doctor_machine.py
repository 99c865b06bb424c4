"""What the doctor looks at on this machine: places, programs, clock, disk, state."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from listsync.app.doctor import CheckResult, CheckState, Patient
from listsync.browser.client import installed
from listsync.cancellation import CancelToken
from listsync.config.paths import permission_warnings
from listsync.config.values import find_zone, local_zone
from listsync.errors import DamagedStateError, ListsyncError, NewerStateError, UnavailableError
from listsync.store.backup import backups_of
from listsync.store.database import FILE_NAME, copy_files, inspect
from listsync.store.integrity import Left, compare_with_checksum
from listsync.terminal.output import megabytes, plural, relative

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_FIRST_YEAR = 2026
_OLDEST_SQLITE = (3, 37)
"""Tables that are STRICT."""
_SOUND_SQLITE = (3, 51, 3)
"""Before it, two connections that write at the same moment can damage a file."""
_LITTLE, _TOO_LITTLE = 500 * 2**20, 50 * 2**20
_OF_NETWORKS = re.compile(r"nfs|cifs|smb|9p|sshfs|glusterfs|ceph|afs", re.IGNORECASE)
_RUN_S = 5.0
_TRIES = 3


def permissions(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell who else may change what we use, and what we may not use ourselves."""
    doubts = permission_warnings(patient.config_path, patient.state_dir, patient.sockets[0])
    for doubt in doubts:
        yield CheckResult("permissions", _WARNING, doubt)
    state = patient.state_dir
    if state is not None and state.exists() and not os.access(state, os.R_OK | os.W_OK | os.X_OK):
        owner = state.stat().st_uid
        text = f"{state} may not be used by us (uid {os.geteuid()}): it belongs to uid {owner}"
        yield CheckResult("permissions", _FAILED, text, "run listsync, and this, as its owner")
    elif not doubts:
        yield CheckResult("permissions", _OK, "nobody else may change what we use")


def clock(_: Patient, __: CancelToken) -> Iterator[CheckResult]:
    """Tell whether the clock can be right; how it is beside the server's, that check tells."""
    now = datetime.now(UTC)
    if now.year < _FIRST_YEAR:
        text = f"it is {now:%Y-%m-%d %H:%M} UTC here, which is before this program was written"
        yield CheckResult("clock", _FAILED, text, "set the clock, and keep it right with NTP")
    else:
        yield CheckResult("clock", _OK, f"it is {now:%Y-%m-%d %H:%M:%S} UTC")


def timezone(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell in which time zone days begin, and whether the one that is named is known."""
    named = patient.environ.get("TZ", "").strip().removeprefix(":")
    is_rule = named.startswith("/") or re.search(r"\d", named)
    if named and not is_rule and find_zone(named) is None:
        text = f"TZ={named} is not known here: times are taken for UTC"
        yield CheckResult("timezone", _WARNING, text, "correct TZ, or install tzdata")
        return
    zone = patient.config.zone if patient.config else local_zone(patient.environ)
    now = datetime.now(zone)
    text = f"{getattr(zone, 'key', None) or now.tzname()}, where it is {now:%H:%M} (UTC{now:%z})"
    is_container = Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()
    advice = (
        "set TZ, or sync.timezone, for times of your own" if is_container and not named else ""
    )
    yield CheckResult("timezone", _OK, text, advice)


def sqlite(_: Patient, __: CancelToken) -> Iterator[CheckResult]:
    version, words = sqlite3.sqlite_version_info, sqlite3.sqlite_version
    if version < _OLDEST_SQLITE:
        advice = "use a Python with a newer SQLite"
        yield CheckResult("sqlite", _FAILED, f"{words} is too old: 3.37 is needed", advice)
    elif version < _SOUND_SQLITE:
        text = (
            f"{words}; before 3.51.3, two programs that write at one moment can damage a state: "
            "listsync alone cannot"
        )
        advice = f"open {FILE_NAME} with no other program while the agent runs"
        yield CheckResult("sqlite", _OK, text, advice)
    else:
        yield CheckResult("sqlite", _OK, words)


def disk(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell how much room there is for the state, and on what kind of disk."""
    if patient.state_dir is None:
        return
    there = next(one for one in (patient.state_dir, *patient.state_dir.parents) if one.exists())
    free = shutil.disk_usage(there).free
    text = f"{free / 2**30:,.1f} GB are free at {there}"
    if free < _LITTLE:
        state = _FAILED if free < _TOO_LITTLE else _WARNING
        yield CheckResult(
            "disk", state, text, "make room: nothing is requested that it cannot note"
        )
    elif os.statvfs(there).f_flag & os.ST_RDONLY:
        yield CheckResult("disk", _FAILED, f"{there} is read-only", "mount it for writing")
    elif kind := _network_of(there):
        advice = "put the state on a disk of this machine: LISTSYNC_STATE_DIR"
        text = f"{there} is on a network ({kind}), where SQLite cannot lock reliably"
        yield CheckResult("disk", _WARNING, text, advice)
    else:
        yield CheckResult("disk", _OK, text)


def log_files(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell which log that is configured cannot be written; nothing is written to see it."""
    log = patient.config.log if patient.config else None
    for path in (log.file, log.history) if log else ():
        if isinstance(path, Path) and not _may_be_written(path):
            has_folder = os.access(path.parent, os.F_OK)
            why = "may not be written" if has_folder else f"{path.parent} does not exist"
            advice = "make its folder, writable for the user that listsync runs as"
            yield CheckResult("log", _WARNING, f"{path}: {why}", advice)


def _may_be_written(path: Path) -> bool:
    there = path if os.access(path, os.F_OK) else path.parent
    return os.access(there, os.W_OK) and not path.is_dir()


def _network_of(place: Path) -> str:
    """Name the file system of *place* if it is one over a network."""
    mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    found, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if place.resolve().is_relative_to(point) and len(point) >= longest:
            found, longest = after.split()[0], len(point)
    return found if _OF_NETWORKS.search(found) else ""


def state(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Look at a copy of the state for damage."""
    folder = patient.state_dir
    if folder is None:
        advice = "name a folder in LISTSYNC_STATE_DIR"
        yield CheckResult("state", _FAILED, "there is no folder for the state", advice)
        return
    if _is_missing(folder / FILE_NAME):
        yield CheckResult("state", _OK, f"there is none yet in {folder}: the first sync makes it")
        return
    try:
        _inspect_copy(folder, token)
    except DamagedStateError as error:
        text = f"{folder / FILE_NAME} is damaged: {error.why}"
        advice = (
            "start the agent: it sets the file aside, goes on with the newest backup, and "
            "requests nothing until you confirm"
        )
        yield CheckResult("state", _FAILED, text, advice)
    except NewerStateError as error:
        yield CheckResult("state", _FAILED, str(error), "update this listsync")
    except ListsyncError as error:
        yield CheckResult(
            "state", _FAILED, str(error), "run this as the user that listsync runs as"
        )
    else:
        yield from _whole(folder)


def _is_missing(path: Path) -> bool:
    """Tell whether there is no such file, as far as we may look."""
    try:
        path.lstat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _inspect_copy(folder: Path, token: CancelToken) -> None:
    """Raise what is wrong; beside an agent that writes, a copy may be torn: it is made anew."""
    for left in reversed(range(_TRIES)):
        try:
            with tempfile.TemporaryDirectory(prefix="listsync-doctor-") as scratch:
                inspect(copy_files(folder, Path(scratch)))
        except DamagedStateError:
            if not left or token.wait(0.5):
                raise
        else:
            return


def _whole(folder: Path) -> Iterator[CheckResult]:
    path = folder / FILE_NAME
    if compare_with_checksum(path) is Left.OTHER:
        text = f"another program has written to {path} since listsync ended"
        advice = "the next sync has you confirm what it would request"
        yield CheckResult("state", _WARNING, text, advice)
        return
    backups = backups_of(folder)
    text = f"whole, {megabytes(path.stat().st_size)}; {plural(len(backups), 'backup')}"
    if backups:
        at = datetime.fromtimestamp(backups[0].stat().st_mtime, UTC)
        text += f", the newest made {relative(at.isoformat(), datetime.now(UTC))}"
    yield CheckResult("state", _OK, text)


def browser(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell whether Chromium is there, and whether any list needs it."""
    config = patient.config
    wanting = {
        one.service
        for one in (config.lists if config else ())
        if getattr(getattr(config and config.providers, one.service, None), "browser", "")
        == "auto"
    }
    need = f"used for {' and '.join(sorted(wanting))} where bot protection answers"
    need = need if wanting else "not needed by your lists"
    try:
        programs = installed("listsync")
    except UnavailableError as error:
        what = error.why.removeprefix("wants a browser, and ")
        told = CheckState.WARNING if wanting else CheckState.OK
        advice = "install Chromium and its chromedriver" if wanting else ""
        yield CheckResult("browser", told, f"{what}; {need}", advice)
        return
    versions = [_version_of(str(one)) for one in (programs.browser, programs.driver)]
    text = f"Chromium {versions[0] or '?'}, chromedriver {versions[1] or '?'}; {need}"
    majors = {one.partition(".")[0] for one in versions}
    if "" in majors or len(majors) > 1:
        advice = "install both from one source, in one version"
        yield CheckResult("browser", _WARNING if wanting else _OK, text, advice)
    else:
        yield CheckResult("browser", _OK, text)


def _version_of(program: str) -> str:
    """Ask a program for its version; empty: it did not say."""
    told = said_by(program, "--version")
    found = re.search(r"\d+(?:\.\d+)+", told)
    return found[0] if found else ""


def said_by(*command: str) -> str:
    """Run a program that only tells something; empty: it could not, or took too long."""
    try:
        done = subprocess.run(  # noqa: S603 - a program of ours or found on PATH
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_RUN_S,
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8"} | _bus(),
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout[:20_000].decode(errors="replace")


def _bus() -> dict[str, str]:
    """Give what `systemctl --user` and `crontab` need to know of us."""
    names = ("HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "LOGNAME", "USER")
    return {name: os.environ[name] for name in names if name in os.environ}


_UNIT = "listsync.service"


def service_manager(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell what starts listsync here again: systemd, a container, cron, or nothing."""
    found = [*_units(), *_others()]
    runs = patient.agent_place is not None
    if found:
        state = _WARNING if not runs and any("failed" in one for one in found) else _OK
        advice = "" if state is _OK else f"`systemctl status {_UNIT}` says why"
        yield CheckResult("service_manager", state, "; ".join(found), advice)
        return
    text = "neither a unit of systemd, nor a container, nor a crontab starts listsync"
    advice = "install the unit, so that it runs after a restart: `listsync files listsync.service`"
    yield CheckResult("service_manager", _WARNING, text, advice)


def _units() -> Iterator[str]:
    if not shutil.which("systemctl"):
        return
    for manager in ("--system", "--user"):
        told = said_by(
            "systemctl", manager, "show", _UNIT, "-p", "LoadState,ActiveState,UnitFileState"
        )
        facts = dict(line.split("=", 1) for line in told.splitlines() if "=" in line)
        if facts.get("LoadState") not in {None, "", "not-found"}:
            enabled = facts.get("UnitFileState") or "not enabled"
            yield f"systemd ({manager[2:]}): {_UNIT} is {facts.get('ActiveState')}, {enabled}"


def _others() -> Iterator[str]:
    marks = (Path("/.dockerenv"), Path("/run/.containerenv"))
    if any(one.exists() for one in marks) or os.environ.get("container"):  # noqa: SIM112 - as it is
        yield "a container: what starts it is outside"
    tables = [said_by("crontab", "-l"), *_crontabs()]
    if any(re.search(r"^[^#\n]*\blistsync (once|run)\b", one, re.MULTILINE) for one in tables):
        yield "cron: a crontab runs listsync"


def _crontabs() -> Iterator[str]:
    for path in (Path("/etc/crontab"), *Path("/etc/cron.d").glob("*")):
        try:
            yield path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
