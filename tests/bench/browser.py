"""What the browser fallback costs to start, beside plain selenium on the same machine."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator

from listsync.browser.client import Browser, installed
from tests.bench.figures import Figure
from tests.integration.browser.place import Place, place
from tests.integration.browser.site import site

RUNS = 5
_SELENIUM = """
import sys, tempfile
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

options = webdriver.ChromeOptions()
options.binary_location, driver, url = sys.argv[1:]
for flag in ("--headless=new", "--disable-gpu"):
    options.add_argument(flag)
with webdriver.Chrome(options=options, service=Service(driver)) as chrome:
    chrome.get(url)
    print(chrome.title, flush=True)
    input()
"""


def browser() -> Iterator[Figure]:
    """From nothing to the first page, Python included; in turns, so that noise hits both."""
    with place() as here, site() as pages:
        ours: list[float] = []
        later: list[float] = []
        ends: list[float] = []
        plain: list[float] = []
        url = pages.url("/plain")
        for _ in range(RUNS + 1):
            plain.append(_plain(here, url))
            began = time.monotonic()
            with Browser("bench", here.settings) as chromium:
                chromium.page(url)
                ours.append(time.monotonic() - began)
                began = time.monotonic()
                chromium.page(url)
                later.append(time.monotonic() - began)
                began = time.monotonic()
            ends.append(time.monotonic() - began)
    first, yardstick = statistics.median(ours[1:]), statistics.median(plain[1:])
    yield Figure("browser: the very first page, driver patched", ours[0], "s")
    yield Figure("browser: from nothing to the first page", first, "s")
    yield Figure("  plain selenium, the same", yardstick, "s")
    yield Figure("  ratio", first / yardstick, "x", 2)
    yield Figure("browser: a later page", 1000 * statistics.median(later[1:]), "ms", 1000)
    yield Figure("browser: its end, nothing left", statistics.median(ends[1:]), "s", 1)


def _plain(here: Place, url: str) -> float:
    programs = installed("bench")
    script = here.root / "plain.py"
    script.write_text(_SELENIUM, encoding="utf-8")
    words = [*here.settings.command, str(script), str(programs.browser), str(programs.driver), url]
    environment = {"PATH": _path(), "HOME": str(here.temp), "TMPDIR": str(here.temp)}
    began = time.monotonic()
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd="/"
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"Plain\n"
        took = time.monotonic() - began
        process.communicate(b"\n", timeout=30)
    return took


def _path() -> str:
    return "/usr/local/bin:/usr/bin:/bin"


PARTS = (browser,)
