"""How IMDb says no: in the `errors` of an answer, or in place of one.

Source: clients and reports of 2026; samples in tests/fixtures/imdb/graphql. Every answer of the
GraphQL service comes with HTTP 200; other statuses are those of what stands before.
"""

from __future__ import annotations

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.net.documents import parse_json, text_of
from listsync.net.fields import title_text
from listsync.net.texts import one_line
from listsync.net.verdicts import Reply, retry_after_s
from listsync.providers.imdb.source import SERVICE

_REFUSALS = {  # the first that is part of an error's code and message
    "forbidden": Refusal.PRIVATE,
    "permission denied": Refusal.PRIVATE,
    "are private": Refusal.PRIVATE,
    "is not public": Refusal.PRIVATE,
    "rate exceeded": Refusal.RATE_LIMITED,
    "customerid required": Refusal.NOT_FOUND,
    "resource_not_found": Refusal.NOT_FOUND,
    "resource not found": Refusal.NOT_FOUND,
}


def judge(reply: Reply) -> ListsyncError | None:
    """Read what stands before the service, and the `errors` of an answer of its own."""
    if reply.status in (401, 403):  # private lists are said with 200
        why, wait = f"turns us away (HTTP {reply.status})", retry_after_s(reply.headers)
        return RefusedError(SERVICE, Refusal.BLOCKED, why, retry_after_s=wait)
    if reply.status in (404, 410):
        return AnswerChangedError(SERVICE, f"its service is not there (HTTP {reply.status})")
    if reply.status != 200 or reply.is_page or not reply.body.strip():
        return None
    text = text_of(reply)
    # Without the word there are none, and a good page need not be parsed twice.
    return _refusal(parse_json(SERVICE, text)) if '"errors"' in text else None


def _refusal(content: object) -> ListsyncError | None:
    """Find an error that concerns more than single titles of a list."""
    errors = content.get("errors") if isinstance(content, dict) else None
    for error in errors if isinstance(errors, list) else [errors] if errors else []:
        if not isinstance(error, dict):
            return AnswerChangedError(SERVICE, "says that something is wrong, and not what")
        if not _concerns_row(content, error.get("path")):
            return _meaning(error)
    return None


def _concerns_row(content: object, path: object) -> bool:
    """Follow an error's path: it concerns a row when it leads into a list that came."""
    node = content.get("data") if isinstance(content, dict) else None
    for step in path if isinstance(path, list) else []:
        if isinstance(node, list):
            return bool(node)
        node = node.get(step) if isinstance(node, dict) and isinstance(step, str) else None
    return False


def _meaning(error: dict[object, object]) -> ListsyncError:
    told = error.get("extensions")
    code = told.get("code") if isinstance(told, dict) else None
    message = title_text(error.get("message")) or "no reason"
    words = f"says: {one_line(message)}"
    said = f"{code} {message}".lower()
    for part, kind in _REFUSALS.items():
        if part in said:
            return RefusedError(SERVICE, kind, words)
    if code == "INTERNAL_SERVER_ERROR":
        return UnavailableError(SERVICE, words)
    return AnswerChangedError(SERVICE, words, sample=one_line(str(code)))
