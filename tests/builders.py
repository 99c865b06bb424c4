"""Short ways to write the records that the parts of the agent pass on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from listsync.domain.decisions import Found, How, Match, Prepared, Wish
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, ExternalIds, MediaType, TitleKey
from listsync.domain.report import Result, SyncReport, SyncRun
from listsync.domain.server import Candidate, RequestBody, Season, SeriesDetails
from listsync.sync.deduplication import members_of, wishes_of
from tests.fakes import SERVER

MOVIE, TV = MediaType.MOVIE, MediaType.TV
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = SyncRun(run_id="run-1", origin="test", started_at=NOON)
DRY_RUN = SyncRun(run_id="run-1", origin="test", started_at=NOON, dry_run=True)


def rules(
    name: str = "mine",
    *,
    limit: int | None = None,
    kind: MediaType | None = None,
    is_exclusion: bool = False,
    four_k: bool = False,
) -> ListRules:
    return ListRules(
        source=f"file:{name}",
        name=name,
        service="file",
        limit=limit,
        kind=kind,
        is_exclusion=is_exclusion,
        four_k=four_k,
    )


def entry(
    title: str | None = None,
    year: int | None = None,
    kind: MediaType | None = None,
    *,
    rank: int = 1,
    original: str | None = None,
    imdb: str | None = None,
    tmdb: int | None = None,
    tvdb: int | None = None,
    season: int | None = None,
    doubt: str | None = None,
    check: bool = False,
    bare_id: int | None = None,
) -> ListEntry:
    ids = ExternalIds(imdb=imdb, tmdb=tmdb, tvdb=tvdb)
    return ListEntry(
        rank=rank,
        title=title,
        original_title=original,
        year=year,
        kind=kind,
        ids=ids or NO_IDS,
        seasons=() if season is None else (season,),
        doubt=doubt,
        check_ids=check,
        bare_id=bare_id,
    )


def wish(one: ListEntry, of: ListRules | None = None) -> Wish:
    return wishes_of(members_of(of or rules(), [one]))[0]


def film_wish(tmdb: int = 603, *, tvdb: int | None = None, of: ListRules | None = None) -> Wish:
    return wish(entry("The Matrix", 1999, MOVIE, tmdb=tmdb, tvdb=tvdb), of)


def series_wish(
    season: int | None = None, *, tvdb: int | None = 81189, of: ListRules | None = None
) -> Wish:
    return wish(entry("Breaking Bad", 2008, TV, tmdb=1396, tvdb=tvdb, season=season), of)


def found(key: TitleKey, title: str = "") -> Match:
    return Match(found=Found.FOUND, how=How.TMDB_ID, key=key, title=title)


def prepared(one: Wish, details: SeriesDetails | None = None) -> Prepared:
    """Prepare a wish that names its kind and TMDB id."""
    assert one.kind is not None
    assert one.ids.tmdb is not None
    match = found(TitleKey(one.kind, one.ids.tmdb), one.label)
    return Prepared(wish=one, match=match, details=details)


def details(
    numbers: Iterable[int] = (0, 1, 2),
    *,
    covered: Iterable[int] = (),
    covered_4k: Iterable[int] = (),
    announced: Iterable[int] = (),
    tvdb: int | None = 81189,
) -> SeriesDetails:
    done, done_4k, empty = set(covered), set(covered_4k), set(announced)
    seasons = tuple(
        Season(
            number=number,
            episodes=0 if number in empty else 8,
            covered=number in done,
            covered_4k=number in done_4k,
        )
        for number in numbers
    )
    return SeriesDetails(ids=ExternalIds(tvdb=tvdb), seasons=seasons)


def offer(
    title: str,
    year: int | None = None,
    kind: MediaType = MOVIE,
    *,
    tmdb: int = 1,
    original: str = "",
    popularity: float | None = None,
    votes: int = 0,
    countries: tuple[str, ...] = (),
) -> Candidate:
    """Offer a title that people know, but for *votes*, which say how many know it."""
    if popularity is None:
        popularity = 1.0 if votes else 50.0
    return Candidate(
        key=TitleKey(kind, tmdb),
        title=title,
        original_title=original or title,
        year=year,
        popularity=popularity,
        votes=votes,
        countries=countries,
    )


def film_body(number: int = 603, *, four_k: bool = False) -> RequestBody:
    return RequestBody(key=TitleKey(MOVIE, number), four_k=four_k)


def sync_report(run: SyncRun = RUN, result: Result = Result.OK, **more: Any) -> SyncReport:
    """Report a run of which there is nothing to tell but *more*."""
    nothing = {"why": "", "server": SERVER, "lists": (), "items": (), "requested": ()}
    return SyncReport(
        **{"run": run, "result": result, "calls": 0, "duration_s": 0.0, **nothing, **more}
    )
