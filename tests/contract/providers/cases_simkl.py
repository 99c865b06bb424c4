"""The samples of Simkl, and what each stands for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.errors import ListsyncError, Refusal, ResponseChangedError
from listsync.parsing.anime_ids import AnimeIds
from listsync.ports.lists import ListProvider
from listsync.providers.simkl.reader import Simkl
from listsync.providers.simkl.source import SimklOptions, parse
from tests.contract.providers.cases import FAILING_ANSWERS, Case, Handler
from tests.contract.providers.simkl_account import ACCESS, CLIENT_ID
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import AnimeIdsInMemory

ACTIVITIES = "simkl/activities.json"
_ITEMS = "/sync/all-items"
_LOGIN = ("pin.json", "pin.ok.json", "pin.pending.json", "device.json", "token.json")
OF_LOGIN = tuple(f"simkl/{name}" for name in (*_LOGIN, "settings.json"))
NEVER = b'{"movies": {"plantowatch": null}, "tv_shows": {}, "anime": {}}'
RENAMED = b'{"movies": {"planned": "2026-11-02"}, "tv_shows": {}, "anime": {}}'


def simkl_provider(
    site: Handler,
    value: str = "plantowatch",
    anime_ids: AnimeIds | None = None,
    *,
    access: str | None = ACCESS,
    client_id: str | None = CLIENT_ID,
) -> ListProvider:
    options = SimklOptions(client_id=SecretStr(client_id) if client_id else None)
    return Simkl(
        parse(value),
        options,
        client(options, site),
        lambda: SecretStr(access) if access else None,
        lambda: AnimeIdsInMemory() if anime_ids is None else anime_ids,
    )


def _simkl(
    name: str,
    items: dict[str, str],
    expected: ListOutcome | type[ListsyncError] | Refusal,
    *,
    value: str = "plantowatch",
    titles: int = 0,
    beside: tuple[str, ...] = (),
) -> Case:
    pages = {f"{_ITEMS}/{path}": f"simkl/{one}" for path, one in items.items()}
    return Case(
        name=f"simkl/{name}",
        samples=(ACTIVITIES, *dict.fromkeys(pages.values()), *beside),
        provider=lambda: simkl_provider(
            Site.of(
                {
                    "/sync/activities": sample(ACTIVITIES),
                    **{path: sample(one) for path, one in pages.items()},
                }
            ),
            value,
        ),
        expected=expected,
        titles=titles,
    )


def _nothing(name: str) -> Case:
    """Ask for a status that never had a title."""
    return Case(
        name=f"simkl/never-{name}",
        samples=(f"simkl/{name}",),
        provider=lambda: simkl_provider(
            Site.of({"/sync/activities": answer(NEVER), "*": sample(f"simkl/{name}")}), "movies"
        ),
        expected=ListOutcome.EMPTY,
    )


def _renamed(name: str) -> Case:
    """Ask for a status of which nothing is said any more."""
    return Case(
        name=f"simkl/renamed-{name}",
        samples=(f"simkl/{name}",),
        provider=lambda: simkl_provider(
            Site.of({"/sync/activities": answer(RENAMED), "*": sample(f"simkl/{name}")}), "movies"
        ),
        expected=ResponseChangedError,
    )


def _refused(name: str, status: int, expected: Refusal) -> Case:
    return Case(
        name=f"simkl/{name}",
        samples=(f"simkl/{name}",),
        provider=lambda: simkl_provider(Site.of({"*": sample(f"simkl/{name}", status)})),
        expected=expected,
    )


_ALL = {
    "movies/plantowatch": "all-items.movies.plantowatch.json",
    "shows/plantowatch": "all-items.shows.plantowatch.json",
    "anime/plantowatch": "all-items.anime.plantowatch.json",
}
CASES = (
    _simkl("all", _ALL, ListOutcome.COMPLETE, titles=4),
    *(
        _simkl(
            kind,
            {f"{kind}/plantowatch": f"all-items.{kind}.plantowatch.json"},
            ListOutcome.COMPLETE,
            value=kind,
            titles=titles,
        )
        for kind, titles in (("movies", 2), ("shows", 1), ("anime", 1))
    ),
    *(
        _simkl(
            f"nothing-any-more-{name}",
            {
                "movies/plantowatch": f"all-items.nothing.{name}.json",
                "movies/completed": f"all-items.nothing.{name}.json",
            },
            ListOutcome.DRIFT,
            value="movies",
            beside=OF_LOGIN,
        )
        for name in ("array", "null")
    ),
    _nothing("all-items.nothing.array.json"),
    _nothing("all-items.nothing.null.json"),
    _renamed("all-items.nothing.null.json"),
    _refused("error-401.json", 401, Refusal.CREDENTIAL),
    _refused("error-403-private.json", 403, Refusal.PRIVATE),
    _refused("error-412.json", 412, Refusal.CREDENTIAL),
)
FAILING: dict[str, Callable[[Path, str], ListProvider]] = {
    "simkl": lambda _, failure: simkl_provider(Site.of({"*": FAILING_ANSWERS[failure]()})),
}
