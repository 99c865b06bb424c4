"""`make bench`: what a sync costs, each figure beside the bound that it must keep.

The machine may be shared and noisy: times are medians, and ratios within one run count.
"""

from __future__ import annotations

import compileall
import http.client
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

import httpx

import listsync
import listsyncctl
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.sandbox.catalogue import invented
from listsync.sync.titles.evidence import sought, weigh
from tests.bench import (
    agents,
    browser,
    copies,
    feeds,
    first_start,
    fleets,
    hops,
    http_load,
    moving,
    new_rows,
    pages,
    postgres,
    scale,
    services,
    titles,
    transfer_queue,
    webhooks,
    worst,
)
from tests.bench.figures import Figure
from tests.bench.runs import Measured, bench, catalogue

LATENCY_MS = 20
RUNS = 3
FIRST_INVENTED = 20_000_001
MOST_CPU = 2.5 / 1.6
"""2.5 ms a call on a machine where a bare httpx call with a pause before it takes 1.6 ms."""


def first_syncs() -> Iterator[Figure]:
    """1,000 films each: invented ones by id, real ones by title."""
    numbers = range(FIRST_INVENTED, FIRST_INVENTED + 1000)
    films = [one for one in catalogue() if one["media_type"] == "movie" and one["date"]]
    start_up, collecting_s = _start_up(), _collecting_s()
    yield Figure("start-up and end of the process: own CPU", 1000 * start_up, "ms")
    yield Figure("a sync of one title that is there: collecting", 1000 * collecting_s, "ms")
    for name, rows, most_calls in (
        ("TMDB ids", [{"kind": "movie", "tmdb_id": number} for number in numbers], 1.0),
        ("IMDb ids", [{"imdb_id": f"tt{number}"} for number in numbers], 2.0),
        ("titles", [by_title(film) for film in films[:1000]], 2.3),
    ):
        latencies: list[float] = []
        bare: list[float] = []
        runs: list[Measured] = []
        for _ in range(RUNS):
            latencies.append(_latency_s())
            bare.append(_bare_call_s())
            runs.append(_first_sync(rows))
        posts = runs[0].requested
        reads = runs[0].calls - posts
        latency_s = statistics.median(latencies)
        floor = max(posts, reads / 4) * latency_s
        wall = statistics.median(one.wall_s for one in runs)
        cpu = statistics.median(one.cpu_s for one in runs)
        yield Figure(f"first sync of {len(rows):,} by {name}: requested", posts, "titles")
        yield Figure(
            "  calls a title beyond the fixed 7", (runs[0].calls - 7) / posts, "", most_calls
        )
        yield Figure("  the server's latency, asked for 20 ms", 1000 * latency_s, "ms")
        adding = (wall - collecting_s) / floor
        yield Figure("  after collecting / max(POSTs, reads / 4) x latency", adding, "x", 1.25)
        own = (cpu - start_up) / runs[0].calls
        yield Figure("  own CPU a call, start-up taken off", 1000 * own, "ms")
        ratio = own / statistics.median(bare)
        yield Figure("  the same, in bare httpx calls", ratio, "x", MOST_CPU)


def by_title(title: dict[str, object]) -> dict[str, object]:
    year = str(title["date"])[:4]
    return {"title": title["title"], "year": year, "kind": title["media_type"]}


def _start_up() -> float:
    """Measure a run with one known title: what every run costs, however little there is to do."""
    with bench() as one:
        one.write_list([{"kind": "movie", "tmdb_id": 603}])
        one.once()
        return statistics.median(one.once().cpu_s for _ in range(RUNS))


def _collecting_s() -> float:
    """Measure a sync that finds nothing to do: what comes before the first title, and the end."""
    with bench(latency_ms=LATENCY_MS) as one:
        one.write_list([{"kind": "movie", "tmdb_id": 603}])
        one.once()
        return statistics.median(one.once().wall_s for _ in range(RUNS))


def _first_sync(rows: Sequence[Mapping[str, object]]) -> Measured:
    with bench(latency_ms=LATENCY_MS, titles=1000) as one:
        one.write_list(rows)
        return one.once()


def _bare_call_s() -> float:
    """Measure the CPU of one call by the HTTP library alone: the yardstick for our own."""
    with bench(latency_ms=LATENCY_MS) as one, httpx.Client() as client:
        url = f"{one.sandbox.url}/api/v1/status"
        client.get(url)
        before = time.process_time()
        for _ in range(100):
            client.get(url)
        return (time.process_time() - before) / 100


def _latency_s() -> float:
    """Measure the latency as the barest client sees it: a timer only promises "at least"."""
    with bench(latency_ms=LATENCY_MS) as one:
        connection = http.client.HTTPConnection(urlsplit(one.sandbox.url).netloc)
        times = []
        for _ in range(101):
            started = time.monotonic()
            connection.request("GET", "/api/v1/status")
            connection.getresponse().read()
            times.append(time.monotonic() - started)
        connection.close()
    return statistics.median(times)


