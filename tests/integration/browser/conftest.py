"""A place for a browser, a site for it, and the browser itself (or the reason why not)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.browser.client import installed
from listsync.errors import UnavailableError
from tests.integration.browser.place import Place, place
from tests.integration.browser.site import Site, site
from tests.workers import shared_folder


@pytest.fixture(name="site")
def _site() -> Iterator[Site]:
    with site() as one:
        yield one


@pytest.fixture(scope="session")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Say where patched drivers are kept for all workers."""
    return shared_folder(tmp_path_factory) / "drivers"


@pytest.fixture(name="place")
def _place(drivers: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    with place(drivers) as one:
        monkeypatch.setattr(tempfile, "tempdir", str(one.temp))
        yield one


@pytest.fixture
def chromium() -> None:
    """Ask for the real thing."""
    try:
        installed("the tests")
    except UnavailableError as error:
        if "CI" in os.environ:
            pytest.fail(str(error))
        pytest.skip(str(error))
