"""The variables of the original tools, laid over what the file says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field

from listsync.config.list_entries import addresses_in
from listsync.config.original_lists import (
    LIST_VARIABLES,
    NoListError,
    UnusableSource,
    list_of,
    service_of,
    values_of,
)
from listsync.config.secret_forms import SecretSource
from listsync.config.transfer_variables import add_plex
from listsync.config.values import NOT_YET, SANDBOX, SERVICES, not_supported
from listsync.config.yaml_document import KeyPath
from listsync.lean_dataclasses import dataclass
from listsync.redaction import without_secrets
from listsync.terminal.durations import with_hours

SERVER_URL = "OVERSEERR_URL"
_MINUTES = "SYNC_INTERVAL_MIN"

_VALUES: dict[str, tuple[str, ...]] = {
    SERVER_URL: ("server", "url"),
    "OVERSEERR_USER_ID": ("server", "request_as"),
    "OVERSEERR_4K": ("sync", "four_k"),
    _MINUTES: ("sync", "every"),
    "SYNC_INTERVAL_HOURS": ("sync", "every"),
    "SYNC_INTERVAL": ("sync", "every"),  # wins over the other names, being later
    "LOG_LEVEL": ("log", "level"),
    "SYNC_LOG_LEVEL": ("log", "level"),
    "TRAKT_SPECIAL_ITEMS_LIMIT": ("providers", "trakt", "special_items_limit"),
    "SYNC_DRY_RUN": ("transfers", "dry_run"),
}
SERVER_KEY = "OVERSEERR_API_KEY"
_SECRETS: dict[str, tuple[str, ...]] = {
    SERVER_KEY: ("server", "api_key"),
    "MDBLIST_API_KEY": ("providers", "mdblist", "api_key"),
    "SIMKL_CLIENT_ID": ("providers", "simkl", "client_id"),
    "PLEX_WATCHLIST_TOKEN": ("providers", "plex", "token"),
    "MAL_CLIENT_ID": ("providers", "myanimelist", "client_id"),
    "TMDB_KEY": ("providers", "tmdb", "api_key"),
    "TRAKT_CLIENT_ID": ("providers", "trakt", "client_id"),
    "TRAKT_CLIENT_SECRET": ("providers", "trakt", "client_secret"),
    "TVDB_KEY": ("providers", "tvdb", "api_key"),
}
_LOG_FOLDER = "SYNC_LOG_PATH"
_LOGS = {("log", "file"): "listsync.log", ("log", "history"): "history.log"}
_OWNER = "1"  # the first user of the server; acting as it is what happens anyway
_DISCORD = "DISCORD_WEBHOOK_URL"
_TOKEN, _CHAT = "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"
_TARGET_SECRETS = (_DISCORD, _TOKEN)
_TARGETS = f"{_DISCORD}, {_TOKEN} and {_CHAT}"


SIMKL_TOKEN = "a login at Simkl is made by `listsync login simkl`"  # noqa: S105 - words
_WITHOUT_USE = {
    "SIMKL_USER_TOKEN": SIMKL_TOKEN,
}
_ANY_LISTS = re.compile(r"[A-Z][A-Z0-9_]*_LISTS", re.ASCII)
_ANY_TARGET = re.compile(
    r"(?:DISCORD|TELEGRAM|SLACK|PUSHOVER|PUSHBULLET|GOTIFY|NTFY|APPRISE|MATRIX|SMTP|HEALTHCHECKS)_\w+"
    r"|\w+_WEBHOOK(?:_URL)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnusableList:
    """A list that *variable* names and nobody can read: it is followed, and fails each time."""

    variable: str
    service: str
    source: UnusableSource


@dataclass(frozen=True, slots=True)
class Overlay:
    """The data with the environment laid over it; `variables` says what came from where.

    `remarks` are variables that are there and do nothing, each with the reason. `unusable` are
    lists that are none: one wrong value must not keep the others from being read. What is
    `inherited` is not written where it stands: the defaults gave it.
    """

    data: object
    variables: dict[KeyPath, str] = field(default_factory=dict)
    remarks: tuple[tuple[str, str], ...] = ()
    unusable: tuple[UnusableList, ...] = ()
    inherited: frozenset[KeyPath] = frozenset()

    @property
    def in_force(self) -> tuple[str, ...]:
        """Name the variables that something was taken from."""
        return tuple(dict.fromkeys(self.variables.values()))


def lay_over(data: object, environ: Mapping[str, str], secrets: SecretSource) -> Overlay:
    """Lay the variables over *data*; empty ones count as unset, as in a compose file."""
    if not isinstance(data, dict):
        return Overlay(data)
    merged, variables = dict(data), dict[KeyPath, str]()
    for variable, path in _VALUES.items():
        if (text := _text_of(environ, variable)) and _set(merged, path, _in_hours(variable, text)):
            variables[path] = variable
    _set_secrets(merged, variables, secrets)
    _set_logs(merged, variables, environ)
    unusable = _add_lists(merged, variables, environ)
    half = _add_targets(merged, variables, environ, secrets)
    half += add_plex(merged, variables, environ, secrets)
    empty = (name for name in LIST_VARIABLES if not environ.get(name, "-").strip(", \t\r\n"))
    remarks = [(name, "is empty: it names no list") for name in empty]
    wrong = [(one.variable, one.source.why) for one in unusable]
    unknown = _without_use(environ, _named_in(data))
    return Overlay(merged, variables, (*remarks, *half, *wrong, *unknown), tuple(unusable))


def _set_secrets(
    data: dict[str, object], variables: dict[KeyPath, str], secrets: SecretSource
) -> None:
    """Set secrets that somebody gave; encrypted ones only where the file says nothing."""
    for variable, path in _SECRETS.items():
        found = secrets.find(variable)
        if found is None and _get(data, path) is None:
            found = secrets.find_kept(variable) or _told(variable, data, secrets)
            # Nothing works without this one: better to say who has it than that it is missing.
            if found is None and variable == SERVER_KEY:
                found = secrets.find_in_unit(variable)
        if found is not None and _set(data, path, found[0]):
            variables[path] = found[1]


def _told(variable: str, data: object, secrets: SecretSource) -> tuple[object, str] | None:
    """Ask for the one secret without which nothing works, where somebody is there."""
    url = _get(data, ("server", "url"))
    if variable != SERVER_KEY or secrets.ask is None or not isinstance(url, str):
        return None
    if url.strip() in {"", SANDBOX}:
        return None
    return secrets.ask(f"API key of {without_secrets(url)}"), "what was typed"


def _get(data: object, path: tuple[str, ...]) -> object:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data


def _in_hours(variable: str, text: str) -> str:
    """Write minutes as such: a bare number counts hours."""
    return f"{text}m" if variable == _MINUTES and text.isdigit() else text


def _named_in(data: object) -> Iterator[str]:
    """Give the variables that the file itself reads a secret from."""
    match data:
        case {"env": str(name)}:
            yield name
        case dict():
            for value in data.values():
                yield from _named_in(value)
        case list():
            for value in data:
                yield from _named_in(value)


def _without_use(environ: Mapping[str, str], named: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Say of variables that look as if they were meant for us why nothing is done with them."""
    known = {*LIST_VARIABLES, *_VALUES, *_SECRETS, _TOKEN, _CHAT, _DISCORD, *named}
    for name in sorted(environ.keys() - known):
        base = name.removeprefix("FILE__").removesuffix("_FILE")
        if not environ[name].strip() or base in known:
            continue
        if name in _WITHOUT_USE:
            yield name, f"has no effect: {_WITHOUT_USE[name]}"
        elif _ANY_LISTS.fullmatch(name):
            yield name, _why_no_lists(name)
        elif _ANY_TARGET.fullmatch(name):
            yield name, f"has no effect: expected {_TARGETS}, or the target under notify"


