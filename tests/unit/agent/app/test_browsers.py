from __future__ import annotations

from pathlib import Path

import pytest

from listsync.app.daemon import sweep_browsers
from listsync.app.provider_table import browser_fallback_for
from listsync.browser.client import Browser
from listsync.config.schema import ChromiumOptions
from listsync.config_types import PageOptions, SecretStr
from listsync.errors import UnavailableError
from listsync.process import records as of_children


@pytest.fixture
def swept(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    found: list[Path] = []
    monkeypatch.setattr(of_children, "sweep", found.append)
    return found


def test_what_a_killed_listsync_left_is_swept(tmp_path: Path, swept: list[Path]) -> None:
    records = tmp_path / "browser" / "sessions"
    records.mkdir(parents=True)
    sweep_browsers(tmp_path)
    assert swept == []
    (records / "one.json").write_text("{}", encoding="utf-8")
    sweep_browsers(tmp_path)
    assert swept == [records]


def test_the_browser_is_run_as_the_user_says(tmp_path: Path) -> None:
    options = PageOptions(
        base_url="https://a.example", user_agent="mine/1", proxy=SecretStr("http://p:1")
    )
    chromium = ChromiumOptions(memory_mb=600, no_sandbox=True)
    browser = browser_fallback_for("imdb", options, chromium, tmp_path)._start()
    assert isinstance(browser, Browser)
    settings = browser._settings
    assert (settings.limit_mb, settings.no_sandbox) == (600, True)
    assert (settings.user_agent, settings.proxy) == ("mine/1", "http://p:1")
    assert tmp_path in settings.cache.parents
    assert not any(tmp_path.iterdir())


def test_a_proxy_that_asks_for_a_login_is_not_for_the_browser(tmp_path: Path) -> None:
    """Everybody on the machine may read its command line."""
    options = PageOptions(base_url="https://a.example", proxy=SecretStr("http://me:s3cret@p:1"))
    with pytest.raises(UnavailableError, match="cannot log in at a proxy") as caught:
        browser_fallback_for("imdb", options, ChromiumOptions(), tmp_path)._start()
    assert "s3cret" not in str(caught.value)