def later_syncs() -> Iterator[Figure]:
    start_up = _start_up()
    yield from _later_sync("10,000", start_up, _film)
    yield from _later_sync("10,000 checked", start_up, _checked_film)


def _later_sync(
    what: str, start_up: float, row: Callable[[int], dict[str, object]]
) -> Iterator[Figure]:
    """Measure a sync in which nothing is new: rows of ids, or rows whose ids are held to them."""
    with bench(titles=10_000, library=13_000) as one:
        one.write_list([row(n) for n in range(1, 10_001)])
        one.once()
        runs = [one.once() for _ in range(RUNS)]
    cpu = statistics.median(run.cpu_s for run in runs)
    pages = -(-13_000 // 1000)
    yield Figure(f"re-sync of {what}: requested", runs[0].requested, "titles", 0)
    yield Figure("  calls beyond the pages of the index", runs[0].calls - pages, "", 6)
    yield Figure("  own CPU an item, start-up taken off", (cpu - start_up) / 10, "ms", 0.1)


def _film(number: int) -> dict[str, object]:
    return {"kind": "movie", "tmdb_id": invented(number).tmdb_id}


def _checked_film(number: int) -> dict[str, object]:
    film = invented(number)
    return _film(number) | {"title": film.title, "year": film.year}


def memory() -> Iterator[Figure]:
    with bench(titles=1000) as one:
        one.write_list([{"imdb_id": f"tt{FIRST_INVENTED + n}"} for n in range(1000)])
        yield Figure("first sync of 1,000: peak memory", one.once().peak_mb, "MB", 70)
    many = [{"kind": "movie", "tmdb_id": FIRST_INVENTED + n} for n in range(50_000)]
    with bench(titles=50_000, library=52_000) as one:
        one.write_list(many)
        yield Figure("50,000 there already: peak memory", one.once().peak_mb, "MB", 200)
        yield Figure("50,000 known: peak memory", one.once().peak_mb, "MB", 200)
    with bench(titles=50_000) as one:
        one.write_list(many)
        dry = one.once("--dry-run")
        yield Figure("50,000 to request (dry run): peak memory", dry.peak_mb, "MB", 200)


def steady() -> Iterator[Figure]:
    """A list and a library that have grown for years: nothing is new."""
    rows = [{"kind": "movie", "tmdb_id": FIRST_INVENTED + n} for n in range(100_000)]
    with bench(titles=100_000, library=102_000) as one:
        one.write_list(rows)
        one.once()
        runs = [one.once() for _ in range(RUNS)]
    wall = statistics.median(run.wall_s for run in runs)
    yield Figure("100,000 remembered: sync", wall, "s", 5)
    yield Figure("  peak memory", max(run.peak_mb for run in runs), "MB", 250)
    yield Figure("  calls beyond the pages of the index", runs[0].calls - 102, "", 6)


def matching() -> Iterator[Figure]:
    titles = catalogue()
    candidates = [
        Candidate(
            key=TitleKey(MediaType(title["media_type"]), title["tmdb_id"]),
            title=title["title"],
            original_title=title["original_title"] or title["title"],
            year=int(title["date"][:4]) if title["date"] else None,
        )
        for title in titles
    ]
    wanted = [sought(one.title, None, one.year, one.key.kind) for one in candidates[:20]]
    started = time.process_time()
    for one in wanted:
        for candidate in candidates:
            weigh(one, candidate)
    rate = len(wanted) * len(candidates) / (time.process_time() - started)
    yield Figure("candidate comparisons on one core", rate, "/s", least=20_000)


PARTS = (
    matching,
    *titles.PARTS,
    *hops.PARTS,
    *first_start.PARTS,
    *pages.PARTS,
    *scale.PARTS,
    first_syncs,
    later_syncs,
    steady,
    memory,
    *services.PARTS,
    *worst.PARTS,
    *new_rows.PARTS,
    *agents.PARTS,
    *http_load.PARTS,
    *webhooks.PARTS,
    *browser.PARTS,
    *feeds.PARTS,
    *moving.PARTS,
    *transfer_queue.PARTS,
    *copies.PARTS,
    *postgres.PARTS,
    *fleets.PARTS,
)


def main() -> None:
    """Print the figures; exit 1 when a bound was missed."""
    for package in (listsync, listsyncctl):  # as pip does when it installs them
        compileall.compile_dir(package.__path__[0], quiet=1)
    chosen = sys.argv[1:]
    if unknown := set(chosen) - {part.__name__ for part in PARTS}:
        names = ", ".join(part.__name__ for part in PARTS)
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are: {names}")
    figures: list[Figure] = []
    for part in PARTS:
        if not chosen or part.__name__ in chosen:
            for figure in part():
                print(figure.line(), flush=True)
                figures.append(figure)
    sys.exit(not all(figure.is_kept for figure in figures))


if __name__ == "__main__":
    main()
