"""What is written for lists in short: a bare address, several in one entry, defaults.

All of it becomes one entry for each list, with one service's key. Where each piece of that is
written is kept, for what is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import NamedTuple

from listsync.config.filters import parse_rating, parse_votes, parse_year
from listsync.config.list_options import ADDRESSES, FILTER_KEYS, OF_EXCLUSIONS, ListDefaults
from listsync.config.other_names import contradiction, place_of, say_the_same
from listsync.config.schema_keys import keys_of, other_names_of
from listsync.config.suggestions import meant
from listsync.config.validation import (
    MAPPING,
    MAX_FINDINGS,
    ConfigIssue,
    truth_of,
    unknown_key,
    wrong_value,
)
from listsync.config.values import NOT_YET, SERVICES, not_supported
from listsync.config.yaml_document import KeyPath
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_filters import LIMIT, limit_in
from listsync.parsing.address_forms import is_address, recognise, service_at

Form = dict[str, object]

SPANS = {"year": parse_year, "rating": parse_rating, "votes": parse_votes}
"""Filters that say least and most in one; they are read as two."""
_EITHER = ("every", "cron")
"""Of these an entry has one: its own comes before the other of the defaults."""
_OWN_QUERY = ("custom", "file")
"""What an address asks for is its own affair there."""
_FILE = re.compile(r"(~|\.{0,2})/.*|[^?#:]*\.(csv|tsv|json|txt|ya?ml)", re.IGNORECASE)
_ADDRESS = "such as https://letterboxd.com/dave/watchlist/, or as in imdb: top"
_ONE_LIST = f"expected a list's address, {_ADDRESS}"


class _Address(NamedTuple):
    """One list as it is written: the service it is from, its text, and where that stands."""

    service: str
    text: object
    at: KeyPath

    @property
    def value(self) -> object:
        """What stands behind the service's key, where one list has an entry to itself."""
        is_short = self.service == "custom" and isinstance(self.text, str)
        return {"url": self.text} if is_short else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenList:
    """One list as an entry of its own.

    `number` is that of the file's entry, in which others may stand beside it. `inherited` are
    the keys that the defaults gave it.
    """

    number: int
    form: Form
    inherited: frozenset[str] = frozenset()
    is_one_of_several: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenLists:
    """The configuration with one entry for each list, and what `places` says where it stands.

    `lists` are those entries. `shown` is for people: an entry for each of the file's.
    """

    data: object
    lists: tuple[WrittenList, ...] = ()
    shown: object = None
    places: Mapping[KeyPath, KeyPath] = field(default_factory=dict)
    found: tuple[ConfigIssue, ...] = ()

    @property
    def inherited(self) -> frozenset[KeyPath]:
        """Give the keys of the file's entries that the defaults gave."""
        return frozenset(("lists", one.number, key) for one in self.lists for key in one.inherited)

    def place_of(self, path: KeyPath) -> KeyPath:
        """Give where what stands at *path* of `data` is written."""
        return place_of(path, self.places)


def list_entries(data: object) -> WrittenLists:
    """Write out the lists of *data*, whose keys have their documented names."""
    if not isinstance(data, dict):
        return WrittenLists(data=data, shown=data)
    expansion = _Expansion(data)
    return WrittenLists(
        data=expansion.data,
        lists=tuple(expansion.lists),
        shown=expansion.shown,
        places=expansion.places,
        found=tuple(expansion.found),
    )


def find_service(form: Form) -> str | None:
    """Find the key that says which service a list is from."""
    return next((key for key in form if key in SERVICES), None)


def is_disabled(form: Form) -> bool:
    """Tell a list that is kept and not read."""
    value = form.get("enabled")
    return isinstance(value, str) and truth_of(value) is False


def addresses_in(entry: object) -> Iterator[tuple[str, str]]:
    """Give service and text of each list that one entry names, as far as that is clear."""
    for one in list_entries({"lists": [entry]}).lists:
        for service in SERVICES:
            match one.form.get(service):
                case str(text) | {"url": str(text)}:
                    yield service, text.strip()


def service_of(text: str) -> tuple[str, str]:
    """Say which service's list *text* is, and how it is written behind that service's key.

    Raises:
        ValueError: that is not clear; the message says what is expected.
    """
    word = text.strip()
    prefix, colon, rest = word.partition(":")
    form = recognise(word)
    service = form.provider if form else service_at(word)
    if service is None and colon and not rest.startswith("//"):
        service, word = prefix.strip().lower(), rest.strip()
        service = "custom" if service == "url" else service
    if service in NOT_YET:
        raise ValueError(not_supported(service))
    if service in SERVICES:
        return service, word
    if is_address(text) or "://" in text:
        raise ValueError(
            f"is an address of none of the services {', '.join(SERVICES)}; one that gives JSON, "
            "CSV, text or a feed is written as `custom: ADDRESS`"
        )
    if _FILE.fullmatch(text.strip()):
        return "file", text.strip()
    return _by_form(text.strip()), text.strip()


