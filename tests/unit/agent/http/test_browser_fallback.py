from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
import pytest

from listsync.browser.client import BrowserPage
from listsync.cancellation import CancelToken
from listsync.config_types import ServiceOptions
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.browser_fallback import BrowserFallback
from listsync.http.request import ServiceRequest
from listsync.http.response import Response
from listsync.http.service_client import build_client, get_response, load_page
from tests.contract.providers.site import answer

CALL = ServiceRequest(service="demo", url="https://lists.example/a", accept="text/html")
WALL = answer(b"<title>Just a moment...</title>", 403, cf_mitigated="challenge")


@dataclass
class Browser:
    """Stands for a browser: shows one page, or fails."""

    shows: BrowserPage | Exception
    urls: list[str] = field(default_factory=list)
    closed: int = 0
    while_loading: Callable[[], None] = lambda: None
    killed: threading.Event = field(default_factory=threading.Event)

    def page(self, url: str, *, wait_for: str | None, deadline_s: float) -> BrowserPage:
        assert (wait_for, 0 < deadline_s <= 60) == (CALL.wait_for, True)
        self.urls.append(url)
        self.while_loading()
        if isinstance(self.shows, Exception):
            raise self.shows
        return self.shows

    def close(self) -> None:
        self.closed += 1

    def kill(self) -> None:
        self.killed.set()


def page(status: int | None = 200, url: str = CALL.url) -> BrowserPage:
    return BrowserPage(url=url, status=status, title="A", html="<p>A</p>")


def ask(
    fallback: BrowserFallback | None,
    plain: httpx.Response,
    times: int = 1,
    token: CancelToken | None = None,
) -> tuple[Response, int]:
    """Ask some times; the last response, and how often it was asked plainly."""
    asked = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return plain

    transport = httpx.MockTransport(handler)
    with build_client(
        ServiceOptions(base_url=CALL.url), transport=transport, browser=fallback, token=token
    ) as client:
        replies = [get_response(client, CALL) for _ in range(times)]
    return replies[-1], len(asked)


def test_no_wall_no_browser() -> None:
    fallback = BrowserFallback("demo", lambda: pytest.fail("a browser was started"))
    assert ask(fallback, answer(b"<p>plain</p>"))[0].body == b"<p>plain</p>"


def test_a_wall_is_passed_and_not_run_into_again() -> None:
    browser = Browser(page())
    response, plain = ask(BrowserFallback("demo", lambda: browser), WALL, times=3)
    assert (response.body, response.status, response.hops) == (b"<p>A</p>", 200, 0)
    assert (plain, len(browser.urls)) == (1, 3)


def test_where_the_browser_ends_up_is_known() -> None:
    browser = Browser(page(url="https://lists.example/b"))
    response, _ = ask(BrowserFallback("demo", lambda: browser), WALL)
    assert (response.hops, response.path) == (1, "lists.example/b")


@pytest.mark.parametrize(
    ("shows", "kind", "words"),
    [
        (page(404), Refusal.NOT_FOUND, "does not know this list"),
        (UnavailableError("demo", "nothing is installed"), Refusal.BLOCKED, "nothing is inst"),
        (RefusedError("demo", Refusal.BLOCKED, "a wall"), Refusal.BLOCKED, "a wall"),
    ],
)
def test_what_the_browser_meets_counts(
    shows: BrowserPage | Exception, kind: Refusal, words: str
) -> None:
    with pytest.raises(RefusedError, match=words) as refused:
        ask(BrowserFallback("demo", lambda: Browser(shows)), WALL)
    assert refused.value.kind is kind


def test_without_leave_to_use_a_browser_it_is_blocked() -> None:
    with pytest.raises(RefusedError) as refused:
        ask(None, WALL)
    assert refused.value.kind is Refusal.BLOCKED


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_only_a_wall_starts_the_browser(status: int) -> None:
    fallback = BrowserFallback("demo", lambda: pytest.fail("a browser was started"))
    with pytest.raises((RefusedError, ResponseChangedError)):
        ask(fallback, answer(b"{}", status))


def test_a_service_that_is_out_of_order_behind_the_wall() -> None:
    with pytest.raises(UnavailableError):
        ask(BrowserFallback("demo", lambda: Browser(page(500))), WALL)


def test_closing_ends_the_browser_and_no_other_starts() -> None:
    browser = Browser(page())
    with BrowserFallback("demo", lambda: browser) as fallback:
        ask(fallback, WALL)
        assert browser.closed == 0
    assert browser.closed == 1
    with pytest.raises(UnavailableError, match="over"):
        ask(fallback, WALL)


def test_closing_does_not_wait_for_a_page_and_who_loads_it_ends_the_browser() -> None:
    loading, go_on = threading.Event(), threading.Event()
    browser = Browser(page())
    fallback = BrowserFallback("demo", lambda: browser)

    def load() -> None:
        loading.set()
        assert go_on.wait(30)

    browser.while_loading = load
    thread = threading.Thread(target=ask, args=(fallback, WALL))
    thread.start()
    assert loading.wait(30)
    fallback.close()
    assert browser.closed == 0
    go_on.set()
    thread.join()
    assert browser.closed == 1


def test_who_waited_for_the_browser_until_its_list_had_no_time_left_gets_no_page() -> None:
    browser = Browser(page(), while_loading=lambda: time.sleep(0.15))
    fallback = BrowserFallback("demo", lambda: browser)
    fallback.is_needed = True
    options = ServiceOptions(base_url=CALL.url, list_timeout_s=0.1)
    with build_client(options, browser=fallback) as client, ThreadPoolExecutor() as threads:
        loads = [threads.submit(load_page, client, CALL) for _ in range(3)]
        errors = [str(one.exception()) for one in loads if one.exception()]
    assert len(browser.urls) == 1
    assert errors == ["demo: the list takes longer than 0.1 s altogether"] * 2


def test_a_cut_reaches_a_browser_that_is_only_being_made() -> None:
    token, browser = CancelToken(), Browser(page())

    def start() -> Browser:
        token.cut()
        return browser

    ask(BrowserFallback("demo", start), WALL, token=token)
    assert browser.killed.is_set()


def test_a_cut_ends_the_browser_under_whoever_waits_for_a_page() -> None:
    loading, token = threading.Event(), CancelToken()
    browser = Browser(UnavailableError("demo", "it has ended"))

    def load() -> None:
        loading.set()
        assert browser.killed.wait(30)

    browser.while_loading = load

    def cut() -> None:
        assert loading.wait(30)
        token.cut()

    threading.Thread(target=cut).start()
    with pytest.raises(RefusedError):
        ask(BrowserFallback("demo", lambda: browser), WALL, token=token)
    assert (browser.killed.is_set(), browser.closed) == (True, 1)
