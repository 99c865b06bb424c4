"""The request validator in front of the handlers.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live; which parameters exist: the OpenAPI
files that the servers themselves validate against.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from listsync.sandbox.answers import ApiError, invalid, message

_RESERVED = re.compile(r"[:/\[\]@!$&'()*+,;]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_BREAKS_A_VALUE = re.compile(r"[?=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query or path parameter, as the published OpenAPI files have it."""

    kind: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = False


TEXT = Parameter()
NUMBER = Parameter(kind="number")
Parameters = Mapping[str, Parameter]


def read_query(raw: str, known: Parameters) -> dict[str, str | float | int]:
    """Check a raw query string in the validator's order and give its values."""
    pairs = [pair.partition("=") for pair in raw.partition("#")[0].split("&") if pair]
    _refuse_reserved(pairs, known)
    values = {unquote_plus(name): _value(text) for name, _, text in pairs}
    _refuse_strange(values, known)
    problems = [problem for name in known for problem in _problems(name, values, known[name])]
    _refuse(problems, "query")
    return {name: _typed(value, known[name]) for name, value in values.items()}


def check_path(values: Mapping[str, Any], known: Parameters) -> None:
    """Check path parameters."""
    given = {name: str(value) for name, value in values.items()}
    problems = [problem for name in known for problem in _problems(name, given, known[name])]
    _refuse(problems, "params")


def read_json(body: bytes, content_type: bytes) -> Any:
    """Parse a body as Express does; None when it is not JSON or there is none."""
    if not is_json(content_type):
        return None
    if not body:
        return {}
    try:
        value = json.loads(body)
    except ValueError as problem:
        raise ApiError(message(400, _parser_words(body, problem))) from None
    if not isinstance(value, (dict, list)):
        first = body.strip()[:1].decode("latin-1")
        raise ApiError(message(400, f"Unexpected token {first} in JSON at position 0"))
    return value


def is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def require_json(content_type: bytes) -> None:
    """Refuse a body of another type where the route needs one."""
    if not is_json(content_type):
        what = f"unsupported media type {content_type.decode('latin-1') or 'undefined'}"
        raise ApiError(invalid(415, what, ("/body", what)))


def check_request_body(body: Any) -> None:
    """Check the body of POST /request; unknown fields are ignored."""
    _check_body(body, "mediaType", "mediaId")


def check_blocklist_body(body: Any) -> None:
    """Check the body of POST /blocklist."""
    _check_body(body, "mediaType", "tmdbId")


def _check_body(body: Any, *required: str) -> None:
    if not isinstance(body, dict):
        whole = "request.body should be object"
        raise ApiError(invalid(400, whole, (".body", "should be object")))
    missing = [name for name in required if name not in body]
    problems = [("", f"should have required property '{name}'") for name in missing]
    for name, check in _FIELDS.items():
        if name in body and (what := check(body[name])):
            problems.append((name, what))
    _refuse(problems, "body")


def _refuse_reserved(pairs: Iterable[tuple[str, str, str]], known: Parameters) -> None:
    for name, _, text in pairs:
        if name in known and _RESERVED.search(text):
            what = (
                f"Parameter '{name}' must be url encoded. "
                "Its value may not contain reserved characters."
            )
            raise ApiError(invalid(400, what, (f".query.{name}", what)))


def _refuse_strange(values: Mapping[str, str], known: Parameters) -> None:
    for name, value in values.items():
        what: str | None = None
        if name not in known:
            what = f"Unknown query parameter '{name}'"
        elif not value:
            what = f"Empty value found for query parameter '{name}'"
        if what:
            raise ApiError(invalid(400, what, (f".query.{name}", what)))


def _problems(name: str, values: Mapping[str, str], parameter: Parameter) -> list[tuple[str, str]]:
    value = values.get(name)
    if value is None:
        return [("", f"should have required property '{name}'")] if parameter.required else []
    if parameter.kind == "number" and not _NUMBER.fullmatch(value):
        return [(name, "should be number")]
    if parameter.kind == "boolean" and value not in ("true", "false"):
        return [(name, "should be boolean")]
    if parameter.choices and value not in parameter.choices:
        return [(name, _one_of(parameter.choices))]
    return []


def _refuse(problems: list[tuple[str, str]], where: str) -> None:
    if not problems:
        return
    paths = [f".{name}" if name else "" for name, _ in problems]
    texts = [what for _, what in problems]
    whole = ", ".join(
        f"request.{where}{path} {what}" for path, what in zip(paths, texts, strict=True)
    )
    errors = [(f".{where}{path}", what) for path, what in zip(paths, texts, strict=True)]
    raise ApiError(invalid(400, whole, *errors))


def _value(text: str) -> str:
    return unquote_plus(_BREAKS_A_VALUE.split(text)[0])


def _typed(value: str, parameter: Parameter) -> str | float | int:
    if parameter.kind != "number":
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _parser_words(body: bytes, problem: ValueError) -> str:
    position = getattr(problem, "pos", 0)
    if position >= len(body.rstrip()):
        return "Unexpected end of JSON input"
    return f"Unexpected token {chr(body[position])} in JSON at position {position}"


def _one_of(choices: Iterable[str]) -> str:
    return f"should be equal to one of the allowed values: {', '.join(choices)}"


def _number(value: object) -> str | None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return None if is_number else "should be number"


def _number_or_null(value: object) -> str | None:
    return None if value is None else _number(value)


def _boolean(value: object) -> str | None:
    return None if isinstance(value, bool) else "should be boolean"


def _string(value: object) -> str | None:
    return None if isinstance(value, str) else "should be string"


def _media_type(value: object) -> str | None:
    return None if value in ("movie", "tv") else _one_of(("movie", "tv"))


def _seasons(value: object) -> str | None:
    if value == "all":
        return None
    if isinstance(value, list) and all(
        _number(season) is None and season >= 0 for season in value
    ):
        return None
    return "should match exactly one schema in oneOf"


_FIELDS = {
    "mediaType": _media_type,
    "mediaId": _number,
    "tmdbId": _number,
    "tvdbId": _number,
    "seasons": _seasons,
    "is4k": _boolean,
    "serverId": _number,
    "profileId": _number,
    "rootFolder": _string,
    "languageProfileId": _number,
    "userId": _number_or_null,
}
