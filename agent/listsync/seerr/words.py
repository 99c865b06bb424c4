"""Other people's text, made fit for our messages."""

from __future__ import annotations

import re

import httpx
from pydantic import ValidationError

from listsync.options import Answer

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


class _Complaint(Answer):
    """Both shapes of an error: `{message, errors?}` and `{status, error}`."""

    message: str | None = None
    error: str | None = None


def clean(text: str, limit: int = 200) -> str:
    """Put *text* on one line without control characters, cut at *limit* characters."""
    line = _UNPRINTABLE.sub(" ", text).strip() if not text.isprintable() else text
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_json(response: httpx.Response) -> bool:
    """Tell an answer of the API from a login page or a proxy's error page."""
    kind = response.headers.get("content-type", "")
    return "json" in kind or (not kind and response.content.lstrip()[:1] in {b"{", b"["})


def complaint(response: httpx.Response) -> str:
    """Read what the server says about an error; empty when it says nothing readable."""
    if not is_json(response):
        return ""
    try:
        said = _Complaint.model_validate_json(response.content)
    except ValidationError:
        return ""
    return clean(said.message or said.error or "")
