"""Titles at length: what a sync would do, why something was done, what needs a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple, TextIO

from listsync.terminal.output import (
    Palette,
    because,
    could_be,
    notice_line,
    planned_title,
    relative,
    shown,
    time_of,
    wants_colour,
)
from listsync.terminal.table import (
    columns_of,
    padded,
    table,
    table_of_numbers,
    width,
    wrapped,
)

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        ExplainReply,
        ItemsReply,
        OrderReply,
        PlanReply,
        PlanWaitsReply,
        RequestsReply,
        ReviewReply,
    )
    from listsync.protocol.notifications import SummaryReply
    from listsync.protocol.shapes import (
        AtServerShape,
        CandidateShape,
        ChoiceShape,
        ItemShape,
        MatchShape,
        OnListShape,
        RequestShape,
        ReviewShape,
        TitleShape,
    )


class Display(NamedTuple):
    """Relative times are told from *now*; *columns* None: what is shown goes to no terminal."""

    now: datetime
    palette: Palette
    columns: int | None = None

    @classmethod
    def on(cls, stream: TextIO, environ: Mapping[str, str]) -> Display:
        palette = Palette(enabled=wants_colour(stream, environ))
        return cls(datetime.now(UTC), palette, columns_of(stream, environ))

    def status(self, word: object) -> str:
        return self.palette.status(word)

    def ago(self, text: object) -> str:
        return relative(text, self.now) if text else "never"

    def table(
        self,
        head: Sequence[str],
        rows: Iterable[Sequence[object]],
        *,
        status: int | None = None,
        names: Collection[int] = (0,),
        words: Collection[int] = (),
    ) -> list[str]:
        return table(
            head,
            rows,
            status=status,
            names=names,
            words=words,
            columns=self.columns,
            palette=self.palette,
        )

    def beside(self, name: str, words: str, column: int) -> list[str]:
        """Write *words* beside *name*, in a column of their own that ends with the terminal."""
        room = width(words) if self.columns is None else max(self.columns - column, _NARROWEST)
        lines = [words] if width(words) <= room else wrapped(words, room)
        return [f"{name:<{column}}{lines[0]}", *(f"{'':<{column}}{one}" for one in lines[1:])]

    def numbers(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
        return table_of_numbers(head, rows, columns=self.columns, palette=self.palette)


MORE = "use --limit and --offset for more"


def showing(count: int, total: int | None, advice: str, *, is_cut: bool = False) -> Iterator[str]:
    """Say how many of all rows are shown, if not all; *is_cut*: there are more than *total*."""
    if is_cut or (total or 0) > count:
        yield f"Showing {count} of {'more than ' if is_cut else ''}{total or 0}: {advice}"


_FACTS_AT = 13
_NARROWEST = 20
_WIDEST_NAME = 60
"""Columns; what comes after a longer name is not aligned with the others."""


def reviews(result: ReviewReply, display: Display) -> Iterator[str]:
    rows = result.get("reviews") or []
    if not rows:
        yield "No titles to review."
        return
    for row in rows:
        yield from review(row, display)
        yield ""
    yield from showing(len(rows), result.get("total"), MORE)
    if any(not row.get("choice") for row in rows):
        yield (
            "Choose with `listsyncctl review accept ID NUMBER` (or an id or an address of TMDB or "
            "IMDb), `... reject ID`, or `listsyncctl review -i`."
        )


def review(row: ReviewShape, display: Display) -> Iterator[str]:
    """Tell one title that waits, with all that could be meant."""
    where = f" on {shown(row.get('lists'))}" if row.get("lists") else " (no longer on any list)"
    since = f", since {display.ago(row.get('since'))}" if row.get("since") else ""
    name, title = display.status(row.get("id")), shown(row.get("title"))
    yield f"{name}  {title}{where}{since}" + because(row.get("why"))
    yield from candidates(row.get("candidates") or [], "  ")
    if choice := row.get("choice"):
        yield f"  {choice_words(choice, display)}"


def candidates(rows: Sequence[CandidateShape], indent: str) -> Iterator[str]:
    """Tell each in a line, what speaks for and against them in one column."""
    named = [_named(one) for one in rows]
    numbers = max((len(shown(one.get("number"))) for one in rows), default=0)
    column = max((size for size in map(width, named) if size <= _WIDEST_NAME), default=0)
    for one, name in zip(rows, named, strict=True):
        line = f"{indent}{shown(one.get('number')):>{numbers}}  {padded(name, column)}"
        yield f"{line}  {shown(one.get('evidence'))}".rstrip()


def _named(one: CandidateShape) -> str:
    """Name a candidate as posters do, and as its country does where that differs."""
    title, original = shown(one.get("title")), shown(one.get("original_title"))
    other = f" / {original}" if original and original != title else ""
    year = f" ({shown(one['year'])})" if one.get("year") else ""
    return f"{title}{other}{year} [{shown(one.get('key'))}]"


def choice_words(choice: ChoiceShape, display: Display) -> str:
    at = display.ago(choice.get("at"))
    if choice.get("imdb_id") and not choice.get("key"):
        return f"you chose {shown(choice['imdb_id'])}, {at}: the next sync looks it up"
    if not choice.get("key"):
        return f"you rejected all candidates, {at}"
    title = f"{shown(choice['title'])} " if choice.get("title") else ""
    imdb = f" ({shown(choice['imdb_id'])})" if choice.get("imdb_id") else ""
    return f"you chose {title}[{shown(choice['key'])}]{imdb}, {at}"


def explained(result: ExplainReply, display: Display) -> Iterator[str]:
    titles = result.get("titles") or []
    if not titles:
        yield "No entry of your lists matches: see `listsyncctl items`."
        return
    for number, one in enumerate(titles):
        if number:
            yield ""
        yield from _title(one, display)
    advice, is_cut = "type more of the title, or use --offset", bool(result.get("cut"))
    for line in showing(len(titles), result.get("total"), advice, is_cut=is_cut):
        yield ""
        yield line


def _title(one: TitleShape, display: Display) -> Iterator[str]:
    key = f" [{shown(one.get('kind'))}/{one.get('tmdb_id')}]" if one.get("tmdb_id") else ""
    yield f"{shown(one.get('title'))}{key}{', in 4K' if one.get('four_k') else ''}"
    for name, words in _facts(one, display):
        yield from display.beside(f"  {name}", words, _FACTS_AT)


def _facts(one: TitleShape, display: Display) -> Iterator[tuple[str, str]]:
    yield "Decision", shown(one["decision"].get("why"))
    for number, row in enumerate(one.get("lists") or []):
        yield "" if number else "Lists", _on_list(row, display)
    if more := one.get("more_lists"):
        yield "", f"and {more} more"
    choice = one.get("choice")
    if match := one.get("match"):
        yield from _match(match, display, is_chosen=bool(choice))
    if choice:
        yield "Choice", choice_words(choice, display)
    if server := one.get("server"):
        yield "Server", _at_server(server)
    for number, request in enumerate(one.get("requests") or []):
        yield "" if number else "Requests", request_words(request, display)
    if before := one.get("more_requests"):
        yield "", f"and {before} more before"


def _on_list(row: OnListShape, display: Display) -> str:
    words = (
        f"{shown(row.get('list'))}, rank {row.get('rank')}, added {display.ago(row.get('since'))}"
    )
    if row.get("exclude"):
        words += "; excludes it"
    if not row.get("followed"):
        return f"{words}; no longer followed"
    words += f"; read {display.ago(row.get('last_success'))}"
    if row.get("outcome") not in {"complete", "unchanged"}:
        words += f", last try: {shown(row.get('outcome'))}{because(row.get('why'))}"
    if row.get("handled_at"):
        words += f"; handled {display.ago(row['handled_at'])}"
    return words


def _match(match: MatchShape, display: Display, *, is_chosen: bool) -> Iterator[tuple[str, str]]:
    found = {"found": "found", "review": "several candidates", "not_found": "not found"}
    how = f"by {shown(match.get('how'))}"
    when = f", {display.ago(match['at'])}" if match.get("at") else ""
    again = "" if is_chosen else _again(match, display)
    word = found.get(str(match.get("found")), shown(match.get("found")))
    yield "Match", f"{word} {how}{when}{again}{because(match.get('why'))}"
    yield from (("", line) for line in candidates(match.get("candidates") or [], ""))
    if match.get("review_id"):
        name = shown(match["review_id"])
        yield "", f"choose: `listsyncctl review accept {name} NUMBER`, an id or address"


def _again(match: MatchShape, display: Display) -> str:
    """Say when a title is looked up again; a row in doubt never is, nor are contradictions."""
    at = time_of(match.get("again_at"))
    if at is None:
        return ", until you choose or its lists change" if match.get("found") == "review" else ""
    when = relative(match["again_at"], display.now) if at > display.now else "by the next sync"
    return f", looked up again {when}"


def _at_server(server: AtServerShape) -> str:
    since = "; requested since then" if server.get("requested_since") else ""
    return f"{shown(server.get('status'))}; 4K: {shown(server.get('status_4k'))}{since}"


def request_words(row: RequestShape, display: Display) -> str:
    """Tell one request: for which lists, as whom, when, and what the server said."""
    seasons = f", seasons {shown(row['seasons'])}" if row.get("seasons") else ""
    four_k = ", in 4K" if row.get("four_k") else ""
    user = f", as {shown(row['requested_as'])}" if row.get("requested_as") else ""
    lists = shown(row.get("lists")) or "no list"
    run = f" (run {shown(row['run_id'])})" if row.get("run_id") else ""
    answer = display.status(row.get("answer"))
    return (
        f"{display.ago(row.get('at'))} for {lists}{four_k}{seasons}{user}: "
        f"{answer}{because(row.get('detail'))}{run}"
    )


def requests(result: RequestsReply, display: Display) -> Iterator[str]:
    rows = result.get("requests") or []
    if not rows:
        yield "No requests."
    for row in rows:
        yield f"{shown(row.get('title'))}: {request_words(row, display)}"
    yield from showing(len(rows), result.get("total"), MORE)


def items(result: ItemsReply, display: Display) -> Iterator[str]:
    rows = result.get("items") or []
    if not rows and not result.get("total"):
        yield "No titles."
        return
    yield from display.table(
        ("TITLE", "KIND", "TMDB", "LIST", "STATUS", "SINCE", "WHY"),
        [
            (
                one.get("title"),
                one.get("kind"),
                one.get("tmdb_id"),
                one.get("list"),
                one.get("status"),
                display.ago(one.get("at")),
                _why(one),
            )
            for one in rows
        ],
        status=4,
        names=(0, 3, 6),
    )
    yield from showing(len(rows), result.get("total"), f"{MORE}, or search for a title")


def _why(one: ItemShape) -> str:
    """Say for whom a title was requested, or what keeps it from that."""
    if not one.get("brought_by"):
        hold = one.get("list_on_hold")
        return one.get("excluded_by") or (f"the list has {hold}" if hold else "")
    user = f", as {one['requested_as']}" if one.get("requested_as") else ""
    return f"for {one['brought_by']}{user}"


_ORDER = ("requested", "cancelled", "not_found", "skipped", "on_hold", "review", "failed")
_COUNTED = (
    ("shared", "wanted by several lists"),
    ("handled_before", "handled before"),
    ("excluded", "excluded"),
)


def plan(result: OrderReply | PlanWaitsReply, _: Display) -> Iterator[str]:
    """Tell that a plan is being made."""
    run_id = shown(result.get("run_id"))
    is_running = result.get("state") in {"running", "started"}
    how = "started" if is_running else "is queued until the running sync ends"
    yield f"Plan {run_id} {how}; show it with `listsyncctl plan --id {run_id}`."


def plan_result(result: PlanReply, display: Display) -> Iterator[str]:
    """Tell what would be done; what needs a person stands last, next to the sum."""
    items = result.get("items") or []
    for verdict in _ORDER:
        for item in items:
            if item.get("verdict") == verdict:
                yield planned_title(item, display.palette)
                if verdict == "review":
                    more = item.get("more_candidates") or 0
                    yield from could_be(item.get("candidates") or [], "    ", more)
    if left_out := result.get("left_out"):
        yield f"... and {left_out} more"
    counts = result.get("counts") or dict[str, int]()
    others = [f"{counts[name]} {words}" for name, words in _COUNTED if counts.get(name)]
    if others:
        yield f"= {', '.join(others)}"
    for notice in result.get("notices") or []:
        yield notice_line(notice)
    run = result["run"]
    if run.get("result") in {"ok", "partly"}:
        yield f"Plan: {shown(run.get('message'))}. Nothing was changed."
    else:
        yield f"Plan {display.status(run.get('result'))}: {shown(run.get('why'))}"


def summary(result: SummaryReply, _: Display) -> Iterator[str]:
    """Tell what a day was like, as its message does."""
    yield shown(result["title"])
    yield from map(shown, result.get("lines") or [])
    yield from map(shown, result.get("facts") or [])
    yield from (f"  + {shown(title)}" for title in result.get("titles") or [])
    if more := result.get("more"):
        yield f"  and {more:,} more"
