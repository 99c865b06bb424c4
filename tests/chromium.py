"""A real Chromium that looks at the dashboard."""

from __future__ import annotations

import os
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from listsync.browser.client import installed
from listsync.errors import UnavailableError

WITHIN_S = 60
_AXE = resources.files("axe_core_python") / "axe.min.js"
_FLAGS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-proxy-server",
    "--force-prefers-reduced-motion",
    "--lang=en",
)


@dataclass(frozen=True, slots=True)
class Chromium:
    """Drives one window."""

    driver: Chrome

    def open(self, url: str) -> None:
        self.driver.get(url)

    def log_in(self, url: str, token: str) -> None:
        self.driver.delete_all_cookies()  # they are those of a host, whatever its port
        self.driver.get("about:blank")
        self.complaints()  # of the page before, whose server has ended
        self.open(f"{url}/ui/login")
        self.one("#token").send_keys(token)
        self.press("Log in")
        self.until_there("nav[aria-label=Main]")

    def one(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, word: str) -> None:
        """Press the first button that is called so."""
        path = f"//button[normalize-space(.)='{word}' or .//span[@class='still' and .='{word}']]"
        self.driver.find_element(By.XPATH, path).click()

    def until(self, text: str, selector: str = "main") -> None:
        """Wait until there is *text* to be seen."""
        self._wait(lambda: text in self._text(selector), f"{text!r} in {selector}")

    def until_gone(self, text: str, selector: str = "main") -> None:
        self._wait(lambda: text not in self._text(selector), f"no {text!r} in {selector}")

    def until_there(self, selector: str) -> None:
        self._wait(lambda: bool(self.all(selector)), selector)

    def _text(self, selector: str) -> str:
        found = self.driver.execute_script(
            "return document.querySelector(arguments[0])?.innerText ?? ''", selector
        )
        return str(found)

    def _wait(self, look: object, what: str) -> None:
        assert callable(look)
        WebDriverWait(self.driver, WITHIN_S, 0.15).until(lambda _: look(), f"never: {what}")

    def scheme(self, name: str) -> None:
        """Prefer `light` or `dark`."""
        feature = {"name": "prefers-color-scheme", "value": name}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def size(self, width: int, height: int, *, is_phone: bool = False) -> None:
        what = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", what)

    @contextmanager
    def without_scripts(self) -> Iterator[None]:
        """Let pages run no script of theirs."""
        self._run_scripts(run=False)
        try:
            yield
        finally:
            self._run_scripts(run=True)

    def _run_scripts(self, *, run: bool) -> None:
        self.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not run})

    @property
    def source(self) -> str:
        return self.driver.page_source

    def tab(self) -> str:
        """Go on with the keyboard; says where one is, and fails if that is not seen."""
        ActionChains(self.driver).send_keys(Keys.TAB).perform()
        name, style, width = self.driver.execute_script(
            "const one = document.activeElement, style = getComputedStyle(one);"
            "return [one.innerText.trim(), style.outlineStyle, parseFloat(style.outlineWidth)]"
        )
        assert style != "none", name
        assert width >= 2, name
        return str(name)

    def is_too_wide(self) -> bool:
        """Tell whether one must scroll sideways to read."""
        # The window of a phone grows with what is too wide for it.
        wide = "const one = document.documentElement; return one.scrollWidth > one.clientWidth"
        return bool(self.driver.execute_script(wide))

    def complaints(self) -> list[str]:
        """Give what the browser has logged of errors since it was asked last."""
        return [one["message"] for one in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def violations(self, rule: str | None = None) -> list[str]:
        """Let axe look at the page as it is, by all its rules or one; give what it finds.

        It comes over devtools, as the page's own policy lets no other script in.
        """
        if not self.driver.execute_script("return 'axe' in window"):
            self.driver.execute_script(_AXE.read_text(encoding="utf-8"))
        found = self.driver.execute_async_script(
            "const [only, done] = arguments, options = {resultTypes: ['violations']};"
            "axe.run(only ? {...options, runOnly: [only]} : options)"
            ".then((found) => done(found.violations))",
            rule,
        )
        return [
            f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
            for one in found
            for node in one["nodes"]
        ]

    def picture(self, file: Path) -> None:
        """Write what is seen of the page as PNG."""
        found = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
        file.write_bytes(b64decode(found["data"]))


@contextmanager
def started(profile: Path) -> Iterator[Chromium]:
    """Start one; where it is not installed, skip, but not in CI."""
    try:
        programs = installed("the tests")
    except UnavailableError as error:
        if "CI" in os.environ:
            pytest.fail(str(error))
        pytest.skip(str(error))
    options = ChromeOptions()
    options.binary_location = str(programs.browser)
    for flag in (*_FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if os.geteuid() == 0:  # it looks at our own pages only
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "SEVERE"})
    driver = Chrome(options, Service(str(programs.driver)))
    try:
        yield Chromium(driver)
    finally:
        driver.quit()
