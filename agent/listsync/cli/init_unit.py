"""The user's own systemd unit, as `listsync init` installs it; nothing is started."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from listsync.cli.files import read_file
from listsync.config.paths import usual_configs
from listsync.errors import StateError

_UNIT = "listsync-user.service"
_START = "ExecStart=listsync run"


def has_systemd() -> bool:
    """Tell whether the user has a service manager, which root's services are not for."""
    return os.geteuid() != 0 and Path("/run/systemd/system").is_dir()


def install(config: Path) -> Iterator[str]:
    """Write the unit where the user's systemd looks, and say what starts it.

    Raises:
        StateError: it cannot be written, or is not installed with us.
    """
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd/user"
    target = folder / "listsync.service"
    text = read_file(_UNIT).decode().replace(_START, f"ExecStart={_command(config)}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.read_text(encoding="utf-8") != text:
            yield f"{target} is there already, and is another one: it was left as it is."
            return
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StateError(f"{target} cannot be written: {error.strerror}") from error
    yield f"Written: {target}. To start it now, and at each login:"
    yield "  systemctl --user daemon-reload && systemctl --user enable --now listsync"
    yield "  loginctl enable-linger    lets it run while you are not logged in, too"


def _command(config: Path) -> str:
    """Name our program by its path: the unit looks in the usual folders only."""
    beside = Path(sys.executable).parent / "listsync"
    words = [str(beside) if beside.is_file() else "listsync", "run"]
    if config != usual_configs(os.environ)[0].absolute():
        words += ["--config", str(config)]
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """Quote for systemd, to which % and $ mean something."""
    word = word.replace("%", "%%").replace("$", "$$")
    if not any(one in word for one in " \"'\\;"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
