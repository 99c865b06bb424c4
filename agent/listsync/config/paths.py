"""Where the configuration and the state lie, and who else could change them there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from pwd import getpwuid

from listsync.config.yaml_document import quote
from listsync.errors import ConfigError, Problem, StateError
from listsync.file_access import doubt_about, home_folder, own_path
from listsync.secrets.places import SYSTEM_STATE, is_own_state

SYSTEM_CONFIG = Path("/etc/listsync/listsync.yaml")


def find_config(option: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Find the configuration: what was asked for, even if missing; else the first that exists.

    Raises:
        ConfigError: the environment names the home of nobody.
    """
    if option:
        return option
    if named := environ.get("LISTSYNC_CONFIG"):
        try:
            return at_home(named)
        except ValueError as error:
            raise ConfigError((Problem(file="LISTSYNC_CONFIG", what=str(error)),)) from None
    return next((path for path in usual_configs(environ) if os.access(path, os.F_OK)), None)


def usual_configs(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Name where a configuration is looked for when nobody says where it is, in this order."""
    if named := environ.get("LISTSYNC_CONFIG_DIR"):  # of a container, whose user has no home
        return (Path(named) / "listsync.yaml", SYSTEM_CONFIG)
    user = home_folder(environ, "XDG_CONFIG_HOME", ".config")
    return (*([user / "listsync" / "listsync.yaml"] if user else []), SYSTEM_CONFIG)


def look_at(path: Path) -> str:
    """Say why nothing is read from *path*."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return "is a link to nothing" if path.is_symlink() else "is not there"
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    return "is there"


def find_state_dir(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Find the folder of the state; it need not exist yet.

    Raises:
        StateError: the environment names none that can be.
    """
    if option:
        return option
    if named := environ.get("LISTSYNC_STATE_DIR"):
        try:
            return at_home(named)
        except ValueError as error:
            raise StateError(f"LISTSYNC_STATE_DIR: {error}") from None
    # systemd joins several StateDirectory= with colons.
    if given := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    # The original transfer service is given a file, such as /data/sync_jobs.db.
    if (file := Path(environ.get("SYNC_DB_PATH", "").strip())).is_absolute():
        return file.parent
    base = home_folder(environ, "XDG_STATE_HOME", ".local/state")
    if base is None:
        raise StateError("this user has no home: name a folder in LISTSYNC_STATE_DIR")
    return base / "listsync"


def doubt_about_root(config: Path | None, state: Path, environ: Mapping[str, str]) -> str:
    """Say where root would sync with a state that is not that of the service; empty: not so."""
    is_services = os.geteuid() == 0 and config == SYSTEM_CONFIG and SYSTEM_STATE.is_dir()
    if not is_services or not is_own_state(state, environ):
        return ""
    try:
        user = getpwuid(SYSTEM_STATE.stat().st_uid).pw_name
    except (OSError, KeyError):
        user = "listsync"
    return (
        f"root's own state is used, in {state}, and not that of the service in {SYSTEM_STATE}: "
        "`listsyncctl sync-now` and `listsyncctl plan` have the service do it, and "
        f"`runuser -u {user} -- listsync once --state-dir {SYSTEM_STATE}` does it while that is "
        "stopped"
    )


def at_home(name: str) -> Path:
    """Read a path that may begin with `~` or `~user`.

    Raises:
        ValueError: there is no such user, or this one has no home.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise ValueError(f"whose home is meant by {quote(name)} is not known") from None


def browser_folder(state_dir: Path) -> Path:
    """Give the folder of the browser: its `driver`, and records of those that run."""
    return state_dir / "browser"


def browser_records(state_dir: Path) -> Path:
    return browser_folder(state_dir) / "sessions"


def copy_records(state_dir: Path) -> Path:
    """Where it is on record which programs copy."""
    return state_dir / "copies"


def permission_warnings(
    config: Path | None, state_dir: Path | None = None, socket: Path | None = None
) -> tuple[str, ...]:
    """Say of each place that others may change, how, and what to do; () when all is well."""
    return tuple(_permission_warnings(config, state_dir, socket))


def _permission_warnings(
    config: Path | None, state_dir: Path | None, socket: Path | None
) -> Iterator[str]:
    places: list[tuple[str, Path]] = []
    if config is not None:
        if doubt := doubt_about(config, above=False):
            yield f"the configuration, {config}, {doubt}"
        places += [("the folder of the configuration", one) for one in _folders_of(config)]
    if state_dir is not None:
        places.append(("the state folder", state_dir))
    if socket is not None:
        places.append(("the folder of the socket", socket.absolute().parent))
    known = set()
    for name, place in places:
        doubt = doubt_about(place)
        if doubt and doubt not in known:
            known.add(doubt)
            yield f"{name}, {place}, {doubt}"


def _folders_of(config: Path) -> tuple[Path, ...]:
    """Give the folder that names it, and the one where it lies if that is a link."""
    named = config.absolute().parent
    try:
        return named, own_path(config).parent
    except OSError:
        return (named,)
