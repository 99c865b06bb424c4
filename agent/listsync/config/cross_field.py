"""What concerns several keys at once: what contradicts, and what can never have an effect.

Looks at the plain data; values of a wrong type are the models' business, and models would stop
at the first error of a field and leave these for the next attempt. A list that can take nothing
is wrong; an option that is merely without effect is warned of.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from listsync.config.filters import parse_genre, parse_language, parse_votes
from listsync.config.notify_options import check_targets
from listsync.config.validation import ConfigIssue, dotted, truth_of
from listsync.config.values import NOT_YET, SANDBOX, SERVICES, find_source, kind_of
from listsync.config.yaml_document import KeyPath, quote
from listsync.domain.list_rules import GENRES
from listsync.domain.media import MediaType
from listsync.redaction import without_secrets


def check_rules(data: object) -> Iterator[ConfigIssue]:
    """Find what breaks a rule; values of a wrong type are the models' business."""
    if isinstance(data, dict):
        yield from _check_server(data)
        yield from _check_schedule(data.get("sync"), ("sync",))
        lists = data.get("lists")
        entries = list(enumerate(lists)) if isinstance(lists, list) else []
        forms = [(n, form) for n, form in entries if isinstance(form, dict)]
        for n, form in forms:
            yield from _check_source(form, ("lists", n))
            yield from _check_schedule(form, ("lists", n))
            yield from _check_kind(form, ("lists", n))
        yield from _check_names(forms)
        yield from check_targets(data.get("notify"))


def find_service(form: dict[str, object]) -> str | None:
    """Find the key that says which service a list is from."""
    return next((key for key in form if key in SERVICES), None)


def name_of(form: dict[str, object]) -> str | None:
    """Say how a list is called: its `name`, else `service: list`."""
    name, service = form.get("name"), find_service(form)
    if isinstance(name, str) and name.strip():
        return name.strip()
    text = form.get(service) if service else None
    if service is None or not isinstance(text, str):
        return None
    return f"{service}: {_shown(service, text.strip())}"


def _shown(service: str, text: str) -> str:
    """Write a list as the user does, but without login, key and query of an address.

    Where it would then not be the same list, it is called as the service's parser calls it.
    """
    shown = text if service == "file" else without_secrets(text)
    source = None if shown == text else _parsed(service, text)
    return shown if source in {None, _parsed(service, shown)} else str(source)


def _parsed(service: str, text: str) -> object:
    try:
        return SERVICES[service](text)
    except ValueError:
        return None


def _check_server(data: Form) -> Iterator[ConfigIssue]:
    server = data.get("server")
    if "server" not in data:
        yield from _check_without_server(data)
    elif server is None:
        what = "server: expected a mapping (key: value), found nothing"
        yield ConfigIssue(("server",), what)
    if not isinstance(server, dict) or not server.get("url"):
        return
    if str(server["url"]).strip() != SANDBOX and server.get("api_key") is None:
        what = 'missing key "api_key" in server (or set OVERSEERR_API_KEY)'
        yield ConfigIssue(("server",), what)


def _check_without_server(data: Form) -> Iterator[ConfigIssue]:
    """Without a server lists are read for their feeds; without `http` nobody could read those."""
    if not _has(_mapping(data.get("http")), "listen"):
        what = 'missing key "server" at the top level; for feeds alone: "listen" in http'
        yield ConfigIssue((), what)
    why = "goes by the server's catalogue, and no server is named, expected none"
    lists = data.get("lists")
    for n, form in enumerate(lists if isinstance(lists, list) else ()):
        filters = _mapping(_mapping(form).get("filters"))
        for key in filters:
            if key != "kind" and _has(filters, key):
                yield ConfigIssue(("lists", n, "filters", key), f"{key} {why}", at_key=True)
    excluded = data.get("exclude")
    for n, form in enumerate(excluded if isinstance(excluded, list) else ()):
        if _has(_mapping(form), "genre"):
            yield ConfigIssue(("exclude", n, "genre"), f"genre {why}", at_key=True)


def _check_schedule(form: object, path: KeyPath) -> Iterator[ConfigIssue]:
    if isinstance(form, dict) and form.get("every") is not None and form.get("cron") is not None:
        what = f"{dotted(path)}: every is given as well, expected one of every and cron"
        yield ConfigIssue((*path, "cron"), what, at_key=True)


