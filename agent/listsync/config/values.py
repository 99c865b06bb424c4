"""Small values that the user writes as text: durations, the server's address, a user."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import PlainValidator, WithJsonSchema

from listsync.seerr.address import API, Address

SANDBOX = "sandbox"

_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?) ?([mhd]?)", re.ASCII)
_MINUTES = {"m": 1, "h": 60, "": 60, "d": 24 * 60}
_DURATION_FORMS = "expected a duration such as 30m, 12h or 1d (a bare number counts hours), or 0"
_URL_FORMS = "expected an address such as http://localhost:5055, or the word sandbox"


def parse_duration(value: object) -> timedelta:
    """Read `30m`, `12h`, `1.5d` or hours as a bare number: 0, or at least a minute."""
    match = (
        _DURATION.fullmatch(str(value).strip()) if isinstance(value, str | int | float) else None
    )
    if match is None:
        raise ValueError(_DURATION_FORMS)
    duration = timedelta(minutes=float(match[1]) * _MINUTES[match[2]])
    if timedelta() < duration < timedelta(minutes=1):
        raise ValueError("is too short, expected at least 1m, or 0")
    return duration


def parse_server_url(value: object) -> str:
    """Read the request server's address without trailing slash or `/api/v1`, or `sandbox`.

    A login before an `@` stays in it, so the result is not for showing.
    """
    text = value.strip() if isinstance(value, str) else ""
    if text == SANDBOX:
        return text
    if not text.isprintable() or " " in text:
        raise ValueError(_URL_FORMS)
    try:
        address = Address.parse(text)
    except ValueError:
        # The cause may repeat a piece of the login.
        raise ValueError(_URL_FORMS) from None
    return text.rstrip("/").removesuffix(API) if address.login else address.base


def parse_user(value: object) -> str | int | None:
    """Read a user of the request server: digits are an id, everything else is a name."""
    if value is None:
        return None
    text = str(value).strip() if isinstance(value, str | int) else ""
    if text.isascii() and text.isdigit() and int(text[:10]) > 0:
        return int(text[:10])
    if not text or not text.isprintable() or text.lstrip("+-").isdigit():
        raise ValueError("expected a user name, or an id from 1")
    return text


Duration = Annotated[
    timedelta,
    PlainValidator(parse_duration),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\d{1,6}(\.\d{1,6})? ?[mhd]?$"},
                {"type": "number", "minimum": 0},
            ],
            "examples": ["12h", "30m", "1d", 0],
        }
    ),
]
ServerUrl = Annotated[
    str,
    PlainValidator(parse_server_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({SANDBOX}|https?://\\S+)$",
            "examples": ["http://localhost:5055", SANDBOX],
        }
    ),
]
User = Annotated[
    str | int | None,
    PlainValidator(parse_user),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "integer", "minimum": 1},
                {"type": "null"},
            ]
        }
    ),
]
