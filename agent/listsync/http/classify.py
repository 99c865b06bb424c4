"""What an HTTP answer means for us: usable, or which of our three errors.

The evidence for bot walls is what Cloudflare and AWS document about their own answers:
`cf-mitigated`, `x-amzn-waf-action`, "Just a moment...", error 1015, `Server: awselb`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from listsync.domain.lists import Validators
from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    import httpx

_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_WALL_TITLE = re.compile(
    r"just a moment\.\.\.|attention required! \| cloudflare|human verification", re.IGNORECASE
)
_WALL_BODY = re.compile(r"_cf_chl_opt|enable javascript and cookies|awswaf|captcha", re.IGNORECASE)
_TOO_FAST = re.compile(r"error (?:code: )?1015\b|you are being rate limited", re.IGNORECASE)
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|auth|oauth|session)(?:[/.]|$)", re.IGNORECASE)
_LOOK = 8192  # characters of a body that are looked at for evidence
_WALLED = (202, 403, 405, 429, 503)  # what a bot wall answers
_YEAR_S = 366 * 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, read to its end. `path` is host and path of where it came from."""

    service: str
    status: int
    headers: httpx.Headers
    body: bytes
    path: str
    hops: int = 0

    def with_body(self, body: bytes) -> Reply:
        return replace(self, body=body)

    @property
    def look(self) -> str:
        """The beginning of the body as text, good enough to look for words in it."""
        return self.body[:_LOOK].decode("utf-8", "replace")

    @property
    def sample(self) -> str:
        return one_line(self.look)

    @property
    def content_type(self) -> str:
        named: str = self.headers.get("content-type", "")
        return named.partition(";")[0].strip().lower()

    @property
    def is_page(self) -> bool:
        """True for HTML and XML, whatever the headers call it."""
        named = self.content_type in ("text/html", "application/xhtml+xml")
        return named or self.look.lstrip("\ufeff \t\r\n").startswith("<")

    @property
    def title(self) -> str:
        found = _TITLE.search(self.look)
        return one_line(found[1], 80) if found else ""

    @property
    def validators(self) -> Validators:
        return Validators(
            etag=self.headers.get("etag"), last_modified=self.headers.get("last-modified")
        )


Judge = Callable[[Reply], ListsyncError | None]


def no_opinion(_reply: Reply) -> ListsyncError | None:
    """Judge nothing: the general rules hold."""
    return None


def verdict(reply: Reply, judge: Judge, *, conditional: bool) -> ListsyncError | None:
    """Say what is wrong with *reply*; None means that its body (or its 304) can be used.

    A bot wall is recognised first, then *judge* speaks for the service, then the status counts.
    """
    if reply.status == 304 and conditional:
        return None
    return _wall(reply) or judge(reply) or _by_status(reply)


def _wall(reply: Reply) -> ListsyncError | None:
    headers, wait = reply.headers, retry_after_s(reply.headers)
    if reply.status in (403, 429) and _TOO_FAST.search(reply.look):
        return RefusedError(
            reply.service, Refusal.RATE_LIMITED, "asks us to slow down", retry_after_s=wait
        )
    walled = (
        "cf-mitigated" in headers
        or headers.get("x-amzn-waf-action") in ("challenge", "captcha")
        or (headers.get("server", "").startswith("awselb") and reply.status in (202, 403, 405))
        or (reply.status == 202 and not reply.body)
        or _WALL_TITLE.fullmatch(reply.title) is not None
        or (reply.status in _WALLED and _WALL_BODY.search(reply.look) is not None)
    )
    if not walled:
        return None
    return RefusedError(
        reply.service, Refusal.BLOCKED, "a bot wall answers in its place", retry_after_s=wait
    )


_REFUSALS = {
    401: (Refusal.CREDENTIAL, "does not accept our key or login"),
    402: (Refusal.SUBSCRIPTION, "wants a paid subscription for this"),
    403: (Refusal.PRIVATE, "does not let us see this; it may be private"),
    404: (Refusal.NOT_FOUND, "does not know this list"),
    410: (Refusal.NOT_FOUND, "says that this list is gone"),
    426: (Refusal.SUBSCRIPTION, "wants a paid subscription for this"),
    429: (Refusal.RATE_LIMITED, "asks us to slow down"),
    451: (Refusal.BLOCKED, "may not show this here for legal reasons"),
}


def _by_status(reply: Reply) -> ListsyncError | None:
    status, service = reply.status, reply.service
    if status == 200:
        return None if reply.body.strip() else UnavailableError(service, "answers with 0 bytes")
    wait = retry_after_s(reply.headers)
    if status == 403 and reply.is_page and reply.headers.get("server") == "cloudflare":
        return RefusedError(
            service, Refusal.BLOCKED, "Cloudflare answers in its place (403)", retry_after_s=wait
        )
    if status in _REFUSALS:
        kind, why = _REFUSALS[status]
        return RefusedError(service, kind, f"{why} (HTTP {status})", retry_after_s=wait)
    if status >= 500 or status in (407, 408, 425):
        return UnavailableError(service, f"is out of order (HTTP {status})", retry_after_s=wait)
    return AnswerChangedError(service, f"answers HTTP {status}", sample=reply.sample)


def not_json(reply: Reply) -> ListsyncError | None:
    """Say what a web page means where JSON was expected; None when it is no page."""
    if not reply.is_page:
        return None
    login = reply.hops and _LOGIN.search(reply.path)
    if login or re.search(r"""type=["']?password""", reply.look):
        return RefusedError(reply.service, Refusal.CREDENTIAL, "answers with its login page")
    name = f' "{reply.title}"' if reply.title else ""
    return AnswerChangedError(
        reply.service, f"a web page{name} came where JSON was expected", sample=reply.sample
    )


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Read how long to wait: Retry-After in seconds or as a date, else X-RateLimit-Reset."""
    asked = headers.get("retry-after", "").strip()
    if asked:
        return _bounded(float(asked)) if _is_number(asked) else _until_date(asked)
    reset = headers.get("x-ratelimit-reset", "").strip()
    if not _is_number(reset):
        return None
    seconds = float(reset)  # a point in time, or seconds from now
    return _bounded(seconds - time.time() if seconds > _YEAR_S else seconds)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d{1,12}(?:\.\d{1,9})?", text, re.ASCII) is not None


def _bounded(seconds: float) -> float:
    return min(max(seconds, 0.0), _YEAR_S)


def _until_date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded(aware.timestamp() - time.time())
