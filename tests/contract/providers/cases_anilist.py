"""The samples of AniList, and what each stands for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.errors import ListsyncError, Refusal, UnavailableError
from listsync.parsing.anime_ids import MapRow, title_of
from listsync.parsing.decoding import convert
from listsync.ports.lists import ListProvider
from listsync.providers.anilist.reader import AniList
from listsync.providers.anilist.source import AniListOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, Case, Handler
from tests.contract.providers.site import FIXTURES, Site, client, sample
from tests.fakes import AnimeIdsInMemory

_MAP = "anilist/id-map.mixed-shapes.json"


def map_of_the_sample() -> AnimeIdsInMemory:
    rows = [convert(row, MapRow) for row in json.loads((FIXTURES / _MAP).read_bytes())]
    return AnimeIdsInMemory({key: title_of(row) for row in rows for key in row.numbers()})


def anilist_provider(
    site: Handler, value: str = "sample_user", ids: AnimeIdsInMemory | None = None
) -> ListProvider:
    options = AniListOptions(pace_s=0)
    found = AnimeIdsInMemory() if ids is None else ids
    return AniList(parse(value), options, client(options, site), found)


def _anilist(
    name: str,
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    value: str = "sample_user",
    status: int = 200,
    titles: int = 0,
    beside: tuple[str, ...] = (),
) -> Case:
    return Case(
        name=f"anilist/{name}-{value}-{status}",
        samples=(f"anilist/{name}", *beside),
        provider=lambda: anilist_provider(
            Site.of({"*": sample(f"anilist/{name}", status)}), value, map_of_the_sample()
        ),
        expected=expected,
        titles=titles,
    )


class _NeverEnding:
    """Stands for a chart, of which the sample is the first page and says that more follow."""

    def fetch(self, previous: Validators | None) -> Fetched:
        site = Site.of({"*": sample("anilist/trending-page.json")})
        options = AniListOptions(pace_s=0, chart_size=1)
        return AniList(
            parse("trending"), options, client(options, site), map_of_the_sample()
        ).fetch(previous)


_LISTS = "media-list-collection.json"
CASES = (
    _anilist(_LISTS, ListOutcome.COMPLETE, titles=2, beside=(_MAP, "anilist/request.json")),
    _anilist(_LISTS, ListOutcome.COMPLETE, value="sample_user/all", titles=2),
    _anilist(_LISTS, ListOutcome.COMPLETE, value="sample_user/To request", titles=1),
    _anilist(_LISTS, Refusal.NOT_FOUND, value="sample_user/Another"),
    _anilist("media-list-collection.empty.json", ListOutcome.EMPTY),
    Case(
        name="anilist/trending",
        samples=("anilist/trending-page.json",),
        provider=_NeverEnding,
        expected=ListOutcome.COMPLETE,
        titles=1,
    ),
    _anilist("private-user-404.json", Refusal.PRIVATE, status=404),
    _anilist("user-not-found-404.json", Refusal.NOT_FOUND, status=404),
    _anilist("user-not-found-404.json", Refusal.NOT_FOUND),
    _anilist("disabled-403.json", UnavailableError, status=403),
    _anilist("rate-429.json", Refusal.RATE_LIMITED, beside=("anilist/rate-429.headers.txt",)),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "anilist": lambda _, failure: anilist_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
