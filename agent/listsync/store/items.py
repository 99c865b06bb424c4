"""What became of the entries of lists, looked up in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from listsync.domain.decisions import SkipReason
from listsync.domain.history import NEW, ItemRow, Key, Page, entry_status
from listsync.domain.lists import ListEntry
from listsync.store.database import Database
from listsync.store.request_log import REQUEST_NAMES, request_from
from listsync.store.row_codec import (
    ENTRY_NAMES,
    entry_fits,
    entry_from,
    looking_for,
    title_key,
)

_OF_KEY = """(list, entry) IN (
    SELECT list, entry FROM handled
    WHERE server = :server AND kind = :kind AND tmdb = :kind_number
)"""
_WITH_HANDLED = """
    JOIN entries ON entries.list = page.list AND entries.entry = page.entry
    JOIN followed ON followed.id = page.list
    LEFT JOIN handled ON handled.list = page.list AND handled.entry = page.entry
        AND handled.server = :server AND handled.four_k = (
            SELECT four_k FROM handled AS last WHERE last.server = :server
                AND last.list = page.list AND last.entry = page.entry
            ORDER BY at DESC LIMIT 1
        )
    LEFT JOIN excluded_entries ON handled.at IS NULL
        AND excluded_entries.list = page.list AND excluded_entries.entry = page.entry
"""
_LAST_REQUEST = """(
    SELECT max(id) FROM requests AS one WHERE one.server = handled.server
        AND one.kind = handled.kind AND one.tmdb = handled.tmdb AND one.four_k = handled.four_k
)"""
_WITH_REQUEST = f"{_WITH_HANDLED} LEFT JOIN requests ON requests.id = {_LAST_REQUEST}"
_HAS_FAILED = f"""
    EXISTS (
        SELECT 1 FROM setbacks WHERE setbacks.server = :server AND setbacks.kind = {{kind}}
            AND setbacks.tmdb = {{tmdb}}
            AND instr(setbacks.why, '{SkipReason.NO_SEASONS.value}') != 1
    )
"""  # noqa: S608 - constants
"""What could not be requested, and waits for its own time; not what has nothing to request yet."""


class _Facts(NamedTuple):
    """What `domain.history.entry_status` goes by, as SQLite has it."""

    is_handled: int
    became: str | None
    is_excluded: int
    has_failed: int
    is_chosen: int | None
    found: str | None
    has_match_failed: int

    @property
    def status(self) -> str:
        return entry_status(
            is_handled=bool(self.is_handled),
            became=self.became,
            is_excluded=bool(self.is_excluded),
            has_failed=bool(self.has_failed),
            is_chosen=_truth(self.is_chosen),
            found=self.found,
            has_match_failed=bool(self.has_match_failed),
        )


def _facts(answer: str) -> str:
    """Give the columns of `_Facts`; *answer* is that to the last request."""
    return f"""
    handled.at IS NOT NULL AS is_handled,
    iif(handled.at IS NULL, NULL, coalesce((
        SELECT status FROM title_status WHERE title_status.server = handled.server
            AND title_status.kind = handled.kind AND title_status.tmdb = handled.tmdb
            AND title_status.four_k = handled.four_k
    ), {answer})) AS became,
    excluded_entries.said_by IS NOT NULL AS is_excluded,
    handled.at IS NULL
        AND {_HAS_FAILED.format(kind="entries.kind", tmdb="entries.tmdb")} AS has_failed,
    iif(handled.at IS NOT NULL, NULL, (
        SELECT coalesce(tmdb, imdb) IS NOT NULL FROM choices
        WHERE choices.lookup = entries.lookup
    )) AS is_chosen,
    iif(handled.at IS NOT NULL, NULL, (
        SELECT found FROM matches
        WHERE matches.server = :server AND matches.lookup = entries.lookup
    )) AS found,
    handled.at IS NULL AND EXISTS (
        SELECT 1 FROM matches WHERE matches.server = :server AND matches.lookup = entries.lookup
            AND {_HAS_FAILED.format(kind="matches.kind", tmdb="matches.tmdb")}
    ) AS has_match_failed
