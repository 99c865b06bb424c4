"""From plain data to the file's form, or to everything that is wrong with it, in plain words."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, get_args, get_origin

from msgspec import Meta
from msgspec.structs import FieldInfo

from listsync.config.schema_keys import (
    Holds,
    Section,
    holds,
    is_model,
    is_required,
    keys_of,
    required_of,
)
from listsync.config.secret_forms import SecretSource
from listsync.config.suggestions import meant
from listsync.config.values import NOT_YET, SERVICES, is_in_seconds, not_supported, parse_seconds
from listsync.config.yaml_document import KeyPath, quote
from listsync.config_types import (
    Check,
    HiddenValueError,
    Options,
    SecretStr,
    UnknownNameError,
    ValueForm,
)
from listsync.lean_dataclasses import dataclass
from listsync.redaction import with_marks


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """What is wrong at *path*. `at_key`: the key itself is meant, not its value.

    `is_warning`: it only has no effect; the rest works as it is written. `leaves_nothing`: but
    there is no rest.
    """

    path: KeyPath
    what: str
    at_key: bool = False
    is_warning: bool = False
    leaves_nothing: bool = False


def dotted(path: KeyPath) -> str:
    """Write *path* as people do: `lists[2].limit`; entries count from 0."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


MAPPING = "expected a mapping (key: value)"
SEQUENCE = "expected a list of entries that begin with -"
TRUTH = "expected true or false"
WHOLE = "expected a whole number"
NUMBER = "expected a number"
TEXT = "expected text"

_LONGEST = 2000  # of a value that is shown, and searched for what must not be
_ENVIRONMENT_NAMES = {
    ("server",): "OVERSEERR_URL",
    ("server", "url"): "OVERSEERR_URL",
}


def one_of(names: Iterable[str]) -> str:
    *most, last = map(repr, names)
    return f"expected {', '.join(most)} or {last}" if most else f"expected {last}"


def missing_key(path: KeyPath) -> ConfigIssue:
    variable = _ENVIRONMENT_NAMES.get(tuple(map(str, path)))
    what = f'missing key "{path[-1]}" {_level(path[:-1])}'
    return ConfigIssue(path[:-1], what + (f" (or set {variable})" if variable else ""))


def unknown_key(
    path: KeyPath, known: Collection[str], may_be: Callable[[str], bool] = lambda _: True
) -> ConfigIssue:
    """Tell of a key that is none of those *known* at its place.

    *may_be* tells whether one of them could hold what was given.
    """
    return ConfigIssue(path, _unknown_key(path, known, may_be), at_key=True)


def refused_secret(path: KeyPath, words: str) -> ConfigIssue:
    return ConfigIssue(path, f"{dotted(path)}: {words}")


def unknown_name(path: KeyPath, words: str, value: object, likely: Iterable[str]) -> ConfigIssue:
    """Tell of a value that is none of the known names, but perhaps stands for some."""
    names = " or ".join(map(quote, likely))
    asked = f", did you mean {names}?" if names else ""
    return ConfigIssue(path, f"{dotted(path)}: {words}, found {_found(value, words)}{asked}")


def wrong_value(
    path: KeyPath, words: str, value: object, *, known: Iterable[str] = (), hidden: bool = False
) -> ConfigIssue:
    """Tell of a value with *words* for what was expected; one that is *hidden* is not shown."""
    found = "" if hidden else _found(value, words)
    given = repr(str(value).strip())
    if given in words:  # a parser that names what it got
        words, found = words.replace(given, found or "this"), ""
    likely = _did_you_mean(found, known)
    what = f"{dotted(path) or 'the file'}: {words}{found and f', found {found}'}{likely}"
    return ConfigIssue(path, what)


def _unknown_key(path: KeyPath, known: Collection[str], may_be: Callable[[str], bool]) -> str:
    key = str(path[-1])
    if path[0] == "lists" and len(path) == 3 and key in NOT_YET:
        return not_supported(key)
    if path[0] == "defaults" and key in {"exclude", "name", *SERVICES}:
        return f"{quote(key)} is said of one list, expected it there and not in defaults"
    if path[0] == "exclude" and key in {"imdb", "tmdb", "tvdb"}:
        return f"{quote(key)} and its number are one word, such as tmdb:movie/603 or tvdb:81189"
    likely = _did_you_mean(key, known, may_be)
    expected = "" if likely else f", expected one of {', '.join(known)}"
    return f"unknown key {quote(key)} {_level(path[:-1])}{likely or expected}"


def _level(path: KeyPath) -> str:
    match path:
        case ():
            return "at the top level"
        case ("lists", int()):
            return "in a list"
        case ("exclude", int()):
            return "in an exclusion"
        case _:
            return f"in {dotted(path)}"


