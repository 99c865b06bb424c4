"""A sync report for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from listsync.agent.plans import plan_of
from listsync.cli.words import Palette, duration, harmless, plural, table
from listsync.domain.server import RequestBody
from listsync.domain.syncing import ItemReport, ListReport, Result, SyncReport, Verdict

JSON_VERSION = 1
_SHOWN = 20
_HEAD = ("list", "read", "new", "requested", "already there", "review", "failed", "")
_SECTIONS = (
    (Verdict.FAILED, "Failed", "red"),
    (Verdict.REVIEW, "Held for review", "yellow"),
    (Verdict.NOT_FOUND, "Not found", "yellow"),
    (Verdict.SKIPPED, "Skipped", "dim"),
    (Verdict.HANDLED, "Handled before", "dim"),
    (Verdict.EXCLUDED, "Excluded", "dim"),
)


def lines(report: SyncReport, palette: Palette, *, verbose: bool = False) -> Iterator[str]:
    """Write the tables; the last line sums the run up."""
    if report.lists:
        head = list(_HEAD)
        if report.run.dry_run:
            head[3] = "would request"
        yield from table(head, [_row(one) for one in report.lists])
        yield ""
    if report.run.dry_run:
        yield from _changes(report, palette, verbose=verbose)
    for verdict, title, style in _SECTIONS:
        yield from _section(report, verdict, palette.paint(title, style), verbose=verbose)
    for notice in report.notices:
        yield palette.paint(f"note: {harmless(notice.text, 400)}", "yellow")
    yield palette.paint(summary(report), "green" if report.result is Result.OK else "red")


def _changes(report: SyncReport, palette: Palette, *, verbose: bool) -> Iterator[str]:
    """Write what would be asked for, and taken back, as a difference."""
    items = [one for one in plan_of(report).items if one.body or one.verdict is Verdict.CANCELLED]
    shown = items if verbose else items[:_SHOWN]
    for item in shown:
        name = harmless(f"{item.label} [{item.key}]")
        where = harmless(", ".join(item.lists))
        if item.body:
            yield palette.paint(f"+ {name}  for {where}{_how(item.body)}", "green")
        else:
            yield palette.paint(f"x {name}: {item.why}  ({where})", "red")
    if len(shown) < len(items):
        yield f"... and {len(items) - len(shown):,} more (-v or --json tell all)"
    if items:
        yield ""


def _how(body: RequestBody) -> str:
    """Say how a title would be asked for, as far as that is not as usual."""
    asking = body.asking
    named = {
        "as": asking.user,
        "service": asking.service,
        "profile": asking.profile,
        "folder": asking.root_folder,
        "language profile": asking.language_profile,
        "tags": " ".join(asking.tags),
        "seasons": " ".join(map(str, body.seasons)),
    }
    words = [f"{name} {harmless(value)}" for name, value in named.items() if value]
    approved = {True: ["approved"], False: ["to be approved"], None: []}[asking.approve]
    return "".join(f", {word}" for word in (*["4K"][: body.four_k], *words, *approved))


def _row(one: ListReport) -> list[str]:
    count = one.verdicts.get
    there = count(Verdict.ALREADY, 0) + count(Verdict.HANDLED, 0)
    return [
        harmless(one.name, 48),
        f"{one.read:,} of {one.declared:,}" if one.declared is not None else f"{one.read:,}",
        f"{one.new:,}",
        f"{count(Verdict.REQUESTED, 0):,}",
        f"{there:,}",
        f"{count(Verdict.REVIEW, 0):,}",
        f"{count(Verdict.FAILED, 0):,}",
        _trouble(one),
    ]


def _trouble(one: ListReport) -> str:
    if one.is_good:
        return harmless(one.why, 160) or (
            "" if one.outcome.value == "complete" else one.outcome.value
        )
    kept = "; the last good reading was used" if one.from_memory else ""
    return harmless(f"{one.outcome.value.replace('_', ' ')}: {one.why}{kept}", 160)


def _section(report: SyncReport, verdict: Verdict, title: str, *, verbose: bool) -> Iterator[str]:
    items = [item for item in report.items if item.verdict is verdict]
    if not items:
        return
    yield f"{title} ({len(items):,})"
    shown = items if verbose else items[:_SHOWN]
    for item in shown:
        where = harmless(item.list_name, 40)
        yield f"  {harmless(item.label)}: {harmless(item.why, 200)}  [{where}]"
        for candidate in item.candidates[:3] if verdict is Verdict.REVIEW else ():
            yield f"      could be {harmless(candidate)}"
    if len(shown) < len(items):
        yield f"  ... and {len(items) - len(shown):,} more (-v or --json tell all)"
    yield ""


def summary(report: SyncReport) -> str:
    """Sum the run up in one line."""
    titles = plural(len(report.requested), "title")
    spent = f"{plural(report.calls, 'call')} to the server, {duration(report.duration_s)}"
    if report.result in (Result.FAILED, Result.CANCELLED, Result.DECLINED):
        word = {Result.FAILED: "Sync failed", Result.CANCELLED: "Sync stopped"}.get(
            report.result, "Sync not started"
        )
        return f"{word}: {harmless(report.why, 300)} ({titles} requested, {spent})"
    done = "would be requested" if report.run.dry_run else "requested"
    kind = "Dry run" if report.run.dry_run else "Sync"
    trouble = "" if report.result is Result.OK else ", with trouble"
    there = report.count(Verdict.ALREADY) + report.count(Verdict.HANDLED)
    return (
        f"{kind} complete{trouble}: {titles} {done}, {there:,} already there, "
        f"{report.count(Verdict.REVIEW):,} held for review, "
        f"{report.count(Verdict.FAILED):,} failed ({spent})"
    )


def explained(item: ItemReport) -> Iterator[str]:
    """Say what was decided for one entry, and why."""
    target = f" -> {item.title or item.label} [{item.key}]" if item.key else ""
    said = f": {item.why}" if item.why else ""
    yield harmless(item.label + target + said, 300)
    for reason in item.reasons[:4]:
        if reason not in item.why:
            yield f"    {harmless(reason, 200)}"


def as_json(report: SyncReport) -> Iterator[str]:
    """Write the report for `--json`, a line an item; the shape is versioned.

    Written piece by piece: a first sync of 50,000 titles has as many items.
    """
    head = json.dumps(_head(report), ensure_ascii=False, indent=2)
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
        before = json.dumps(value, ensure_ascii=False)
    if before is not None:
        yield f"    {before}"
    yield f"  ]{end}"


def _head(report: SyncReport) -> dict[str, Any]:
    return {
        "version": JSON_VERSION,
        "run_id": report.run.run_id,
        "dry_run": report.run.dry_run,
        "started_at": report.run.started_at.isoformat(),
        "result": report.result.value,
        "why": report.why,
        "message": summary(report),
        "server": _server(report),
        "calls": report.calls,
        "duration_s": round(report.duration_s, 3),
        "notices": [notice.text for notice in report.notices],
        "lists": [_list(one) for one in report.lists],
    }


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
        **{verdict.value: one.verdicts.get(verdict, 0) for verdict in Verdict},
    }


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
