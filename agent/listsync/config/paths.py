"""Where the configuration and the state lie, and what `~` in a path means."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from listsync.config.yaml_document import quote

SYSTEM_CONFIG = Path("/etc/listsync/listsync.yaml")


def find_config(option: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Find the configuration: what was asked for, even if missing; else the first that exists."""
    if option:
        return option
    if named := environ.get("LISTSYNC_CONFIG"):
        return Path(named).expanduser()
    user = _base(environ, "XDG_CONFIG_HOME", ".config") / "listsync" / "listsync.yaml"
    return next((path for path in (user, SYSTEM_CONFIG) if os.access(path, os.F_OK)), None)


def find_state_dir(option: Path | None, environ: Mapping[str, str]) -> Path:
    """Find the folder of the state; it need not exist yet."""
    if option:
        return option
    if named := environ.get("LISTSYNC_STATE_DIR"):
        return Path(named).expanduser()
    # systemd joins several StateDirectory= with colons.
    if given := environ.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    return _base(environ, "XDG_STATE_HOME", ".local/state") / "listsync"


def at_home(name: str) -> Path:
    """Read a path that may begin with `~` or `~user`.

    Raises:
        ValueError: there is no such user, or this one has no home.
    """
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise ValueError(f"whose home is meant by {quote(name)} is not known") from None


def _base(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Read an XDG folder; a relative one counts as unset (XDG Base Directory, section 2)."""
    given = Path(environ.get(variable, ""))
    if given.is_absolute():
        return given
    home = environ.get("HOME")
    return (Path(home) if home else Path.home()) / default
