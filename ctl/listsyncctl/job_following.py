"""Watching copies until they end: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from listsync.interrupts import raised
from listsync.protocol import Exit
from listsync.terminal.output import because, plural, say, shown
from listsync.terminal.progress import BottomLine, can_be_drawn_on
from listsync.terminal.table import width
from listsyncctl.interactive import Patience
from listsyncctl.job_views import copied_words, progress_of, state_words
from listsyncctl.views import as_json

if TYPE_CHECKING:
    from listsync.protocol.job_shapes import CopyProgressShape, JobShape
    from listsync.protocol.transfers import JobsReply
    from listsyncctl.session import Session

EVERY_S = 0.5
_SOON = ("queued", "running")
_STEP = 10
"""So many percent are worth a line."""
_BAR, _NARROWEST = 30, 10
_PAGE = 200
_OF_TRY = ("attempts", "started_at", "ended_at")
"""What is another one where a copy has failed anew."""
_RESTS = 4
"""Times as long as a look took it waits for the next one, where there are that many copies."""
EXITS = {
    "succeeded": Exit.OK,
    "skipped": Exit.OK,
    "cancelled": Exit.INTERRUPTED,
    "needs_attention": Exit.FAILED,
}


class FollowedCopies:
    """Says how copies go on: to a terminal in its last line, else in lines where it is news."""

    def __init__(self, session: Session) -> None:
        self._is_json = session.output == "json"
        can_draw = not self._is_json and can_be_drawn_on(sys.stderr, os.environ)
        self._line = BottomLine(sys.stderr) if can_draw else None
        self._said: dict[int, str] = {}

    def tell(self, running: list[JobShape], waiting: int) -> None:
        """Tell how those are that run, and that so many wait."""
        if self._line is not None:
            self._line.draw(bar_of(running, waiting, self._line.columns))
            return
        for job in running:
            if (news := _news_of(job)) != self._said.get(job["id"]):
                self._said[job["id"]] = news
                self._say(job, news)

    def tell_end(self, job: JobShape) -> None:
        """Tell what came of one."""
        self.clear()
        why = copied_words(job) if EXITS.get(job["state"]) is Exit.OK else job.get("why")
        self._say(job, f"{state_words(job['state'])}{because(why)}")

    def tell_ends(self, jobs: Mapping[int, JobShape]) -> dict[int, JobShape]:
        """Tell what came of those of *jobs* that have ended, and give them."""
        ended = {number: job for number, job in jobs.items() if job["state"] not in _SOON}
        for job in ended.values():
            self.tell_end(job)
        return ended

    def _say(self, job: JobShape, words: str) -> None:
        line = f"{job['id']}  {shown(job.get('title'))}: {words}"
        say(as_json({"job": job}) if self._is_json else line)

    def clear(self) -> None:
        if self._line is not None:
            self._line.clear()


def _news_of(job: JobShape) -> str:
    """Say how far a copy is in steps that are worth a line."""
    percent = _percent(job.get("progress"))
    state = state_words(job["state"])
    return f"{state}, {percent // _STEP * _STEP} %" if percent is not None else state


def _percent(now: CopyProgressShape | None) -> int | None:
    return None if now is None else max(0, min(100, int(now.get("percent") or 0)))


def bar_of(running: list[JobShape], waiting: int, columns: int) -> str:
    """Draw e.g. `[######----] Dune (2021): 45 %, 110.2 MB/s, 2 min left; 3 wait`."""
    words = "; ".join(filter(None, [*_words_of(running), f"{waiting:,} wait" if waiting else ""]))
    percents = [one for job in running if (one := _percent(job.get("progress"))) is not None]
    room = min(_BAR, columns - width(words) - len("[] "))
    if not percents or room < _NARROWEST:
        return words
    filled = room * sum(percents) // (100 * len(percents))
    return f"[{'#' * filled}{'-' * (room - filled)}] {words}"


def _words_of(running: list[JobShape]) -> Iterator[str]:
    """Tell of each batch once: jobs of one are copied together."""
    batches: dict[tuple[int, ...], list[JobShape]] = {}
    for job in running:
        now = job.get("progress")
        batches.setdefault(tuple(now.get("jobs") or ()) if now else (job["id"],), []).append(job)
    for jobs in batches.values():
        more = f" and {len(jobs) - 1} more" if jobs[1:] else ""
        now = jobs[0].get("progress")
        how = progress_of(now) if now else state_words(jobs[0]["state"])
        yield f"{shown(jobs[0].get('title'))}{more}: {how}"


def follow_all(session: Session) -> Exit:
    """Follow all copies until none is under way."""
    with raised():
        ended = _followed(session)
    if session.output == "text":
        say(f"Nothing is copied now; {_sum_of(ended)}.")
    is_well = all(EXITS.get(one["state"]) is Exit.OK for one in ended)
    return Exit.OK if is_well else Exit.PARTLY


def _sum_of(ended: Collection[JobShape]) -> str:
    """Write e.g. `3 copies ended, 1 of them without success; 1 waits to be tried again`."""
    exits = [EXITS[one["state"]] for one in ended if one["state"] in EXITS]
    failed = sum(one is not Exit.OK for one in exits)
    not_done = f", {failed:,} of them without success" if failed else ""
    waiting = len(ended) - len(exits)
    waits = f"; {waiting:,} {'waits' if waiting == 1 else 'wait'} to be tried again"
    return f"{plural(len(exits), 'copy', 'copies')} ended{not_done}{waits if waiting else ''}"


def _followed(session: Session) -> Collection[JobShape]:
    """Follow copies, and give those that have ended, also those that failed between two looks."""
    told, patience = FollowedCopies(session), Patience(session)
    failed_before = _failed(session)
    known = set[int]()
    ended: dict[int, JobShape] = {}
    try:
        while True:
            began = time.monotonic()
            reply = _all_that(session, state=[*_SOON])
            there = {one["id"]: one for one in reply["jobs"]}
            gone = {one: session.one_job(one)["job"] for one in sorted(known - there.keys())}
            ended |= told.tell_ends(gone)
            if not (active := int(reply.get("active") or 0)):
                new = _failed_since(session, failed_before)
                ended |= told.tell_ends({n: job for n, job in new.items() if n not in ended})
                return ended.values()
            known = there.keys() | {one for one, job in gone.items() if job["state"] in _SOON}
            running = [one for one in there.values() if one["state"] == "running"]
            told.tell(running, max(0, active - len(running)))
            patience.must_last("copies are still running; see `listsyncctl jobs`")
            time.sleep(max(EVERY_S, _RESTS * (time.monotonic() - began)))
    finally:
        told.clear()


def _failed(session: Session) -> dict[int, JobShape]:
    return {one["id"]: one for one in _all_that(session, failed=True)["jobs"]}


def _failed_since(session: Session, before: Mapping[int, JobShape]) -> dict[int, JobShape]:
    """Find what has failed at another try than it had failed at *before*."""
    found = _failed(session)
    return {one: job for one, job in found.items() if _try_of(job) != _try_of(before.get(one))}


def _try_of(job: JobShape | None) -> tuple[object, ...]:
    return () if job is None else tuple(map(job.get, _OF_TRY))


def _all_that(session: Session, **params: object) -> JobsReply:
    return session.ask("jobs", {**params, "limit": _PAGE})


def follow_one(session: Session, number: int) -> Exit:
    """Follow one copy until it has ended, or waits for something else than its turn."""
    with raised():
        job = _followed_one(session, number)
    return EXITS.get(job["state"], Exit.PARTLY)


def _followed_one(session: Session, number: int) -> JobShape:
    told, patience = FollowedCopies(session), Patience(session)
    try:
        while (job := session.one_job(number)["job"])["state"] in _SOON:
            told.tell([job], 0)
            patience.must_last(f"job {number} is still {job['state']}; see `listsyncctl jobs`")
            time.sleep(EVERY_S)
    finally:
        told.clear()
    told.tell_end(job)
    return job
