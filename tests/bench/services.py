"""What lists of 1,000 titles cost to read, from a server that plays every list service.

The options are the defaults, but that no pages of films are read at Letterboxd.
"""

from __future__ import annotations

import http.client
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

from listsync.config_types import SecretStr
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListOutcome, Validators
from listsync.providers.seerr.reader import ServerWatchlist
from listsync.providers.seerr.source import SeerrSource
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from listsync.sync.fetch_lists import Before, Followed, read_lists
from tests.bench.figures import Figure
from tests.bench.players import TITLES, Player, players
from tests.integration.providers.lists import provider
from tests.integration.providers.test_letterboxd import measure

RUNS = 5
MOST_CALLS: dict[str, tuple[int | None, int | None]] = {
    # Full parts: that nothing follows the last one is looked at.
    "anilist": (3, 1),
    "custom": (1, 1),
    "imdb": (4, 1),
    "trakt": (4, 1),
    "mdblist": (1, 1),
    # The list itself is asked first: for its date, and the count that proves a reading whole.
    "mdblist-with-key": (2, 1),
    "mdblist-official": (10, 1),
    "mdblist-watchlist": (1, 1),
    "letterboxd": (10, 1),
    "plex": (10, 1),
    "myanimelist": (2, 1),
    # What changed when is asked first, which the service demands.
    "simkl": (2, 1),
    "stevenlu": (1, 1),
    "tmdb": (None, 1),
    # Each title once: the list has numbers of TheTVDB only.
    "tvdb": (None, 1),
}
"""For the first reading, and for one that finds the list unchanged."""
MIXED = (
    *("imdb", "trakt", "letterboxd", "mdblist", "tmdb"),
    *("stevenlu", "imdb", "trakt", "letterboxd", "mdblist-with-key"),
)
WITHOUT_TMDB = tuple("imdb" if name == "tmdb" else name for name in MIXED)


def services() -> Iterator[Figure]:
    with players() as hosts:
        yield Figure("the services' latency, asked for 50 ms", 1000 * _latency_s(hosts[0]), "ms")
        for name, most in MOST_CALLS.items():
            yield from _calls(hosts[0], name, *most)
        yield from _watchlist()
        yield _check_of_many()
        rate = statistics.median(measure() for _ in range(RUNS))
        yield Figure("letterboxd: films parsed on one core", rate, "/s", least=1500)
        # Ten lists of all services, one of which takes its time, are what a user has; without that
        # one, what is measured against a quarter of a second is our own CPU.
        yield from _ten_lists(hosts, MIXED, "ten lists of 1,000, one of TMDB (20 a page)", 1.5)
        yield from _ten_lists(hosts, WITHOUT_TMDB, "ten lists of 1,000, none of TMDB", None)


def _latency_s(host: Player) -> float:
    """Measure the latency as the barest client sees it: a timer only promises "at least"."""
    connection = http.client.HTTPConnection(urlsplit(host.url).netloc)
    times = []
    for _ in range(21):
        began = time.perf_counter()
        connection.request("GET", "/")
        connection.getresponse().read()
        times.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(times)


def _calls(
    host: Player, name: str, most_first: int | None, most_again: int | None
) -> Iterator[Figure]:
    host.calls()
    validators = _read(host, name)
    yield Figure(f"{name} list of {TITLES:,}: calls", host.calls(), "", most_first)
    _read(host, name, validators)
    yield Figure("  the same unchanged: calls", host.calls(), "", most_again)


