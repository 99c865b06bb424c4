"""The variables of the original tools, laid over what the file says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from listsync.config.values import SERVICES
from listsync.config.yaml_document import KeyPath

SERVER_URL = "OVERSEERR_URL"

_VALUES: dict[str, tuple[str, ...]] = {
    SERVER_URL: ("server", "url"),
    "OVERSEERR_API_KEY": ("server", "api_key"),
    "OVERSEERR_USER_ID": ("server", "act_as"),
    "OVERSEERR_4K": ("sync", "four_k"),
    "SYNC_INTERVAL_HOURS": ("sync", "every"),
    "SYNC_INTERVAL": ("sync", "every"),  # wins over the other name, being later
    "LOG_LEVEL": ("log", "level"),
    "SYNC_LOG_LEVEL": ("log", "level"),
    "TRAKT_CLIENT_ID": ("providers", "trakt", "client_id"),
    "TRAKT_CLIENT_SECRET": ("providers", "trakt", "client_secret"),
    "TRAKT_SPECIAL_ITEMS_LIMIT": ("providers", "trakt", "special_items_limit"),
}
_LOG_FOLDER = "SYNC_LOG_PATH"
_LOGS = {("log", "file"): "listsync.log", ("log", "history"): "history.log"}
_LISTS = {
    "IMDB_LISTS": "imdb",
    "LETTERBOXD_LISTS": "letterboxd",
    "MDBLIST_LISTS": "mdblist",
    "STEVENLU_LISTS": "stevenlu",
    "TRAKT_LISTS": "trakt",
    "TRAKT_SPECIAL_LISTS": "trakt",
}
_OWNER = "1"  # the first user of the server; acting as it is what happens anyway
_DISCORD = "DISCORD_WEBHOOK_URL"
_TELEGRAM = {"token": "TELEGRAM_BOT_TOKEN", "chat": "TELEGRAM_CHAT_ID"}


@dataclass(frozen=True, slots=True)
class Overlay:
    """The data with the environment laid over it; `variables` says what came from where.

    `remarks` are variables that are there and do nothing, each with the reason.
    """

    data: object
    variables: dict[KeyPath, str] = field(default_factory=dict)
    remarks: tuple[tuple[str, str], ...] = ()


def lay_over(
    data: object, environ: Mapping[str, str], read_secret: Callable[[object], str] = str
) -> Overlay:
    """Lay the variables over *data*; empty ones count as unset, as in a compose file.

    *read_secret* gives what a secret of *data* is, or raises ValueError.
    """
    if not isinstance(data, dict):
        return Overlay(data)
    merged, variables = dict(data), dict[KeyPath, str]()
    for variable, path in _VALUES.items():
        if (text := _text_of(environ, variable)) and _set(merged, path, text):
            variables[path] = variable
    _set_logs(merged, variables, environ)
    _add_lists(merged, variables, environ)
    half = _add_targets(merged, variables, environ, read_secret)
    empty = (name for name in _LISTS if not environ.get(name, "-").strip(", \t\r\n"))
    remarks = [(name, "is empty: it names no list") for name in empty]
    return Overlay(merged, variables, (*remarks, *half))


def _set_logs(
    data: dict[str, object], variables: dict[KeyPath, str], environ: Mapping[str, str]
) -> None:
    """Put both logs into one folder."""
    if folder := _text_of(environ, _LOG_FOLDER):
        for path, name in _LOGS.items():
            if _set(data, path, f"{folder.rstrip('/')}/{name}"):
                variables[path] = _LOG_FOLDER


def _set(data: dict[str, object], path: tuple[str, ...], text: str) -> bool:
    """Set what *path* names in a copy of each section on the way; False where one is none."""
    section, *rest = path
    if not rest:
        data |= _settings(section, text)
        return True
    inner = data.get(section)
    if not isinstance(inner, dict | None):
        return False
    data[section] = copy = dict(inner or {})
    return _set(copy, tuple(rest), text)


def _settings(key: str, text: str) -> dict[str, object]:
    """Say what *text* sets: mostly *key* itself, to the text."""
    match key:
        case "act_as" if text == _OWNER:
            return {key: None}
        case "every":
            return {key: text, "cron": None}
        case "level":
            level = text.lower()
            return {key: "error" if level == "critical" else level}
        case _:
            return {key: text}


def _add_lists(
    data: dict[str, object], variables: dict[KeyPath, str], environ: Mapping[str, str]
) -> None:
    """Append the lists that the file does not name already."""
    lists = data.get("lists") or []
    if not isinstance(lists, list):
        return
    lists = list(lists)
    for variable, service in _LISTS.items():
        for text in filter(None, map(str.strip, environ.get(variable, "").split(","))):
            if not any(_is_same(form, service, text) for form in lists):
                variables[("lists", len(lists))] = variable
                lists.append({service: text})
    data["lists"] = lists


def _is_same(form: object, service: str, text: str) -> bool:
    other = form.get(service) if isinstance(form, dict) else None
    if not isinstance(other, str):
        return False
    parse = SERVICES[service]
    try:
        return other.strip() == text or parse(other.strip()) == parse(text)
    except ValueError:
        return False


def _add_targets(
    data: dict[str, object],
    variables: dict[KeyPath, str],
    environ: Mapping[str, str],
    read_secret: Callable[[object], str],
) -> list[tuple[str, str]]:
    """Append the targets that the file does not name already; gives what only begins one."""
    named = data.get("notify") or []
    if not isinstance(named, list):
        return []
    targets = list(named)
    bot = {key: text for key, name in _TELEGRAM.items() if (text := _text_of(environ, name))}
    hook = _text_of(environ, _DISCORD)
    if hook and hook not in _values_of(named, "discord", "url", read_secret):
        variables["notify", len(targets)] = _DISCORD
        targets.append({"discord": {"url": hook}})
    chats = _values_of(named, "telegram", "chat", read_secret)
    if len(bot) == len(_TELEGRAM) and bot["chat"] not in chats:
        place: KeyPath = ("notify", len(targets), "telegram")
        variables |= {(*place, key): name for key, name in _TELEGRAM.items()}
        targets.append({"telegram": bot})
    if targets:
        data["notify"] = targets
    return [] if chats or len(bot) != 1 else [_half(*bot)]


def _half(given: str) -> tuple[str, str]:
    (missing,) = (name for key, name in _TELEGRAM.items() if key != given)
    return _TELEGRAM[given], f"does nothing without {missing}: Telegram is told only with both"


def _values_of(
    targets: list[object], kind: str, key: str, read_secret: Callable[[object], str]
) -> set[str]:
    """Give what all targets of a kind have under *key*, as far as it can be read."""
    found = set()
    for form in targets:
        options = form.get(kind) if isinstance(form, dict) else None
        if isinstance(options, dict):
            with suppress(ValueError):
                found.add(read_secret(options.get(key)).strip())
    return found


def _text_of(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()
