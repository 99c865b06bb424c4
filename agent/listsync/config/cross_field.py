"""What concerns several keys at once: what contradicts, and what can never have an effect.

Looks at the plain data; values of a wrong type are the models' business, and models would stop
at the first error of a field and leave these for the next attempt. A list that can take nothing
is wrong; an option that is merely without effect is warned of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from listsync.config.filters import parse_genre, parse_language
from listsync.config.list_access import check_access
from listsync.config.list_entries import (
    SPANS,
    Form,
    WrittenList,
    WrittenLists,
    find_service,
    is_disabled,
)
from listsync.config.list_options import BY_KIND, FILTER_KEYS
from listsync.config.notify_options import check_targets
from listsync.config.transfer_options import check_transfers, has_mappings
from listsync.config.validation import ConfigIssue, truth_of
from listsync.config.values import SANDBOX, kind_named, kind_of, parsed_source
from listsync.config.yaml_document import KeyPath, quote
from listsync.domain.list_rules import GENRES
from listsync.domain.media import MediaType
from listsync.providers.custom import source as custom
from listsync.redaction import without_secrets


def check_rules(written: WrittenLists) -> Iterator[ConfigIssue]:
    """Find what breaks a rule; values of a wrong type are the models' business."""
    data = written.data
    if isinstance(data, dict):
        yield from _check_server(data, written.lists)
        yield from _check_schedule(data.get("sync"), ("sync",), "sync")
        yield from _check_schedule(data.get("defaults"), ("defaults",), "defaults")
        for n, one in enumerate(written.lists):
            if "cron" not in one.inherited:  # what is wrong with the defaults is told there
                yield from _check_schedule(one.form, ("lists", n), f"lists[{one.number}]")
        yield from _check_names(written.lists)
        yield from check_targets(data.get("notify"))
        yield from check_transfers(data)


def name_of(one: WrittenList) -> str | None:
    """Say how a list is called: its `name`, else `service: list`, or both if it shares a name."""
    name, service = one.form.get("name"), find_service(one.form)
    text = one.form.get(service) if service else None
    named = name.strip() if isinstance(name, str) else ""
    if service == custom.SERVICE:
        text = custom.name_of(text)
    if service is None or not isinstance(text, str):
        return named or None
    if named and not one.is_one_of_several:
        return named
    address = f"{service}: {_shown(service, text.strip())}"
    return f"{named} ({address})" if named else address


def _shown(service: str, text: str) -> str:
    """Write a list as the user does, but without login, key and query of an address.

    Where it would then not be the same list, it is called as the service's parser calls it.
    """
    shown = text if service in {"file", custom.SERVICE} else without_secrets(text)
    source = None if shown == text else _parsed(service, text)
    return shown if source in {None, _parsed(service, shown)} else str(source)


def _parsed(service: str, text: str) -> object:
    try:
        return parsed_source(service, text)
    except ValueError:
        return None


def _check_server(data: Form, lists: Sequence[WrittenList]) -> Iterator[ConfigIssue]:
    server = data.get("server")
    if "server" not in data:
        yield from _check_without_server(data, lists)
    elif server is None:
        what = "server: expected a mapping (key: value), found nothing"
        yield ConfigIssue(("server",), what)
    if not isinstance(server, dict) or not server.get("url"):
        return
    if str(server["url"]).strip() != SANDBOX and server.get("api_key") is None:
        what = 'missing key "api_key" in server (or set OVERSEERR_API_KEY)'
        yield ConfigIssue(("server",), what)


def _check_without_server(data: Form, lists: Sequence[WrittenList]) -> Iterator[ConfigIssue]:
    """Without a server lists are read for their feeds; without `http` nobody could read those."""
    if not _has(_mapping(data.get("http")), "listen"):
        what = 'missing key "server" at the top level; for feeds alone: "listen" in http'
        yield ConfigIssue((), what)
    why = "goes by the server's catalogue, and no server is named, expected none"
    for n, one in enumerate(lists):
        for key in _CATALOGUE_FILTERS:
            if _has(one.form, key):
                yield ConfigIssue(("lists", n, key), f"{key} {why}", at_key=True)
        if _has(one.form, "seerr"):
            what = "the watchlists of the request server are meant, and no server is named"
            yield ConfigIssue(("lists", n, "seerr"), what, at_key=True)
    excluded = data.get("exclude")
    for n, form in enumerate(excluded if isinstance(excluded, list) else ()):
        if _has(_mapping(form), "genre"):
            yield ConfigIssue(("exclude", n, "genre"), f"genre {why}", at_key=True)


def _check_schedule(form: object, path: KeyPath, where: str) -> Iterator[ConfigIssue]:
    if isinstance(form, dict) and form.get("every") is not None and form.get("cron") is not None:
        what = f"{where}: every is given as well, expected one of every and cron"
        yield ConfigIssue((*path, "cron"), what, at_key=True)


def _check_names(lists: Sequence[WrittenList]) -> Iterator[ConfigIssue]:
    seen: dict[str, int] = {}
    for n, one in enumerate(lists):
        name = name_of(one)
        if name is None:
            continue
        if name in seen:
            what = f"the name {quote(name)} is taken by lists[{seen[name]}], expected another name"
            is_named = one.form.get("name") and not one.is_one_of_several
            key = "name" if is_named else find_service(one.form)
            yield ConfigIssue(("lists", n, key or "name"), what)
        seen.setdefault(name, one.number)