def _watchlist() -> Iterator[Figure]:
    """Read a watchlist of the request server, which has 20 titles a page."""
    titles = [{"kind": "movie", "tmdbId": number} for number in range(1, TITLES + 1)]
    with SandboxProcess("seerr") as sandbox:
        sandbox.admin("watchlists", {"userId": 1, "titles": titles})
        server = Seerr(sandbox.url, SecretStr(sandbox.api_key))
        server.identify()
        one, before = ServerWatchlist(SeerrSource(), server), server.calls
        began = time.process_time()
        fetched = one.fetch(None)
        took = time.process_time() - began
        read, again = server.calls - before, one.fetch(fetched.validators)
        unchanged = server.calls - before - read
        server.close()
    assert len(fetched.entries) == TITLES
    assert again.is_unchanged
    yield Figure(f"seerr watchlist of {TITLES:,}: calls", read, "", TITLES // 20)
    yield Figure("  own CPU", 1000 * took, "ms")
    yield Figure("  the same unchanged: calls", unchanged, "", 1)


_MANY = 300
_WRITTEN = {
    "anilist": "user{0}",
    "custom": "https://lists.example.invalid/{0}.json",
    "file": "list{0}.csv",
    "imdb": "ls012345{0:03}",
    "letterboxd": "user{0}/list/best",
    "mdblist": "user{0}/best",
    "myanimelist": "user{0}",
    "seerr": "watchlist/user{0}",
    "tmdb": "list/{0}",
    "trakt": "user{0}/watchlist",
    "tvdb": "{0}",
}
"""A list of each service that has many."""
_OPTIONS = (
    "    name: list {0}\n    limit: 20\n    filters: {{year: '>=1990', genres: [drama]}}\n"
    "    tags: [a, b]\n    quality_profile: {{movies: HD, series: HD}}\n"
)


def _check_of_many() -> Figure:
    """Check a configuration of lists of all services; the time is that of the processor."""
    services = sorted(_WRITTEN)
    rows = [
        f"  - {one}: {_WRITTEN[one].format(number)}\n{_OPTIONS.format(number)}"
        for number, one in zip(range(1, _MANY + 1), cycle(services), strict=False)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "listsync.yaml"
        path.write_text(f"server: {{url: sandbox}}\nlists:\n{''.join(rows)}", encoding="utf-8")
        command = [sys.executable, "-m", "listsync", "check", str(path)]
        times = []
        for _ in range(RUNS):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run(command, check=True, capture_output=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    what = f"check of {_MANY} lists of all services, with options: CPU"
    return Figure(what, statistics.median(times), "s", 1)


def _read(host: Player, name: str, previous: Validators | None = None) -> Validators | None:
    with provider(name, host.url) as one:
        fetched = one.fetch(previous)
    assert fetched.is_unchanged if previous else len(fetched.entries) == TITLES, name
    return fetched.validators


def _ten_lists(
    hosts: Sequence[Player], names: Sequence[str], what: str, most: float | None
) -> Iterator[Figure]:
    """Read them together and each alone, in turns, so that noise hits both."""
    together: list[float] = []
    alone: list[list[float]] = [[] for _ in names]
    own: list[float] = []
    for _ in range(RUNS):
        before = time.process_time()
        together.append(_reading_s(hosts, names))
        own.append(time.process_time() - before)
        for times, host, name in zip(alone, hosts, names, strict=True):
            times.append(_reading_s([host], [name]))
    singles = [statistics.median(times) for times in alone]
    wall = statistics.median(together)
    yield Figure(f"{what}: time", wall, "s")
    yield Figure("  own CPU", statistics.median(own), "s")
    yield Figure("  one after the other", sum(singles), "s")
    yield Figure("  the slowest of them alone", max(singles), "s")
    yield Figure("  together / the slowest alone", wall / max(singles), "x", most)


def _reading_s(hosts: Sequence[Player], names: Sequence[str]) -> float:
    """Read lists for the first time, as a sync does; returns how long that took."""
    with ExitStack() as stack:
        lists = []
        for host, name in zip(hosts, names, strict=True):
            rules = ListRules(source=host.url, name=name, service=name)
            lists.append(Followed(rules, stack.enter_context(provider(name, host.url))))
        before = {one.rules.source: Before() for one in lists}
        began = time.perf_counter()
        readings = list(read_lists(lists, before))
        took = time.perf_counter() - began
    for reading in readings:
        assert reading.outcome is ListOutcome.COMPLETE, reading.why
        assert len(reading.entries) == TITLES
    return took


PARTS = (services,)
