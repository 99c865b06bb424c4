"""What the server says about an error."""

from __future__ import annotations

from listsync.decoding import Answer, UnknownFormError, decode
from listsync.seerr.response import Reply
from listsync.text_cleaning import one_line


class _Complaint(Answer, frozen=True):
    """Both shapes of an error: `{message, errors?}` and `{status, error}`."""

    message: str | None = None
    error: str | None = None


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
    return one_line(said.message or said.error or "")
