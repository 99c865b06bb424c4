"""Whoever adds a list service is told here what it still lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from listsync.app.provider_table import PROVIDERS
from listsync.config.values import SERVICES
from listsync.parsing.address_forms import SERVICES as KNOWN
from tests.bench.services import MOST_CALLS
from tests.contract.providers.doubtful import COUNTED, UNCOUNTED
from tests.contract.providers.test_providers import CASES, FAILING, FOLDERS
from tests.integration.providers.lists import SERVICES as LISTS
from tests.service_pages import pages

if TYPE_CHECKING:
    from collections.abc import Iterable

OF_SITES = [one for one in SERVICES if one not in ("custom", "file", "seerr")]
"""The others are no services, or (`seerr`) the request server, which has a client of its own."""


def _named(keys: Iterable[str]) -> set[str]:
    """Give the services of keys such as `mdblist-with-key`, `imdb/csv` or `tmdb.md`."""
    found = {key.replace(".", "/").partition("/")[0] for key in keys}
    return {name.partition("-")[0] for name in found}


def test_each_service_is_read_by_something_and_has_a_name_for_people() -> None:
    assert PROVIDERS.keys() == SERVICES.keys()
    assert set(OF_SITES) <= KNOWN.keys()


@pytest.mark.parametrize(
    ("where", "there"),
    [
        ("FOLDERS", FOLDERS),
        ("CASES", [case.name for case in CASES]),
        ("FAILING", FAILING),
        ("tests/contract/providers/doubtful.py", [*COUNTED, *UNCOUNTED]),
        ("tests/integration/providers/lists.py", LISTS),
        ("tests/bench/services.py", MOST_CALLS),
        ("tests/service_pages.py", pages()),
    ],
)
def test_each_service_has_what_every_other_has(where: str, there: Iterable[str]) -> None:
    assert set(OF_SITES) <= _named(there), where
