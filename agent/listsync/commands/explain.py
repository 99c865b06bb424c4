"""Why a title was requested, or was not: told from what is stored, by the rules of a sync."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.forecast import Forecast, Forecaster, Remembered
from listsync.commands.serializers import (
    PageRequest,
    Window,
    candidate_shapes,
    choice_shape,
    general_reasons,
    iso,
    request_shape,
)
from listsync.domain.decisions import Found, Wish
from listsync.domain.history import EntryRow, Page, RequestRow, ReviewRow, TitleOverview
from listsync.domain.list_rules import ListRules
from listsync.domain.media import TitleKey
from listsync.domain.report import Verdict
from listsync.domain.server import MediaStatus
from listsync.lean_dataclasses import dataclass
from listsync.sync.deduplication import wishes_of
from listsync.sync.titles.lookups import lookup_of
from listsync.text_cleaning import cut, one_line

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        ExplainReply,
    )
    from listsync.protocol.shapes import (
        AtServerShape,
        MatchShape,
        OnListShape,
        RequestShape,
        RequestsShape,
        TitleShape,
    )

_MOST_ENTRIES = 200
_MOST_LISTS = 10
_MOST_REQUESTS = 5
_MOST_KEYS = 5
_MOST_ALIKE = 10
_MOST_REQUESTED = 200


def explanations(context: CommandContext, query: str, request: PageRequest) -> ExplainReply:
    """Explain the titles that fit; entries that share an id are one title."""
    entries = context.state.entries.find(query, limit=_MOST_ENTRIES + 1)
    forecaster = Forecaster(context)
    requests = context.state.requests.for_query(query, limit=_MOST_REQUESTED + 1)
    requested = {one.key for one in requests[:_MOST_REQUESTED]}
    rows = _with_others(context, forecaster, entries[:_MOST_ENTRIES], requested)
    members = [member for row in rows.values() for member in forecaster.members_of(row)]
    wishes = wishes_of(forecaster.in_order(members))
    # Those before the page are forecast, too: what is requested for one list is not for the next.
    window = Window(request)
    explained = [_explained(forecaster, wish, rows) for wish in wishes[: window.end]]
    later = [forecaster.remembered(wish).match for wish in wishes[window.end :]]
    matches = [*(one.remembered.match for one in explained), *later]
    known = {one.key for one in matches if one}
    gone = [one for one in requests[:_MOST_REQUESTED] if one.key not in known]
    told = dict(zip(wishes, _naming_holders(explained), strict=False))  # later ones are not told
    is_sure = not any(
        match is None and forecaster.is_followed(wish)
        for wish, match in zip(wishes, matches, strict=True)
    )
    return {
        "titles": [
            *(_shape(told[wish]) for wish in window.take(wishes)),
            *_left_lists(context, window.take(gone), is_sure=is_sure),
        ],
        "total": window.total,
        "next": window.next,
        "cut": len(entries) > _MOST_ENTRIES or len(requests) > _MOST_REQUESTED,
    }


_Rows = dict[tuple[str, str], EntryRow]


def _with_others(
    context: CommandContext,
    forecaster: Forecaster,
    entries: Sequence[EntryRow],
    requested: AbstractSet[TitleKey],
) -> _Rows:
    """Add the entries of the same few titles that do not fit the query: they are decided together.

    One may be there by its number alone, where the query is a title. So may be one of a title that
    was *requested* by another name, or one that shares an id with an entry that fits.
    """
    state = context.state
    rows = {(row.row.source, row.entry_id): row for row in entries}
    keys = {key for row in entries for key in forecaster.keys_of(row)} | requested
    for key in keys if len(keys) <= _MOST_KEYS else ():
        _add(rows, state.entries.find(str(key), limit=_MOST_ENTRIES))
    for row in [*rows.values()] if len(rows) <= _MOST_ALIKE else ():
        _add(rows, state.entries.sharing(row.entry, limit=_MOST_ENTRIES))
    return rows


def _add(rows: _Rows, found: Sequence[EntryRow]) -> None:
    for row in found:
        rows.setdefault((row.row.source, row.entry_id), row)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Explained:
    """One title as its lists want it, what is known of it, and what becomes of it."""

    wish: Wish
    rows: tuple[tuple[EntryRow, ListRules | None], ...]
    remembered: Remembered
    overview: TitleOverview | None
    forecast: Forecast

    @property
    def key(self) -> TitleKey | None:
        return self.remembered.match.key if self.remembered.match else None

    @property
    def followed(self) -> list[ListRules]:
        """The rules of the lists that are followed and want it."""
        return [rules for _, rules in self.rows if rules is not None and not rules.is_exclusion]


def _explained(forecaster: Forecaster, wish: Wish, rows: _Rows) -> _Explained:
    forecast = forecaster.forecast(wish)
    decided = forecast.wish or wish
    remembered = forecaster.remembered(decided)
    return _Explained(
        wish=decided,
        rows=tuple(
            (rows[one.rules.source, one.entry_id], forecaster.followed(one.rules))
            for one in wish.members
        ),
        remembered=remembered,
        overview=forecaster.overview(remembered.match),
        forecast=forecast,
    )


def _naming_holders(explained: Sequence[_Explained]) -> list[_Explained]:
    """Say of titles that no followed list holds by that name which one does by another."""
    holders = {(one.key, one.wish.four_k): one for one in reversed(explained) if one.followed}
    return [_naming(holders.get((one.key, one.wish.four_k)), one) for one in explained]


def _naming(holder: _Explained | None, one: _Explained) -> _Explained:
    if holder is None or one.key is None or any(rules for _, rules in one.rows):
        return one
    lists = ", ".join(dict.fromkeys(rules.name for rules in holder.followed))
    why = f"nothing by this name: {lists} holds it, as {holder.wish.label}"
    return replace(one, forecast=replace(one.forecast, why=why))


def _left_lists(
    context: CommandContext, requests: Sequence[RequestRow], *, is_sure: bool
) -> list[TitleShape]:
    """Tell of titles that were requested, and that no entry which fits is taken for.

    `is_sure`: the next sync looks up none of those, so the titles are on no list any more.
    """
    now = datetime.now(UTC)
    return [
        _gone_shape(one, context.state.titles.overview(one.key, now), is_sure=is_sure)
        for one in requests
    ]


def _gone_shape(last: RequestRow, overview: TitleOverview, *, is_sure: bool) -> TitleShape:
    lists = one_line(", ".join(last.lists))
    why = f"nothing: it has left the lists that it was requested for ({lists})"
    if not is_sure:
        why = f"requested for {lists}; the next sync looks up whether an entry still means it"
    return {
        "title": cut(last.title, 200),
        "kind": last.key.kind.value,
        "tmdb_id": last.key.tmdb_id,
        "four_k": last.four_k,
        "decision": {"verdict": Verdict.SKIPPED.value, "why": why, "conditions": []},
        "lists": [],
        "more_lists": 0,
        "match": None,
        "choice": None,
        "server": _server(overview),
        **_requests(overview),
    }


def _shape(explained: _Explained) -> TitleShape:
    key, forecast, overview = explained.key, explained.forecast, explained.overview
    choice = explained.remembered.choice
    return {
        "title": cut(explained.wish.label, 200),
        "kind": key.kind.value if key else explained.wish.kind,
        "tmdb_id": key.tmdb_id if key else None,
        "four_k": explained.wish.four_k,
        "decision": {
            "verdict": forecast.verdict,
            "why": one_line(forecast.words, 400),
            "conditions": [cut(one, 200) for one in forecast.conditions],
        },
        "lists": [_list(row, rules) for row, rules in explained.rows[:_MOST_LISTS]],
        "more_lists": max(0, len(explained.rows) - _MOST_LISTS),
        "match": _match(explained.wish, explained.remembered),
        "choice": choice_shape(choice) if choice else None,
        "server": _server(overview),
        **_requests(overview),
    }


def _requests(overview: TitleOverview | None) -> RequestsShape:
    """Tell the latest requests of a title, and how many more there were."""
    if overview is None:
        return {"requests": [], "more_requests": 0, "requests_next": None}
    explained = overview.requests[:_MOST_REQUESTS]
    more = max(0, overview.requests_total - len(explained))
    page = Page(
        overview.requests_total, explained, (explained[-1].number,) if more and explained else None
    )
    _, next_ = PageRequest(limit=_MOST_REQUESTS).total_and_next(page)
    return {
        "requests": [_request(row) for row in explained],
        "more_requests": more,
        "requests_next": next_,
    }


def _request(row: RequestRow) -> RequestShape:
    return {**request_shape(row), "detail": cut(row.detail, 200), "run_id": row.run_id}


def _list(row: EntryRow, rules: ListRules | None) -> OnListShape:
    one = row.row
    return {
        "list": cut((rules or one).name, 100),
        "label": cut(row.entry.label, 200),
        "rank": row.entry.rank,
        "since": iso(row.first_seen),
        "followed": rules is not None,
        "exclude": rules.is_exclusion if rules else False,
        "outcome": one.outcome,
        "last_success": iso(one.last_success),
        "why": cut(one.why, 200),
        "handled_at": iso(max((at for _, at in row.handled), default=None)),
    }


def _match(wish: Wish, taken: Remembered) -> MatchShape | None:
    """Tell how the title was found by looking; what the list itself says needs no look."""
    found = taken.found
    match = found.match if found else None if taken.choice else taken.match
    if match is None:
        return None
    # A contradiction, or a row in doubt, is not looked up: a person or the list settles it.
    is_looked_up = not taken.choice and not wish.conflict
    waits = found is not None and not taken.choice and match.found is not Found.FOUND
    return {
        "found": match.found.value,
        "how": match.how.value,
        "key": str(match.key) if match.key else None,
        "title": cut(match.title, 200),
        "score": round(match.score, 2),
        "why": general_reasons(match.reasons, match.candidates, taken.choice),
        "candidates": candidate_shapes(match.candidates, match.reasons),
        "at": iso(found.at) if found else None,
        "again_at": iso(found.again_at) if found and is_looked_up else None,
        "review_id": _review_id(wish) if waits else None,
    }


def _review_id(wish: Wish) -> str:
    name = lookup_of(wish) or ""
    return ReviewRow(lookup=name, label="", lists=(), since=None).short_id


def _server(overview: TitleOverview | None) -> AtServerShape | None:
    if overview is None or overview.state is None:
        return None
    return {
        "status": _status(overview.state.status),
        "status_4k": _status(overview.state.status_4k),
        "requested_since": bool(overview.requested_since),
    }


def _status(number: int) -> str:
    if number == MediaStatus.UNKNOWN:
        return "not there"
    known = {one.value: one.name.lower().replace("_", " ") for one in MediaStatus}
    return known.get(number, f"status {number}")
