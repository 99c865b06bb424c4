"""A sync report for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from listsync import __version__
from listsync.domain.notices import Notice
from listsync.domain.run_messages import message_of
from listsync.domain.server import RequestBody
from listsync.domain.sync_records import ItemReport, ListReport, SyncReport, Verdict
from listsync.protocol import SCHEMA_VERSION
from listsync.text_cleaning import printable_json


def as_json(report: SyncReport) -> Iterator[str]:
    """Write the report for `--json`, a line an item; the shape is versioned.

    Written piece by piece: a first sync of 50,000 titles has as many items.
    """
    head = printable_json(_head(report), indent=2)
    yield head.removesuffix("\n}") + ","
    yield from _array("requested", map(_request, report.requested), end=",")
    yield from _array("items", map(_item, report.items), end="")
    yield "}"


def _array(name: str, values: Iterable[dict[str, Any]], *, end: str) -> Iterator[str]:
    yield f'  "{name}": ['
    before = None
    for value in values:
        if before is not None:
            yield f"    {before},"
        before = printable_json(value)
    if before is not None:
        yield f"    {before}"
    yield f"  ]{end}"


def _head(report: SyncReport) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "version": __version__,
        "run_id": report.run.run_id,
        "dry_run": report.run.dry_run,
        "started_at": report.run.started_at.isoformat(),
        "result": report.result.value,
        "why": report.why,
        "message": message_of(report),
        "server": _server(report),
        "calls": report.calls,
        "duration_s": round(report.duration_s, 3),
        "notices": [_notice(one) for one in report.notices],
        "lists": [_list(one) for one in report.lists],
    }


def _notice(one: Notice) -> dict[str, Any]:
    return {"kind": one.kind.value, "text": one.text, "list": one.list_name}


def _request(body: RequestBody) -> dict[str, Any]:
    return {
        "kind": body.key.kind.value,
        "tmdb_id": body.key.tmdb_id,
        "four_k": body.four_k,
        "seasons": list(body.seasons),
    }


def _server(report: SyncReport) -> dict[str, str] | None:
    if report.server is None:
        return None
    return {"product": report.server.product.value, "version": report.server.version}


def _list(one: ListReport) -> dict[str, Any]:
    return {
        "name": one.name,
        "service": one.service,
        "outcome": one.outcome.value,
        "why": one.why,
        "read": one.read,
        "declared": one.declared,
        "new": one.new,
        "from_memory": one.from_memory,
        **{verdict.value: _count(one, verdict) for verdict in Verdict},
        "left_out": dict(one.left_out),
    }


def _count(one: ListReport, verdict: Verdict) -> int:
    return one.verdicts.get(verdict, 0) + one.departed.get(verdict, 0)


def _item(item: ItemReport) -> dict[str, Any]:
    return {
        "list": item.list_name,
        "label": item.label,
        "verdict": item.verdict.value,
        "why": item.why,
        "title": item.title,
        "key": str(item.key) if item.key else None,
        "reasons": list(item.reasons),
        "candidates": list(item.candidates),
    }