def _check_kind(form: dict[str, object], path: KeyPath) -> Iterator[ConfigIssue]:
    filters = form.get("filters")
    inner = filters.get("kind") if isinstance(filters, dict) else None
    outer = form.get("kind")
    if inner is not None and outer is not None and inner != outer:
        what = f"the list takes only {outer} already, expected one of kind and filters.kind"
        yield ConfigIssue((*path, "filters", "kind"), what, at_key=True)


def _check_source(form: dict[str, object], path: KeyPath) -> Iterator[ConfigIssue]:
    services = [key for key in form if key in SERVICES]
    if not services and not any(map(_is_meant_for_service, form)):
        expected = ", ".join(SERVICES)
        yield ConfigIssue(path, f"this list has no source, expected one of the keys {expected}")
    for extra in services[1:]:
        what = f"this list has a source already ({services[0]}), expected one source for each list"
        yield ConfigIssue((*path, extra), what, at_key=True)


def _is_meant_for_service(key: str) -> bool:
    """Tell a misspelt or unsupported service, which is reported as a key, from none at all."""
    import difflib  # noqa: PLC0415 - a good file needs none

    return key in NOT_YET or bool(difflib.get_close_matches(key.lower(), SERVICES, n=1))


def _check_names(forms: list[tuple[int, dict[str, object]]]) -> Iterator[ConfigIssue]:
    seen: dict[str, int] = {}
    for n, form in forms:
        name = name_of(form)
        if name is None:
            continue
        if name in seen:
            what = f"the name {quote(name)} is taken by lists[{seen[name]}], expected another name"
            key = "name" if form.get("name") else find_service(form)
            yield ConfigIssue(("lists", n, key or "name"), what)
        seen.setdefault(name, n)


Form = dict[str, object]

_FOR_REQUESTS = (
    "four_k",
    "seasons",
    "new_seasons",
    "max_per_run",
    "max_per_day",
    "user",
    "approve",
    "service",
    "profile",
    "root_folder",
    "language_profile",
    "tags",
    "cancel_removed",
)
_FOR_SERIES = ("seasons", "new_seasons", "language_profile")
_WITHOUT_EFFECT = {"", "false", "no", "off", "n", "f", "0", "all"}
"""Values that say what is so anyway."""
_OWNERS = {"", "1"}
_PLURAL = {MediaType.MOVIE: "films", MediaType.TV: "series"}


class _List(NamedTuple):
    """One list as it is written; `kind` is what it takes, as far as that is said."""

    form: Form
    filters: Form
    path: KeyPath
    kind: MediaType | None


def check_effects(data: object) -> Iterator[ConfigIssue]:
    """Find lists that can take nothing, and what changes nothing."""
    if not isinstance(data, dict):
        return
    entries = data.get("lists")
    lists = [
        _list(form, ("lists", n))
        for n, form in enumerate(entries if isinstance(entries, list) else ())
        if isinstance(form, dict)
    ]
    server = _mapping(data.get("server"))
    yield from _check_whole(server, lists)
    for one in lists:
        yield from _check_kinds(one)
        yield from _check_genres(one)
        yield from _check_contradictions(one)
        if _is_on(one.form, "exclude"):
            yield from _check_excluded(one)
        else:
            yield from _check_seasons(one)
            yield from _check_approval(one, server)


def _list(form: Form, path: KeyPath) -> _List:
    filters = _mapping(form.get("filters"))
    kind = _kind(form.get("kind")) or _kind(filters.get("kind"))
    return _List(form, filters, path, kind or _kind_of_source(form))


def _check_whole(server: Form, lists: list[_List]) -> Iterator[ConfigIssue]:
    if not any(not _is_on(one.form, "exclude") for one in lists):
        yield _no_effect(("lists",), "no lists are followed")
    users = {_text(form.get("user")) for form in (*_forms(lists), {"user": server.get("act_as")})}
    if _is_on(server, "approve") and users <= _OWNERS:
        what = "approve has no effect: requests of the server's owner are approved at once anyway"
        yield _no_effect(("server", "approve"), what)


def _check_kinds(one: _List) -> Iterator[ConfigIssue]:
    source = _kind_of_source(one.form)
    if source is not None and one.kind is not source and one.kind is not None:
        at = one.path if _kind(one.form.get("kind")) else (*one.path, "filters")
        what = f"this list holds {_PLURAL[source]} only: it can never match"
        yield ConfigIssue((*at, "kind"), what)


