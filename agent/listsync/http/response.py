"""What was answered to one request, and what it means for us: usable, asked again, or an error.

The evidence for bot protection is what Cloudflare and AWS document about their own answers:
`cf-mitigated`, `x-amzn-waf-action`, "Just a moment...", error 1015, `Server: awselb`.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TypeVar

from listsync.cancellation import CancelToken
from listsync.domain.lists import Validators
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import one_line

logger = logging.getLogger(__name__)

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_YEAR_S = 366 * 86400
_LOOK = 8192  # characters of a body that are looked at for evidence


class Headers(Mapping[str, str]):
    """Headers as they came: names in any case, some more than once."""

    __slots__ = ("raw",)

    def __init__(self, raw: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.raw = raw

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Headers:
        return cls([(name.encode("latin-1"), text.encode()) for name, text in headers.items()])

    def all(self, name: str) -> list[str]:
        """Give every header *name*, as the server sent them."""
        wanted = name.lower().encode("latin-1")
        return [_text(value) for key, value in self.raw if key.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        """Give the header *name*; those that came more than once as one."""
        found = self.all(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower().decode("latin-1") for key, _ in self.raw))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _text(value: bytes) -> str:
    """Decode as most mean it: headers have no encoding of their own."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response. `path` is where it came from, without its query.

    Of a list service `path` begins with the host. `hops` counts the redirects before it.
    """

    service: str
    status: int
    headers: Headers
    body: bytes
    path: str
    hops: int = 0

    @property
    def location(self) -> str | None:
        """Where it sends us; None when it does not."""
        return (self.headers.get("location") or None) if self.status in REDIRECTS else None

    @property
    def look(self) -> str:
        """The beginning of the body as text, good enough to look for words in it."""
        return self.body[:_LOOK].decode("utf-8", "replace")

    @property
    def sample(self) -> str:
        return one_line(self.look)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Tell an answer of an API from a login page or a proxy's error page."""
        named = self.headers.get("content-type", "")
        return "json" in named or (not named and self.body.lstrip()[:1] in {b"{", b"["})

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
            etag=self.headers.get("etag"),
            last_modified=self.headers.get("last-modified"),
        )


def retry_after_s(headers: Headers) -> float | None:
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
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - most answers name no date

    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return _bounded(aware.timestamp() - time.time())


_PROTECTION_TITLE = re.compile(
    r"just a moment\.\.\.|attention required! \| cloudflare|human verification", re.IGNORECASE
)
_PROTECTION_BODY = re.compile(
    r"_cf_chl_opt|enable javascript and cookies|awswaf|captcha", re.IGNORECASE
)
_TOO_FAST = re.compile(r"error (?:code: )?1015\b|you are being rate limited", re.IGNORECASE)
_LOGIN = re.compile(r"/(?:log-?in|sign-?in|auth|oauth|session)(?:[/.]|$)", re.IGNORECASE)
_PROTECTION_STATUSES = (202, 403, 405, 429, 503)  # what bot protection answers


Judge = Callable[[Response], ListsyncError | None]


def no_opinion(_reply: Response) -> ListsyncError | None:
    """Judge nothing: the general rules hold."""
    return None


def verdict(response: Response, judge: Judge, *, conditional: bool) -> ListsyncError | None:
    """Say what is wrong with *response*; None means that its body (or its 304) can be used.

    Bot protection is recognised first, then *judge* speaks for the service, then the status
    counts.
    """
    if response.status == 304 and conditional:
        return None
    return _bot_protection(response) or judge(response) or _by_status(response)


