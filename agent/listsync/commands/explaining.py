"""Why a title was requested, or was not: told from what is stored, by the rules of a sync."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from listsync.commands.foresight import Story, foresee
from listsync.commands.shapes import (
    candidate_shape,
    choice_shape,
    fitting,
    general_reasons,
    iso,
    request_shape,
)
from listsync.commands.sources import Sources
from listsync.domain.books import EntryRow, RequestRow, ReviewRow, Standing
from listsync.domain.server import MediaStatus
from listsync.domain.syncing import (
    Found,
    ListRules,
    Member,
    Wish,
)
from listsync.ports import RequestServer
from listsync.sync.collecting import wishes_of
from listsync.sync.resolving import Resolver, lookup_of

_MOST_ENTRIES = 200
_MOST_LISTS = 10
_MOST_REQUESTS = 5


def stories(sources: Sources, query: str, *, limit: int, offset: int) -> dict[str, Any]:
    """Explain the titles that fit; entries that share an id are one title."""
    entries = sources.books.entries(query, limit=_MOST_ENTRIES + 1)
    followed = {one.source: one for one in sources.configuration.in_force.following.lists}
    rows: dict[tuple[str, str], EntryRow] = {}
    members = []
    for row in entries[:_MOST_ENTRIES]:
        rows[row.row.source, row.entry_id] = row
        rules = followed.get(row.row.source) or _rules_of(row)
        members.append(Member(rules, row.entry, row.entry_id))
    wishes = wishes_of(members)
    shown = (
        _shape(sources, _story(sources, wish, rows), followed)
        for wish in wishes[offset : offset + limit]
    )
    return {
        "total": len(wishes),
        "cut": len(entries) > _MOST_ENTRIES,
        "titles": fitting(shown),
    }


def _rules_of(row: EntryRow) -> ListRules:
    """Stand in for the rules of a list that is not followed any more."""
    return ListRules(source=row.row.source, name=row.row.name, service=row.row.service)


def _story(sources: Sources, wish: Wish, rows: Mapping[tuple[str, str], EntryRow]) -> Story:
    name = lookup_of(wish)
    found, choice = sources.books.lookup(name) if name else (None, None)
    remembered = choice.match if choice else found.match if found else None
    # What is known without a call needs no server.
    nobody = cast("RequestServer", None)
    match = Resolver(nobody, {name: remembered} if name and remembered else {}).known(wish)
    key = match.key if match else None
    return Story(
        wish=wish,
        rows=tuple(rows[one.rules.source, one.entry_id] for one in wish.members),
        found=found,
        choice=choice,
        match=match,
        standing=sources.books.standing(key, datetime.now(UTC)) if key else None,
    )


def _shape(sources: Sources, story: Story, followed: Mapping[str, ListRules]) -> dict[str, Any]:
    key = story.match.key if story.match else None
    verdict, why = foresee(sources, story, followed)
    requests = story.standing.requests if story.standing else ()
    return {
        "title": story.wish.label[:200],
        "kind": key.kind.value if key else story.wish.kind,
        "tmdb_id": key.tmdb_id if key else None,
        "four_k": story.wish.four_k,
        "decision": {"verdict": verdict, "why": why[:400]},
        "lists": [_list(row, followed.get(row.row.source)) for row in story.rows[:_MOST_LISTS]],
        "more_lists": max(0, len(story.rows) - _MOST_LISTS),
        "match": _match(story),
        "choice": choice_shape(story.choice) if story.choice else None,
        "server": _server(story.standing),
        "requests": [_request(row) for row in requests[:_MOST_REQUESTS]],
    }


def _request(row: RequestRow) -> dict[str, Any]:
    return {**request_shape(row), "detail": row.detail[:200], "run_id": row.run_id}


def _list(row: EntryRow, rules: ListRules | None) -> dict[str, Any]:
    one = row.row
    return {
        "list": one.name[:100],
        "label": row.entry.label[:200],
        "rank": row.entry.rank,
        "since": iso(row.first_seen),
        "followed": rules is not None,
        "exclude": rules.is_exclusion if rules else False,
        "outcome": one.outcome,
        "last_success": iso(one.last_success),
        "why": one.why[:200],
        "handled_at": iso(max((at for _, at in row.handled), default=None)),
    }


def _match(story: Story) -> dict[str, Any] | None:
    """Tell how the title was found by looking; what the list itself says needs no look."""
    match = story.found.match if story.found else None if story.choice else story.match
    if match is None:
        return None
    waits = story.found is not None and match.found is not Found.FOUND
    return {
        "found": match.found.value,
        "how": match.how.value,
        "key": str(match.key) if match.key else None,
        "title": match.title[:200],
        "score": round(match.score, 2),
        "why": general_reasons(match.reasons, match.candidates),
        "candidates": [
            candidate_shape(number, one, match.reasons)
            for number, one in enumerate(match.candidates[:10], start=1)
        ],
        "at": iso(story.found.at) if story.found else None,
        "again_at": iso(story.found.again_at) if story.found and not story.choice else None,
        "review_id": _review_id(story.wish) if waits else None,
    }


def _review_id(wish: Wish) -> str:
    name = lookup_of(wish) or ""
    return ReviewRow(lookup=name, label="", lists=(), since=None).short_id


def _server(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None or standing.state is None:
        return None
    return {
        "status": _status(standing.state.status),
        "status_4k": _status(standing.state.status_4k),
        "asked_since": bool(standing.asked),
    }


def _status(number: int) -> str:
    if number == MediaStatus.UNKNOWN:
        return "not there"
    known = {one.value: one.name.lower().replace("_", " ") for one in MediaStatus}
    return known.get(number, f"status {number}")