def _check_genres(one: _List) -> Iterator[ConfigIssue]:
    if one.kind is None:
        return
    for key in ("genres", "genres_not"):
        names = _names(one, key)
        strange = [(path, genre) for path, genre in names if one.kind not in GENRES[genre]]
        takes_nothing = key == "genres" and strange == names
        for path, genre in strange:
            end = "can never match" if takes_nothing else "has no effect"
            what = f"no genre of {_PLURAL[one.kind]}, and the list takes nothing else: it {end}"
            yield ConfigIssue(path, f"{quote(genre)} is {what}", is_warning=not takes_nothing)


def _check_contradictions(one: _List) -> Iterator[ConfigIssue]:
    for key in ("genres", "languages"):
        wanted = {name for _, name in _names(one, key)}
        for path, name in _names(one, f"{key}_not"):
            if name in wanted:
                what = f"{quote(name)} is in filters.{key} as well: it can never match"
                yield ConfigIssue(path, what)
    votes = one.filters.get("votes")
    if votes is not None and one.filters.get("rating") is not None and _is_none(votes):
        what = "a title without votes has no rating, and filters.rating asks for one"
        yield ConfigIssue((*one.path, "filters", "votes"), f"{what}: it can never match")


def _check_excluded(one: _List) -> Iterator[ConfigIssue]:
    for key in one.filters:
        if key != "kind" and _has(one.filters, key):
            what = f"{key} does not narrow what is excluded, expected a list without such filters"
            yield ConfigIssue((*one.path, "filters", key), what, at_key=True)
    for key in _FOR_REQUESTS:
        if _has(one.form, key):
            what = f"{key} has no effect: nothing of an excluded list is requested"
            yield _no_effect((*one.path, key), what)


def _check_seasons(one: _List) -> Iterator[ConfigIssue]:
    if one.kind is MediaType.MOVIE:
        for key in _FOR_SERIES:
            if _has(one.form, key):
                what = f"{key} has no effect: the list takes films only"
                yield _no_effect((*one.path, key), what)
    elif _is_on(one.form, "new_seasons") and _text(one.form.get("seasons")).lower() == "first":
        what = "new_seasons has no effect: of each series only the first season is wanted"
        yield _no_effect((*one.path, "new_seasons"), what)


def _check_approval(one: _List, server: Form) -> Iterator[ConfigIssue]:
    user = _text(one.form.get("user")) or _text(server.get("act_as"))
    says = one.form if _text(one.form.get("approve")) else server
    approved = _is_on(says, "approve")
    if _is_on(one.form, "cancel_removed") and (approved or user in _OWNERS):
        why = "requests of this list are approved at once, so that none waits to be cancelled"
        yield _no_effect((*one.path, "cancel_removed"), f"cancel_removed has no effect: {why}")


def _no_effect(path: KeyPath, what: str) -> ConfigIssue:
    return ConfigIssue(path, what, at_key=True, is_warning=True)


def _names(one: _List, key: str) -> list[tuple[KeyPath, str]]:
    """Read genres or languages, each with its place; those that are unknown are left out."""
    value = one.filters.get(key)
    path = (*one.path, "filters", key)
    values = [(path, value)] if isinstance(value, str) else []
    if isinstance(value, list):
        values = [((*path, n), text) for n, text in enumerate(value) if isinstance(text, str)]
    read = parse_genre if key.startswith("genres") else parse_language
    found = []
    for place, text in values:
        try:
            found.append((place, read(text)))
        except ValueError:
            continue
    return found


def _is_none(votes: object) -> bool:
    try:
        return parse_votes(votes).high == 0
    except ValueError:
        return False


def _kind(value: object) -> MediaType | None:
    return next((kind for kind in MediaType if kind == value), None)


def _kind_of_source(form: Form) -> MediaType | None:
    service = find_service(form)
    text = form.get(service) if service else None
    if service is None or not isinstance(text, str):
        return None
    try:
        return kind_of(find_source(service, text.strip(), Path()))
    except ValueError:
        return None


def _forms(lists: list[_List]) -> list[Form]:
    return [one.form for one in lists]


def _mapping(value: object) -> Form:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""


def _is_on(form: Form, key: str) -> bool:
    value = form.get(key)
    return isinstance(value, str) and bool(truth_of(value))


def _has(form: Form, key: str) -> bool:
    value = form.get(key)
    if isinstance(value, str):
        return value.strip().lower() not in _WITHOUT_EFFECT
    return bool(value)
