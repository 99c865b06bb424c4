"""Other people's text, made fit for our messages."""

from __future__ import annotations

import re

from listsync.answers import Answer, UnknownFormError, decode
from listsync.seerr.reply import Reply

_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]+")


class _Complaint(Answer, frozen=True):
    """Both shapes of an error: `{message, errors?}` and `{status, error}`."""

    message: str | None = None
    error: str | None = None


def clean(text: str, limit: int = 200) -> str:
    """Put *text* on one line without control characters, cut at *limit* characters."""
    line = _UNPRINTABLE.sub(" ", text).strip() if not text.isprintable() else text
    return line if len(line) <= limit else line[: limit - 1] + "…"


def is_json(reply: Reply) -> bool:
    """Tell an answer of the API from a login page or a proxy's error page."""
    kind = reply.header(b"content-type")
    return "json" in kind or (not kind and reply.content.lstrip()[:1] in {b"{", b"["})


def complaint(reply: Reply) -> str:
    """Read what the server says about an error; empty when it says nothing readable."""
    if not is_json(reply):
        return ""
    try:
        said = decode(reply.content, _Complaint)
    except UnknownFormError:
        return ""
    return clean(said.message or said.error or "")
