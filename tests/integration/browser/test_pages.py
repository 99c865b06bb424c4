"""What a real Chromium makes of pages, good and bad."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from listsync.browser.client import Browser
from listsync.errors import Refusal, RefusedError, UnavailableError
from tests.integration.browser.place import Place, place
from tests.integration.browser.site import Site

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.timeout(90),
    pytest.mark.slow,
]


@pytest.fixture(scope="module", name="here")
def _here(drivers: Path) -> Iterator[Place]:
    with place(drivers) as one, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(one.temp))
        yield one
        assert one.is_clean(), (one.processes(), one.sessions(), one.records())


@pytest.fixture(scope="module")
def browser(here: Place) -> Iterator[Browser]:
    with Browser("demo", here.settings) as one:
        yield one


def test_a_page_behind_a_bot_wall(browser: Browser, site: Site, here: Place) -> None:
    assert httpx.get(site.url("/list")).status_code == 403
    page = browser.page(site.url("/list"), wait_for="li.film", deadline_s=10)
    assert (page.status, page.title, page.url) == (200, "Films", site.url("/list"))
    assert '<li class="film">Amélie</li>' in page.html
    assert site.statuses("/list") == [403, 403, 200]
    browser.page(site.url("/list?page=2"), wait_for="li.film", deadline_s=10)
    assert site.statuses("/list?page=2") == [200]  # the cookie stays for the whole list
    agents = {agent for _, _, agent in site.asked[1:]}
    assert len(agents) == 1
    assert "Headless" not in agents.pop()
    lines = [line for line in here.processes().values() if "/chromium" in line]
    assert len(lines) > 5
    assert not any("--no-sandbox" in line for line in lines)


def test_pages_that_are_no_list(browser: Browser, site: Site) -> None:
    began = time.monotonic()
    page = browser.page(site.url("/private"), wait_for="li.film", deadline_s=10)
    assert (page.status, page.title) == (404, "Not found")
    with pytest.raises(UnavailableError, match=r"demo: .*shows no li\.film within 4 s"):
        browser.page(site.url("/plain"), wait_for="li.film", deadline_s=4)
    with pytest.raises(UnavailableError, match=r"ERR_CONNECTION_REFUSED|ERR_UNSAFE_PORT"):
        browser.page("http://127.0.0.1:1/", deadline_s=5)
    assert browser.page(site.url("/plain")).title == "Plain"
    assert time.monotonic() - began < 50


@pytest.mark.parametrize("path", ["/wall", "/nothing", "/forbidden"])
def test_a_wall_that_stays_is_a_refusal(path: str, browser: Browser, site: Site) -> None:
    with pytest.raises(RefusedError, match=r"demo: .*to a browser too") as refused:
        browser.page(site.url(path), deadline_s=4)
    assert refused.value.kind is Refusal.BLOCKED


@pytest.mark.parametrize("wait_for", [None, "p.film"])
def test_a_document_that_never_ends(wait_for: str | None, browser: Browser, site: Site) -> None:
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="within 1 s"):  # half a list is no list
        browser.page(site.url("/endless"), wait_for=wait_for, deadline_s=1)
    assert time.monotonic() - began < 50
    assert browser.page(site.url("/plain")).title == "Plain"


def test_a_picture_that_never_ends(browser: Browser, site: Site) -> None:
    page = browser.page(site.url("/picture"), wait_for="p.film", deadline_s=10)
    assert page.title == "Picture"
    with pytest.raises(UnavailableError, match="does not finish loading within 4 s"):
        browser.page(site.url("/picture"), deadline_s=4)


def test_a_page_that_computes_for_ever(browser: Browser, site: Site) -> None:
    browser.page(site.url("/plain"))
    began = time.monotonic()
    with pytest.raises(UnavailableError, match=r"demo: .* hang"):
        browser.page(site.url("/busy"), deadline_s=1)
    assert time.monotonic() - began < 50
    assert browser.page(site.url("/plain")).title == "Plain"


def test_only_web_addresses(place: Place) -> None:
    with Browser("demo", place.settings) as browser, pytest.raises(ValueError, match="web"):
        browser.page("file:///etc/passwd")