def _why_no_lists(name: str) -> str:
    import difflib  # noqa: PLC0415 - most environments need none

    service = name.removesuffix("_LISTS").lower()
    if service in NOT_YET:
        return f"has no effect: {not_supported(service)}"
    if service in SERVICES:
        return f"has no effect: name such lists in the configuration, as `{service}: ...`"
    stems = {one.removesuffix("_LISTS"): one for one in LIST_VARIABLES}
    close = difflib.get_close_matches(service.upper(), stems, n=1, cutoff=0.7)
    meant = (
        f"did you mean {stems[close[0]]}?" if close else f"expected {', '.join(LIST_VARIABLES)}"
    )
    return f"has no effect: {meant}"


def _set_logs(
    data: dict[str, object], variables: dict[KeyPath, str], environ: Mapping[str, str]
) -> None:
    """Put both logs into one folder."""
    if folder := _text_of(environ, _LOG_FOLDER):
        for path, name in _LOGS.items():
            if _set(data, path, f"{folder.rstrip('/')}/{name}"):
                variables[path] = _LOG_FOLDER


def _set(data: dict[str, object], path: tuple[str, ...], text: object) -> bool:
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


def _settings(key: str, text: object) -> dict[str, object]:
    """Say what *text* sets: mostly *key* itself, to the text."""
    match key:
        case "request_as" if text == _OWNER:
            return {key: None}
        case "every":
            return {key: with_hours(str(text)), "cron": None}
        case "level":
            level = str(text).lower()
            return {key: "error" if level == "critical" else level}
        case _:
            return {key: text}


