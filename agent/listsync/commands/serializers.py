"""Records as the clients get them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, overload

from listsync.domain.history import Choice, ItemRow, RequestRow, ReviewRow, RunRow
from listsync.domain.report import Verdict
from listsync.domain.server import Candidate
from listsync.sync.titles.chosen_ids import without_choice
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from listsync.protocol.shapes import (
        CandidateShape,
        ChoiceShape,
        ItemShape,
        RequestShape,
        ReviewShape,
        RunShape,
    )


def run_shape(row: RunRow) -> RunShape:
    return {
        "run_id": row.run_id,
        "origin": row.origin[:200],
        "dry_run": row.dry_run,
        "started_at": iso(row.started_at),
        "ended_at": iso(row.ended_at),
        "result": row.result,
        "why": row.why[:500],
        "message": row.message[:500],
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
        "title": row.title[:200],
        "kind": row.key.kind.value,
        "tmdb_id": row.key.tmdb_id,
        "seasons": ", ".join(map(str, row.seasons)),
        "four_k": row.four_k,
        "answer": row.answer,
        "lists": one_line(", ".join(row.lists)),
        "asked_as": row.asked_as,
        "at": iso(row.at),
    }


def item_shape(row: ItemRow) -> ItemShape:
    key, said = row.tmdb_key, row.entry
    return {
        "title": row.title[:200],
        "kind": key.kind.value if key else said.kind,
        "tmdb_id": key.tmdb_id if key else None,
        "list": row.list_name,
        "status": row.status,
        "at": iso(row.at),
        "brought_by": one_line(", ".join(row.request.lists)) if row.request else None,
        "asked_as": row.request.asked_as if row.request else None,
        "requested_at": iso(row.request.at) if row.request else None,
        "run_id": row.request.run_id if row.request else None,
        "year": said.year,
        "imdb_id": said.ids.imdb,
        "tvdb_id": said.ids.tvdb,
    }


def review_shape(row: ReviewRow) -> ReviewShape:
    return {
        "id": row.short_id,
        "title": row.label[:200],
        "lists": one_line(", ".join(row.lists)),
        "since": iso(row.since),
        "score": round(row.score, 2),
        "why": general_reasons(row.reasons, row.candidates, row.choice),
        "candidates": candidate_shapes(row.candidates, row.reasons),
        "choice": choice_shape(row.choice) if row.choice else None,
        "lookup": row.lookup[:500],
    }


def choice_shape(choice: Choice) -> ChoiceShape:
    return {
        "key": str(choice.key) if choice.key else None,
        "imdb_id": choice.imdb,
        "title": choice.title[:200],
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
    evidence = next((said.partition(mark)[2] for said in reasons if mark in said), "")
    return {
        "number": number,
        "key": str(one.key),
        "title": one.title[:200],
        "original_title": one.original_title[:200],
        "year": one.year,
        "countries": list(one.countries[:10]),
        "votes": one.votes,
        "evidence": (evidence or _known_of(one))[:300],
    }


def _known_of(one: Candidate) -> str:
    """Say how one is known that was not weighed: an id led to it, or it is what was found."""
    votes = f"{one.votes:,} votes" if one.votes else ""
    return ", ".join(filter(None, ("/".join(one.countries[:10]), votes)))


def general_reasons(
    reasons: Iterable[str], candidates: Iterable[Candidate], choice: Choice | None
) -> str:
    """Join what was said of all candidates together, before the *choice*."""
    if choice:
        reasons = without_choice(reasons)
    marks = [f"[{one.key}]: " for one in candidates]
    said = (one for one in reasons if not any(mark in one for mark in marks))
    return "; ".join(said)[:300]


@overload
def iso(at: datetime) -> str: ...
@overload
def iso(at: datetime | None) -> str | None: ...
def iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds") if at else None
