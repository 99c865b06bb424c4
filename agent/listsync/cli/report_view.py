"""The report of a sync, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from listsync import __version__
from listsync.agent.recent_runs import plan_of
from listsync.domain.notices import Notice, NoticeKind, notice_shape
from listsync.domain.report import (
    MOST_CANDIDATES,
    ItemReport,
    ListReport,
    Result,
    SyncReport,
    Verdict,
    planned_shape,
)
from listsync.domain.run_messages import head_of, message_of, server_messages
from listsync.domain.server import RequestBody
from listsync.lean_dataclasses import dataclass
from listsync.protocol import SCHEMA_VERSION
from listsync.terminal.output import (
    Palette,
    because,
    could_be,
    duration,
    notice_line,
    planned_title,
    plural,
    shown,
)
from listsync.terminal.table import shortened_inside, table_of_numbers
from listsync.text_cleaning import printable_json

_SHOWN = 20
_LONGEST_NAME = 48
_Item = TypeVar("_Item")
_COLUMNS = {
    Verdict.REQUESTED: "requested",
    Verdict.SHARED: "shared",
    Verdict.ALREADY: "already there",
    Verdict.REVIEW: "review",
    Verdict.ON_HOLD: "on hold",
    Verdict.FAILED: "failed",
    Verdict.NOT_FOUND: "not found",
    Verdict.SKIPPED: "skipped",
    Verdict.HANDLED: "handled before",
    Verdict.EXCLUDED: "excluded",
}
"""What became of the entries of a list; with what was left out they are all that was read."""
_ALWAYS = (Verdict.REQUESTED, Verdict.ALREADY, Verdict.REVIEW)
_SECTIONS = (
    (Verdict.FAILED, "Failed", "red"),
    (Verdict.REVIEW, "Waiting for review", "yellow"),
    (Verdict.CANCELLED, "Cancelled", "yellow"),
    (Verdict.NOT_FOUND, "Not found", "yellow"),
    (Verdict.SKIPPED, "Skipped", "dim"),
    (Verdict.HANDLED, "Handled before", "dim"),
    (Verdict.EXCLUDED, "Excluded", "dim"),
)


def lines(
    report: SyncReport, palette: Palette, *, verbose: bool = False, columns: int | None = None
) -> Iterator[str]:
    """Write the tables, at most *columns* wide; the last line sums the run up."""
    if report.lists:
        yield from _counts(report, palette, columns)
        yield from _remarks(report, columns)
        yield ""
    if report.run.dry_run:
        yield from _changes(report, palette, verbose=verbose)
    for verdict, title, style in _sections(report, verbose=verbose):
        items = [item for item in report.items if item.verdict is verdict]
        if items:
            yield f"{palette.paint(title, style)} ({len(items):,})"
            some = _first(items, lambda one: _item(one, columns), verbose)
            yield from (f"  {line}" for line in some)
            yield ""
    for notice in report.notices:
        if notice.kind is NoticeKind.REQUEST_FAILED and notice.list_name:
            continue  # told title by title
        yield palette.paint(notice_line(notice_shape(notice)), "yellow")
    told = server_messages(report.count(Verdict.REQUESTED)) if report.is_first else ""
    if told and not report.run.dry_run:
        yield palette.paint(f"note: this was the first sync: {told}", "yellow")
    colour = {Result.OK: "green", Result.PARTLY: "yellow"}.get(report.result, "red")
    yield palette.paint(summary(report, columns), colour)


def _counts(report: SyncReport, palette: Palette, columns: int | None) -> Iterator[str]:
    """Write what became of the entries of each list."""
    rows = [_Row.of(one) for one in report.lists]
    if len(rows) > 1:
        rows.append(_Row.total(rows))
    used = [one for one in _COLUMNS if one in _ALWAYS or any(row.verdicts[one] for row in rows)]
    heads = ["list", "read", "new", *(_COLUMNS[verdict] for verdict in used)]
    if report.run.dry_run:
        heads[3] = "would request"
    is_less = any(row.left_out for row in rows)
    cells = [
        [
            row.name,
            row.read_words,
            f"{row.new:,}",
            *(f"{row.verdicts[verdict]:,}" for verdict in used),
            *([f"{row.left_out:,}"] if is_less else []),
        ]
        for row in rows
    ]
    heads += ["left out"] if is_less else []
    yield from table_of_numbers(heads, cells, columns=columns, palette=palette)


@dataclass(frozen=True, slots=True)
class _Row:
    """The counts of one list, or of all together."""

    name: str
    read: int
    declared: int | None
    new: int
    verdicts: Counter[Verdict]
    left_out: int

    @classmethod
    def of(cls, one: ListReport) -> _Row:
        verdicts = Counter(one.verdicts)
        left_out = max(0, one.read - verdicts.total())
        return cls(shown(one.name), one.read, one.declared, one.new, verdicts, left_out)

    @classmethod
    def total(cls, rows: Sequence[_Row]) -> _Row:
        verdicts: Counter[Verdict] = Counter()
        for one in rows:
            verdicts.update(one.verdicts)
        read, new, left_out = (
            sum(one.read for one in rows),
            sum(one.new for one in rows),
            sum(one.left_out for one in rows),
        )
        return cls("total", read, None, new, verdicts, left_out)

    @property
    def read_words(self) -> str:
        is_less = self.declared not in (None, self.read)
        return f"{self.read:,} of {self.declared:,}" if is_less else f"{self.read:,}"


def _remarks(report: SyncReport, columns: int | None) -> Iterator[str]:
    """Say why rows were left out, and what else is odd of a list that no notice tells."""
    texts = {notice.text for notice in report.notices}
    for one in report.lists:
        rest = one.read - sum(one.verdicts.values()) - sum(one.left_out.values())
        reasons = {**one.left_out, "not looked at": max(0, rest)}
        counted = [f"{count:,} {reason}" for reason, count in reasons.items() if count]
        if counted:
            yield f"{_name(one.name, columns)}: left out: {', '.join(counted)}"
        if one.is_good and one.why and one.why not in texts:
            yield f"{_name(one.name, columns)}: {_words(one.why, 300, columns)}"


def _name(name: object, columns: int | None) -> str:
    """Shorten a name for a terminal; what goes elsewhere is never cut."""
    text = shown(name)
    return text if columns is None else shortened_inside(text, _LONGEST_NAME)


def _words(words: object, limit: int, columns: int | None) -> str:
    return shown(words, None if columns is None else limit)


def _sections(report: SyncReport, *, verbose: bool) -> Iterator[tuple[Verdict, str, str]]:
    """Give what is told one by one; of what is on hold the notices say enough."""
    for verdict, title, style in _SECTIONS:
        if not (report.run.dry_run and verdict is Verdict.CANCELLED):
            yield verdict, title, style
    if verbose:
        yield Verdict.ON_HOLD, "On hold", "yellow"


def _changes(report: SyncReport, palette: Palette, *, verbose: bool) -> Iterator[str]:
    """Write what would be requested, and cancelled, as a difference."""
    changes = (Verdict.REQUESTED, Verdict.CANCELLED)
    items = [one for one in plan_of(report).items if one.verdict in changes]
    yield from _first(items, lambda one: [planned_title(planned_shape(one), palette)], verbose)
    if items:
        yield ""


def _item(item: ItemReport, columns: int | None) -> Iterator[str]:
    why = because(_words(item.why, 200, columns))
    yield f"{_words(item.label, 120, columns)}{why}  [{_name(item.list_name, columns)}]"
    if item.verdict is Verdict.REVIEW:
        more = len(item.candidates) - MOST_CANDIDATES
        yield from could_be(item.candidates[:MOST_CANDIDATES], "    ", more)


def _first(
    items: Sequence[_Item], lines_of: Callable[[_Item], Iterable[str]], verbose: bool
) -> Iterator[str]:
    """Write the first of the items, or all, and how many more there are."""
    some = items if verbose else items[:_SHOWN]
    for item in some:
        yield from lines_of(item)
    if len(some) < len(items):
        yield f"... and {len(items) - len(some):,} more (-v or --json shows all)"


def summary(report: SyncReport, columns: int | None = None) -> str:
    """Sum the run up in one line."""
    head = head_of(report.result, dry_run=report.run.dry_run)
    spent = f"{plural(report.calls, 'API call')}, {duration(report.duration_s)}"
    return f"{head}: {_words(message_of(report), 700, columns)} ({spent})"


def explained(item: ItemReport) -> Iterator[str]:
    """Say what was decided for one entry, and why."""
    target = f" -> {item.title or item.label} [{item.key}]" if item.key else ""
    words = f": {item.why}" if item.why else ""
    yield shown(item.label + target + words, 300)
    for reason in item.reasons[:4]:
        if reason not in item.why:
            yield f"    {shown(reason, 200)}"


def as_json(report: SyncReport) -> Iterator[str]:
    """Write the report for `--json`, a line an item; the shape is versioned.

    Written piece by piece: a first sync of 50,000 titles has as many items.
    """
    head = printable_json(_head(report), indent=2)
    yield head.removesuffix("\n}") + ","
    yield from _array("requested", map(_request, report.requested), end=",")
    yield from _array("items", map(_item_of_report_json, report.items), end="")
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
    return {**notice_shape(one), "text": one.text}


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


def _item_of_report_json(item: ItemReport) -> dict[str, Any]:
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
