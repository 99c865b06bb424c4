"""Records as the clients get them, page by page."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar, overload

from listsync.domain.decisions import without_choice
from listsync.domain.fleet import FleetStatus
from listsync.domain.history import (
    NEW,
    OPEN,
    Choice,
    ItemRow,
    Key,
    Page,
    RequestRow,
    ReviewRow,
    RunRow,
)
from listsync.domain.report import Verdict
from listsync.domain.server import Candidate
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand
from listsync.protocol.messages import LARGEST_OFFSET
from listsync.text_cleaning import cut, one_line

if TYPE_CHECKING:
    from listsync.protocol.fleet_shapes import FleetShape
    from listsync.protocol.shapes import (
        CandidateShape,
        ChoiceShape,
        ItemShape,
        RequestShape,
        ReviewShape,
        RunShape,
    )
if TYPE_CHECKING:
    from listsync.protocol.messages import (
        PageParams,
    )


def fleet_shape(fleet: FleetStatus) -> FleetShape:
    lease, leader = fleet.lease, fleet.leader
    return {
        "role": fleet.role.value,
        "name": fleet.name,
        "leader": lease.leader if lease is not None else "",
        "epoch": lease.epoch if lease is not None else 0,
        "since": iso(lease.since) if lease is not None else None,
        "why": fleet.why,
        "schema": fleet.schema,
        "other_schemas": list(fleet.other_schemas),
        "members": [
            {
                "name": one.name,
                "version": one.version,
                "seen_at": iso(one.seen_at),
                "leads": one.is_leader,
                "other_lists": leader is not None and one.lists != leader.lists,
            }
            for one in fleet.members
        ],
    }


def run_shape(row: RunRow) -> RunShape:
    return {
        "run_id": row.run_id,
        "origin": cut(row.origin, 200),
        "dry_run": row.dry_run,
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "result": row.result,
        "why": cut(row.why, 500),
        "message": cut(row.message, 500),
        "requested": row.requested,
        "calls": row.calls,
    }


def run_at_length(row: RunRow) -> RunShape:
    """Tell of a run also what became of the entries of all lists."""
    return {**run_shape(row), "counts": counts_shape(row.counts)}


def counts_shape(counts: Mapping[Verdict, int]) -> dict[str, int]:
    return {verdict.value: counts.get(verdict, 0) for verdict in Verdict}


def request_shape(row: RequestRow) -> RequestShape:
    return {
        "title": cut(row.title, 200),
        "kind": row.key.kind.value,
        "tmdb_id": row.key.tmdb_id,
        "seasons": ", ".join(map(str, row.seasons)),
        "four_k": row.four_k,
        "answer": row.answer,
        "lists": one_line(", ".join(row.lists)),
        "requested_as": row.requested_as,
        "at": iso(row.at),
    }


def item_shape(row: ItemRow, list_on_hold: str | None) -> ItemShape:
    """Tell of an entry; *list_on_hold* says what its list has on hold, which it may be among."""
    key, entry, request = row.tmdb_key, row.entry, row.request
    return {
        "title": cut(row.title, 200),
        "kind": key.kind.value if key else entry.kind,
        "tmdb_id": key.tmdb_id if key else None,
        "list": row.list_name,
        "status": row.status,
        "excluded_by": cut(row.excluded, 200) if row.excluded else None,
        "at": iso(row.at),
        "list_on_hold": list_on_hold if row.status in (NEW, OPEN) else None,
        "brought_by": one_line(", ".join(request.lists)) if request else None,
        "requested_as": request.requested_as if request else None,
        "requested_at": iso(request.at) if request else None,
        "run_id": request.run_id if request else None,
        "year": entry.year,
        "imdb_id": entry.ids.imdb,
        "tvdb_id": entry.ids.tvdb,
    }


def review_shape(row: ReviewRow) -> ReviewShape:
    return {
        "id": row.short_id,
        "title": cut(row.label, 200),
        "lists": one_line(", ".join(row.lists)),
        "since": iso(row.since),
        "score": round(row.score, 2),
        "why": general_reasons(row.reasons, row.candidates, row.choice),
        "candidates": candidate_shapes(row.candidates, row.reasons),
        "choice": choice_shape(row.choice) if row.choice else None,
        "lookup": row.lookup,
    }


def choice_shape(choice: Choice) -> ChoiceShape:
    return {
        "key": str(choice.key) if choice.key else None,
        "imdb_id": choice.imdb,
        "title": cut(choice.title, 200),
        "at": iso(choice.at),
    }


def candidate_shapes(
    candidates: Iterable[Candidate], reasons: Sequence[str]
) -> list[CandidateShape]:
    """Tell what was on offer, by the numbers that a person chooses by."""
    return [_candidate(number, one, reasons) for number, one in enumerate(candidates, start=1)]


def _candidate(number: int, one: Candidate, reasons: Sequence[str]) -> CandidateShape:
    """Tell a candidate with what was said of it: the sentence that names its key."""
    mark = f"[{one.key}]: "
    evidence = next((reason.partition(mark)[2] for reason in reasons if mark in reason), "")
    return {
        "number": number,
        "key": str(one.key),
        "title": cut(one.title, 200),
        "original_title": cut(one.original_title, 200),
        "year": one.year,
        "countries": list(one.countries),
        "votes": one.votes,
        "evidence": cut(evidence or _known_of(one), 300),
    }


def _known_of(one: Candidate) -> str:
    """Say how one is known that was not weighed: an id led to it, or it is what was found."""
    votes = f"{one.votes:,} votes" if one.votes else ""
    return ", ".join(filter(None, ("/".join(one.countries), votes)))


def general_reasons(
    reasons: Iterable[str], candidates: Iterable[Candidate], choice: Choice | None
) -> str:
    """Join what was said of all candidates together, before the *choice*."""
    if choice:
        reasons = without_choice(reasons)
    marks = [f"[{one.key}]: " for one in candidates]
    others = (one for one in reasons if not any(mark in one for mark in marks))
    return cut("; ".join(others), 300)


@overload
def iso(at: datetime) -> str: ...
@overload
def iso(at: datetime | None) -> str | None: ...
def iso(at: datetime | None) -> str | None:
    """Write a point in time to the millisecond.

    As `timespec="milliseconds"` does, in less time: an export has 300,000 of these.
    """
    if at is None:
        return None
    text = at.isoformat()
    if text[_SECONDS : _SECONDS + 1] == ".":
        return text[:_MILLISECONDS] + text[_MICROSECONDS:]
    return f"{text[:_SECONDS]}.000{text[_SECONDS:]}"


_SECONDS, _MILLISECONDS, _MICROSECONDS = (
    len(f"2000-01-01T00:00:00{fraction}") for fraction in ("", ".000", ".000000")
)


_T = TypeVar("_T")

_MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """At most *limit* rows: the first ones but *skip*, or those *after* the key of a row.

    `total` is how many there were in all when the first page was read.
    """

    limit: int
    skip: int = 0
    after: Key | None = None
    total: int = 0

    def total_and_next(self, page: Page[_T]) -> tuple[int, str | None]:
        """Say of a *page* how many rows there are, and the cursor of the next one, if any."""
        total = self.total if page.total is None else page.total
        return total, _cursor(total, page.last) if page.last else None


class PageRows(list[_T]):
    """Rows of *total* with their keys; who has no room for all leaves the last to the next page.

    They are of what JSON knows, and have no numbers but whole ones.
    A plain list is made again instead, for less room.
    """

    def __init__(self, rows: Iterable[_T], places: Sequence[Key], total: int) -> None:
        super().__init__(rows)
        self._places = places
        self._total = total

    def cursor_behind(self, count: int) -> str:
        """Give the cursor of the rows that follow the first *count*."""
        return _cursor(self._total, self._places[count - 1])


def page_request_of(
    params: PageParams, usual: int, *kinds: type[str | int], most: int = _MOST
) -> PageRequest:
    """Read which rows are wanted; *kinds* is what their keys are made of.

    Raises:
        RefusedCommand: there is no such page.
    """
    limit, skip = params.get("limit", usual), params.get("offset", 0)
    limit = min(limit, most)
    if (cursor := params.get("cursor")) is None:
        return PageRequest(limit=limit, skip=skip)
    if skip:
        raise RefusedCommand(Reason.INVALID, "either cursor or offset, not both")
    total, *key = _read(cursor, int, *kinds)
    return PageRequest(limit=limit, after=tuple(key), total=int(total))


class Window:
    """The rows of a page, out of several sequences of rows that are taken one after the other.

    For what stands in memory; a key is how many rows come before.
    """

    def __init__(self, request: PageRequest) -> None:
        self._begin = int(request.after[0]) if request.after else request.skip
        self.end = self._begin + request.limit
        """How many rows end with this page."""
        self._seen = 0

    def take(self, rows: Sequence[_T]) -> list[_T]:
        """Take those of *rows* that are on the page."""
        begin = max(0, self._begin - self._seen)
        end = max(0, self.end - self._seen)
        self._seen += len(rows)
        return list(rows[begin:end])

    @property
    def total(self) -> int:
        """How many rows all have, of which was taken."""
        return self._seen

    @property
    def next(self) -> str | None:
        """The cursor of the next page, when all has been taken from; None: there is none."""
        return _cursor(self._seen, (self.end,)) if self.end < self._seen else None


def _cursor(total: int, key: Key) -> str:
    text = json.dumps([total, *key], separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode(errors="surrogatepass")).decode().rstrip("=")


def _read(cursor: str, *kinds: type[str | int]) -> list[str | int]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(urlsafe_b64decode(padded).decode(errors="surrogatepass"))
    except (ValueError, RecursionError):
        found = None
    is_ours = isinstance(found, list) and [type(one) for one in found] == [*kinds]
    if not is_ours or any(type(one) is int and not 0 <= one <= LARGEST_OFFSET for one in found):
        raise RefusedCommand(Reason.INVALID, "cursor is none that this command gave")
    return list(found)
