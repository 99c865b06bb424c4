"""Validation errors in plain words: what is wrong, what was expected, what was meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from listsync.config.findings import Finding, dotted
from listsync.config.services import NOT_YET, not_supported
from listsync.config.shape import model_at
from listsync.config.yaml_document import KeyPath, quote

MAX_FINDINGS = 200  # nobody reads more, and each costs a search for what was meant

_MAPPING = "expected a mapping (key: value)"
_SEQUENCE = "expected a list of entries that begin with -"
_TRUTH = "expected true or false"
_WHOLE = "expected a whole number"
_NUMBER = "expected a number"
_WORDS = {  # pydantic's type of error -> what was expected; {names} come from its context
    "bool_parsing": _TRUTH,
    "bool_type": _TRUTH,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "finite_number": _NUMBER,
    "greater_than": "expected more than {gt:g}",
    "greater_than_equal": "expected at least {ge:g}",
    "less_than": "expected less than {lt:g}",
    "less_than_equal": "expected at most {le:g}",
    "string_type": "expected text",
    "string_too_short": "expected at least {min_length} character(s)",
    "string_too_long": "expected at most {max_length} characters",
    "string_pattern_mismatch": "is not of the expected form",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "tuple_type": _SEQUENCE,
    "list_type": _SEQUENCE,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "value_error": "{error}",
}
_CHOICE = re.compile("'([^']*)'")
_LOGIN = re.compile(r"(\w+://)[^@\s\"']*@")
_QUERY = re.compile(r"(\w+://[^?\s\"']*)\?[^\s\"']*")
_ENVIRONMENT_NAMES = {
    ("server",): "OVERSEERR_URL",
    ("server", "url"): "OVERSEERR_URL",
}


def findings_of(error: ValidationError, secrets: Collection[KeyPath]) -> Iterator[Finding]:
    """Put the errors of the models into words; a value in *secrets* is never shown."""
    for details in islice(error.errors(include_url=False), MAX_FINDINGS):
        path = _real_path(details["loc"])
        match details["type"]:
            case "missing":
                yield Finding(path[:-1], _missing(path))
            case "extra_forbidden":
                yield Finding(path, _unknown_key(path), at_key=True)
            case _:
                found = "" if path in secrets else _found(details)
                yield Finding(path, _wrong_value(details, path, found))


def _real_path(loc: KeyPath) -> KeyPath:
    """Leave out the name by which the union of exclusion forms calls its member."""
    return (*loc[:2], *loc[3:]) if loc[:1] == ("exclude",) else loc


def _missing(path: KeyPath) -> str:
    variable = _ENVIRONMENT_NAMES.get(tuple(map(str, path)))
    return f'missing key "{path[-1]}" {_level(path[:-1])}' + (
        f" (or set {variable})" if variable else ""
    )


def _unknown_key(path: KeyPath) -> str:
    key = str(path[-1])
    if path[0] == "lists" and len(path) == 3 and key in NOT_YET:
        return not_supported(key)
    model = model_at(path[:-1])
    names = [name for name in model.model_fields if name != key] if model else []
    meant = _did_you_mean(key, names)
    known = f", expected one of {', '.join(model.model_fields)}" if model and not meant else ""
    return f"unknown key {quote(key)} {_level(path[:-1])}{meant or known}"


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


def _wrong_value(details: ErrorDetails, path: KeyPath, found: str) -> str:
    context = details.get("ctx", {})
    words = _WORDS.get(details["type"], "is not valid here").format_map(context)
    given = repr(str(details["input"]).strip())
    if given in words:  # a parser that names what it got
        words, found = words.replace(given, found or "this"), ""
    meant = _did_you_mean(found, _CHOICE.findall(context.get("expected", "")))
    return f"{dotted(path) or 'the file'}: {words}{found and f', found {found}'}{meant}"


def _found(details: ErrorDetails) -> str:
    match details["input"]:
        case str() if _WORDS.get(details["type"]) in {_MAPPING, _SEQUENCE}:
            return "text"  # unseen: it may be a key that was pasted a line too high
        case str(text):
            return quote(_without_logins(text))
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case _:
            return "a list of entries"


def _without_logins(text: str) -> str:
    return _QUERY.sub(r"\1?…", _LOGIN.sub(r"\1…@", text))


def _did_you_mean(text: str, known: Iterable[str]) -> str:
    import difflib  # noqa: PLC0415 - a good file needs none

    close = difflib.get_close_matches(text.strip('"').lower(), list(known), n=1)
    return f', did you mean "{close[0]}"?' if close else ""
