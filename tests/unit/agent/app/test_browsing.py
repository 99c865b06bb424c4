from __future__ import annotations

from pathlib import Path

import pytest

from listsync.app.browsing import sweep, walls_for
from listsync.config.schema import ChromiumOptions
from listsync.net.browser import sessions
from listsync.net.browser.window import Browser
from listsync.options import PageOptions


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found: list[Path] = []
    monkeypatch.setattr(sessions, "sweep", found.append)
    return found


def test_what_a_killed_listsync_left_is_swept(tmp_path: Path, swept: list[Path]) -> None:
    records = tmp_path / "browser" / "sessions"
    records.mkdir(parents=True)
    sweep(tmp_path)
    assert swept == []
    (records / "one.json").write_text("{}", encoding="utf-8")
    sweep(tmp_path)
    assert swept == [records]


def test_the_browser_is_run_as_the_user_says(tmp_path: Path) -> None:
    options = PageOptions(base_url="https://a.example", user_agent="mine/1", proxy="http://p:1")
    chromium = ChromiumOptions(memory_mb=600, no_sandbox=True)
    browser = walls_for("imdb", options, chromium, tmp_path)._start()
    assert isinstance(browser, Browser)
    settings = browser._settings
    assert (settings.limit_mb, settings.no_sandbox) == (600, True)
    assert (settings.user_agent, settings.proxy) == ("mine/1", "http://p:1")
    assert tmp_path in settings.cache.parents
    assert not any(tmp_path.iterdir())
