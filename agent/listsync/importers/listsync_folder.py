"""A folder of ListSync, from whichever end it is named: database, variables, settings, logs.

Source: ListSync (Woahai321/list-sync), read 2026-11: `./data` and `./logs` beside `.env`; in
`data` the database, `config.enc` (Fernet; the key is the password, filled with spaces to 32
bytes) and `.encryption_key` (of settings that are encrypted in the database).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.errors import ListsyncError
from listsync.file_access import load_small
from listsync.importers.env_file import SECRETS, hours, plan_of_variables, read_env_file
from listsync.importers.listsync_database import (
    FILE_NAME,
    DatabaseContent,
    SavedSetting,
    read_database,
)
from listsync.importers.plan import MovedSecret, MovePlan

CONFIG = "config.enc"
_KEY = ".encryption_key"
_CAP = 64 * 1024
_NAMES = {
    "overseerr_user_id": "OVERSEERR_USER_ID",
    "auto_sync": "AUTOMATED_MODE",
    "discord_webhook": "DISCORD_WEBHOOK_URL",
    "timezone": "TZ",
}
"""Settings whose variable is called otherwise."""
_NO_SETTINGS = {"setup_completed", "setup_version", "cors_allowed_origins", "discord_enabled"}

AskPassword = Callable[[Path], str | None]
"""Gives the password of an encrypted file; None: nobody can be asked."""


def plan_of_listsync(path: Path, ask_password: AskPassword) -> MovePlan:
    """Read what is at *path*: a folder, its `data`, the database or the `.env` alone.

    Settings of the database count before variables, as they do there.

    Raises:
        ListsyncError: nothing of ListSync is there, or it cannot be read.
    """
    parts = _Parts(path)
    plan = MovePlan()
    variables = read_env_file(parts.env) if parts.env else {}
    if parts.database:
        content = read_database(parts.database)
        settings = _plan_of_settings(content, parts, variables)
        plan = plan.joined(content.plan).joined(settings)
    else:
        plan = replace(plan, left=(parts.lack_of_database(),))
    if parts.env:
        found = (f"{parts.env}: {len(variables)} variables",)
        of_file = plan_of_variables(variables, str(parts.env))
        plan = plan.joined(replace(of_file, found=found))
    if parts.config:
        plan = plan.joined(_plan_of_config(parts.config, plan, ask_password))
    if plan.settings.get(("sync", "four_k")) == "true":
        plan = replace(plan, four_k=True)
    return replace(plan, left=(*plan.left, *parts.untouched()))


class _Parts:
    """Finds the parts of an installation, from whichever of them was named."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ListsyncError(f"{path} does not exist")
        named = path.resolve()
        root = named if named.is_dir() else named.parent
        places = [root, root / "data"]
        if root.name == "data":
            places.append(root.parent)
        self._places = places
        self.database = self._find(FILE_NAME)
        self.config = self._find(CONFIG)
        self.key = self._find(_KEY)
        self.env = self._find(".env")
        if named.is_file() and named not in {self.database, self.config}:
            self.env = named
        if not (self.database or self.config or self.env):
            raise ListsyncError(
                f"nothing of ListSync is in {path}: expected {FILE_NAME}, .env or {CONFIG} there, "
                "or in its folder data"
            )

    def _find(self, name: str) -> Path | None:
        return next((place / name for place in self._places if (place / name).is_file()), None)

    def lack_of_database(self) -> str:
        """Say what does not come along without a database, and where it was looked for."""
        places = " and ".join(map(str, self._places))
        return (
            f"what ListSync handled: there is no {FILE_NAME} in {places}. What it requested and "
            "was deleted since would be requested again: name the folder that holds it (in Docker "
            "the volume of /usr/src/app/data)"
        )

    def untouched(self) -> Iterator[str]:
        """Name what is there and stays where it is."""
        for place in self._places:
            if (place / "logs").is_dir():
                yield f"{place / 'logs'}: logs stay where they are"
            for name in ("docker-compose.yml", "compose.yaml", "config.yaml"):
                if (place / name).is_file():
                    yield f"{place / name}: is not read; give what it sets in .env"


def _plan_of_settings(
    content: DatabaseContent, parts: _Parts, variables: Mapping[str, str]
) -> MovePlan:
    """Read `app_settings`, encrypted ones with the key that lies beside them."""
    left: list[str] = []
    texts: dict[str, str] = {}
    for key, setting in content.settings.items():
        if key in _NO_SETTINGS:
            continue
        name = _NAMES.get(key, key.upper())
        try:
            texts[name] = _decrypted(setting, parts.key, variables) if setting.text else ""
        except ListsyncError as error:
            left.append(f"the setting {key}: {error}")
    plan = plan_of_variables(texts, "the settings of the database")
    if content.interval is not None:
        try:
            plan.settings["sync", "every"] = hours(content.interval)
        except ValueError as error:
            left.append(f"the interval {content.interval}: {error}")
    return replace(plan, left=(*plan.left, *left))


def _decrypted(setting: SavedSetting, key: Path | None, variables: Mapping[str, str]) -> str:
    if not setting.is_encrypted:
        return setting.text
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - few need it

    keys = [_load(key).strip()] if key else []
    if named := variables.get("ENCRYPTION_KEY"):
        keys.append(named.encode())
    for one in keys:
        try:
            return Fernet(one).decrypt(setting.text.encode()).decode()
        except (InvalidToken, ValueError):
            continue
    why = f"{_KEY} does not fit" if keys else f"there is no {_KEY}"
    raise ListsyncError(f"is encrypted, and {why}: give it with `listsync secret set`")


def _load(path: Path) -> bytes:
    try:
        return load_small(path, _CAP)[0]
    except OSError as error:
        raise ListsyncError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ListsyncError(f"{path} {error}") from None


def _plan_of_config(path: Path, known: MovePlan, ask_password: AskPassword) -> MovePlan:
    """Read the encrypted configuration, whose password is asked only for what is not known yet."""
    content = _load(path)
    has_key = any(one.keys == SECRETS["OVERSEERR_API_KEY"] for one in known.secrets)
    if has_key and ("server", "url") in known.settings:
        return MovePlan(left=(f"{path}: not needed, its address and key are known",))
    password = ask_password(path)
    if password is None:
        why = "is encrypted: name where its password is (--password-file), or give the key by hand"
        return MovePlan(left=(f"{path}: {why}",))
    data = _opened(content, password, path)
    texts = {
        "OVERSEERR_URL": data.get("overseerr_url"),
        "OVERSEERR_USER_ID": data.get("requester_user_id"),
    }
    plan = plan_of_variables({name: str(one) for name, one in texts.items() if one}, str(path))
    if key := str(data.get("api_key") or ""):
        secret = MovedSecret(SECRETS["OVERSEERR_API_KEY"], SecretStr(key))
        plan = replace(plan, secrets=(secret,))
    return replace(plan, found=(f"{path}: opened with its password",))


def _opened(content: bytes, password: str, path: Path) -> dict[str, object]:
    from cryptography.fernet import Fernet, InvalidToken  # noqa: PLC0415 - few need it

    key = base64.urlsafe_b64encode(password.encode().ljust(32)[:32])
    try:
        data = json.loads(Fernet(key).decrypt(content.strip()))
    except (InvalidToken, ValueError, RecursionError):
        raise ListsyncError(f"{path}: the password is wrong, or the file is damaged") from None
    if not isinstance(data, dict):
        raise ListsyncError(f"{path} holds no configuration of ListSync")
    return data
