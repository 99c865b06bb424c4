"""How a browser starts, or says why it does not."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from listsync.browser.client import Browser, installed
from listsync.errors import UnavailableError
from tests.integration.browser.place import Place
from tests.integration.browser.site import Site

pytestmark = pytest.mark.slow


def fake(place: Place, name: str, script: str) -> None:
    folder = place.root / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def test_nothing_installed(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with (
        Browser("demo", place.settings) as browser,
        pytest.raises(UnavailableError, match=r"demo: .*apt install chromium chromium-driver"),
    ):
        browser.page("http://127.0.0.1:1/")
    assert place.is_clean()


def test_an_interpreter_that_is_gone(
    place: Place, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("chromium", "chromedriver"):
        fake(place, name, "exit 1")
    monkeypatch.setenv("PATH", str(place.root / "bin"))
    settings = place.with_(command=(str(place.root / "gone"),))
    with (
        Browser("demo", settings) as browser,
        pytest.raises(UnavailableError, match="cannot be started"),
    ):
        browser.page(site.url("/plain"))
    assert place.is_clean()


def test_who_ends_a_browser_that_is_starting_need_not_wait_for_it(
    place: Place, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("chromium", "chromedriver", "starts-for-ever"):
        fake(place, name, "exec sleep 100")
    monkeypatch.setenv("PATH", f"{place.root / 'bin'}:{os.environ['PATH']}")
    settings = place.with_(command=(str(place.root / "bin" / "starts-for-ever"),), start_s=60)
    with Browser("demo", settings) as browser:

        def kill() -> None:
            while not any("sleep" in line for line in place.processes().values()):
                time.sleep(0.01)
            browser.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        began = time.monotonic()
        with pytest.raises(UnavailableError, match=r"ended|cannot be talked to"):
            browser.page(site.url("/plain"))
        assert time.monotonic() - began < 45
        killer.join()
    assert place.is_clean()


def test_a_state_folder_that_is_none(
    place: Place, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("chromium", "chromedriver"):
        fake(place, name, "exit 1")
    monkeypatch.setenv("PATH", str(place.root / "bin"))
    records = place.root / "bin" / "chromium"
    with (
        Browser("demo", place.with_(records=records)) as browser,
        pytest.raises(UnavailableError, match="folders cannot be used"),
    ):
        browser.page(site.url("/plain"))
    assert not place.sessions()


@pytest.mark.usefixtures("chromium")
def test_the_driver_is_patched_once_and_needs_no_setuptools(place: Place, site: Site) -> None:
    for patched in place.settings.cache.iterdir():  # by the browser of another test
        patched.unlink()
    driver = installed("demo").driver
    theirs = driver.read_bytes()
    seen = []
    loaded: list[str] = []
    told = place.with_(command=(*place.settings.command, "-X", "importtime"))
    for _ in range(2):
        with Browser("demo", told) as browser:
            assert browser.page(site.url("/plain")).status == 200
            (session,) = place.sessions()
            loaded = (session / "child.log").read_text(encoding="utf-8").split()
        (copy,) = place.settings.cache.glob("chromedriver-*")
        seen.append((copy, copy.stat().st_ino, copy.stat().st_mtime_ns))
    assert seen[0] == seen[1]
    copy = seen[0][0]
    assert b"undetected chromedriver" in copy.read_bytes()
    assert driver.read_bytes() == theirs
    names = {path.name for path in place.settings.cache.iterdir()}
    assert names == {copy.name, "browser", "driver"}
    assert "undetected_chromedriver" in loaded
    assert "setuptools.version" not in loaded, "of distutils there was to be a stand-in"


@pytest.mark.skipif(os.geteuid() != 0, reason="is about root")
@pytest.mark.usefixtures("chromium")
def test_root_must_insist(place: Place, site: Site) -> None:
    as_root = (sys.executable,)
    with (
        Browser("demo", place.with_(command=as_root)) as browser,
        pytest.raises(UnavailableError, match="will not run as root"),
    ):
        browser.page(site.url("/plain"))
    assert place.is_clean()
    with Browser("demo", place.with_(command=as_root, no_sandbox=True)) as browser:
        assert browser.page(site.url("/plain")).title == "Plain"
    assert place.is_clean()


@pytest.mark.parametrize(
    ("prints", "says"),
    [
        pytest.param("No usable sandbox!", "user namespaces are forbidden", id="no-namespaces"),
        pytest.param("what?", "Chromium does not start", id="broken"),
    ],
)
@pytest.mark.usefixtures("chromium")
def test_a_chromium_that_ends_at_once(
    prints: str,
    says: str,
    place: Place,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake(place, "chromium", f"echo '{prints}' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{place.root / 'bin'}:{os.environ['PATH']}")
    with (
        Browser("demo", place.settings) as browser,
        pytest.raises(UnavailableError, match=says),
    ):
        browser.page(site.url("/plain"))
    assert place.is_clean()


def test_a_start_that_takes_too_long(
    place: Place, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("chromium", "chromedriver"):
        fake(place, name, "exec sleep 100")
    monkeypatch.setenv("PATH", f"{place.root / 'bin'}:{os.environ['PATH']}")
    with (
        Browser("demo", place.with_(start_s=1.5)) as browser,
        pytest.raises(UnavailableError, match=r"within 2 s, when it should start; under systemd"),
    ):
        browser.page(site.url("/plain"))
    assert place.is_clean()
