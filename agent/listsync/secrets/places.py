"""Where encrypted secrets, their key and secrets of others lie, and how a secret's file is read.

The encrypted secrets lie beside the configuration, which they belong to; their key lies with the
state, so that who copies the folder of the configuration does not copy the key with it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from listsync.errors import SecretError
from listsync.file_access import home_folder, load_small, open_to_others
from listsync.lean_dataclasses import dataclass

VAULT_NAME = "listsync.secrets"
KEY_NAME = "secret.key"
KEY_VARIABLE = "LISTSYNC_SECRET_KEY_FILE"
PASSPHRASE_VARIABLE = "LISTSYNC_PASSPHRASE_FILE"  # noqa: S105 - where it is, not what it is
KEY_CREDENTIAL = "listsync-key"
PASSPHRASE_CREDENTIAL = "listsync-passphrase"  # noqa: S105 - a name
SYSTEM_FOLDER = Path("/etc/listsync")
SYSTEM_STATE = Path("/var/lib/listsync")
"""Of the service: what root keeps for it must lie where it looks."""
_OF_THE_SERVICE = Path("/run/credentials/listsync.service")
"""Where systemd keeps the credentials of the service while it runs; root may read them."""
_UNITS = tuple(
    Path(one, "systemd/system") for one in ("/etc", "/run", "/usr/local/lib", "/usr/lib")
)
"""Where units and their drop-ins lie; of two with one name the first counts."""
_UNIT = "listsync.service"
_CREDENTIAL_LINES = frozenset({"LoadCredential", "SetCredential", "ImportCredential"})
_CREDENTIAL_STORES = (
    *(Path("/run/credentials", one) for one in ("@system", "@encrypted")),
    *(Path(one, "credstore") for one in ("/etc", "/run", "/usr/lib")),
    *(Path(one, "credstore.encrypted") for one in ("/etc", "/run", "/usr/lib")),
)
"""What a unit may import from."""
_ENGINES = Path("/run/secrets")
"""Where container engines put secrets, for whoever is in the container to read."""
_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPlace:
    """A file that holds a key or a passphrase.

    `is_credential`: the service manager put it there, and sees to who can read it.
    """

    path: Path
    is_credential: bool = False

    def __str__(self) -> str:
        return f"the systemd credential {self.path.name}" if self.is_credential else str(self.path)

    def read(self) -> str:
        """Give what it holds; raises SecretError when it cannot be had."""
        try:
            return read_secret(self.path, is_guarded=self.is_credential)
        except ValueError as error:
            raise SecretError(f"{self} {error}") from None


def vault_path(config: Path | None, environ: Mapping[str, str]) -> Path:
    """Find where secrets of a configuration lie; None: of the one that is yet to be written."""
    if config is not None:
        return config.absolute().parent / VAULT_NAME
    home = home_folder(environ, "XDG_CONFIG_HOME", ".config")
    is_services = os.geteuid() == 0 and SYSTEM_FOLDER.is_dir()
    if is_services or home is None:
        return SYSTEM_FOLDER / VAULT_NAME
    return home / "listsync" / VAULT_NAME


def key_place(vault: Path, state: Path, environ: Mapping[str, str]) -> SecretPlace:
    if path := find_credential(KEY_CREDENTIAL, environ):
        return SecretPlace(path=path, is_credential=True)
    if named := environ.get(KEY_VARIABLE, "").strip():
        return SecretPlace(path=_named(named, KEY_VARIABLE))
    if vault.parent == SYSTEM_FOLDER and is_own_state(state, environ) and _is_for_a_service():
        state = SYSTEM_STATE
    return SecretPlace(path=state / KEY_NAME)


def passphrase_place(environ: Mapping[str, str]) -> SecretPlace | None:
    if path := find_credential(PASSPHRASE_CREDENTIAL, environ):
        return SecretPlace(path=path, is_credential=True)
    if named := environ.get(PASSPHRASE_VARIABLE, "").strip():
        return SecretPlace(path=_named(named, PASSPHRASE_VARIABLE))
    return None


def _named(name: str, variable: str) -> Path:
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError:
        raise SecretError(f"{variable} names the home of nobody") from None


def _is_for_a_service() -> bool:
    """Tell whether secrets of the system are a service's, though it may never have started.

    systemd gives the folder of the state to the service, whoever has made it.
    """
    try:
        return SYSTEM_STATE.is_dir() or SYSTEM_FOLDER.stat().st_gid != 0
    except OSError:
        return False


def is_of_the_service(path: Path) -> bool:
    """Tell root whether *path* is what the service itself keeps in the folder of its state."""
    try:
        is_its_own = path.stat().st_uid == SYSTEM_STATE.stat().st_uid
    except OSError:
        return False
    return os.geteuid() == 0 and path.parent == SYSTEM_STATE and is_its_own


def is_own_state(state: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether *state* is only where a user's own state would be, as nobody named one."""
    home = home_folder(environ, "XDG_STATE_HOME", ".local/state")
    is_named = environ.get("LISTSYNC_STATE_DIR") or environ.get("STATE_DIRECTORY")
    return not is_named and home is not None and state == home / "listsync"


