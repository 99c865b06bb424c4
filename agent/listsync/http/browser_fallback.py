"""Past bot protection: a real browser, for services of pages, where the user lets us."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self
from urllib.parse import urlsplit

from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.http.request import ServiceRequest
from listsync.http.response import Headers, Response, verdict
from listsync.redaction import redactor_of

if TYPE_CHECKING:
    from listsync.browser.client import BrowserPage


class PageLoader(Protocol):
    """A browser that is open; `listsync.browser.client.Browser` is the real one."""

    def page(self, url: str, *, wait_for: str | None, deadline_s: float) -> BrowserPage:
        """Load a page; raises UnavailableError or RefusedError."""
        ...

    def close(self) -> None:
        """End it; doing it twice does no harm."""
        ...

    def kill(self) -> None:
        """End it while another thread waits for a page, which then gets none."""
        ...


class BrowserFallback:
    """One service's browser for one sync, started when it is first needed.

    It is shared by all lists of the service: one page at a time, cookies kept. `is_needed` is
    set by the first page that only the browser got; plain requests are not tried after it.
    """

    def __init__(self, service: str, start: Callable[[], PageLoader]) -> None:
        self._service = service
        self._start = start
        self._browser: PageLoader | None = None
        self._turn = threading.Lock()
        self._is_closed = False
        self.is_needed = False

    def load(self, call: ServiceRequest, remaining_s: Callable[[], float]) -> Response:
        """Ask by browser and judge the answer like a plain one.

        Others may come first: only then *remaining_s* says how long it may take, or raises.

        Raises:
            RefusedError: the service says no. BLOCKED: it is kept out too, or there is none.
            UnavailableError: the service is out of order.
            ResponseChangedError: it answers something that it should not.
        """
        with self._turn:
            try:
                page = self._page(call, remaining_s())
            finally:
                if self._is_closed:
                    self._end()
        self.is_needed = True
        response = _reply(call, page)
        trouble = verdict(response, call.judge, conditional=False)
        if trouble is not None:
            raise trouble
        return response

    def _page(self, call: ServiceRequest, deadline_s: float) -> BrowserPage:
        if self._is_closed:
            raise UnavailableError(self._service, "the sync is over")
        try:
            if self._browser is None:
                self._browser = self._start()
                if self._is_closed:  # before a cut could see it
                    self._browser.kill()
            return self._browser.page(call.url, wait_for=call.wait_for, deadline_s=deadline_s)
        except UnavailableError as error:
            reason = redactor_of(call.known_secrets).text(error.why)
            why = f"bot protection answers in its place, and the browser does not help: {reason}"
            raise RefusedError(self._service, Refusal.BLOCKED, why) from error

    def close(self) -> None:
        """End the browser; one that is at work is ended by who uses it."""
        self._is_closed = True
        if self._turn.acquire(blocking=False):
            try:
                self._end()
            finally:
                self._turn.release()

    def cut(self) -> None:
        """Let nobody wait for a page any more."""
        self._is_closed = True
        browser = self._browser
        if browser is not None:
            browser.kill()

    def _end(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            browser.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _reply(call: ServiceRequest, page: BrowserPage) -> Response:
    asked, ended = urlsplit(call.url), urlsplit(page.url)
    return Response(
        service=call.service,
        status=page.status or 200,
        headers=Headers.of({"content-type": "text/html; charset=utf-8"}),
        body=redactor_of(call.known_secrets).words(page.html.encode("utf-8", "replace")),
        path=f"{ended.hostname}{ended.path}",
        hops=int((asked.hostname, asked.path) != (ended.hostname, ended.path)),
    )
