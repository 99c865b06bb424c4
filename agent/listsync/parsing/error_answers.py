"""What an answer says beside its rows: that there are more, or an error and no list at all.

There is no one form for errors: some say `error`, some `success: false`, some a number of HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TypeVar

from listsync.errors import UnavailableError
from listsync.parsing.columns import plain_name
from listsync.parsing.decoding import number_id, whole_number
from listsync.text_cleaning import one_line

Rows = TypeVar("Rows")

_MOST_NAMES = 1000
_LONGEST = 200
_COUNTS = ("totalRecords", "TotalRecordCount", "totalSize", "total_results", "totalResults")
_ERRORS = ("error", "errors", "err", "errormessage", "errormsg", "errorcode", "errno", "exception")
_SUCCESS = ("success", "succeeded", "issuccess", "ok", "response")
_REFUSALS = (
    *("blocked", "isblocked", "banned", "ratelimited", "throttled", "limited", "unauthorized"),
    *("forbidden", "denied", "captcha", "loginrequired", "maintenance", "failed", "iserror"),
)
_STATUSES = ("status", "statuscode", "code", "httpcode", "httpstatus", "result", "state")
_WORDS = (
    *("message", "msg", "statusmessage", "statustext", "detail", "details", "reason"),
    *("errordescription", "userwarning", "warning"),
)
_FAILED = re.compile(
    r"errors?|err|fail(?:ed|ure)?|unauthori[sz]ed|forbidden|denied|blocked|nok|ko|exception"
    r"|not ?found|invalid|unavailable|rate.?limited|too.?many.?requests|maintenance",
    re.IGNORECASE,
)
_FINE = re.compile(r"(?:ok|okay|success\w*|succeeded|done|fine|2\d\d|0)\W*", re.IGNORECASE)
_NO_ERROR = re.compile(
    r"\s*|0|2\d\d|none|null|nil|false|no|n/a|-|ok|success|no[ _]?errors?\W*", re.IGNORECASE
)
_NOTHING = re.compile(
    r"(?:the |this |your )?(?:watch ?)?list is (?:now )?empty\W*"
    r"|(?:there (?:is|are) )?(?:no|0|nothing) ?"
    r"(?:items?|titles?|movies?|films?|shows?|series|results?|entries|rows|data|in it|here)?"
    r"(?: (?:were |was )?(?:found|yet|available))?\W*",
    re.IGNORECASE,
)


def demand_no_error(service: str, content: Mapping[str, object], rows: list[Rows]) -> bool:
    """Say whether *rows* are all that the answer *content* has: not where it tells an error, too.

    Raises:
        UnavailableError: it tells an error and has no rows. It is no empty list.
    """
    places = [content, *(value for value in _values(content) if isinstance(value, dict))]
    told = next((words for one in places if (words := _error_in(one))), "")
    if told and not rows:
        why = f"tells an error beside an empty list: {told}"
        raise UnavailableError(service, f"{why}; the last good reading is kept")
    if not rows and not any(map(_is_fine, places)):
        _demand_silence(service, places)
    return not told


def _demand_silence(service: str, places: list[Mapping[str, object]]) -> None:
    """Take words beside nothing but empty lists for the reason, unless they say just that."""
    for one in places:
        for name, value in _named(one, _WORDS):
            if isinstance(value, str) and value.strip() and not _says_nothing(value):
                why = f"has no titles, and says {name}: {_shown(value)}"
                raise UnavailableError(service, f"{why}; the last good reading is kept")


def _says_nothing(words: str) -> bool:
    text = words.strip()
    return bool(_FINE.fullmatch(text) or _NOTHING.fullmatch(text[:_LONGEST]))


def _is_fine(place: Mapping[str, object]) -> bool:
    """Tell an answer that says that all went well: its message is none of an error."""
    found = [*_named(place, _SUCCESS), *_named(place, _STATUSES)]
    return any(
        value is True or (isinstance(value, (str, int)) and _FINE.fullmatch(str(value).strip()))
        for _, value in found
    )


def _error_in(place: Mapping[str, object]) -> str:
    """Give the words in which an answer tells an error; empty where it tells none."""
    for name, value in _named(place, _ERRORS):
        if _is_filled(value):
            return f"{name}: {_shown(value)}"
    signs = [
        *((name, value) for name, value in _named(place, _SUCCESS) if _says_no(value)),
        *((name, value) for name, value in _named(place, _REFUSALS) if _says_yes(value)),
        *((name, value) for name, value in _named(place, _STATUSES) if _is_failure(value)),
    ]
    if not signs:
        return ""
    words = (f"{name}: {_shown(value)}" for name, value in _named(place, _WORDS) if value)
    return ", ".join([f"{name}: {_shown(value)}" for name, value in signs[:1]] + [*words][:1])


def _named(place: Mapping[str, object], names: tuple[str, ...]) -> Iterator[tuple[str, object]]:
    for name, value in list(place.items())[:_MOST_NAMES]:
        if plain_name(name) in names:
            yield one_line(str(name), 40), value


def _values(content: Mapping[str, object]) -> list[object]:
    return list(content.values())[:_MOST_NAMES]


def _is_filled(value: object) -> bool:
    """Tell an error from what stands there where there was none."""
    if isinstance(value, dict):
        return any(map(_is_filled, _values(value)))
    if isinstance(value, list):
        return bool(value)
    return value is not None and not _NO_ERROR.fullmatch(str(value).strip())


def _says_no(value: object) -> bool:
    return value is False or str(value).strip().lower() in ("false", "0", "no", "error", "fail")


def _says_yes(value: object) -> bool:
    return value is True or str(value).strip().lower() in ("true", "1", "yes")


def _is_failure(value: object) -> bool:
    """Tell `error`, or a number that HTTP has for failures."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return False
    text = str(value).strip()
    is_number = text[:3].isdecimal() and text.isascii() and not text[3:4].isalnum()
    return (is_number and "400" <= text[:3] < "600") or bool(_FAILED.fullmatch(text))


def _shown(value: object) -> str:
    """Show the words of an error that has several parts."""
    if isinstance(value, list) and value:
        return _shown(value[0])
    if isinstance(value, dict):
        words = (_shown(one) for one in _values(value) if _is_filled(one))
        return one_line(", ".join(words), _LONGEST)
    return one_line(str(value), _LONGEST)


def has_more_pages(content: Mapping[str, object], count: int | None = None) -> bool:
    """Tell a page of a longer list by what services say beside its rows, which are *count*."""
    paging = content.get("pagination")
    for place in (content, paging if isinstance(paging, dict) else {}):
        following = place.get("next") or place.get("next_page") or place.get("nextPage")
        if place.get("has_more") is True or (following and isinstance(following, (str, int))):
            return True
    inner = content.get("MediaContainer")
    counts = inner if isinstance(inner, dict) else content
    totals = (whole_number(counts.get(name)) for name in _COUNTS)
    if count is not None and any(total is not None and total > count for total in totals):
        return True
    pages = number_id(content.get("total_pages"))
    return pages is not None and pages > 1