def _add_lists(
    data: dict[str, object], variables: dict[KeyPath, str], environ: Mapping[str, str]
) -> list[UnusableList]:
    """Append the lists that the file does not name already; gives those that are none."""
    lists = data.get("lists") or []
    if not isinstance(lists, list):
        return []
    lists, unusable = list(lists), dict[tuple[str, str], UnusableList]()
    for variable, list_type in LIST_VARIABLES.items():
        service = service_of(list_type)
        for text in values_of(environ.get(variable, ""), list_type):
            try:
                form = list_of(list_type, text)
            except NoListError as error:
                source = UnusableSource(without_secrets(text), str(error))
                unusable[service, text] = UnusableList(
                    variable=variable, service=service, source=source
                )
                continue
            if not any(_is_same(one, service, form) for one in lists):
                variables[("lists", len(lists))] = variable
                lists.append({service: form})
    data["lists"] = lists
    return list(unusable.values())


def _is_same(form: object, service: str, text: str) -> bool:
    others = (other for whose, other in addresses_in(form) if whose == service)
    return any(_are_same(service, other, text) for other in others)


def _are_same(service: str, one: str, other: str) -> bool:
    parse = SERVICES[service]
    try:
        return one == other or parse(one) == parse(other)
    except ValueError:
        return False


def _add_targets(
    data: dict[str, object],
    variables: dict[KeyPath, str],
    environ: Mapping[str, str],
    secrets: SecretSource,
) -> list[tuple[str, str]]:
    """Append the targets that the file does not name already; gives what only begins one."""
    named = data.get("notify") or []
    if not isinstance(named, list):
        return []
    targets = list(named)
    hook, token = (secrets.find(one) or secrets.find_kept(one) for one in _TARGET_SECRETS)
    if hook and _read(hook[0], secrets) not in _values_of(named, "discord", "url", secrets):
        variables["notify", len(targets)] = hook[1]
        targets.append({"discord": {"url": hook[0]}})
    chat, chats = _text_of(environ, _CHAT), _values_of(named, "telegram", "chat", secrets)
    if chat and token and chat not in chats:
        place: KeyPath = ("notify", len(targets), "telegram")
        variables |= {(*place, "token"): token[1], (*place, "chat"): _CHAT}
        targets.append({"telegram": {"token": token[0], "chat": chat}})
    if targets:
        data["notify"] = targets
    is_half = bool(chat) != bool(token) and not chats
    return [_half(token[1] if token else _CHAT, is_token=bool(token))] if is_half else []


def _half(given: str, *, is_token: bool) -> tuple[str, str]:
    missing = _CHAT if is_token else _TOKEN
    return given, f"does nothing without {missing}: Telegram is told only with both"


def _values_of(targets: list[object], kind: str, key: str, secrets: SecretSource) -> set[str]:
    """Give what all targets of a kind have under *key*, as far as it can be read."""
    found = set()
    for form in targets:
        options = form.get(kind) if isinstance(form, dict) else None
        if isinstance(options, dict):
            found.add(_read(options.get(key), secrets))
    return found - {""}


def _read(form: object, secrets: SecretSource) -> str:
    try:
        return secrets.read(form).strip()
    except ValueError:  # who checks what is configured says why
        return ""


def _text_of(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()