def is_missing(path: Path | str) -> bool:
    """Tell what is not there from what only cannot be looked at."""
    try:
        os.stat(path)  # noqa: PTH116 - to make a `Path` of each takes ten times as long
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def find_credential(name: str, environ: Mapping[str, str]) -> Path | None:
    """Find the systemd credential of that name; None: there is none."""
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder or "/" in name or "\0" in name or name in {"", ".", ".."}:
        return None
    path = f"{folder}/{name}"
    return None if is_missing(path) else Path(path)


def find_credential_of_service(name: str, environ: Mapping[str, str]) -> Path | None:
    """Find a credential of the service that runs beside us, where we are no service ourselves.

    That is the system's where we are root, else our own user's. What we check is what it will do.
    """
    if environ.get("CREDENTIALS_DIRECTORY"):
        return None
    folder = _OF_THE_SERVICE
    if os.geteuid() != 0:
        folder = _runtime_folder(environ) / "credentials" / _UNIT
    return find_credential(name, {"CREDENTIALS_DIRECTORY": str(folder)})


def is_credential_of_unit(name: str, environ: Mapping[str, str]) -> bool:
    """Tell whether the unit of the service gives it a credential that only it can read.

    That is: where we are not the service ourselves. The unit is the system's, or the user's own.
    """
    if environ.get("CREDENTIALS_DIRECTORY"):
        return False
    return any(
        _is_imported(value, name, place) if how == "ImportCredential" else _id_in(value) == name
        for place in (_Place(_UNITS, _CREDENTIAL_STORES), _place_of_user(environ))
        for how, value in _credential_lines(place)
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a service manager looks: for units, the first folder counts, and for credentials."""

    units: tuple[Path, ...]
    stores: tuple[Path, ...]


def _place_of_user(environ: Mapping[str, str]) -> _Place:
    """Say where the user's own service manager looks (systemd.unit(5), systemd.exec(5))."""
    config = home_folder(environ, "XDG_CONFIG_HOME", ".config")
    data, runtime = home_folder(environ, "XDG_DATA_HOME", ".local/share"), _runtime_folder(environ)
    etc, run, *packaged = (Path(one) for one in ("/etc", "/run", "/usr/local/lib", "/usr/lib"))
    folders = (config, etc, runtime, run, data, *packaged)
    names = ("credstore", "credstore.encrypted")
    return _Place(
        units=tuple(one / "systemd/user" for one in folders if one),
        stores=tuple(one / name for one in (config, runtime) if one for name in names),
    )


def _runtime_folder(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")


def _id_in(value: str) -> str:
    return value.partition(":")[0].strip()


def _credential_lines(place: _Place) -> list[tuple[str, str]]:
    """Give how the unit comes to credentials; an empty line takes those of its kind back."""
    found: list[tuple[str, str]] = []
    for file in _unit_files(place.units):
        for key, _, text in (line.partition("=") for line in _lines_of(file)):
            how, value = key.strip().removesuffix("Encrypted"), text.strip()
            if how in _CREDENTIAL_LINES:
                others = [one for one in found if one[0] != how]
                found = [*found, (how, value)] if value else others
    return found


def _unit_files(folders: tuple[Path, ...]) -> list[Path]:
    """Find the unit and its drop-ins, as systemd reads them."""
    drop_ins = {
        file.name: file for one in reversed(folders) for file in one.glob(f"{_UNIT}.d/*.conf")
    }
    units = [one / _UNIT for one in folders if not is_missing(one / _UNIT)]
    return [*units[:1], *(drop_ins[name] for name in sorted(drop_ins))]


def _lines_of(file: Path) -> list[str]:
    """Read a file of units; a line that ends in a backslash goes on in the next."""
    try:
        text = load_small(file, _MOST_BYTES)[0].decode(errors="replace")
    except (OSError, ValueError):
        return []
    return text.replace("\\\n", " ").splitlines()


def _is_imported(value: str, name: str, place: _Place) -> bool:
    """Tell whether `ImportCredential=` gives *name*: one in a store, several, or renamed.

    What we may not look at may be there.
    """
    wanted, _, renamed = value.partition(":")
    stem = wanted.removesuffix("*")
    shown = renamed or stem
    if not name.startswith(shown) or (stem == wanted and name != shown):
        return False
    return any(not is_missing(one / f"{stem}{name[len(shown) :]}") for one in place.stores)


def read_secret(path: Path, *, is_guarded: bool = False) -> str:
    """Read a file that holds a secret; a line's end after it is none of it.

    Raises:
        ValueError: it cannot be read, or others can read it; the words follow its name.
    """
    try:
        data, facts = load_small(path, _MOST_BYTES)
    except FileNotFoundError:
        raise ValueError("does not exist") from None
    except PermissionError:
        raise ValueError(f"may not be read by this user (uid {os.geteuid()})") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if not is_guarded and (doubt := doubt_of_secret(path, facts)):
        raise ValueError(doubt)
    try:
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None


def is_engines(path: Path) -> bool:
    """Tell a secret that a container engine has put there: its mode is not ours to choose."""
    return path.is_relative_to(_ENGINES)


def doubt_of_secret(path: Path, facts: os.stat_result) -> str:
    """Say how a secret's file is open to others, and what to run; empty: it is not."""
    mode = stat.S_IMODE(facts.st_mode)
    if is_engines(path) and not mode & 0o022:
        return ""
    words = open_to_others(facts, os.geteuid())
    if not words and mode & 0o004:
        words = f"can be read by every user (mode {mode:04o})"
    return words and f"{words}: `chmod {'o-rwx' if facts.st_uid == 0 else 600} {path}`"
