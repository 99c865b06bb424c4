"""Nothing is left of a browser, however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from listsync.browser import client as window
from listsync.browser.client import Browser
from listsync.errors import UnavailableError
from listsync.process.records import sweep
from tests.integration.browser.place import Place
from tests.integration.browser.site import Site

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.timeout(90),
    pytest.mark.slow,
]
PATIENCE_S = 30.0


def find(part: str, place: Place) -> list[int]:
    """Find the process ids of a part of a running session."""
    has, lacks = {
        "process": ("listsync.browser", "--type="),
        "driver": ("/chromedriver-", "--type="),
        "browser": ("/profile ", "--type="),
        "renderer": ("--type=renderer", "--type=zygote"),
    }[part]
    lines = place.processes().items()
    found = [pid for pid, line in lines if has in line and lacks not in line]
    assert found, place.processes()
    return found


def stop(pid: int) -> None:
    """Freeze a process; that takes effect when its threads come to know of it."""
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + PATIENCE_S
    while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < until
        time.sleep(0.01)


def wait_for(what: str, site: Site) -> None:
    until = time.monotonic() + PATIENCE_S
    while not site.statuses(what):
        assert time.monotonic() < until
        time.sleep(0.02)


def fds() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir())


def test_closing_leaves_nothing(place: Place, site: Site) -> None:
    before, threads = fds(), threading.active_count() + 1  # the one that starts children
    children = psutil.Process().children()
    with Browser("demo", place.settings) as browser:
        browser.page(site.url("/plain"))
        assert place.sessions()
        assert place.records()
    assert place.is_clean(), place.processes()
    assert len(fds()) <= len(before) + 1  # the site's last connection
    assert threading.active_count() <= threads + 1  # the site may still answer
    assert psutil.Process().children() == children  # zombies would be among them


@pytest.mark.parametrize("part", ["renderer", "browser", "driver", "process"])
def test_a_part_that_is_killed(part: str, place: Place, site: Site) -> None:
    def kill() -> None:
        wait_for("/endless", site)
        for victim in find(part, place):
            os.kill(victim, signal.SIGKILL)

    before = fds()
    with Browser("demo", place.settings) as browser:
        browser.page(site.url("/plain"))
        killer = threading.Thread(target=kill)
        killer.start()
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"crash|ended|hang"):
            browser.page(site.url("/endless"), deadline_s=100)
        assert time.monotonic() - began < 60
        killer.join()
        assert place.is_clean()
    assert place.is_clean()
    assert len(fds()) <= len(before) + 1  # the site's last connection


def test_a_page_that_eats_memory(site: Site, place: Place) -> None:
    with Browser("demo", place.with_(limit_mb=500)) as browser:
        assert browser.page(site.url("/plain")).status == 200
        with pytest.raises(UnavailableError, match=r"too much memory \(\d+ MB; 500 MB"):
            browser.page(site.url("/greedy"), wait_for="li.film", deadline_s=10)
        assert place.is_clean()


def test_a_process_that_hangs(place: Place, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "_GRACE_S", 0.5)
    with Browser("demo", place.settings) as browser:
        browser.page(site.url("/plain"))
        stop(*find("process", place))
        with pytest.raises(UnavailableError, match="does not answer"):
            browser.page(site.url("/plain"), deadline_s=0.5)
        assert place.is_clean()


@contextmanager
def agent(place: Place, site: Site) -> Iterator[subprocess.Popen[str]]:
    """Run an agent that is in the middle of a page."""
    settings = {
        "cache": str(place.settings.cache),
        "records": str(place.settings.records),
        "command": list(place.settings.command),
    }
    command = [sys.executable, str(Path(__file__).with_name("agent.py")), json.dumps(settings)]
    with subprocess.Popen(
        [*command, site.url("/plain"), site.url("/endless")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(place.temp)},
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "Plain\n"
            wait_for("/endless", site)
            yield process
        finally:
            process.kill()


def test_the_browser_ends_with_its_agent(place: Place, site: Site) -> None:
    with agent(place, site) as process:
        process.kill()
        process.wait()
        until = time.monotonic() + PATIENCE_S
        while (place.sessions() or place.living()) and time.monotonic() < until:
            time.sleep(0.02)
        assert not place.sessions()
        assert not place.living()
    assert sweep(place.settings.records) in (0, 1)  # as another user it cannot remove the record
    assert place.is_clean()


def test_what_a_kill_of_all_leaves_is_swept(place: Place, site: Site) -> None:
    with agent(place, site) as process:
        assert sweep(place.settings.records) == 0  # its agent lives
        (child,) = find("process", place)
        stop(child)
        process.kill()
        process.wait()
        os.kill(child, signal.SIGKILL)
    assert not place.is_clean(within_s=0.3)
    assert len(find("browser", place)) == 1
    assert sweep(place.settings.records) == 1
    assert place.is_clean(), place.processes()
    assert sweep(place.settings.records) == 0


def test_a_browser_that_is_killed_while_it_loads_gives_no_page_and_leaves_nothing(
    place: Place, site: Site
) -> None:
    def kill() -> None:
        wait_for("/endless", site)
        browser.kill()

    with Browser("demo", place.settings) as browser:
        browser.page(site.url("/plain"))
        killer = threading.Thread(target=kill)
        killer.start()
        began = time.monotonic()
        with pytest.raises(UnavailableError):
            browser.page(site.url("/endless"), deadline_s=60)
        killer.join()
        assert time.monotonic() - began < 45
        with pytest.raises(UnavailableError):
            browser.page(site.url("/plain"), deadline_s=60)
    assert place.is_clean()
