"""What the summary of a day says, and when the day begins, ends and is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from listsync.domain.history import DayOfRequests, RequestRow
from listsync.domain.media import MediaType
from listsync.domain.message_data import (
    DailyData,
    DailyTransfers,
    FailedTitle,
    RequestedTitle,
    StandingData,
)
from listsync.domain.message_of_notice import in_a_message
from listsync.domain.message_of_transfer import label_of
from listsync.domain.message_texts import MOST_FAILED, MOST_TITLES, shown_title
from listsync.domain.messages import Importance, Message, MessageKind
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import Result
from listsync.domain.transfers import JobState, TransferCounts, TransferJob
from listsync.lean_dataclasses import dataclass
from listsync.terminal.output import file_size, plural, span
from listsync.text_cleaning import cut

SLOW_AFTER = timedelta(days=7)
"""What was requested so long ago and is not there is named."""
_DAY = timedelta(days=1)
_MOST_STANDING = 10
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class LocalDay:
    """A day as the clocks on the walls of *zone* have it: of 23 to 25 hours."""

    date: date
    zone: tzinfo

    @property
    def start(self) -> datetime:
        """Its midnight in UTC, or the moment when the clocks jump over it; the first of two."""
        return datetime.combine(self.date, time(), self.zone).astimezone(UTC)

    @property
    def next(self) -> LocalDay:
        return LocalDay(self.date + _DAY, self.zone)

    @property
    def before(self) -> LocalDay:
        return LocalDay(self.date - _DAY, self.zone)

    @property
    def end(self) -> datetime:
        return self.next.start

    def due(self, at: time) -> datetime:
        """Say when it is told: *at* this time on the next day, the first time; 00:05 may be 01:05.

        The rules of the zone say so each time anew: it is no day later than the last one.
        """
        return datetime.combine(self.next.date, at, self.zone).astimezone(UTC)

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> LocalDay:
        return cls(at.astimezone(zone).date(), zone)

    @classmethod
    def last_due(cls, now: datetime, at: time, zone: tzinfo) -> LocalDay:
        """Give the last day that was due to be told by *now*."""
        day = cls.of(now, zone).before
        return day if day.due(at) <= now else day.before

    @property
    def zone_name(self) -> str:
        return str(getattr(self.zone, "key", None) or self.zone.tzname(None) or self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransfersOfDay:
    """What was copied on a day, and what of it fails now: it is tried again, or was given up.

    `failing` and `given_up` are the newest ones, `failing_total` and `given_up_total` all.
    """

    counts: TransferCounts
    failing: tuple[TransferJob, ...] = ()
    failing_total: int = 0
    given_up: tuple[TransferJob, ...] = ()
    given_up_total: int = 0

    @property
    def synced(self) -> int:
        return self.counts.by_state.get(JobState.SUCCEEDED, 0)

    @property
    def is_worth_telling(self) -> bool:
        return bool(self.synced or self.failing_total or self.given_up_total)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """What the summary of *day* is made of.

    `results` count the syncs by how they ended; `standing` are the notices that are open now, with
    the time since when, if that is known; `review` counts titles that wait for a decision.
    `transfers`: None where nothing is copied. `due`: when it should have been told, where that is
    long ago.
    """

    day: LocalDay
    now: datetime
    requests: DayOfRequests
    results: Mapping[str, int]
    standing: tuple[tuple[Notice, datetime | None], ...]
    review: int
    transfers: TransfersOfDay | None = None
    due: datetime | None = None

    @property
    def is_worth_telling(self) -> bool:
        """Tell whether anything happened, or is wrong; that titles wait is neither."""
        found = self.requests
        return bool(found.films or found.series or found.cancelled or found.failures) or bool(
            self.unread
            or self.needs_person
            or self.results.get(Result.FAILED)
            or (self.transfers and self.transfers.is_worth_telling)
        )

    @property
    def unread(self) -> tuple[tuple[Notice, datetime | None], ...]:
        """The lists that do not work."""
        return tuple(one for one in self.standing if _is_unread(one[0]))

    @property
    def needs_person(self) -> tuple[tuple[Notice, datetime | None], ...]:
        """All else that does not pass by itself; what waits for a decision is counted."""
        return tuple(
            one
            for one in self.standing
            if one[0].needs_person
            and one[0].kind is not NoticeKind.REVIEW
            and not _is_unread(one[0])
        )


def _is_unread(notice: Notice) -> bool:
    return notice.list_name is not None and notice.kind.is_unread_list


def message_of_day(facts: DayFacts, key: str) -> Message:
    """Sum a day up."""
    requests = facts.requests
    copies = facts.transfers
    is_well = not (
        requests.failures
        or facts.unread
        or facts.needs_person
        or (copies and (copies.failing_total or copies.given_up_total))
    )
    titles = [_title_of(one) for one in requests.requested]
    return Message(
        key=key,
        kind=MessageKind.DAILY,
        importance=Importance.INFO if is_well else Importance.WARNING,
        at=facts.now,
        title=f"{_named(facts.day.date)}: {_sum_of(facts)}",
        lines=tuple(cut(one, _LONGEST_LINE) for one in _lines(facts)),
        facts=tuple(_facts(facts)),
        titles=tuple(map(shown_title, titles[:MOST_TITLES])),
        more=requests.films + requests.series - len(titles[:MOST_TITLES]),
        data={**_data(facts, titles)},
    )


def _named(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"


def _sum_of(facts: DayFacts) -> str:
    requests, needs = facts.requests, len(facts.needs_person)
    requested = requests.films + requests.series
    copies = [*_sum_of_transfers(facts.transfers)] if facts.transfers else []
    nothing = [] if copies else ["nothing requested"]
    said = [f"{plural(requested, 'title')} requested"] if requested else nothing
    if requests.cancelled:
        said.append(f"{requests.cancelled:,} cancelled")
    if requests.failures:
        said.append(f"{requests.failures:,} failed")
    said += copies
    if facts.unread:
        verb = "does" if len(facts.unread) == 1 else "do"
        said.append(f"{plural(len(facts.unread), 'list')} {verb} not work")
    if needs:
        said.append(f"{plural(needs, 'thing')} {'needs' if needs == 1 else 'need'} you")
    return ", ".join(said)


def _sum_of_transfers(copies: TransfersOfDay) -> Iterator[str]:
    if copies.synced:
        yield f"{plural(copies.synced, 'file')} synced"
    if failed := copies.failing_total + copies.given_up_total:
        yield f"{plural(failed, 'file')} not synced"


def _lines(facts: DayFacts) -> Iterator[str]:
    if facts.due is not None:
        due = facts.due.astimezone(facts.day.zone)
        yield f"This comes late: it was due on {_named(due.date())} at {due:%H:%M}."
    requests = facts.requests
    if requests.failures:
        failed = [f"{one.title} ({one.detail or one.answer})" for one in requests.failed]
        yield f"Failed: {_few(failed, requests.failures)}"
    if facts.transfers is not None:
        yield from _lines_of_transfers(facts, facts.transfers)
    yield from _standing("Needs you", facts, facts.needs_person)
    yield from _standing("Does not work", facts, facts.unread)
    if facts.review:
        verb = "waits" if facts.review == 1 else "wait"
        yield f"{plural(facts.review, 'title')} {verb} for your decision: `listsyncctl review`"
    if requests.slow:
        slow = [f"{one.title} ({span(_age_s(facts, one.at))})" for one in requests.slow]
        days = f"{SLOW_AFTER.days} days"
        yield f"Requested more than {days} ago and not there: {_few(slow, requests.slow_total)}"


def _lines_of_transfers(facts: DayFacts, copies: TransfersOfDay) -> Iterator[str]:
    if copies.failing_total:
        failed = [f"{label_of(one.wanted)} ({one.why})" for one in copies.failing]
        yield f"Not synced, tried again: {_few(failed, copies.failing_total)}"
    if copies.given_up_total:
        given_up = [
            f"{label_of(one.wanted)} ({one.why}, for {span(_age_s(facts, _since(one)))})"
            for one in copies.given_up
        ]
        more = _few(given_up, copies.given_up_total)
        yield f"Needs Attention, `listsyncctl jobs --failed`: {more}"


def _since(job: TransferJob) -> datetime:
    return job.ended_at or job.created_at


def _few(said: list[str], total: int) -> str:
    more = total - len(said[:MOST_FAILED])
    return ", ".join([*said[:MOST_FAILED], *([f"and {more:,} more"] if more > 0 else [])])


def _standing(
    head: str, facts: DayFacts, found: tuple[tuple[Notice, datetime | None], ...]
) -> Iterator[str]:
    for notice, since in found[:_MOST_STANDING]:
        age = f" for {span(_age_s(facts, since))}" if since else ""
        yield f"{head}{age}: {in_a_message(str(notice))}"
    if len(found) > _MOST_STANDING:
        yield f"and {len(found) - _MOST_STANDING} more: `listsyncctl status`"


def _age_s(facts: DayFacts, since: datetime) -> float:
    return max(0.0, (facts.now - since).total_seconds())


def _facts(facts: DayFacts) -> Iterator[tuple[str, str]]:
    requests = facts.requests
    if requests.films and requests.series:
        series = plural(requests.series, "series", "series")
        yield "Requested", f"{plural(requests.films, 'film')}, {series}"
    if runs := sum(facts.results.values()):
        failed = facts.results.get(Result.FAILED, 0)
        yield "Syncs", f"{runs:,}, {failed:,} of them failed" if failed else f"{runs:,}"
    if facts.transfers is not None and facts.transfers.synced:
        yield "Synced", _synced(facts.transfers.counts)
    hours = (facts.day.end - facts.day.start).total_seconds() / 3600
    odd = "" if hours == 24 else f", a day of {hours:g} hours"
    yield "Time zone", f"{facts.day.zone_name}{odd}"


def _synced(counts: TransferCounts) -> str:
    said = [(counts.movies, "movie"), (counts.episodes, "episode")]
    counted = [plural(count, word) for count, word in said if count]
    return ", ".join([*counted, file_size(counts.bytes)])


def _title_of(row: RequestRow) -> RequestedTitle:
    return {
        "label": row.title,
        "list": row.lists[0] if row.lists else "",
        "kind": row.key.kind.value,
        "tmdb_id": row.key.tmdb_id,
        "four_k": row.four_k,
        "seasons": list(row.seasons) if row.key.kind is MediaType.TV else [],
    }


def _data(facts: DayFacts, titles: list[RequestedTitle]) -> DailyData:
    requests, day = facts.requests, facts.day
    return {
        "date": day.date.isoformat(),
        "timezone": day.zone_name,
        "start": day.start.isoformat(timespec="seconds"),
        "end": day.end.isoformat(timespec="seconds"),
        "is_late": facts.due is not None,
        "films": requests.films,
        "series": requests.series,
        "cancelled": requests.cancelled,
        "failures": requests.failures,
        "syncs": dict(facts.results),
        "review": facts.review,
        "transfers": _transfers(facts.transfers),
        "slow": requests.slow_total,
        "titles": titles[:MOST_TITLES],
        "failed": [_failed(one) for one in requests.failed],
        "needs_attention": [_standing_data(*one) for one in facts.needs_person],
        "lists_failing": [_standing_data(*one) for one in facts.unread],
    }


def _transfers(copies: TransfersOfDay | None) -> DailyTransfers | None:
    if copies is None:
        return None
    return {
        "synced": copies.synced,
        "movies": copies.counts.movies,
        "episodes": copies.counts.episodes,
        "bytes": copies.counts.bytes,
        "failing": copies.failing_total,
        "needs_attention": copies.given_up_total,
    }


def _failed(row: RequestRow) -> FailedTitle:
    why = row.detail or row.answer
    return {"label": row.title, "list": row.lists[0] if row.lists else "", "why": why}


def _standing_data(notice: Notice, since: datetime | None) -> StandingData:
    return {
        "notice": notice.kind.value,
        "list": notice.list_name,
        "subject": notice.subject,
        "text": notice.text,
        "since": since.isoformat(timespec="seconds") if since else None,
    }