def _bot_protection(response: Response) -> ListsyncError | None:
    headers, wait = response.headers, retry_after_s(response.headers)
    if response.status in (403, 429) and _TOO_FAST.search(response.look):
        return RefusedError(
            response.service, Refusal.RATE_LIMITED, "asks us to slow down", retry_after_s=wait
        )
    is_protected = (
        "cf-mitigated" in headers
        or headers.get("x-amzn-waf-action") in ("challenge", "captcha")
        or (headers.get("server", "").startswith("awselb") and response.status in (202, 403, 405))
        or (response.status == 202 and not response.body)
        or _PROTECTION_TITLE.fullmatch(response.title) is not None
        or (
            response.status in _PROTECTION_STATUSES
            and _PROTECTION_BODY.search(response.look) is not None
        )
    )
    if not is_protected:
        return None
    return RefusedError(
        response.service,
        Refusal.BLOCKED,
        "bot protection answers in its place",
        retry_after_s=wait,
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
    if _is_cloudflares(response):
        return RefusedError(
            service, Refusal.BLOCKED, "Cloudflare answers in its place (403)", retry_after_s=wait
        )
    if status in _REFUSALS:
        kind, why = _REFUSALS[status]
        return RefusedError(service, kind, f"{why} (HTTP {status})", retry_after_s=wait)
    if status >= 500 or status in (407, 408, 425):
        return UnavailableError(service, f"is out of order (HTTP {status})", retry_after_s=wait)
    return ResponseChangedError(service, f"answers HTTP {status}", sample=response.sample)


def _is_cloudflares(response: Response) -> bool:
    is_its = response.headers.get("server") == "cloudflare"
    return response.status == 403 and response.is_page and is_its


def page_of_others(response: Response) -> ListsyncError | None:
    """Say that a web page refuses in the place of an API, whose own refusals are none.

    It says nothing of the list: neither that it is gone, nor whose it is.
    """
    is_refusal = response.status in (401, 403, 404, 410)
    if not is_refusal or not response.is_page or not response.body:
        return None
    if _is_cloudflares(response):
        return None  # who that is, the status is enough to say
    why = f"a web page answers in its place (HTTP {response.status})"
    if response.status == 403:
        wait = retry_after_s(response.headers)
        return RefusedError(response.service, Refusal.BLOCKED, why, retry_after_s=wait)
    return UnavailableError(response.service, why)


def not_json(response: Response, expected: str = "JSON") -> ListsyncError | None:
    """Say what a web page means where JSON was *expected*; None when it is no page."""
    if not response.is_page:
        return None
    login = response.hops and _LOGIN.search(response.path)
    if login or re.search(r"""type=["']?password""", response.look):
        return RefusedError(response.service, Refusal.CREDENTIAL, "answers with its login page")
    name = f' "{response.title}"' if response.title else ""
    return ResponseChangedError(
        response.service,
        f"a web page{name} came where {expected} was expected",
        sample=response.sample,
    )


Done = TypeVar("Done")
RetryableError = UnavailableError | RefusedError

PAUSES_S = (0.5, 1.5)
"""Before the second and the third try."""
LONGEST_WAIT_S = 60.0
"""Who wants a longer pause is left alone until the next run."""
_ENOUGH_S = 150.0
"""From the first try on; no other is begun after it."""


def retried(
    attempt: Callable[[], Done],
    is_passing: Callable[[RetryableError], bool],
    token: CancelToken,
    longest_wait_s: Callable[[], float] = lambda: LONGEST_WAIT_S,
) -> Done:
    """Call *attempt* until it comes through, or fails in a way that is not *is_passing*.

    A pause that was asked for takes the place of ours; one longer than *longest_wait_s*, or than a
    minute, is not waited for. *token* ends it.

    Raises:
        UnavailableError, RefusedError: what the last try raised; or *token* ended the pause.
    """
    give_up = time.monotonic() + _ENOUGH_S
    for pause_s in PAUSES_S:
        try:
            return attempt()
        except (UnavailableError, RefusedError) as error:
            wait_s = max(pause_s, error.retry_after_s or 0.0)
            if (
                not is_passing(error)
                or wait_s > min(LONGEST_WAIT_S, longest_wait_s())
                or time.monotonic() + wait_s > give_up
            ):
                raise
            logger.debug("%s; trying again in %.1f s", error, wait_s)
            if _pause(token, wait_s):
                why = f"stopped while waiting ({error.why})"
                raise UnavailableError(error.service, why) from error
    return attempt()


def _pause(token: CancelToken, seconds: float) -> bool:
    return token.wait(seconds)
