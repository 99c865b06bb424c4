"""What people are told: a message of each kind, and of each notice, as plain text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from listsync.agent.notices import notices_of_media_servers, notices_of_roots
from listsync.domain.history import DayOfRequests, RequestRow
from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.message_of_day import DayFacts, LocalDay, message_of_day
from listsync.domain.message_of_notice import messages_of_changes
from listsync.domain.message_texts import messages_of_run
from listsync.domain.messages import Message, joined
from listsync.domain.notices import Notice, NoticeChanges, NoticeKind, NoticeRecord
from listsync.domain.postgres_triggers import PostgresStatus, notices_of_postgres
from listsync.domain.report import ItemReport, ListReport, Result, SyncReport, SyncRun, Verdict
from listsync.domain.run_messages import failure_notice, failure_words, passes_by_itself
from listsync.domain.server import RequestBody
from listsync.domain.server_knowledge import (
    KnownServer,
    ServerDoubt,
    doubt_of_index,
    doubt_of_server,
    doubt_of_state,
)
from listsync.domain.transfers import MediaServerTrouble, RootHealth, RootTrouble
from listsync.sync.shrink_guard import words_of_shrink
from tests.golden import transfer_cases

_AT = datetime(2026, 6, 1, 12, tzinfo=UTC)
_LATER = _AT + timedelta(hours=3, minutes=20)
_FILM = TitleKey(MediaType.MOVIE, 348)
_SERIES = TitleKey(MediaType.TV, 70523)


def _of_outcome(kind: NoticeKind, service: str, outcome: ListOutcome, why: str) -> Notice:
    return Notice(
        kind=kind,
        text=failure_words(service, outcome, why),
        list_name="films",
        passes=passes_by_itself(service, outcome),
    )


def _of_films(kind: NoticeKind, text: str) -> Notice:
    return Notice(kind=kind, text=text, list_name="films")


def _of_all(kind: NoticeKind, text: str) -> Notice:
    return Notice(kind=kind, text=text)


def _of_doubt(doubt: ServerDoubt | None) -> Notice:
    assert doubt is not None
    return Notice(kind=doubt.kind, text=doubt.text)


_MOVIES = PurePosixPath("/mnt/unraid/media/Movies")
_SHOWS = PurePosixPath("/mnt/unraid/media/TVShows")
_GONE = "nfs4 unraid:/mnt/user/media is not mounted at /mnt/unraid/media any more"
_ROOTS = (
    *(
        RootHealth(
            root=root,
            is_healthy=False,
            why=_GONE,
            trouble=RootTrouble.NOT_MOUNTED,
            since=datetime.now(UTC),
        )
        for root in (_MOVIES, _SHOWS)
    ),
    RootHealth(root=_MOVIES, is_healthy=False, why="it is full", trouble=RootTrouble.FULL),
)
_REFUSED = MediaServerTrouble(
    server="plex", why="refuses us (HTTP 401): the token is wrong", needs_person=True
)
_HTTP_503 = "http://seerr:5055 answered HTTP 503"
NOTICES = (
    _of_all(NoticeKind.SERVER_CHANGED, KnownServer.NEW.remark or ""),
    _of_doubt(doubt_of_server(312)),
    failure_notice(NoticeKind.SERVER_UNREACHABLE, _HTTP_503, passes=True),
    failure_notice(
        NoticeKind.KEY_REFUSED, "the API key is refused (403): copy it again", passes=False
    ),
    _of_outcome(NoticeKind.KEY_REFUSED, "trakt", ListOutcome.CREDENTIAL, "HTTP 401"),
    _of_doubt(doubt_of_index(lost=300, requested=312)),
    _of_all(
        NoticeKind.REQUESTS_UNCHECKED,
        "the requests of this sync were not checked afterwards: the index has too many pages",
    ),
    _of_films(NoticeKind.ON_HOLD, "148 titles on hold: quota reached (10 films in 7 days)"),
    _of_outcome(NoticeKind.LIST_FAILED, "imdb", ListOutcome.UNAVAILABLE, "HTTP 503"),
    _of_outcome(NoticeKind.LIST_BLOCKED, "imdb", ListOutcome.BLOCKED, "HTTP 403, bot protection"),
    _of_outcome(NoticeKind.LIST_PRIVATE, "mdblist", ListOutcome.PRIVATE, "HTTP 403"),
    _of_outcome(NoticeKind.LIST_GONE, "letterboxd", ListOutcome.NOT_FOUND, "HTTP 404"),
    _of_outcome(NoticeKind.LIST_DRIFT, "imdb", ListOutcome.DRIFT, "no titles in the page"),
    _of_films(NoticeKind.LIST_SHRANK, words_of_shrink(180)),
    _of_films(
        NoticeKind.LIST_DOUBTED,
        "12 known titles were not read, but the service says that it holds 250: what is known is "
        "kept, and nothing leaves the list until it is read without that; if that lasts, look at "
        "the list at the service",
    ),
    _of_films(NoticeKind.LOOK_UPS_FAILED, "3 films could not be looked up: HTTP 429"),
    _of_films(
        NoticeKind.TO_CANCEL,
        "2 titles missing from the list: Alien (1979), Dune (2021); if the list still lacks them, "
        "the next sync cancels their requests (to keep them, put them back or set "
        "cancel_removed: false; to look into it, `listsyncctl pause`)",
    ),
    _of_films(NoticeKind.REQUEST_FAILED, "1 title failed (Dune (2021)): no TVDB id"),
    _of_all(
        NoticeKind.REQUEST_FAILED,
        "requests that failed at Radarr or Sonarr: Dune (2021); retry them on the page Requests "
        "of the server, which says why",
    ),
    _of_all(NoticeKind.REVIEW, "3 titles wait for you to choose: `listsyncctl review`"),
    failure_notice(NoticeKind.SYNC_FAILED, "no list could be read", passes=True),
    _of_all(
        NoticeKind.CONFIG_INVALID,
        "the configuration is invalid; the last good one is in force",
    ),
    _of_all(NoticeKind.CONFIG_WARNING, "listsync.yaml:12:3: lists[2].limit: is of no use here"),
    _of_all(NoticeKind.CONFIG_PENDING, "not in force yet: state_dir (restart the agent)"),
    _of_all(
        NoticeKind.WATCHER_DEGRADED,
        "the folder of the configuration cannot be watched: it is looked at every 30 s",
    ),
    _of_all(NoticeKind.SERVICE_FAILED, "the http service has failed: port 8080 is taken"),
    _of_all(
        NoticeKind.TARGET_FAILED,
        "notifications to phone fail: 3 of its messages could not be delivered and were given up; "
        "HTTP 404",
    ),
    _of_all(NoticeKind.STATE_TROUBLE, "the disk is full"),
    _of_all(NoticeKind.OPEN_TO_OTHERS, "/etc/listsync: others may write there (chmod o-w)"),
    *notices_of_media_servers([_REFUSED]),
    *notices_of_postgres(
        PostgresStatus(
            where="db/listsync",
            channel="sync_trigger",
            is_connected=True,
            since=datetime(2026, 3, 29, 12, tzinfo=UTC),
            is_pooled=True,
        )
    ),
    _of_all(
        NoticeKind.FLEET_TROUBLE,
        "this agent takes no part in its fleet, and requests nothing: PostgreSQL: no answer",
    ),
    _of_all(
        NoticeKind.FLEET_LISTS,
        "cellar: other lists than those of attic, which leads; what is synced is what the agent "
        "follows that leads",
    ),
    _of_all(
        NoticeKind.FLEET_SPLIT,
        "another fleet works in the schema cellar of the same database, on the same channel; this "
        "one is in attic: name one schema for all agents in postgres.dsn (options='-c "
        "search_path=...')",
    ),
    *notices_of_roots(_ROOTS),
    _of_doubt(doubt_of_state("the state is a backup of 3 days ago")),
)


def _record(notice: Notice, number: int) -> NoticeRecord:
    return NoticeRecord(notice=notice, since=_AT, run_id="4f1c", number=number)


def _lines(message: Message) -> Iterator[str]:
    yield f"[{message.kind}, {message.importance}] {message.title}"
    yield from message.lines
    yield from (f"{name}: {words}" for name, words in message.facts)
    yield from (f"- {title}" for title in message.titles)
    if message.more:
        yield f"and {message.more:,} more"


def _of_notice(notice: Notice) -> Iterator[Message]:
    record = _record(notice, 7)
    yield from messages_of_changes(NoticeChanges(opened=(record,)), _AT)
    ended = replace(record, ended_at=_LATER)
    yield from messages_of_changes(NoticeChanges(ended=(ended,)), _LATER)


def _item(label: str, verdict: Verdict, why: str = "", key: TitleKey | None = None) -> ItemReport:
    return ItemReport(list_name="films", label=label, verdict=verdict, why=why, key=key)


_FILMS = ListReport(
    name="films",
    service="imdb",
    outcome=ListOutcome.COMPLETE,
    read=250,
    declared=260,
    new=4,
    verdicts=Counter(
        {Verdict.REQUESTED: 2, Verdict.ALREADY: 240, Verdict.ON_HOLD: 5, Verdict.FAILED: 1}
    ),
    departed=Counter({Verdict.CANCELLED: 1}),
)
_SERIES_LIST = replace(
    _FILMS,
    name="series",
    outcome=ListOutcome.UNAVAILABLE,
    read=0,
    new=0,
    verdicts=Counter(),
    departed=Counter(),
)
_QUIET = replace(_FILMS, name="quiet", declared=None, new=0, verdicts=Counter(), departed={})
REPORT = SyncReport(
    run=SyncRun(run_id="4f1c", origin="schedule", started_at=_AT),
    result=Result.PARTLY,
    why="series: unavailable",
    server=None,
    lists=(_FILMS, _SERIES_LIST, _QUIET),
    items=(
        _item("Alien (1979)", Verdict.REQUESTED, key=_FILM),
        _item("Dark (2017)", Verdict.REQUESTED, key=_SERIES),
        _item("Heat (1995)", Verdict.CANCELLED),
        _item("Dune (2021)", Verdict.FAILED, "no TVDB id"),
    ),
    requested=(
        RequestBody(key=_FILM, four_k=True),
        RequestBody(key=_SERIES, four_k=False, seasons=(1, 2, 3)),
    ),
    notices=(
        _of_films(NoticeKind.ON_HOLD, "5 titles on hold: quota reached"),
        _of_outcome(NoticeKind.LIST_FAILED, "imdb", ListOutcome.UNAVAILABLE, "HTTP 503"),
    ),
    calls=51,
    duration_s=12.34,
)
_MANY = tuple(_item(f"Film {n:,}", Verdict.REQUESTED, key=_FILM) for n in range(1, 301))
_LONG = replace(
    REPORT,
    result=Result.OK,
    lists=tuple(
        replace(_FILMS, name=f"list {n}", verdicts=Counter({Verdict.REQUESTED: 25}), departed={})
        for n in range(1, 13)
    ),
    items=_MANY,
    requested=(),
    notices=(),
)


def _row(title: str, key: TitleKey, at: datetime, answer: str = "requested") -> RequestRow:
    return RequestRow(
        title=title,
        key=key,
        four_k=False,
        seasons=(2,) if key.kind is MediaType.TV else (),
        lists=("films",),
        answer=answer,
        detail="" if answer == "requested" else "no TVDB id",
        at=at,
    )


DAY = DayFacts(
    day=LocalDay(date(2026, 3, 29), ZoneInfo("Europe/Vienna")),
    now=datetime(2026, 3, 29, 22, 5, tzinfo=UTC),
    requests=DayOfRequests(
        requested=(_row("Alien (1979)", _FILM, _AT), _row("Dark (2017)", _SERIES, _AT)),
        films=31,
        series=1,
        cancelled=1,
        failed=tuple(_row(f"Film {n}", _FILM, _AT, "impossible") for n in range(1, 8)),
        failures=7,
        slow=(_row("Dune (2021)", _FILM, datetime(2026, 3, 17, 20, tzinfo=UTC)),),
        slow_total=12,
    ),
    results={"ok": 3, "failed": 1},
    standing=(
        (NOTICES[-1], datetime(2026, 3, 26, 12, tzinfo=UTC)),
        (NOTICES[11], datetime(2026, 3, 28, 12, tzinfo=UTC)),
        (NOTICES[9], None),
    ),
    review=3,
)
_QUIET_DAY = replace(
    DAY,
    day=DAY.day.before,
    requests=DayOfRequests(),
    results={"ok": 4},
    standing=(),
    review=0,
    due=datetime(2026, 3, 28, 23, 5, tzinfo=UTC),
)


def several() -> Message:
    """Several things to tell that go out as one message."""
    opened = tuple(_record(one, n) for n, one in enumerate((NOTICES[8], *NOTICES[3:5])))
    told = messages_of_changes(NoticeChanges(opened=opened), _AT)
    return joined([*told, *_of_notice(NOTICES[-1])])


def cases() -> Iterator[tuple[str, list[str]]]:
    """Yield each message, by its name."""
    for name, report in (("a sync", REPORT), ("a long sync", _LONG)):
        for message in messages_of_run(report, _AT):
            yield f"message: {name}: {message.kind}", [*_lines(message)]
    for notice in NOTICES:
        subject = " of a list" if notice.list_name else ""
        told = [*_of_notice(notice)]
        yield f"message: {notice.kind}{subject}", [line for one in told for line in _lines(one)]
    worse = replace(NOTICES[2], passes=False)
    changes = NoticeChanges(worsened=(_record(worse, 7),))
    (message,) = messages_of_changes(changes, _LATER)
    yield "message: it got worse", [*_lines(message)]
    copies = replace(_QUIET_DAY, transfers=transfer_cases.DAY, due=None)
    for name, facts in (("a day", DAY), ("a quiet day, late", _QUIET_DAY), ("copies", copies)):
        yield f"message: {name}", [*_lines(message_of_day(facts, "daily"))]
    yield "message: several as one", [*_lines(several())]
    for name, message in transfer_cases.messages():
        yield f"message: {name}", [*_lines(message)]
