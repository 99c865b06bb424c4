"""What became of a run, and what to do about its lists: the same words wherever they are told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from listsync.domain.history import RunRow
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind, SyncFindings
from listsync.domain.report import Result, SyncReport, Verdict

_LATER = "it is retried automatically"
_WORDS = {
    ListOutcome.PARTIAL: "what was read counts, and it is read again next time",
    ListOutcome.NOT_FOUND: "check its address: it may have been renamed or deleted",
    ListOutcome.PRIVATE: "make the list public at the service",
    ListOutcome.CREDENTIAL: (
        "give a valid key in providers.{service}, where it is a stored one by "
        "`listsync secret set NAME`, then `listsyncctl reload`"
    ),
    ListOutcome.SUBSCRIPTION: "it needs a paid account at the service: follow another list",
    ListOutcome.RATE_LIMITED: f"{_LATER}; if that is often, raise providers.{{service}}.pace_s",
    ListOutcome.BLOCKED: "wait, or ask through another network: providers.{service}.proxy",
    ListOutcome.UNAVAILABLE: _LATER,
    ListOutcome.DRIFT: "update listsync; if it is the newest, report what the log says",
}
_OF_OWN_ADDRESS = "look at its entry: token, headers, parameters and allow_private are said there"
_OWN_WORDS = {
    ("custom", ListOutcome.NOT_FOUND): "check its address, or the path of its file",
    ("custom", ListOutcome.CREDENTIAL): _OF_OWN_ADDRESS,
    ("custom", ListOutcome.PRIVATE): _OF_OWN_ADDRESS,
    ("custom", ListOutcome.DRIFT): "look at what it gives: the reason says what is wrong with it",
    ("file", ListOutcome.NOT_FOUND): "check the path in the configuration",
    ("file", ListOutcome.CREDENTIAL): "let the user that listsync runs as read the file",
    ("file", ListOutcome.PRIVATE): "let the user that listsync runs as read the file",
    ("file", ListOutcome.UNAVAILABLE): f"{_LATER}; where its disk may be away, check that",
    ("file", ListOutcome.DRIFT): "look at the file: the reason says what is wrong with it",
    ("imdb", ListOutcome.NOT_FOUND): (
        "check its address: it must be a public list of titles; it may have been deleted"
    ),
    ("trakt", ListOutcome.PRIVATE): "log in with `listsync login trakt`, or make the list public",
    ("trakt", ListOutcome.CREDENTIAL): (
        "give the client id of an app of yours in providers.trakt, and log in with "
        "`listsync login trakt` to lists of your own; without one mirror the list at MDBList, or "
        "read Trakt's data export"
    ),
    ("mdblist", ListOutcome.PRIVATE): "let its owner run `listsync login mdblist`",
    ("mdblist", ListOutcome.CREDENTIAL): "run `listsync login mdblist`",
    (
        "plex",
        ListOutcome.CREDENTIAL,
    ): "give the token of your Plex account in providers.plex.token",
    ("seerr", ListOutcome.NOT_FOUND): "name a user of the server: watchlist/USER",
    ("seerr", ListOutcome.CREDENTIAL): "check server.api_key",
    ("seerr", ListOutcome.RATE_LIMITED): f"{_LATER}; lower server.max_per_second",
    ("seerr", ListOutcome.BLOCKED): "let /api/v1 pass what stands in front of the server",
    ("myanimelist", ListOutcome.PRIVATE): "let its owner make the list public, or export it",
    ("simkl", ListOutcome.CREDENTIAL): (
        "log in with `listsync login simkl`, with the client id in providers.simkl"
    ),
    ("simkl", ListOutcome.PRIVATE): "let its owner run `listsync login simkl`",
    ("tmdb", ListOutcome.PRIVATE): "make the list public at TMDB",
    **{
        (service, ListOutcome.BLOCKED): (
            f"let a browser try: providers.{service}.browser: auto, with Chromium and its "
            "chromedriver installed; where it does, only another network helps "
            f"(providers.{service}.proxy)"
        )
        for service in ("imdb", "letterboxd")
    },
}

_PASSING = (ListOutcome.PARTIAL, ListOutcome.RATE_LIMITED, ListOutcome.UNAVAILABLE)


def passes_by_itself(service: str, outcome: ListOutcome) -> bool:
    """Tell whether there is nothing that the user must do about it."""
    return outcome in _PASSING and (service, outcome) not in _OWN_WORDS


def advice_on(service: str, outcome: ListOutcome) -> str:
    """Say what the user can do; empty where all is well."""
    words = _OWN_WORDS.get((service, outcome)) or _WORDS.get(outcome, "")
    return words.format(service=service)


def failure_words(service: str, outcome: ListOutcome, why: str) -> str:
    """Say how a list could not be read whole, why, and what the user can do."""
    words = f"{outcome.value.replace('_', ' ')}: {why}".rstrip(": ")
    advice = advice_on(service, outcome)
    return f"{words} ({advice})" if advice else words


_ALWAYS = (
    (Verdict.REQUESTED, "requested"),
    (Verdict.ALREADY, "already there"),
    (Verdict.REVIEW, "to review"),
)
_IF_ANY = (
    (Verdict.ON_HOLD, "on hold"),
    (Verdict.FAILED, "failed"),
    (Verdict.NOT_FOUND, "not found"),
    (Verdict.CANCELLED, "cancelled"),
)
_GOOD = (Verdict.REQUESTED, Verdict.SHARED, Verdict.ALREADY)
_ENDS = {
    Result.OK: "complete",
    Result.PARTLY: "partly complete",
    Result.FAILED: "failed",
    Result.CANCELLED: "stopped",
    Result.DECLINED: "not started",
}


_FEW_MESSAGES = 5


def server_messages(count: int) -> str:
    """Say what comes with so many requests at a time, and how to avoid it; "" if they are few.

    Overseerr, Jellyseerr and Seerr tell of each request, as approved automatically or as pending,
    and never of several at once. Source: MEDIA_AUTO_APPROVED and MEDIA_PENDING of their webhooks.
    """
    if count <= _FEW_MESSAGES:
        return ""
    return (
        "the request server itself sends a message for each request, if its notifications are on: "
        f"up to {count:,}; to have fewer, turn them off there for a first sync, limit it with "
        "sync.max_per_run, or request as a user of its own (server.request_as), who is told then"
    )


def message_of(report: SyncReport) -> str:
    """Say what came of the entries of all lists; of a run that was cut short first why."""
    counts = report.counts
    words = counted(counts, dry_run=report.run.dry_run)
    if report.for_feeds:
        words = "nothing is requested, as there is no request server"
        words += ": lists are read for their feeds" if report.lists else ", and no list"
    failed = sum(not one.is_good for one in report.lists)
    if failed:
        words += f", {failed} list{'' if failed == 1 else 's'} failed"
    if report.result in (Result.OK, Result.PARTLY):
        told = server_messages(counts[Verdict.REQUESTED]) if report.is_first else ""
        return f"{words}; {told}" if told and report.run.dry_run else words
    why = report.why or report.result.value
    return f"{why} ({words})" if counts.total() else why


def findings_of(report: SyncReport, at: datetime) -> SyncFindings:
    """Say what a person should learn of a run, why it failed included."""
    failed = failure_notice(report.failure, report.why, passes=report.retry is not None)
    is_failed = report.result is Result.FAILED
    return SyncFindings(
        run_id=report.run.run_id,
        at=at,
        notices=(failed, *report.notices) if is_failed else report.notices,
        lists=frozenset(one.name for one in report.lists),
        is_whole=report.is_whole,
    )


def findings_of_end(row: RunRow, *, passes: bool) -> SyncFindings:
    """Say the same of a real run that ended without a report; *passes*: it is tried again."""
    failed = (failure_notice(NoticeKind.SYNC_FAILED, row.why, passes=passes),)
    return SyncFindings(
        run_id=row.run_id,
        at=row.ended_at or row.started_at,
        notices=failed if row.result == Result.FAILED else (),
        lists=(),
        is_whole=False,
    )


def failure_notice(kind: NoticeKind, why: str, *, passes: bool) -> Notice:
    return Notice(kind=kind, text=f"the last sync failed: {why}", passes=passes)


def counted(counts: Mapping[Verdict, int], *, dry_run: bool = False) -> str:
    """Say `12 requested, 300 already there, 2 to review`, and what else there is."""
    would = "would be " if dry_run else ""
    parts = [f"{counts.get(verdict, 0):,} {words}" for verdict, words in _ALWAYS]
    parts[0] = f"{counts.get(Verdict.REQUESTED, 0):,} {would}requested"
    parts += [f"{counts[verdict]:,} {words}" for verdict, words in _IF_ANY if counts.get(verdict)]
    return ", ".join(parts)


def operations_of(row: RunRow) -> str:
    """Say `Sync complete: 2600/2600 operations successful`.

    An operation is one entry of one list; it is successful when its title was requested or is
    there already.
    """
    result = Result(row.result) if row.result in set(Result) else Result.FAILED
    head = head_of(result, dry_run=row.dry_run)
    if result is Result.FAILED:
        return f"{head}: {row.message or row.why}"
    good = sum(row.counts.get(verdict, 0) for verdict in _GOOD)
    total = sum(count for one, count in row.counts.items() if one is not Verdict.CANCELLED)
    return f"{head}: {good}/{total} operations successful"


def head_of(result: Result, *, dry_run: bool = False) -> str:
    """Say how a run ended: `Sync complete`."""
    return f"{'Dry run' if dry_run else 'Sync'} {_ENDS[result]}"
