"""What `listsync` shows of a sync, written as its report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from listsync.cli.once import as_reply
from listsync.cli.report_view import explained, lines
from listsync.domain.lists import ListOutcome
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import (
    ItemReport,
    ListProgress,
    ListReport,
    Phase,
    Progress,
    Result,
    SyncReport,
    SyncRun,
    Verdict,
)
from listsync.domain.server import Asking, RequestBody
from listsync.terminal.output import Palette
from listsync.terminal.progress import bar_line

_RUN = SyncRun(run_id="4f1c", origin="once", started_at=datetime(2026, 6, 1, tzinfo=UTC))
_ALIEN = TitleKey(MediaType.MOVIE, 348)
_DARK = TitleKey(MediaType.TV, 70523)
_TOP = ListReport(
    name="top",
    service="imdb",
    outcome=ListOutcome.COMPLETE,
    read=250,
    declared=260,
    new=3,
    verdicts=Counter({Verdict.REQUESTED: 2, Verdict.ALREADY: 240, Verdict.REVIEW: 1}),
    left_out={"beyond its limit of 243": 7},
)
_MINE = ListReport(
    name="映画 mine",
    service="file",
    outcome=ListOutcome.COMPLETE,
    read=1234,
    declared=None,
    new=0,
    verdicts=Counter({one: 100 for one in Verdict if one is not Verdict.CANCELLED}),
    why="2 rows have no title",
)
_ITEMS = (
    ItemReport(
        list_name="top", label="Alien (1979)", verdict=Verdict.REQUESTED, why="", key=_ALIEN
    ),
    ItemReport(
        list_name="top",
        label="Dark",
        verdict=Verdict.REQUESTED,
        key=_DARK,
        title="Dark",
        why="by its IMDb id",
        reasons=("by its IMDb id", "the server knows tt5753856 as Dark"),
    ),
    ItemReport(list_name="mine", label="Alien", verdict=Verdict.SHARED, why="", key=_ALIEN),
    ItemReport(
        list_name="mine",
        label="Dune",
        verdict=Verdict.REVIEW,
        why="the row names no year",
        candidates=("Dune (2021) [movie/438631]", "Dune (1984) [movie/841]"),
    ),
    *(
        ItemReport(list_name="top", label=f"Film {one.value}", verdict=one, why="why", key=_ALIEN)
        for one in (
            Verdict.FAILED,
            Verdict.CANCELLED,
            Verdict.NOT_FOUND,
            Verdict.SKIPPED,
            Verdict.HANDLED,
            Verdict.EXCLUDED,
            Verdict.ON_HOLD,
        )
    ),
)
_BODIES = (
    RequestBody(key=_ALIEN, four_k=True),
    RequestBody(
        key=_DARK,
        four_k=False,
        seasons=(1, 2, 3, 5),
        asking=Asking(
            user="family",
            approve=False,
            service="anime",
            profile="HD",
            root_folder="/tv",
            language_profile="German",
            tags=("a", "b"),
        ),
    ),
)
_NOTICES = (
    Notice(kind=NoticeKind.ON_HOLD, text="148 titles are on hold", list_name="Dora"),
    Notice(kind=NoticeKind.SERVER_CHANGED, text="this is a new server"),
)
_REPORT = SyncReport(
    run=_RUN,
    result=Result.PARTLY,
    why="Dora is on hold",
    server=None,
    lists=(_TOP, _MINE),
    items=_ITEMS,
    requested=_BODIES,
    notices=_NOTICES,
    calls=51,
    duration_s=12.34,
)
_MANY = replace(_REPORT, items=_ITEMS[4:5] * 25, notices=())
_PROGRESS = Progress(
    phase=Phase.ADD,
    done=120,
    total=200,
    requested=80,
    run_id="4f1c",
    sequence=1,
    lists=(),
    phase_s=60,
)
_WAITING = ListProgress(name="top", state="waiting")
_READING = replace(_PROGRESS, phase=Phase.COLLECT, lists=(_WAITING,))
_CONNECTING = replace(_PROGRESS, phase=Phase.CONNECT, total=0)


_FAILED = replace(
    _REPORT, result=Result.FAILED, why="no server", lists=(), items=(), requested=(), notices=()
)
_FIRST = replace(
    _REPORT,
    result=Result.OK,
    lists=(replace(_TOP, verdicts=Counter({Verdict.REQUESTED: 12}), left_out={}),),
    items=(),
    notices=(),
    is_first=True,
)
_REPORTS: tuple[tuple[str, SyncReport, bool, int | None], ...] = (
    ("once", _REPORT, False, None),
    ("once -v", _REPORT, True, None),
    ("once --dry-run", replace(_REPORT, run=replace(_RUN, dry_run=True)), False, None),
    ("once: more than is shown", _MANY, False, None),
    ("once: narrow", _REPORT, False, 72),
    ("once: too narrow for a table", _REPORT, False, 30),
    ("once: stopped", replace(_REPORT, result=Result.CANCELLED, why="stopped"), False, None),
    ("once: failed", _FAILED, False, None),
    ("once: the first sync", _FIRST, False, None),
    (
        "once --dry-run: the first sync",
        replace(_FIRST, run=replace(_RUN, dry_run=True)),
        False,
        None,
    ),
)


def cases() -> Iterator[tuple[str, list[str]]]:
    for name, report, verbose, columns in _REPORTS:
        shown = lines(report, Palette(enabled=False), verbose=verbose, columns=columns)
        yield f"listsync {name}", list(shown)
    coloured = lines(_REPORT, Palette(enabled=True))
    yield "listsync once, in colour", [one.replace("\x1b", "^") for one in coloured]
    yield "listsync demo: explained", [line for one in _ITEMS[:4] for line in explained(one)]
    yield (
        "listsync once: the bar",
        [bar_line(as_reply(one), 100) for one in (_CONNECTING, _READING, _PROGRESS)],
    )
