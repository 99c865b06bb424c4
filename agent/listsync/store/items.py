"""What became of the entries of lists, looked up in SQLite."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime

from listsync.domain.decisions import SkipReason
from listsync.domain.history import NEW, ItemRow, Key, Page, RequestRow, entry_status
from listsync.domain.lists import ListEntry
from listsync.store.database import Database
from listsync.store.request_log import request_of
from listsync.store.row_codec import (
    ENTRY_COLUMNS,
    entry_fits,
    entry_from,
    looking_for,
    page_of,
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
"""
_HAS_FAILED = f"""
    EXISTS (
        SELECT 1 FROM setbacks WHERE setbacks.server = :server AND setbacks.kind = {{kind}}
            AND setbacks.tmdb = {{tmdb}}
            AND instr(setbacks.why, '{SkipReason.NO_SEASONS.value}') != 1
    )
"""  # noqa: S608 - constants
"""What could not be requested, and waits for its own time; not what has nothing to request yet."""
_FACTS = f"""
    handled.at IS NOT NULL AS is_handled,
    iif(handled.at IS NULL, NULL, coalesce((
        SELECT status FROM title_status WHERE title_status.server = handled.server
            AND title_status.kind = handled.kind AND title_status.tmdb = handled.tmdb
            AND title_status.four_k = handled.four_k
    ), (
        SELECT answer FROM requests WHERE requests.server = handled.server
            AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
            AND requests.four_k = handled.four_k
        ORDER BY requests.id DESC LIMIT 1
    ))) AS became,
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
"""What `domain.history.entry_status` goes by."""
_FACT_NAMES = "is_handled, became, has_failed, is_chosen, found, has_match_failed"
_ENTRY_LENGTH = len(ENTRY_COLUMNS.split(", "))
_ENTRY = ", ".join(f"entries.{name}" for name in ENTRY_COLUMNS.split(", "))
_ITEM_COLUMNS = f"""
    {_ENTRY}, entries.list, entries.entry, entries.lookup, entries.first_seen,
    followed.name AS list_name, handled.at AS handled_at, handled.kind AS handled_kind,
    handled.tmdb AS handled_tmdb, (
        SELECT max(id) FROM requests WHERE requests.server = handled.server
            AND requests.kind = handled.kind AND requests.tmdb = handled.tmdb
            AND requests.four_k = handled.four_k
    ) AS last_request, {_FACTS}
"""  # noqa: S608 - constants


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
            f" FROM page {_WITH_HANDLED} ORDER BY page.list, page.rank, page.entry",
            values,
        )
        if not found:
            # Only beyond the last page is there more than none.
            count = f"SELECT count(*) {fitting}"
            total = self._database.look_up(count, values)[0][0] if skip else 0
            return Page(None if after else total, ())
        items = self._items(found[:limit], lookup_of)
        return page_of(found[0]["total"], items, found, "list", "rank", "entry")

    def counts(self, list_name: str) -> Mapping[str, int]:
        fitting = _fitting("", list_name, _LISTS_MEANT)
        found = self._database.look_up(
            f"WITH page AS MATERIALIZED (SELECT list, entry {fitting})"  # noqa: S608 - constants
            f" SELECT {_FACTS}, count(*) AS entries FROM page {_WITH_HANDLED}"
            f" GROUP BY {_FACT_NAMES}",
            self._looking_for("", list_name),
        )
        counts = Counter[str]()
        for row in found:
            counts[_status_of(row)] += row["entries"]
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
        entries = [entry_from(row[:_ENTRY_LENGTH]) for row in found]
        statuses = [_status_of(row) for row in found]
        # For these no lookup is noted; another may have had the same.
        lookups = {
            place: lookup_of(entries[place])
            for place, (row, status) in enumerate(zip(found, statuses, strict=True))
            if status == NEW and row["lookup"] is None
        }
        looked_up = self._looked_up({one for one in lookups.values() if one})
        for place, lookup in lookups.items():
            statuses[place] = looked_up.get(lookup, NEW)
        requests = self._requests([row["last_request"] for row in found])
        return tuple(
            _item(row, entry, status, requests.get(row["last_request"]))
            for row, entry, status in zip(found, entries, statuses, strict=True)
        )

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

    def _requests(self, numbers: Collection[int | None]) -> dict[int, RequestRow]:
        found = self._database.read(
            "SELECT * FROM requests WHERE id IN (SELECT value FROM json_each(?))",
            json.dumps([number for number in numbers if number is not None]),
        )
        return {row["id"]: request_of(row) for row in found}


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
_BEFORE_END = "(list, rank, entry) < (:last_list + 1, -1, '')"


def _page(query: str, list_name: str | None) -> str:
    return (
        f"SELECT list, rank, entry {_fitting(query, list_name, _AFTER, _BEFORE_END)}"
        " ORDER BY list, rank, entry LIMIT :limit + 1 OFFSET :skip"
    )


def _item(row: sqlite3.Row, entry: ListEntry, status: str, request: RequestRow | None) -> ItemRow:
    is_handled = row["handled_at"] is not None
    return ItemRow(
        title=entry.label,
        list_name=row["list_name"],
        status=status,
        at=datetime.fromisoformat(row["handled_at"] or row["first_seen"]),
        key=title_key(row["handled_kind"], row["handled_tmdb"]) if is_handled else None,
        request=request,
        entry=entry,
    )


def _status_of(row: sqlite3.Row) -> str:
    return entry_status(
        is_handled=bool(row["is_handled"]),
        became=row["became"],
        has_failed=bool(row["has_failed"]),
        is_chosen=_truth(row["is_chosen"]),
        found=row["found"],
        has_match_failed=bool(row["has_match_failed"]),
    )


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
