"""Variables of a `.env` file, and what those of ListSync mean here.

Source: python-dotenv and Docker Compose agree on what is read here: `KEY=value`, an optional
`export`, quotes, comments of their own line or after a space.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from listsync.config.environment import SIMKL_TOKEN
from listsync.config.original_lists import LIST_VARIABLES, values_of
from listsync.config.validation import truth_of
from listsync.config.values import NOT_YET, find_zone, not_supported, parse_user
from listsync.config_types import SecretStr
from listsync.errors import ListsyncError
from listsync.file_access import load_small
from listsync.importers.plan import (
    NOTIFY_DISCORD,
    Keys,
    MovedList,
    MovedSecret,
    MovePlan,
    moved_list,
)
from listsync.terminal.durations import parse_duration, with_hours

_CAP = 1024 * 1024
_Read = Callable[[str], str | None]
"""From a text to what is written in listsync.yaml; None: it says what is so anyway."""
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=(.*)", re.DOTALL)
_COMMENT = re.compile(r"\s#.*")
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}
_OWNER = "1"
_MOST_LINES = 200
"""Of one value; then its quote was never meant to be closed."""

SECRETS: dict[str, Keys] = {
    "OVERSEERR_API_KEY": ("server", "api_key"),
    "TRAKT_CLIENT_ID": ("providers", "trakt", "client_id"),
    "SIMKL_CLIENT_ID": ("providers", "simkl", "client_id"),
    "TMDB_KEY": ("providers", "tmdb", "api_key"),
    "DISCORD_WEBHOOK_URL": NOTIFY_DISCORD,
}
_PLACEHOLDERS = re.compile(r"your[_-].*|https?://your-.*|changeme|\$\{.*", re.IGNORECASE)
_OF_THE_CONTAINER = {
    *("BACKEND_DOMAIN", "CORS_ALLOWED_ORIGINS", "DISPLAY", "FRONTEND_DOMAIN", "NO_SANDBOX"),
    *("NEXT_PUBLIC_API_URL", "NUXT_PUBLIC_API_URL", "RUNNING_IN_DOCKER", "ENCRYPTION_KEY"),
    *("DEBUG", "PUID", "PGID", "NODE_ENV", "PORT", "API_PORT", "FRONTEND_PORT"),
}
"""What only ListSync's own container and pages need."""


def read_env_file(path: Path) -> dict[str, str]:
    """Read the variables of a file.

    Raises:
        ListsyncError: it cannot be read.
    """
    try:
        content, _ = load_small(path, _CAP)
    except OSError as error:
        raise ListsyncError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise ListsyncError(f"{path} {error}") from None
    if b"\0" in content:
        raise ListsyncError(f"{path} is no text file with variables")
    return dict(_variables(content.decode("utf-8-sig", errors="replace")))


def _variables(text: str) -> Iterator[tuple[str, str]]:
    for line in _logical_lines(text):
        if not line.lstrip().startswith("#") and (found := _LINE.match(line)):
            yield found[1], _value(found[2].strip())


def _logical_lines(text: str) -> Iterator[str]:
    """Give lines; a value in quotes may go over several."""
    lines, at = text.splitlines(), 0
    while at < len(lines):
        count = _lines_of_value(lines[at : at + _MOST_LINES])
        yield "\n".join(lines[at : at + count])
        at += count


def _lines_of_value(lines: Sequence[str]) -> int:
    """Count the lines that belong to the first; one where its quote is never closed."""
    value = lines[0].partition("=")[2].lstrip()
    if value[:1] not in {'"', "'"} or lines[0].lstrip().startswith("#"):
        return 1
    if _closes(value):
        return 1
    end = re.compile(rf"(?<!\\){value[0]}")
    return next((n for n, line in enumerate(lines[1:], 2) if end.search(line)), 1)


def _closes(value: str) -> bool:
    return re.search(rf"(?<!\\){value[0]}", value[1:]) is not None


def _value(text: str) -> str:
    if text[:1] in {'"', "'"} and _closes(text):
        quote = text[0]
        inner = re.split(rf"(?<!\\){quote}", text[1:], maxsplit=1)[0]
        if quote == "'":
            return inner
        return re.sub(r'\\[n"\\]', lambda found: _ESCAPES[found[0]], inner)
    return _COMMENT.sub("", f" {text}").strip()