_CATALOGUE_FILTERS = tuple(key for key in FILTER_KEYS if key != "kind")
_FOR_REQUESTS = (
    "four_k",
    "seasons",
    "new_seasons",
    "max_per_run",
    "max_per_day",
    "request_as",
    "approve",
    "service",
    "quality_profile",
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
    path: KeyPath
    kind: MediaType | None
    inherited: frozenset[str]


def check_effects(written: WrittenLists) -> Iterator[ConfigIssue]:
    """Find lists that can take nothing, and what changes nothing."""
    if not isinstance(written.data, dict):
        return
    lists = [_list(one, ("lists", n)) for n, one in enumerate(written.lists)]
    server = _mapping(written.data.get("server"))
    yield from _check_whole(server, lists, has_more=has_mappings(written.data))
    yield from check_access(written, has_more=has_mappings(written.data))
    for one in lists:
        for issue in _check_one(one, server):
            # What holds for all lists suits some of them only.
            if not (issue.is_warning and {*issue.path} & one.inherited):
                yield issue


def _check_one(one: _List, server: Form) -> Iterator[ConfigIssue]:
    yield from _check_kinds(one)
    yield from _check_genres(one)
    yield from _check_contradictions(one)
    if _is_on(one.form, "exclude"):
        yield from _check_excluded(one)
    else:
        yield from _check_seasons(one)
        yield from _check_apart(one)
        yield from _check_approval(one, server)


def _list(one: WrittenList, path: KeyPath) -> _List:
    kind = _kind(one.form.get("kind")) or _kind_of_source(one.form)
    return _List(one.form, path, kind, one.inherited)


def _check_whole(server: Form, lists: list[_List], *, has_more: bool) -> Iterator[ConfigIssue]:
    if not has_more and not any(
        not _is_on(one.form, "exclude") and not is_disabled(one.form) for one in lists
    ):
        yield _no_effect(("lists",), "no lists are followed")
    users = {_text(one.form.get("request_as")) for one in lists}
    if _is_on(server, "approve") and {*users, _text(server.get("request_as"))} <= _OWNERS:
        what = "approve has no effect: requests of the server's owner are approved at once anyway"
        yield _no_effect(("server", "approve"), what)


def _check_kinds(one: _List) -> Iterator[ConfigIssue]:
    source = _kind_of_source(one.form)
    if source is not None and one.kind is not source and one.kind is not None:
        what = f"this list holds {_PLURAL[source]} only: it can never match"
        yield ConfigIssue((*one.path, "kind"), what)


def _check_genres(one: _List) -> Iterator[ConfigIssue]:
    if one.kind is None:
        return
    for key in ("genres", "exclude_genres"):
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
        for path, name in _names(one, f"exclude_{key}"):
            if name in wanted:
                what = f"{quote(name)} is in {key} as well: it can never match"
                yield ConfigIssue(path, what)
    for name in SPANS:
        low, high = (_number(one.form.get(f"{end}_{name}")) for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            what = f"min_{name} is above max_{name}: it can never match"
            yield ConfigIssue((*one.path, f"min_{name}"), what)
    rating = next((key for key in ("min_rating", "max_rating") if _text(one.form.get(key))), None)
    if rating is not None and _number(one.form.get("max_votes")) == 0:
        what = f"a title without votes has no rating, and {rating} asks for one"
        yield ConfigIssue((*one.path, "max_votes"), f"{what}: it can never match")


def _check_excluded(one: _List) -> Iterator[ConfigIssue]:
    if is_disabled(one.form):
        what = "while it is not enabled, nothing is excluded by this list"
        yield _no_effect((*one.path, "enabled"), what)
    for key in _CATALOGUE_FILTERS:
        if _has(one.form, key):
            what = f"{key} does not narrow what is excluded, expected a list without such filters"
            yield ConfigIssue((*one.path, key), what, at_key=True)
    for key in _FOR_REQUESTS:
        if _has(one.form, key):
            what = f"{key} has no effect: nothing of an excluded list is requested"
            yield _no_effect((*one.path, key), what)


def _check_apart(one: _List) -> Iterator[ConfigIssue]:
    """Find what is said of films or series that the list does not take."""
    for key in BY_KIND if one.kind else ():
        value = one.form.get(key)
        kinds = {kind_named(name) for name in value} if isinstance(value, dict) else set()
        if one.kind and len(kinds) == 1 and not kinds & {one.kind, None}:
            what = f"{key} has no effect: the list takes {_PLURAL[one.kind]} only"
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
    user = _text(one.form.get("request_as")) or _text(server.get("request_as"))
    says = one.form if _text(one.form.get("approve")) else server
    approved = _is_on(says, "approve")
    if _is_on(one.form, "cancel_removed") and (approved or user in _OWNERS):
        why = "requests of this list are approved at once, so that none waits to be cancelled"
        yield _no_effect((*one.path, "cancel_removed"), f"cancel_removed has no effect: {why}")


def _no_effect(path: KeyPath, what: str) -> ConfigIssue:
    return ConfigIssue(path, what, at_key=True, is_warning=True)


def _names(one: _List, key: str) -> list[tuple[KeyPath, str]]:
    """Read genres or languages, each with its place; those that are unknown are left out."""
    value = one.form.get(key)
    path = (*one.path, key)
    values = [(path, value)] if isinstance(value, str) else []
    if isinstance(value, list):
        values = [((*path, n), text) for n, text in enumerate(value) if isinstance(text, str)]
    read = parse_genre if key.endswith("genres") else parse_language
    found = []
    for place, text in values:
        try:
            found.append((place, read(text)))
        except ValueError:
            continue
    return found


def _number(value: object) -> float | None:
    try:
        return float(_text(value))
    except ValueError:
        return None


def _kind(value: object) -> MediaType | None:
    return next((kind for kind in MediaType if kind == value), None)


def _kind_of_source(form: Form) -> MediaType | None:
    service = find_service(form)
    text = form.get(service) if service else None
    if service is None or not isinstance(text, str):
        return None
    return kind_of(_parsed(service, text.strip()))


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