"""  # noqa: S608 - constants


class _Known(NamedTuple):
    """What is known of an entry beside what its list says."""

    list_name: str
    lookup: str | None
    first_seen: str
    handled_at: str | None
    handled_kind: str
    handled_tmdb: int
    excluded: str | None


_ENTRY = ", ".join(f"entries.{name}" for name in ENTRY_NAMES)
_REQUEST = ", ".join(f"requests.{name}" for name in REQUEST_NAMES)
_ITEM_COLUMNS = f"""
    {_ENTRY}, followed.name, entries.lookup, entries.first_seen, handled.at, handled.kind,
    handled.tmdb, excluded_entries.said_by, {_facts("requests.answer")}, {_REQUEST},
    page.list, page.rank, page.entry
"""
_KNOWN_AT = len(ENTRY_NAMES)
_FACTS_AT = _KNOWN_AT + len(_Known._fields)
_REQUEST_AT = _FACTS_AT + len(_Facts._fields)
_PLACE_AT = _REQUEST_AT + len(REQUEST_NAMES)
_ENDS_AT = _PLACE_AT + 3


LookupOf = Callable[[ListEntry], str | None]


class SqliteItems:
    """Implements `ports.titles.Items`; see there."""

    def __init__(self, database: Database, server: Callable[[], int | None]) -> None:
        self._database = database
        self._server = server

    def page(  # noqa: PLR0913 - each narrows or places the page
        self,
        query: str,
        *,
        list_name: str | None,
        limit: int,
        after: Key | None = None,
        skip: int = 0,
        lookup_of: LookupOf,
    ) -> Page[ItemRow]:
        values = self._looking_for(query, list_name)
        after_list, after_rank, after_entry = after or (values["first_list"], -1, "")
        values |= {
            "limit": limit,
            "skip": skip,
            "is_first": after is None,
            "after_list": after_list,
            "after_rank": after_rank,
            "after_entry": after_entry,
        }
        fitting = _fitting(query, list_name, _LISTS_MEANT)
        # In one statement, so that both tell of the same moment; what is whole counts itself.
        found = self._database.look_up(
            f"WITH page AS MATERIALIZED ({_page(query, list_name)})"  # noqa: S608 - constants
            f" SELECT {_ITEM_COLUMNS}, iif(NOT :is_first, NULL, iif("
            "   :skip = 0 AND (SELECT count(*) FROM page) <= :limit, (SELECT count(*) FROM page),"
            f"  (SELECT count(*) {fitting}))) AS total"
            f" FROM page {_WITH_REQUEST} ORDER BY page.list, page.rank, page.entry",
            values,
        )
        if not found:
            # Only beyond the last page is there more than none.
            count = f"SELECT count(*) {fitting}"
            total = self._database.look_up(count, values)[0][0] if skip else 0
            return Page(None if after else total, ())
        items = self._items(found[:limit], lookup_of)
        return Page(found[0]["total"], items, items[-1].place if len(found) > limit else None)

    def counts(self, list_name: str) -> Mapping[str, int]:
        fitting = _fitting("", list_name, _LISTS_MEANT)
        facts = _facts(f"(SELECT answer FROM requests WHERE id = {_LAST_REQUEST})")  # noqa: S608 - constants
        found = self._database.look_up(
            f"WITH page AS MATERIALIZED (SELECT list, entry {fitting})"  # noqa: S608 - constants
            f" SELECT {facts}, count(*) AS entries FROM page {_WITH_HANDLED}"
            f" GROUP BY {', '.join(_Facts._fields)}",
            self._looking_for("", list_name),
        )
        counts = Counter[str]()
        for *facts_of_some, entries in found:
            counts[_Facts(*facts_of_some).status] += entries
        return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))

    def _looking_for(self, query: str, list_name: str | None) -> dict[str, str | int | None]:
        """Give the parameters of `_fitting`."""
        # Between these are the lists called so: no others are gone through.
        (lists,) = self._database.read(
            "SELECT min(id) AS first, max(id) AS last FROM followed WHERE ?1 IS NULL OR name = ?1",
            list_name,
        )
        return {
            **looking_for(query),
            "server": self._server(),
            "list": list_name,
            "first_list": lists["first"],
            "last_list": lists["last"],
        }

    def _items(self, found: Sequence[sqlite3.Row], lookup_of: LookupOf) -> tuple[ItemRow, ...]:
        entries = [entry_from(row[:_KNOWN_AT]) for row in found]
        known = [_Known(*row[_KNOWN_AT:_FACTS_AT]) for row in found]
        statuses = [_Facts(*row[_FACTS_AT:_REQUEST_AT]).status for row in found]
        # For these no lookup is noted; another may have had the same.
        lookups = {
            place: lookup_of(entries[place])
            for place, status in enumerate(statuses)
            if status == NEW and known[place].lookup is None
        }
        looked_up = self._looked_up({one for one in lookups.values() if one})
        for place, lookup in lookups.items():
            statuses[place] = looked_up.get(lookup, NEW)
        requests = [row[_REQUEST_AT:_PLACE_AT] for row in found]
        places = [row[_PLACE_AT:_ENDS_AT] for row in found]
        return tuple(map(_item, entries, known, statuses, requests, places))

    def _looked_up(self, lookups: Collection[str]) -> Mapping[str | None, str]:
        """Say how far entries got that have these lookups."""
        found = self._database.read(
            "SELECT one.value AS lookup, ("
            "   SELECT coalesce(tmdb, imdb) IS NOT NULL FROM choices WHERE lookup = one.value"
            " ) AS is_chosen, ("
            "   SELECT found FROM matches WHERE server = ? AND lookup = one.value"
            " ) AS found FROM json_each(?) AS one",
            self._server(),
            json.dumps([*lookups]),
        )
        return {
            row["lookup"]: entry_status(is_chosen=_truth(row["is_chosen"]), found=row["found"])
            for row in found
        }


def _fitting(query: str, list_name: str | None, *bounds: str) -> str:
    """Select the entries that fit, by nothing but what the index `entries_in_order` holds.

    *bounds* say where in that index they are: one beside it could be taken for the beginning.
    """
    conditions = ["absent_reads = 0", *bounds]
    if list_name is not None:
        conditions.append("list IN (SELECT id FROM followed WHERE name = :list)")
    if query:
        is_key = looking_for(query)["kind_number"] is not None
        fits = entry_fits(query)
        conditions.append(f"({fits} OR {_OF_KEY})" if is_key else fits)
    return f"FROM entries WHERE {' AND '.join(conditions)}"


_LISTS_MEANT = "list BETWEEN :first_list AND :last_list"
_AFTER = "(list, rank, entry) > (:after_list, :after_rank, :after_entry)"
_BEFORE_END = "list <= :last_list"


def _page(query: str, list_name: str | None) -> str:
    return (
        f"SELECT list, rank, entry {_fitting(query, list_name, _AFTER, _BEFORE_END)}"
        " ORDER BY list, rank, entry LIMIT :limit + 1 OFFSET :skip"
    )


def _item(
    entry: ListEntry, known: _Known, status: str, request: tuple[Any, ...], place: Key
) -> ItemRow:
    is_handled = known.handled_at is not None
    return ItemRow(
        title=entry.label,
        list_name=known.list_name,
        status=status,
        at=datetime.fromisoformat(known.handled_at or known.first_seen),
        key=title_key(known.handled_kind, known.handled_tmdb) if is_handled else None,
        request=request_from(request) if request[0] is not None else None,
        excluded=known.excluded,
        entry=entry,
        place=place,
    )


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
