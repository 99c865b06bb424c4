"""The samples of MyAnimeList, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.ports.lists import ListProvider
from listsync.providers.myanimelist.reader import MyAnimeList
from listsync.providers.myanimelist.source import MyAnimeListOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, KEY, Case, Handler
from tests.contract.providers.cases_anilist import map_of_the_sample
from tests.contract.providers.site import Site, client, sample
from tests.fakes import AnimeIdsInMemory


def myanimelist_provider(
    site: Handler,
    value: str = "sample_user",
    ids: AnimeIdsInMemory | None = None,
    *,
    client_id: str | None = KEY,
) -> ListProvider:
    options = MyAnimeListOptions(pace_s=0, client_id=SecretStr(client_id) if client_id else None)
    found = AnimeIdsInMemory() if ids is None else ids
    return MyAnimeList(parse(value), options, client(options, site), found)


def _myanimelist(
    samples: tuple[str, ...],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    titles: int = 0,
    skipped: int = 0,
    client_id: str | None = KEY,
) -> Case:
    names = tuple(f"myanimelist/{name}" for name in samples)
    status = int(names[0][-8:-5]) if "error" in names[0] else 200
    return Case(
        name=f"{names[0]}-{bool(client_id)}",
        samples=names,
        provider=lambda: myanimelist_provider(
            Site.of({"/v2/users/sample_user/animelist": [sample(one, status) for one in names]}),
            ids=map_of_the_sample(),
            client_id=client_id,
        ),
        expected=expected,
        titles=titles,
        skipped=skipped,
    )


_PAGES = ("list.page1.json", "list.page2.json")
CASES = (
    _myanimelist(_PAGES, ListOutcome.COMPLETE, titles=2, skipped=1),
    _myanimelist(_PAGES, Refusal.CREDENTIAL, client_id=None),
    _myanimelist(("list.empty.json",), ResponseChangedError),
    _myanimelist(("error.client-id-400.json",), Refusal.CREDENTIAL),
    _myanimelist(("error.private-403.json",), Refusal.PRIVATE),
    _myanimelist(("error.not-found-404.json",), Refusal.NOT_FOUND),
    _myanimelist(("error.too-often-403.json",), Refusal.BLOCKED),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "myanimelist": lambda _, failure: myanimelist_provider(
        Site.of({"*": FAILING_ANSWERS[failure]()})
    ),
}
