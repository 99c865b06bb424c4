"""The variables of the original tools, laid over what the file says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from listsync.config.services import SERVICES, not_supported
from listsync.config.yaml_document import KeyPath

SERVER_URL = "OVERSEERR_URL"

_VALUES: dict[str, tuple[str, str]] = {
    SERVER_URL: ("server", "url"),
    "OVERSEERR_API_KEY": ("server", "api_key"),
    "OVERSEERR_USER_ID": ("server", "act_as"),
    "OVERSEERR_4K": ("sync", "four_k"),
    "SYNC_INTERVAL_HOURS": ("sync", "every"),
    "SYNC_INTERVAL": ("sync", "every"),  # wins over the other name, being later
    "LOG_LEVEL": ("log", "level"),
}
_LISTS = {"MDBLIST_LISTS": "mdblist", "STEVENLU_LISTS": "stevenlu"}
_NOT_YET = {
    "IMDB_LISTS": "imdb",
    "TRAKT_LISTS": "trakt",
    "TRAKT_SPECIAL_LISTS": "trakt",
    "LETTERBOXD_LISTS": "letterboxd",
}
_OWNER = "1"  # the first user of the server; acting as it is what happens anyway


@dataclass(frozen=True, slots=True)
class Overlay:
    """The data with the environment laid over it; `variables` says what came from where."""

    data: object
    variables: dict[KeyPath, str] = field(default_factory=dict)


def lay_over(data: object, environ: Mapping[str, str]) -> Overlay:
    """Lay the variables over *data*; empty ones count as unset, as in a compose file."""
    if not isinstance(data, dict):
        return Overlay(data)
    merged, variables = dict(data), dict[KeyPath, str]()
    for variable, (section, key) in _VALUES.items():
        inner = merged.get(section)
        if (text := _text_of(environ, variable)) and isinstance(inner, dict | None):
            merged[section] = {**(inner or {}), **_settings(key, text)}
            variables[(section, key)] = variable
    _add_lists(merged, variables, environ)
    return Overlay(merged, variables)


def check_variables(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Give (variable, what is wrong) for those that name lists of services not built yet."""
    for variable, service in _NOT_YET.items():
        if _text_of(environ, variable):
            yield variable, not_supported(service)


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


def _text_of(environ: Mapping[str, str], variable: str) -> str:
    return environ.get(variable, "").strip()
