"""What a call is checked for before its handler: who calls, and what it brings.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live; which parameters exist: the OpenAPI
files that the servers themselves validate against.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn
from urllib.parse import parse_qsl, quote, unquote_plus

from listsync.lean_dataclasses import dataclass
from listsync.sandbox.responses import ApiError, Headers, forbidden, invalid, message
from listsync.sandbox.server_model import SandboxServer
from listsync.sandbox.state import User

HeaderMap = Mapping[bytes, bytes]
_TOKEN_HEADERS = (b"csrf-token", b"xsrf-token", b"x-csrf-token", b"x-xsrf-token")
_COOKIE_END = "; Path=/; Secure; SameSite=Strict"


def random_key() -> str:
    """Make up a key; like real ones it ends in `=`, which careless copies lose."""
    return base64.b64encode(secrets.token_bytes(44)).decode()


def cookies_of(header: bytes) -> dict[str, str]:
    """Read a Cookie header."""
    text = header.decode("latin-1").replace("; ", "&").replace(";", "&").replace("+", "%2B")
    return dict(parse_qsl(text))


def require_credentials(headers: HeaderMap, path: str) -> None:
    """Refuse a call that brings neither key nor session; what they are worth is asked later."""
    has_session = "connect.sid" in cookies_of(headers.get(b"cookie", b""))
    if not headers.get(b"x-api-key") and not has_session:
        what = "cookie 'connect.sid' required"
        raise ApiError(invalid(401, what, (path, what)))


def acting_user(headers: HeaderMap, server: SandboxServer) -> User | None:
    """Give the user that the key acts as; None for a wrong key or an unknown user."""
    if headers.get(b"x-api-key", b"").decode("latin-1") != server.settings.api_key:
        return None
    number = headers.get(b"x-api-user", b"").decode("latin-1").strip()
    if not number:
        return server.state.users[1]
    try:
        return server.state.users.get(int(number))
    except ValueError:
        _die(number, server)


def require(user: User | None, permission: int) -> None:
    """Guard a route: *permission* is a mask of rights, any of which will do."""
    if user is None or (permission and not user.may(permission)):
        raise ApiError(forbidden())


def check_csrf(method: str, headers: HeaderMap) -> Headers:
    """Refuse a write without token; give the cookies that a read hands out."""
    secret = cookies_of(headers.get(b"cookie", b"")).get("_csrf")
    if method in ("GET", "HEAD", "OPTIONS"):
        return _cookies(secret)
    tokens = [headers[name].decode("latin-1") for name in _TOKEN_HEADERS if name in headers]
    salt = tokens[0].partition("-")[0] if tokens else ""
    if not secret or not tokens or tokens[0] != _token(secret, salt):
        raise ApiError(message(403, "invalid csrf token"))
    return ()


def _cookies(secret: str | None) -> Headers:
    fresh = secret or secrets.token_urlsafe(18)
    token = _token(fresh, secrets.token_hex(4))
    cookies = [f"XSRF-TOKEN={quote(token, safe='')}{_COOKIE_END}"]
    if secret is None:
        cookies.insert(0, f"_csrf={fresh}; HttpOnly{_COOKIE_END}")
    return tuple((b"set-cookie", cookie.encode()) for cookie in cookies)


def _token(secret: str, salt: str) -> str:
    digest = hashlib.sha1(f"{salt}-{secret}".encode(), usedforsecurity=False).digest()
    return f"{salt}-{base64.b64encode(digest).decode()}"


def _die(number: str, server: SandboxServer) -> NoReturn:
    """End the process: Overseerr and Seerr die of a user number that is none."""
    server.crash(f"SQLITE_ERROR: no such column: NaN (X-API-User: {number})")


_RESERVED = re.compile(r"[:/\[\]@!$&'()*+,;]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")
_EXPECTED = {
    "Expecting property name enclosed in double quotes": "Expected property name or '}'",
    "Expecting ':' delimiter": "Expected ':' after property name",
    "Expecting ',' delimiter": "Expected ',' or '}' after property value",
}
_BREAKS_A_VALUE = re.compile(r"[?=]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One query or path parameter, as the published OpenAPI files have it."""

    kind: str = "string"
    choices: tuple[str, ...] = ()
    required: bool = False


class _Problem(NamedTuple):
    """What a schema found: at which field, in words, and which word of the schema found it."""

    name: str
    what: str
    keyword: str

    @property
    def words(self) -> str:
        """Say it as the message does, which names a missing field once."""
        return self.what if self.keyword == "required" else f".{self.name} {self.what}"


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
        text = body.decode("utf-8", "replace").strip()
        words = f"Unexpected token '{text[:1]}', \"{text}\" is not valid JSON"
        raise ApiError(message(400, words))
    return value


def is_json(content_type: bytes) -> bool:
    return content_type.partition(b";")[0].strip().lower() == b"application/json"


def require_json(content_type: bytes, path: str) -> None:
    """Refuse a body of another type where the route needs one."""
    if not is_json(content_type):
        what = f"unsupported media type {content_type.decode('latin-1') or 'undefined'}"
        raise ApiError(invalid(415, what, (path, what)))


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
    problems = [_missing(name) for name in required if name not in body]
    for name, check in _FIELDS.items():
        if name in body and (what := check(body[name])):
            problems.append(_Problem(name, what, _keyword(what)))
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


def _problems(name: str, values: Mapping[str, str], parameter: Parameter) -> list[_Problem]:
    value = values.get(name)
    if value is None:
        return [_missing(name)] if parameter.required else []
    if parameter.kind == "number" and not _NUMBER.fullmatch(value):
        return [_Problem(name, "should be number", "type")]
    if parameter.kind == "boolean" and value not in ("true", "false"):
        return [_Problem(name, "should be boolean", "type")]
    if parameter.choices and value not in parameter.choices:
        return [_Problem(name, _one_of(parameter.choices), "enum")]
    return []


def _missing(name: str) -> _Problem:
    return _Problem(name, f"should have required property '{name}'", "required")


def _refuse(problems: list[_Problem], where: str) -> None:
    if not problems:
        return
    whole = ", ".join(f"request.{where}{_spaced(problem.words)}" for problem in problems)
    errors = [(f".{where}.{one.name}", one.what, one.keyword) for one in problems]
    raise ApiError(invalid(400, whole, *errors))


def _spaced(words: str) -> str:
    return words if words.startswith(".") else f" {words}"


def _keyword(what: str) -> str:
    """Name the word of the schema that a field of the body fails by."""
    if what.startswith("should be equal"):
        return "enum"
    return "oneOf" if what.endswith("oneOf") else "type"


def _value(text: str) -> str:
    return unquote_plus(_BREAKS_A_VALUE.split(text)[0])


def _typed(value: str, parameter: Parameter) -> str | float | int:
    if parameter.kind != "number":
        return value
    number = float(value)
    return int(number) if number.is_integer() else number


def _parser_words(body: bytes, problem: ValueError) -> str:
    """Say it as V8 does."""
    text = body.decode("utf-8", "replace")
    position = getattr(problem, "pos", 0)
    expected = _EXPECTED.get(getattr(problem, "msg", ""))
    if expected:
        return f"{expected} in JSON at position {position}"
    if position >= len(text.rstrip()):
        return "Unexpected end of JSON input"
    return f"Unexpected token '{text[position]}', \"{text}\" is not valid JSON"


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