def plan_of_variables(variables: Mapping[str, str], where: str) -> MovePlan:
    """Say what the variables of ListSync are here; *where* names their place for people."""
    reader = _Reader(where)
    for name, text in variables.items():
        reader.read(name.upper(), text.strip())
    return MovePlan(
        lists=tuple(reader.lists),
        settings=reader.settings,
        secrets=tuple(reader.secrets),
        four_k=reader.settings.get(("sync", "four_k")) == "true",
        left=tuple(reader.left),
    )


class _Reader:
    def __init__(self, where: str) -> None:
        self._where = where
        self.lists: list[MovedList] = []
        self.settings: dict[Keys, str] = {}
        self.secrets: list[MovedSecret] = []
        self.left: list[str] = []

    def read(self, name: str, text: str) -> None:
        if not text:
            return
        if _PLACEHOLDERS.fullmatch(text):
            self._leave(name, "still has the value of the template")
        elif name in LIST_VARIABLES:
            self._read_lists(LIST_VARIABLES[name], text)
        elif name in SECRETS:
            self._read_secret(name, text)
        else:
            self._read_setting(name, text)

    def _leave(self, name: str, why: str) -> None:
        self.left.append(f"{name} ({self._where}): {why}")

    def _read_lists(self, list_type: str, text: str) -> None:
        for value in values_of(text, list_type):
            one, why = moved_list(list_type, value)
            if one is not None:
                self.lists.append(one)
            else:
                self.left.append(why)

    def _read_secret(self, name: str, text: str) -> None:
        if "\ufffd" in text:
            self._leave(name, "is not UTF-8 text")
        elif text.isprintable():
            self.secrets.append(MovedSecret(SECRETS[name], SecretStr(text)))
        else:
            self._leave(name, "holds line breaks or control characters")

    def _read_setting(self, name: str, text: str) -> None:
        match name:
            case "OVERSEERR_URL":
                self.settings["server", "url"] = text
            case "OVERSEERR_USER_ID":
                self._set(("server", "request_as"), name, text, _user)
            case "OVERSEERR_4K":
                self._set(("sync", "four_k"), name, text, _truth)
            case "SYNC_INTERVAL" | "SYNC_INTERVAL_HOURS":
                self._set(("sync", "every"), name, text, hours)
            case "AUTOMATED_MODE" | "AUTO_SYNC":
                if truth_of(text) is False:
                    self.settings.setdefault(("sync", "every"), "0")
            case "TRAKT_SPECIAL_ITEMS_LIMIT":
                keys = ("providers", "trakt", "special_items_limit")
                self._set(keys, name, text, _whole)
            case "LOG_LEVEL":
                self._set(("log", "level"), name, text, _level)
            case "TZ":
                self._set(("sync", "timezone"), name, text, _zone)
            case _:
                self._leave(name, _why_not(name))

    def _set(self, keys: Keys, name: str, text: str, read: _Read) -> None:
        try:
            value = read(text)
        except ValueError as error:
            self._leave(name, str(error))
        else:
            if value is not None:
                self.settings[keys] = value


def _why_not(name: str) -> str:
    service = name.removesuffix("_LISTS").lower()
    if name.endswith("_LISTS") and service in NOT_YET:
        return not_supported(service)
    if name == "SIMKL_USER_TOKEN":
        return SIMKL_TOKEN
    if name in _OF_THE_CONTAINER:
        return "is of ListSync's own container and pages, which are not needed here"
    return "has no counterpart here"


def hours(text: str) -> str:
    """Write hours as a duration: 0.5 is 30m."""
    duration = parse_duration(with_hours(text))
    minutes = round(duration.total_seconds() / 60)
    if minutes % 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes else "0"


def _user(text: str) -> str | None:
    parse_user(text)
    return None if text == _OWNER else text


def _truth(text: str) -> str | None:
    found = truth_of(text)
    if found is None:
        raise ValueError("is neither true nor false")
    return "true" if found else None


def _whole(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:6]) <= 10_000):
        raise ValueError("is no number of titles")
    return text


def _level(text: str) -> str | None:
    level = {"warn": "warning", "critical": "error"}.get(text.lower(), text.lower())
    if level not in {"debug", "info", "warning", "error"}:
        raise ValueError("is no level of a log")
    return None if level == "info" else level


def _zone(text: str) -> str:
    if find_zone(text) is None:
        raise ValueError("is no time zone that this machine knows")
    return text
