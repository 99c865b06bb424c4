"""What is wrong with a configuration: at which key path, and in plain words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from listsync.config.services import NOT_YET, not_supported
from listsync.config.yaml_document import KeyPath, quote
from listsync.redaction import with_marks


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """What is wrong at *path*. `at_key`: the key itself is meant, not its value.

    `is_warning`: it only has no effect; the rest works as it is written.
    """

    path: KeyPath
    what: str
    at_key: bool = False
    is_warning: bool = False


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


def unknown_key(path: KeyPath, known: Collection[str]) -> ConfigIssue:
    """Tell of a key that is none of those *known* at its place."""
    return ConfigIssue(path, _unknown_key(path, known), at_key=True)


def refused_secret(path: KeyPath, words: str) -> ConfigIssue:
    return ConfigIssue(path, f"{dotted(path)}: {words}")


def unknown_name(path: KeyPath, words: str, value: object, meant: Iterable[str]) -> ConfigIssue:
    """Tell of a value that is none of the known names, but perhaps stands for some."""
    likely = " or ".join(map(quote, meant))
    asked = f", did you mean {likely}?" if likely else ""
    return ConfigIssue(path, f"{dotted(path)}: {words}, found {_found(value, words)}{asked}")


def wrong_value(
    path: KeyPath, words: str, value: object, *, known: Iterable[str] = (), hidden: bool = False
) -> ConfigIssue:
    """Tell of a value with *words* for what was expected; one that is *hidden* is not shown."""
    found = "" if hidden else _found(value, words)
    given = repr(str(value).strip())
    if given in words:  # a parser that names what it got
        words, found = words.replace(given, found or "this"), ""
    meant = _did_you_mean(found, known)
    what = f"{dotted(path) or 'the file'}: {words}{found and f', found {found}'}{meant}"
    return ConfigIssue(path, what)


def _unknown_key(path: KeyPath, known: Collection[str]) -> str:
    key = str(path[-1])
    if path[0] == "lists" and len(path) == 3 and key in NOT_YET:
        return not_supported(key)
    meant = _did_you_mean(key, known)
    expected = "" if meant else f", expected one of {', '.join(known)}"
    return f"unknown key {quote(key)} {_level(path[:-1])}{meant or expected}"


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
            return "a mapping"
        case _:
            return "a list of entries"


def _did_you_mean(text: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415 - a good file needs none

    close = difflib.get_close_matches(text.strip('"').lower(), list(known), n=1)
    return f', did you mean "{close[0]}"?' if close else ""