def _found(value: object, words: str) -> str:
    match value:
        case str() if words in {MAPPING, SEQUENCE}:
            return "text"  # unseen: it may be a key that was pasted a line too high
        case str(text) if len(text) > _LONGEST:
            return f"{len(text):,} characters"
        case str(text):
            return quote(with_marks(text))
        case None:
            return "nothing"
        case dict():
            has_dash = any(str(key).startswith("-") for key in value)
            return "a mapping" + ('; a space is missing behind the "-"' if has_dash else "")
        case _:
            return "a list of entries"


def _did_you_mean(
    text: str, known: Iterable[str], may_be: Callable[[str], bool] = lambda _: True
) -> str:
    likely = meant(text, known, may_be)
    return f', did you mean "{likely}"?' if likely else ""


MAX_FINDINGS = 200  # nobody reads more, and each costs a search for what was meant

_TRUTHS = {
    **dict.fromkeys(("true", "yes", "on", "y", "t", "1"), True),
    **dict.fromkeys(("false", "no", "off", "n", "f", "0"), False),
}
_WHOLE = re.compile(r"([+-]?\d{1,18})(?:\.0+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,18})?|\.\d{1,18})(?:[eE][+-]?\d{1,2})?", re.ASCII)
_WRONG = object()
"""In place of a value that was found wrong."""

ModelT = TypeVar("ModelT", bound=Options)
Told = ParamSpec("Told")


def read_form(
    model: type[ModelT],
    data: object,
    folder: Path,
    secrets: SecretSource,
    place_of: Callable[[KeyPath], KeyPath] = lambda path: path,
) -> tuple[ModelT | None, list[ConfigIssue]]:
    """Read *data* as *model*; None with what is wrong. Relative paths begin in *folder*.

    *place_of* gives where what stands at a path of the data is written.
    """
    reader = _Reader(folder, secrets, place_of)
    form = reader.mapping(model, data, ())
    return form if isinstance(form, model) else None, reader.found


class _Reader:
    """Walks model and data side by side; scalars of the data are texts, as in the file."""

    def __init__(
        self, folder: Path, secrets: SecretSource, place_of: Callable[[KeyPath], KeyPath]
    ) -> None:
        self._folder = folder
        self._secrets = secrets
        self._place_of = place_of
        self.found: list[ConfigIssue] = []

    def mapping(self, model: type[Options], data: object, path: KeyPath) -> object:
        if not isinstance(data, dict):
            return self._wrong(path, MAPPING, data)
        keys = keys_of(model)
        values = {}
        for name, value in data.items():
            key = keys.get(name)
            at = (*path, name)
            if key is None:
                values[name] = self._note(unknown_key, at, keys, _may_hold(keys, value))
            elif value is None and issubclass(model, Section) and not is_required(key):
                continue
            else:
                values[name] = self._value(key.type, value, at)
        for name in required_of(model):
            if name not in data:
                values[name] = self._note(missing_key, (*path, name))
        if _WRONG in values.values():
            return _WRONG
        return model(**{keys[name].name: value for name, value in values.items()})

    def _value(self, hint: Any, value: object, path: KeyPath) -> object:
        held = holds(hint)
        if value is None and held.optional:
            return None
        result = self._unchecked(held, value, path)
        check = held.noted(Check)
        if result is not _WRONG and check is not None:
            parsed = result
            result = self._parsed(lambda: check.of(parsed), held, value, path)
        bounds = held.noted(Meta)
        words = _out_of_bounds(result, bounds) if bounds and result is not _WRONG else ""
        return self._wrong(path, words, value) if words else result

    def _unchecked(self, held: Holds, value: object, path: KeyPath) -> object:
        form = held.noted(ValueForm)
        if form is not None:
            return self._parsed(lambda: form.read(value, self._folder), held, value, path)
        if held.kind is SecretStr:
            return self._secret(value, path)
        if held.named is not None:
            return self._names(*held.named, value, path)
        if held.entry is not None or len(held.choices) > 1:
            return self._several(held, value, path)
        if is_model(held.kind):
            return self.mapping(held.kind, value, path)
        return self._scalar(held, value, path)

    def _parsed(
        self, parse: Callable[[], object], held: Holds, value: object, path: KeyPath
    ) -> object:
        try:
            return parse()
        except UnknownNameError as error:
            return self._note(unknown_name, path, str(error), value, error.meant)
        except ValueError as error:
            hidden = held.kind is SecretStr or isinstance(error, HiddenValueError)
            return self._wrong(path, str(error), value, hidden=hidden)

    def _secret(self, value: object, path: KeyPath) -> object:
        try:
            return SecretStr(self._secrets.read(value))
        except ValueError as error:
            return self._note(refused_secret, path, str(error))

    def _several(self, held: Holds, value: object, path: KeyPath) -> object:
        if held.entry is not None:
            return self._sequence(held.entry, value, path)
        return self._value(_choice(held.choices, value), value, path)

    def _sequence(self, entry: Any, value: object, path: KeyPath) -> object:
        if isinstance(value, str) and holds(entry).kind is str:
            value = [value]
        if not isinstance(value, list):
            return self._wrong(path, SEQUENCE, value)
        entries = tuple(self._value(entry, one, (*path, n)) for n, one in enumerate(value))
        return _WRONG if any(one is _WRONG for one in entries) else entries

    def _names(self, name: Any, hint: Any, value: object, path: KeyPath) -> object:
        """Read a mapping whose names are free."""
        if not isinstance(value, dict):
            return self._wrong(path, MAPPING, value)
        named = {
            self._value(name, one, (*path, one)): self._value(hint, inner, (*path, one))
            for one, inner in value.items()
        }
        return _WRONG if _WRONG in (*named, *named.values()) else named

    def _scalar(self, held: Holds, value: object, path: KeyPath) -> object:
        if get_origin(held.kind) is Literal or issubclass(held.kind, Enum):
            known = {str(one.value if isinstance(one, Enum) else one): one for one in _all(held)}
            if isinstance(value, str) and value in known:
                return known[value]
            return self._wrong(path, one_of(known), value, known=known)
        read, expected = _SCALARS[held.kind]
        result = read(value) if isinstance(value, str) else None
        if result is None and is_in_seconds(path[-1]):
            return self._parsed(lambda: parse_seconds(value), held, value, path)
        return self._wrong(path, expected, value) if result is None else result

    def _wrong(
        self,
        path: KeyPath,
        words: str,
        value: object,
        *,
        known: Iterable[str] = (),
        hidden: bool = False,
    ) -> object:
        return self._note(wrong_value, path, words, value, known=known, hidden=hidden)

    def _note(
        self,
        tell: Callable[Concatenate[KeyPath, Told], ConfigIssue],
        path: KeyPath,
        *args: Told.args,
        **more: Told.kwargs,
    ) -> object:
        if len(self.found) < MAX_FINDINGS:
            issue = tell(self._place_of(path), *args, **more)
            if issue not in self.found:  # what is written once may hold for many lists
                self.found.append(issue)
        return _WRONG


