"""What feeds of 100,000 titles cost: to keep, to write, and not to write."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from listsync.commands.feeds import Feeds
from listsync.domain.feeds import FeedContent, FeedForm, FeedTitle
from listsync.domain.media import MediaType
from listsync.store.feeds import SqliteFeeds
from tests.bench.figures import Figure
from tests.builders import MOVIE, entry, rules
from tests.integration.web.feed_house import FeedHouse

TITLES = 100_000


def feeds() -> Iterator[Figure]:
    titles = tuple(
        FeedTitle(MediaType.MOVIE, f"A Film Called {n}", 1950 + n % 70, n, f"tt{n:07}")
        for n in range(1, TITLES + 1)
    )
    with tempfile.TemporaryDirectory() as folder:
        house = FeedHouse(Path(folder))
        house.follow(entry("Dune", 2021, MOVIE)).sync()
        content, now = FeedContent(titles=titles), datetime.now(UTC)
        store = SqliteFeeds(house.database)
        kept_s = _seconds(lambda: store.save(rules(), content, now))
        feeds_ = Feeds(house.context)
        found_s = _seconds(lambda: feeds_.find("mine", FeedForm.RADARR))
        feed = feeds_.find("mine", FeedForm.RADARR)
        written_s = _seconds(lambda: feeds_.write(feed))
        house.database.close()
    yield Figure(f"a feed of {TITLES:,}: kept", 1000 * kept_s, "ms", 1000)
    yield Figure("  written", 1000 * written_s, "ms", 1000)
    yield Figure("  answered with 304", 1000 * found_s, "ms", 10)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


PARTS = (feeds,)
