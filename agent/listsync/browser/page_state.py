"""What a page in the browser is worth: ready, still on its way, or bot protection."""

from __future__ import annotations

import re
from typing import Any

from listsync.browser.messages import LIMIT, BrowserFailure, Loaded
from listsync.errors import ListsyncError, Refusal, RefusedError, UnavailableError
from listsync.http.response import Headers, Response, no_opinion, verdict
from listsync.lean_dataclasses import dataclass

SCRIPT = """
const [selector, limit] = arguments;
const entry = performance.getEntriesByType('navigation')[0];
const root = document.documentElement;
const found = selector === null || document.querySelector(selector) !== null;
const parsed = document.readyState !== 'loading';
const settled = document.readyState === 'complete' || (selector !== null && found && parsed);
const html = settled && root ? root.outerHTML : '';
return {
    url: location.href, status: entry ? entry.responseStatus : 0, title: document.title,
    complete: document.readyState === 'complete', found: found && parsed, size: html.length,
    html: html.length > limit ? '' : html,
};
"""
ARGUMENTS_LIMIT = LIMIT // 2

_PROTECTION_STATUSES = (202, 403, 405, 503)
"""What bot protection answers; real pages of a list do not. A challenge ends with another page."""

_LOOK = 8192

_OWN_PAGE = "chrome-error:"
_OWN_CODE = re.compile(r'"errorCode":"(?:net::)?([A-Z_]+|HTTP ERROR (\d+))"')
"""Chromium's own page: no connection, or an HTTP error without a body."""


@dataclass(frozen=True, slots=True)
class PageState:
    """One look at the page that the browser shows now; `html` is empty until it has settled."""

    url: str
    status: int
    title: str
    complete: bool
    found: bool
    size: int
    html: str
    waits_for: str | None

    @classmethod
    def of(cls, answer: dict[str, Any], waits_for: str | None) -> PageState:
        html = str(answer["html"])
        own = _OWN_CODE.search(html) if str(answer["url"]).startswith(_OWN_PAGE) else None
        return cls(
            url=str(answer["url"]),
            status=int((own and own[2]) or answer["status"] or 0),
            title=str(answer["title"]),
            complete=answer["complete"] is True,
            found=answer["found"] is True,
            size=int(answer["size"]),
            html=html,
            waits_for=waits_for,
        )

    def result(self) -> Loaded | BrowserFailure | None:
        """Say what came of it; None while waiting may still help."""
        if self.size > ARGUMENTS_LIMIT:
            return BrowserFailure(why=f"the page is larger than {ARGUMENTS_LIMIT // 2**20} MiB")
        error = self._verdict() if self.html else None
        if isinstance(error, RefusedError) and error.kind is Refusal.RATE_LIMITED:
            return BrowserFailure(why=error.why, refusal=error.kind)
        if self._is_protected(error) or not self._is_ready():
            return None
        if self.url.startswith(_OWN_PAGE):
            return BrowserFailure(why=f"the browser cannot load the page ({self._own_code()})")
        return Loaded(url=self.url, status=self.status or None, title=self.title, html=self.html)

    def too_late(self, deadline_s: float) -> BrowserFailure:
        """Say what is wrong with a page that is not ready after *deadline_s*."""
        error = self._verdict() if self.html else None
        within = f"within {deadline_s:.0f} s"
        if isinstance(error, UnavailableError):
            return BrowserFailure(why=error.why)
        if self._is_protected(error):
            why = f"bot protection answers in its place, to a browser too ({within})"
            return BrowserFailure(why=why, refusal=Refusal.BLOCKED)
        if not self.complete:
            return BrowserFailure(why=f"the page does not finish loading {within}")
        return BrowserFailure(why=f"the page shows no {self.waits_for} {within}")

    def _own_code(self) -> str:
        found = _OWN_CODE.search(self.html)
        return found[1] if found else "no reason given"

    def _is_ready(self) -> bool:
        if self.waits_for is None:
            return self.complete
        is_list = self.status in (0, 200)
        return self.found or (self.complete and not is_list)

    def _is_protected(self, error: ListsyncError | None) -> bool:
        """Tell bot protection from the service's own no: that shows what is waited for."""
        blocked = isinstance(error, RefusedError) and error.kind is Refusal.BLOCKED
        is_own = self.waits_for is not None and self.found
        return blocked or (self.status in _PROTECTION_STATUSES and not is_own)

    def _verdict(self) -> ListsyncError | None:
        """Judge it as if it came over plain HTTP, but for the headers, which nobody tells us."""
        response = Response(
            service="",
            status=self.status or 200,
            headers=Headers(),
            body=self.html[:_LOOK].encode("utf-8", "replace"),
            path=self.url,
        )
        return verdict(response, no_opinion, conditional=False)
