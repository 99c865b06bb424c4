"""`make bench`: what a sync costs, each figure beside the bound that it must keep.

The machine may be shared and noisy: times are medians, and ratios within one run count.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.sync.matching import sought, weigh
from tests.bench.runs import Measured, bench, catalogue

LATENCY_MS = 20
FIRST_INVENTED = 20_000_001


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure and the bound it must keep, if there is one."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def is_kept(self) -> bool:
        above = self.most is not None and self.value > self.most
        return not above and (self.least is None or self.value >= self.least)

    def line(self) -> str:
        bound = f"<= {self.most:g}" if self.most is not None else ""
        bound = f">= {self.least:g}" if self.least is not None else bound
        mark = ("ok" if self.is_kept else "MISSED") if bound else ""
        return f"{self.what:<58} {self.value:>10.2f} {self.unit:<10} {bound:<10} {mark}"


def by_tmdb(title: dict[str, object]) -> dict[str, object]:
    return {"kind": title["media_type"], "tmdb_id": title["tmdb_id"]}


def by_imdb(title: dict[str, object]) -> dict[str, object]:
    return {"imdb_id": title["imdb_id"]}


def by_title(title: dict[str, object]) -> dict[str, object]:
    year = str(title["date"])[:4]
    return {"title": title["title"], "year": year, "kind": title["media_type"]}


def first_syncs() -> Iterator[Figure]:
    films = [
        title
        for title in catalogue()
        if title["media_type"] == "movie" and title["imdb_id"] and title["date"]
    ][:500]
    for name, row, most_calls in (
        ("TMDB ids", by_tmdb, 1.0),
        ("IMDb ids", by_imdb, 2.0),
        ("titles", by_title, 2.3),
    ):
        runs = [_first_sync([row(title) for title in films]) for _ in range(3)]
        run = runs[0]
        posts = run.requested
        reads = run.calls - posts
        floor = max(posts, reads / 4) * LATENCY_MS / 1000
        wall = statistics.median(one.wall_s for one in runs)
        cpu = statistics.median(one.cpu_s for one in runs)
        yield Figure(f"first sync of {len(films)} by {name}: requested", posts, "titles")
        yield Figure("  calls a title beyond the fixed 7", (run.calls - 7) / posts, "", most_calls)
        yield Figure("  time / max(POSTs, reads / 4) x latency", wall / floor, "x", 1.25)
        yield Figure("  own CPU a call (start-up included)", 1000 * cpu / run.calls, "ms", 2.5)


def _first_sync(rows: list[dict[str, object]]) -> Measured:
    with bench(latency_ms=LATENCY_MS) as one:
        one.write_list(rows)
        return one.once()


def bare_calls() -> Iterator[Figure]:
    """Measure what the HTTP library itself costs: the yardstick for our own CPU."""
    with bench(latency_ms=LATENCY_MS) as one, httpx.Client() as client:
        url = f"{one.sandbox.url}/api/v1/status"
        client.get(url)
        before, started = time.process_time(), time.monotonic()
        for _ in range(100):
            client.get(url)
        cpu, wall = time.process_time() - before, time.monotonic() - started
    yield Figure("bare httpx call at 20 ms: own CPU", 1000 * cpu / 100, "ms")
    yield Figure("bare httpx call at 20 ms: time / latency", wall / 100 / LATENCY_MS * 1000, "x")


def later_syncs() -> Iterator[Figure]:
    rows = [{"kind": "movie", "tmdb_id": FIRST_INVENTED + n} for n in range(10_000)]
    with bench(titles=10_000, library=13_000) as one:
        one.write_list(rows[:20])
        start_up = statistics.median(_again(one.once) for _ in range(3))
        one.write_list(rows)
        one.once()
        runs = [one.once() for _ in range(3)]
    cpu = statistics.median(run.cpu_s for run in runs)
    pages = -(-13_000 // 1000)
    yield Figure("re-sync of 10,000: requested", runs[0].requested, "titles", 0)
    yield Figure("  calls beyond the pages of the index", runs[0].calls - pages, "", 6)
    yield Figure("  own CPU an item, start-up taken off", (cpu - start_up) / 10, "ms", 0.1)


def _again(once: Callable[[], Measured]) -> float:
    return once().cpu_s


def memory() -> Iterator[Figure]:
    films = [by_imdb(title) for title in catalogue() if title["imdb_id"]][:1000]
    with bench() as one:
        one.write_list(films)
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


def matching() -> Iterator[Figure]:
    titles = catalogue()
    candidates = [
        Candidate(
            key=TitleKey(MediaType(title["media_type"]), title["tmdb_id"]),
            title=title["title"],
            original_title=title["original_title"],
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


PARTS = (bare_calls, matching, first_syncs, later_syncs, memory)


def main() -> None:
    """Print the figures; exit 1 when a bound was missed."""
    chosen = sys.argv[1:]
    figures: list[Figure] = []
    for part in PARTS:
        if not chosen or part.__name__ in chosen:
            for figure in part():
                print(figure.line(), flush=True)
                figures.append(figure)
    sys.exit(not all(figure.is_kept for figure in figures))


if __name__ == "__main__":
    main()