_NAMED_ONLY = ("anilist", "file", "myanimelist", "tvdb")
"""Services where any word may be a list: a path, or a user with all that is planned."""


def _by_form(word: str) -> str:
    """Find the one service that has lists which are called so."""
    likely = [one for one in SERVICES if one not in _NAMED_ONLY and _is_list_of(one, word)]
    if len(likely) == 1:
        return likely[0]
    if not likely:
        raise ValueError(_ONE_LIST)
    raise ValueError(
        f"may be a list of {' or '.join(likely)}, expected the service before it, as in "
        f"{likely[0]}: {word}"
    )


def _is_list_of(service: str, word: str) -> bool:
    try:
        SERVICES[service](word)
    except ValueError:
        return False
    return True


class _Expansion:
    """Goes through the entries; *at* is where something is written."""

    def __init__(self, data: Form) -> None:
        self.places: dict[KeyPath, KeyPath] = {}
        self.found: list[ConfigIssue] = []
        self.lists: list[WrittenList] = []
        self._moved: dict[KeyPath, KeyPath] = {}
        self._searched = 0
        self._expanded: list[object] = []
        self._shown: list[object] = []
        self._defaults = self._defaults_of(data)
        if isinstance(entries := data.get("lists"), list):
            for number, entry in enumerate(entries):
                self._read(number, entry)
            self.data: Form = {**data, "lists": self._expanded}
            self.shown: Form = {**data, "lists": self._shown}
        else:
            self.data = self.shown = data
        if isinstance(data.get("defaults"), dict):
            self.data = {**self.data, "defaults": self._defaults}
            self.shown = {**self.shown, "defaults": self._defaults}

    def _defaults_of(self, data: Form) -> Form:
        defaults = data.get("defaults")
        if not isinstance(defaults, dict):
            return {}
        flat = self._flat(defaults, ("defaults",))
        self.places |= self._moved
        return flat

    def _read(self, number: int, entry: object) -> None:
        at: KeyPath = ("lists", number)
        if isinstance(entry, dict):
            own = self._flat(entry, at)
            addresses = self._sources(own, at)
        elif isinstance(entry, str | list):
            own, addresses = {}, self._addresses(entry, at)
        else:
            self.found.append(wrong_value(at, _ONE_LIST, entry))
            return
        options = {key: one for key, one in own.items() if key not in {*SERVICES, ADDRESSES}}
        inherited = self._inherited(options)
        self._shown.append({**_shown(addresses), **options, **inherited})
        # What else is wrong with an entry without a list is told as well.
        nothing: list[_Address | None] = [None] if isinstance(entry, dict) else []
        for one in addresses or nothing:
            source = {} if one is None else {one.service: one.value}
            self._place(at, one, options, inherited)
            narrowed = self._narrowed(one, options)
            form = {**source, **options, **inherited, **narrowed}
            self._expanded.append(form)
            self.lists.append(
                WrittenList(
                    number=number,
                    form=form,
                    inherited=frozenset(inherited.keys() - narrowed.keys()),
                    is_one_of_several=len(addresses) > 1,
                )
            )

    def _place(self, at: KeyPath, one: _Address | None, options: Form, inherited: Form) -> None:
        """Note where the next list is written, as far as that is not where it will stand."""
        path: KeyPath = ("lists", len(self._expanded))
        self.places[path] = at
        if one is not None:
            self.places[*path, one.service] = one.at
        for key in options:
            if (*at, key) in self._moved:
                self.places[*path, key] = self._moved[*at, key]
        for key in inherited:
            self.places[*path, key] = self._moved.get(("defaults", key), ("defaults", key))

    def _narrowed(self, one: _Address | None, options: Form) -> Form:
        """Take the limit that an address has; it is said there in place of the defaults."""
        if one is None or one.service in _OWN_QUERY or not isinstance(one.text, str):
            return {}
        try:
            limit = limit_in(one.text)
        except ValueError as error:
            self.found.append(wrong_value(one.at, str(error), one.text))
            return {}
        if limit is None or LIMIT in options:
            if limit is not None and not say_the_same(str(limit), options[LIMIT]):
                self.found.append(contradiction(one.at, f"{LIMIT} in the address", LIMIT))
            return {}
        self.places["lists", len(self._expanded), LIMIT] = one.at
        return {LIMIT: str(limit)}

    def _inherited(self, own: Form) -> Form:
        is_exclusion = isinstance(text := own.get("exclude"), str) and truth_of(text)
        has_schedule = any(key in own for key in _EITHER)
        return {
            key: value
            for key, value in self._defaults.items()
            if key in keys_of(ListDefaults)
            and key not in own
            and not (has_schedule and key in _EITHER)
            and not (is_exclusion and key not in OF_EXCLUSIONS)
        }

    def _sources(self, own: Form, at: KeyPath) -> list[_Address]:
        keys = [key for key in own if key in SERVICES or key == ADDRESSES]
        if not keys:
            self._searched += 1  # each key is then compared with every service
            if self._searched <= MAX_FINDINGS and not any(map(_is_meant_for_service, own)):
                expected = ", ".join((*SERVICES, ADDRESSES))
                what = f"this list has no source, expected one of the keys {expected}"
                self.found.append(ConfigIssue(at, what))
            return []
        for extra in keys[1:]:
            what = f"this list has a source already ({keys[0]}), expected one key for all of them"
            self.found.append(ConfigIssue((*at, extra), what, at_key=True))
        first = keys[0]
        if first == ADDRESSES:
            return self._addresses(own[first], (*at, first))
        return self._of_service(first, own[first], (*at, first))

    def _of_service(self, service: str, value: object, at: KeyPath) -> list[_Address]:
        if not isinstance(value, list):
            return [_Address(service, value, at)]
        if not value:
            self.found.append(wrong_value(at, "expected at least one list", value))
        return [_Address(service, one, (*at, n)) for n, one in enumerate(value)]

    def _addresses(self, value: object, at: KeyPath) -> list[_Address]:
        if not isinstance(value, list):
            return self._address(value, at)
        if not value:
            self.found.append(wrong_value(at, "expected at least one list", value))
        return [one for n, item in enumerate(value) for one in self._address(item, (*at, n))]

    def _address(self, value: object, at: KeyPath) -> list[_Address]:
        match value:
            case {**named} if len(named) == 1 and (service := next(iter(named))) in SERVICES:
                return self._of_service(service, named[service], (*at, service))
            case str() if value.strip() and len(self.found) <= MAX_FINDINGS:
                try:
                    return [_Address(*service_of(value), at)]
                except ValueError as error:
                    self.found.append(wrong_value(at, str(error), value))
            case _:
                self.found.append(wrong_value(at, _ONE_LIST, value))
        return []

    def _flat(self, form: Form, at: KeyPath) -> Form:
        """Take the filters of `filters` to the other keys, and spans apart."""
        flat = {key: one for key, one in form.items() if key not in {"filters", *SPANS}}
        filters = form.get("filters")
        if isinstance(filters, dict):
            for key, value in filters.items():
                self._filter(flat, key, value, (*at, "filters", key))
        elif filters is not None:
            self.found.append(wrong_value((*at, "filters"), MAPPING, filters))
        for name in SPANS:
            if name in form:
                self._span(flat, name, form[name], (*at, name))
        return flat

    def _filter(self, flat: Form, key: str, value: object, place: KeyPath) -> None:
        name = other_names_of(ListDefaults).get(key, key)
        if name in SPANS:
            self._span(flat, name, value, place)
        elif name not in FILTER_KEYS:
            self.found.append(unknown_key(place, (*FILTER_KEYS, *SPANS)))
        elif name not in flat:
            flat[name] = value
            self._moved[*place[:-2], name] = place
        elif not say_the_same(value, flat[name]):
            self.found.append(contradiction(place, f"filters.{key}", name))

    def _span(self, flat: Form, name: str, value: object, place: KeyPath) -> None:
        try:
            span = SPANS[name](value) if value is not None else None
        except ValueError as error:
            self.found.append(wrong_value(place, str(error), value))
            return
        at = place[:-2] if "filters" in place else place[:-1]
        for key, number in (
            (f"min_{name}", span and span.low),
            (f"max_{name}", span and span.high),
        ):
            text = None if number is None else f"{number:.4f}".rstrip("0").rstrip(".")
            if key not in flat:
                flat[key] = text
                self._moved[*at, key] = place
            elif text is not None and not say_the_same(text, flat[key]):
                self.found.append(contradiction(place, name, key))


def _is_meant_for_service(key: str) -> bool:
    """Tell a misspelt or unsupported service, which is reported as a key, from none at all."""
    return key in NOT_YET or meant(key, SERVICES).partition(":")[0] in SERVICES


def _shown(addresses: list[_Address]) -> Form:
    """Write the lists of one entry in the shortest way."""
    services = {one.service for one in addresses}
    if len(addresses) == 1:
        return {addresses[0].service: addresses[0].value}
    if len(services) == 1:
        return {services.pop(): [one.text for one in addresses]}
    return {ADDRESSES: [_in_short(one) for one in addresses]} if addresses else {}


def _in_short(one: _Address) -> object:
    is_text = isinstance(one.text, str)
    return f"{one.service}:{one.text}" if is_text else {one.service: one.text}