def _may_hold(keys: Mapping[str, FieldInfo], value: object) -> Callable[[str], bool]:
    """Tell of each key whether *value* is of the right kind for it."""

    def is_right(name: str) -> bool:
        held = holds(keys[name].type)
        match value:
            case str():
                return held.kind is not bool or truth_of(value) is not None
            case list():
                return held.entry is not None or held.noted(ValueForm) is not None
            case dict():
                return held.kind not in _SCALARS and held.entry is None
            case _:
                return True

    return is_right


def _choice(choices: Iterable[Any], value: object) -> Any:
    """Choose by what was written: a mapping by its keys, everything else is no model."""
    models = [one for one in choices if is_model(one)]
    if not isinstance(value, dict):
        return next(one for one in choices if not is_model(one))
    return next((one for one in models if value.keys() & set(required_of(one))), models[0])


def _all(held: Holds) -> Iterable[object]:
    return get_args(held.kind) if get_origin(held.kind) is Literal else tuple(held.kind)


def truth_of(text: str) -> bool | None:
    return _TRUTHS.get(text.strip().lower())


def _whole(text: str) -> int | None:
    found = _WHOLE.fullmatch(text.strip())
    return int(found[1]) if found else None


def _number(text: str) -> float | None:
    return float(text) if _NUMBER.fullmatch(text.strip()) else None


_SCALARS: dict[type, tuple[Callable[[str], object], str]] = {
    bool: (truth_of, TRUTH),
    int: (_whole, WHOLE),
    float: (_number, NUMBER),
    str: (str, TEXT),
}


def _out_of_bounds(value: Any, meta: Meta) -> str:
    """Say what was expected; empty when *value* is within the bounds."""
    if meta.gt is not None and not value > meta.gt:
        return f"expected more than {meta.gt:g}"
    if meta.ge is not None and not value >= meta.ge:
        return f"expected at least {meta.ge:g}"
    if meta.le is not None and not value <= meta.le:
        return f"expected at most {meta.le:g}"
    if meta.min_length is not None and len(value) < meta.min_length:
        return f"expected at least {meta.min_length} character(s)"
    if meta.max_length is not None and len(value) > meta.max_length:
        return f"expected at most {meta.max_length} characters"
    return ""
