"""Lists of anime as the agent reads them: the service, and the map of ids on the disk."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from listsync.app.provider_table import PROVIDERS, ProviderContext
from listsync.cancellation import CancelToken
from listsync.config.schema import ChromiumOptions, ProvidersOptions
from listsync.config.values import SERVICES
from listsync.config_types import SecretStr
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry, ListOutcome
from listsync.domain.media import ExternalIds
from listsync.http import response
from listsync.store.database import Database
from listsync.sync.fetch_lists import Before, Followed, read_lists
from tests.integration.providers.lists import KEY
from tests.integration.providers.pages import page
from tests.integration.providers.trap import HeardRequest, Trap, said, trap

ROWS = [(1, "Film 1"), (2, "Film 2")]
MAP = [
    {"type": "MOVIE", "anilist_id": 1, "mal_id": 2, "themoviedb_id": {"movie": [11]}},
    {"type": "TV", "anilist_id": 2, "mal_id": 1, "tvdb_id": 12, "season": {"tvdb": 2}},
]
MOST_MB = 60


@pytest.fixture(autouse=True)
def _retries_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_pause", lambda token, _: token.is_set())


def site_of(service: str, *, has_map: bool) -> AbstractContextManager[Trap]:
    def answer(question: HeardRequest) -> Iterable[bytes]:
        if question.path == "/map.json":
            if has_map:
                return [said(json.dumps(MAP).encode(), etag='"one"')]
            return [said(b"", status="503 Service Unavailable")]
        return [page(service, question, ROWS)]

    return trap(answer)


@contextmanager
def context_of(site: Trap, folder: Path) -> Iterator[ProviderContext]:
    options = ProvidersOptions()
    database = Database(folder / "db")
    options = replace(
        options,
        anilist=replace(options.anilist, base_url=site.url, pace_s=0),
        myanimelist=replace(
            options.myanimelist, base_url=site.url, pace_s=0, client_id=SecretStr(KEY)
        ),
        anime_ids=replace(options.anime_ids, base_url=f"{site.url}/map.json"),
    )
    with ExitStack() as stack:
        yield ProviderContext(options, ChromiumOptions(), database, folder, stack, CancelToken())
    database.close()


def read(service: str, site: Trap, folder: Path) -> tuple[ListOutcome, str, list[ListEntry]]:
    """Read two lists as a sync does, which share the map."""
    with context_of(site, folder) as context:
        lists = [
            Followed(
                ListRules(source=f"{service}:{name}", name=name, service=service),
                PROVIDERS[service](SERVICES[service](name), context),
            )
            for name in ("anna", "ben")
        ]
        first, second = read_lists(lists, {one.rules.source: Before() for one in lists})
        assert (first.outcome, first.why) == (second.outcome, second.why)
        return first.outcome, first.why, list(second.entries)


@pytest.mark.parametrize(
    ("service", "ids"),
    [
        ("anilist", [(ExternalIds(tmdb=11), ()), (ExternalIds(tvdb=12), (2,))]),
        ("myanimelist", [(ExternalIds(tvdb=12), (2,)), (ExternalIds(tmdb=11), ())]),
    ],
)
def test_lists_of_one_sync_ask_for_the_map_once_and_later_ones_not_at_all(
    service: str, ids: list[tuple[ExternalIds, tuple[int, ...]]], tmp_path: Path
) -> None:
    with site_of(service, has_map=True) as site:
        for _ in range(2):
            outcome, _, entries = read(service, site, tmp_path)
            assert outcome is ListOutcome.COMPLETE
            assert [(one.ids, one.seasons) for one in entries] == ids
        assert [one.path for one in site.asked].count("/map.json") == 1


def test_without_a_map_lists_are_unavailable_and_say_why(tmp_path: Path) -> None:
    with site_of("anilist", has_map=False) as site:
        outcome, why, entries = read("anilist", site, tmp_path)
    assert (outcome, entries) == (ListOutcome.UNAVAILABLE, [])
    assert "the map of anime ids cannot be had: anime_ids: is out of order (HTTP 503)" in why


@pytest.mark.slow
def test_making_the_map_takes_little_memory(tmp_path: Path) -> None:
    rows = [
        {"type": "TV", "anilist_id": n, "mal_id": n, "tvdb_id": n, "anime-planet_id": "x" * 250}
        for n in range(1, 40_001)
    ]
    (tmp_path / "map.json").write_text(json.dumps(rows))
    program = (
        "import re, sys; from pathlib import Path\n"
        "from listsync.http.anime_ids import AnimeIdMap\n"
        "from listsync.parsing.anime_ids import AnimeIdsOptions\n"
        "def kb(name):\n"
        "    told = open('/proc/self/status').read()\n"
        "    return int(re.search(name + r':\\s+(\\d+) kB', told)[1])\n"
        "folder = Path(sys.argv[1])\n"
        "ids = AnimeIdMap(AnimeIdsOptions(file=folder / 'map.json'), folder, lambda: None)\n"
        "before = kb('VmRSS'); open('/proc/self/clear_refs', 'w').write('5')\n"
        "assert len(ids.find('mal', range(1, 5001))) == 5000\n"
        "print((kb('VmHWM') - before) // 1024)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100)
    assert int(ran.stdout) < MOST_MB
