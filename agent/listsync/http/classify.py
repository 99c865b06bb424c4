"""What an HTTP answer means for us: usable, or which of our three errors.

The evidence for bot walls is what Cloudflare and AWS document about their own answers:
`cf-mitigated`, `x-amzn-waf-action`, "Just a moment...", error 1015, `Server: awselb`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.http.response import Response
from listsync.http.retry import retry_after_s

_WALL_TITLE = re.compile(
    r"just a moment\.\.\.|attention required! \| cloudflare|human verification", re.IGNORECASE
)
_WALL_BODY = re.compile(r"_cf_chl_opt|enable javascript and cookies|awswaf|captcha", re.IGNORECASE)
_TOO_FAST = re.compile(r"error (?:code: )?1015\b|you are being rate limited", re.IGNORECASE)
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|auth|oauth|session)(?:[/.]|$)", re.IGNORECASE)
_WALLED = (202, 403, 405, 429, 503)  # what a bot wall answers


Judge = Callable[[Response], ListsyncError | None]


def no_opinion(_reply: Response) -> ListsyncError | None:
    """Judge nothing: the general rules hold."""
    return None


def verdict(response: Response, judge: Judge, *, conditional: bool) -> ListsyncError | None:
    """Say what is wrong with *response*; None means that its body (or its 304) can be used.

    A bot wall is recognised first, then *judge* speaks for the service, then the status counts.
    """
    if response.status == 304 and conditional:
        return None
    return _wall(response) or judge(response) or _by_status(response)


def _wall(response: Response) -> ListsyncError | None:
    headers, wait = response.headers, retry_after_s(response.headers)
    if response.status in (403, 429) and _TOO_FAST.search(response.look):
        return RefusedError(
            response.service, Refusal.RATE_LIMITED, "asks us to slow down", retry_after_s=wait
        )
    walled = (
        "cf-mitigated" in headers
        or headers.get("x-amzn-waf-action") in ("challenge", "captcha")
        or (headers.get("server", "").startswith("awselb") and response.status in (202, 403, 405))
        or (response.status == 202 and not response.body)
        or _WALL_TITLE.fullmatch(response.title) is not None
        or (response.status in _WALLED and _WALL_BODY.search(response.look) is not None)
    )
    if not walled:
        return None
    return RefusedError(
        response.service, Refusal.BLOCKED, "a bot wall answers in its place", retry_after_s=wait
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


def _by_status(response: Response) -> ListsyncError | None:
    status, service = response.status, response.service
    if status == 200:
        return None if response.body.strip() else UnavailableError(service, "answers with 0 bytes")
    wait = retry_after_s(response.headers)
    if status == 403 and response.is_page and response.headers.get("server") == "cloudflare":
        return RefusedError(
            service, Refusal.BLOCKED, "Cloudflare answers in its place (403)", retry_after_s=wait
        )
    if status in _REFUSALS:
        kind, why = _REFUSALS[status]
        return RefusedError(service, kind, f"{why} (HTTP {status})", retry_after_s=wait)
    if status >= 500 or status in (407, 408, 425):
        return UnavailableError(service, f"is out of order (HTTP {status})", retry_after_s=wait)
    return AnswerChangedError(service, f"answers HTTP {status}", sample=response.sample)


def not_json(response: Response) -> ListsyncError | None:
    """Say what a web page means where JSON was expected; None when it is no page."""
    if not response.is_page:
        return None
    login = response.hops and _LOGIN.search(response.path)
    if login or re.search(r"""type=["']?password""", response.look):
        return RefusedError(response.service, Refusal.CREDENTIAL, "answers with its login page")
    name = f' "{response.title}"' if response.title else ""
    return AnswerChangedError(
        response.service, f"a web page{name} came where JSON was expected", sample=response.sample
    )
