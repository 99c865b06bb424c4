"""What can never have an effect: lists that take no title at all, options that change nothing.

A list that can take nothing is wrong; an option that is merely without effect is warned of.
Looks at the plain data, as `rules` does; values of a wrong type are the models' business.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from listsync.config.cross_field import find_service
from listsync.config.filters import parse_genre, parse_language, parse_votes
from listsync.config.issues import Finding
from listsync.config.services import find_source, kind_of
from listsync.config.validation import truth_of
from listsync.config.yaml_document import KeyPath, quote
from listsync.domain.genres import GENRES
from listsync.domain.media import MediaType

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


def check_effects(data: object) -> Iterator[Finding]:
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
    yield from _check_whole(data, server, lists)
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
    told = _kind(form.get("kind")) or _kind(filters.get("kind"))
    return _List(form, filters, path, told or _kind_of_source(form))


def _check_whole(data: Form, server: Form, lists: list[_List]) -> Iterator[Finding]:
    sync = _mapping(data.get("sync"))
    if not any(not _is_on(one.form, "exclude") for one in lists):
        yield _no_effect(("lists",), "no lists are followed")
    if _has(sync, "timezone") and not any(_has(one, "cron") for one in (sync, *_forms(lists))):
        what = "timezone has no effect: it is that of cron, and there is none"
        yield _no_effect(("sync", "timezone"), what)
    users = {_text(form.get("user")) for form in (*_forms(lists), {"user": server.get("act_as")})}
    if _is_on(server, "approve") and users <= _OWNERS:
        what = "approve has no effect: requests of the server's owner are approved at once anyway"
        yield _no_effect(("server", "approve"), what)


def _check_kinds(one: _List) -> Iterator[Finding]:
    source = _kind_of_source(one.form)
    if source is not None and one.kind is not source and one.kind is not None:
        at = one.path if _kind(one.form.get("kind")) else (*one.path, "filters")
        what = f"this list holds {_PLURAL[source]} only: it can never match"
        yield Finding((*at, "kind"), what)


def _check_genres(one: _List) -> Iterator[Finding]:
    if one.kind is None:
        return
    for key in ("genres", "genres_not"):
        names = _names(one, key)
        strange = [(path, genre) for path, genre in names if one.kind not in GENRES[genre]]
        takes_nothing = key == "genres" and strange == names
        for path, genre in strange:
            end = "can never match" if takes_nothing else "has no effect"
            what = f"no genre of {_PLURAL[one.kind]}, and the list takes nothing else: it {end}"
            yield Finding(path, f"{quote(genre)} is {what}", is_warning=not takes_nothing)


def _check_contradictions(one: _List) -> Iterator[Finding]:
    for key in ("genres", "languages"):
        wanted = {name for _, name in _names(one, key)}
        for path, name in _names(one, f"{key}_not"):
            if name in wanted:
                what = f"{quote(name)} is in filters.{key} as well: it can never match"
                yield Finding(path, what)
    votes = one.filters.get("votes")
    if votes is not None and one.filters.get("rating") is not None and _is_none(votes):
        what = "a title without votes has no rating, and filters.rating asks for one"
        yield Finding((*one.path, "filters", "votes"), f"{what}: it can never match")


def _check_excluded(one: _List) -> Iterator[Finding]:
    for key in one.filters:
        if key != "kind" and _has(one.filters, key):
            what = f"{key} does not narrow what is excluded, expected a list without such filters"
            yield Finding((*one.path, "filters", key), what, at_key=True)
    for key in _FOR_REQUESTS:
        if _has(one.form, key):
            what = f"{key} has no effect: nothing of an excluded list is requested"
            yield _no_effect((*one.path, key), what)


def _check_seasons(one: _List) -> Iterator[Finding]:
    if one.kind is MediaType.MOVIE:
        for key in _FOR_SERIES:
            if _has(one.form, key):
                what = f"{key} has no effect: the list takes films only"
                yield _no_effect((*one.path, key), what)
    elif _is_on(one.form, "new_seasons") and _text(one.form.get("seasons")).lower() == "first":
        what = "new_seasons has no effect: of each series only the first season is wanted"
        yield _no_effect((*one.path, "new_seasons"), what)


def _check_approval(one: _List, server: Form) -> Iterator[Finding]:
    user = _text(one.form.get("user")) or _text(server.get("act_as"))
    says = one.form if _text(one.form.get("approve")) else server
    approved = _is_on(says, "approve")
    if _is_on(one.form, "cancel_removed") and (approved or user in _OWNERS):
        why = "requests of this list are approved at once, so that none waits to be cancelled"
        yield _no_effect((*one.path, "cancel_removed"), f"cancel_removed has no effect: {why}")


def _no_effect(path: KeyPath, what: str) -> Finding:
    return Finding(path, what, at_key=True, is_warning=True)


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
