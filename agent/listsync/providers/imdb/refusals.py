"""How IMDb says no: in the `errors` of an answer, or in place of one.

Source: clients and reports of 2026; samples in tests/fixtures/imdb/graphql. Every answer of the
GraphQL service comes with HTTP 200, or with 400 where it refuses the question itself; other
statuses are those of what stands before.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.http.response import Response, retry_after_s
from listsync.parsing.documents import parse_json, text_of
from listsync.parsing.row_fields import title_text
from listsync.providers.imdb.queries import field_in
from listsync.providers.imdb.source import SERVICE
from listsync.text_cleaning import one_line

_OF_QUESTION = (400, 422)
_MOST_ERRORS_READ = 100
_LONGEST = 400
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


class QuestionRefusedError(AnswerChangedError):
    """The service does not take the whole question, for a reason that is not known here."""

    def plain(self) -> AnswerChangedError:
        """Give the error as others know it."""
        return AnswerChangedError(SERVICE, self.why, sample=self.sample)


class UnknownFieldsError(QuestionRefusedError):
    """The service does not know *fields*, and refuses the question for them."""

    def __init__(self, why: str, fields: tuple[str, ...], *, sample: str = "") -> None:
        super().__init__(SERVICE, why, sample=sample)
        self.fields = fields


def judge(response: Response) -> ListsyncError | None:
    """Read what stands before the service, and the `errors` of an answer of its own."""
    if response.status in (401, 403):  # private lists are said with 200
        why, wait = f"turns us away (HTTP {response.status})", retry_after_s(response.headers)
        return RefusedError(SERVICE, Refusal.BLOCKED, why, retry_after_s=wait)
    if response.status in (404, 410):
        return AnswerChangedError(SERVICE, f"its service is not there (HTTP {response.status})")
    if (
        response.status not in (200, *_OF_QUESTION)
        or response.is_page
        or not response.body.strip()
    ):
        return None
    text = text_of(response)
    if response.status in _OF_QUESTION:
        return _refused_question(response, text)
    # Without the word there are none, and a good page need not be parsed twice.
    return _refusal(parse_json(SERVICE, text)) if '"errors"' in text else None


def _refused_question(response: Response, text: str) -> ListsyncError | None:
    """Read the words that come with a 400; None where there are none, and the status must do."""
    try:
        content = parse_json(SERVICE, text)
    except AnswerChangedError:
        return None
    found = _refusal(content)
    if found is None and isinstance(content, dict) and title_text(content.get("message")):
        found = _meaning(content)
    if isinstance(found, UnknownFieldsError) or not isinstance(found, QuestionRefusedError):
        return found
    return QuestionRefusedError(
        SERVICE, f"{found.why} (HTTP {response.status})", sample=found.sample
    )


def _refusal(content: object) -> ListsyncError | None:
    """Find what is wrong with more than single titles of a list."""
    errors = content.get("errors") if isinstance(content, dict) else None
    told = errors if isinstance(errors, list) else [errors] if errors else []
    found = (
        _meaning(error if isinstance(error, dict) else {"message": error})
        for error in told
        if not isinstance(error, dict) or not _concerns_row(content, error.get("path"))
    )
    return _foremost(islice(found, _MOST_ERRORS_READ))


def _foremost(found: Iterable[ListsyncError]) -> ListsyncError | None:
    """Choose the first; unknown fields are told together, as far as nothing else is wrong."""
    fields: list[UnknownFieldsError] = []
    for error in found:
        if not isinstance(error, UnknownFieldsError):
            return error
        fields.append(error)
    if not fields:
        return None
    names = (name for error in fields for name in error.fields)
    why = one_line("; ".join(dict.fromkeys(error.why for error in fields)), _LONGEST)
    return UnknownFieldsError(why, tuple(dict.fromkeys(names)), sample=fields[0].sample)


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
    field, sample = field_in(message), one_line(str(code))
    if field is not None:
        return UnknownFieldsError(words, (field,), sample=sample)
    return QuestionRefusedError(SERVICE, words, sample=sample)
