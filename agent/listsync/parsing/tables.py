"""Tables: separated values, with or without a header."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, dropwhile, islice
from operator import itemgetter

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.columns import (
    KNOWN,
    Pick,
    RawRow,
    columns_side_by_side,
    count_telling,
    header_places,
    ids_of_parts,
    is_export,
    is_understood,
    kind_by_title,
    names_titles,
    plain_name,
    tells_watched_films,
    title_among,
)
from listsync.parsing.kinds import SEASON_WORDS
from listsync.parsing.row_collector import (
    RowCollector,
)
from listsync.parsing.season_cells import with_seasons
from listsync.parsing.text import TableReader, Text, lines_of, lines_of_list, with_is_last
from listsync.protocol import FORMULAS

Titles = tuple[Pick, MediaType | None, str | None]
"""Where a row has a title and what belongs to it, of which kind, or what other kind it says."""
_DELIMITERS = (",", ";", "\t", "|")
_LETTERBOXD = "letterboxd list export"
_OF_LIST = {"name", "tags", "url", "description"}  # what the first block of such an export tells
_OF_FILMS = ({"position", "name", "url"}, {"name", "year", "url"})
_FURTHEST = 1000  # rows before those of the films
_HEAD = re.compile(
    r"(?:[ \t]*(?:#(?![,;\t|])[^\r\n]*|sep=.[,;\t|]*)?|[ \t,;|]+)(?:\r\n|\r|\n)", re.IGNORECASE
)
_TITLE = RawRow._fields.index("title")
_SAMPLE = 50  # rows that tell what the columns of a table without a header are
_CONTENTS = {
    "imdb": re.compile(r"tt\d{7,12}", re.ASCII | re.IGNORECASE),
    "url": re.compile(r"https?://\S+"),
    "year": re.compile(r"\(?(?:18|19|20)\d\d\)?", re.ASCII),
    "kind": re.compile(r"movies?|films?|tv|shows?|(?:tv ?)?(?:mini ?)?series", re.IGNORECASE),
}
_HISTORIES = ({"profilename", "starttime", "title"}, {"datewatched", "title"})
_WATCHED = re.compile(rf": (?:{SEASON_WORDS}|limited series|part|volume) ?\d*: ", re.IGNORECASE)
_MARKS = frozenset("'*_~`[=")
_MARKED = re.compile(r"(?P<mark>\*\*|__|~~|[*_`])(?P<text>\S(?:.*\S)?)(?P=mark)")
_LINKED = re.compile(
    r"\[(?P<text>[^\]]+)\]\(\s*<?(?P<address>[^\s>)]+)>?(?:\s+\"[^\"]*\")?\s*\)(?P<rest>.*)"
)
_FORMULA = re.compile(
    r"=HYPERLINK\(\"(?P<address>[^\"]+)\"\s*[,;]\s*\"(?P<text>[^\"]+)\"\)", re.IGNORECASE
)
_PARTED = re.compile(r"(?<!\\)\|")
_QUOTED_CELLS = re.compile(r'"[^"\n]+"(?:,"[^"\n]*")+\r?\n')
_MARK = re.compile(r"(?:x|yes|no|true|false|ja|nein|oui|non|si|[\W_]*)", re.IGNORECASE)
_SECOND = "a second column that may name titles, and is not read"
_EDGES = re.compile(r"^\s*\||(?<!\\)\|\s*$")
_RULE = re.compile(r" *:?-+:? *$")
_NOTE = re.compile(r"\[\[([^\[\]|#]+)[^\[\]]*\]\]")  # of Obsidian
_LETTERS = re.compile(r"[^\W\d_]")
_START = 20_000  # characters in which the header is looked for
_MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first row of a table. `skips` counts the rows before it, itself included."""

    names: list[str]
    delimiter: str
    skips: int


def _lines_of(service: str, text: Text) -> Iterator[str]:
    """Yield the lines of a table, but not those before it: comments, empty lines, `sep=;`."""
    lines = lines_of_list(service, text)
    first = next(lines, "").removeprefix("\ufeff")
    return dropwhile(_HEAD.fullmatch, chain([first], lines))


def header_of(service: str, text: Text, *, surely: bool) -> Header | None:
    """Find the header; None when this is no table.

    *surely* a table (by the name of the file), one known column is enough. Otherwise two known
    columns are needed: a title may contain a comma.
    """
    start = _start_of(service, text)
    found = first_rows(start)
    best = max(found, key=lambda one: (_understood(one), surely and len(one.names)))
    if start.lstrip('"')[: len(_LETTERBOXD)].lower() == _LETTERBOXD:
        return _letterboxd_header(service, text) or Header(names=[], delimiter=",", skips=0)
    if {plain_name(name) for name in best.names} >= _OF_LIST:
        return _letterboxd_header(service, text) or best
    if _understood(best) > 1:
        return best
    surely_parted = surely or _QUOTED_CELLS.match(start)
    may_be = [one for one in found if surely_parted or one.delimiter != ","]
    return header_by_content(may_be, start) or _no_header(best, surely=surely)


def _no_header(best: Header, *, surely: bool) -> Header | None:
    """Take a table of one column that nothing names for lines; None says so."""
    return best if surely and (_understood(best) or len(best.names) > 1) else None


def _start_of(service: str, text: Text) -> str:
    found, size = [], 0
    for line in _lines_of(service, text):
        found.append(line[:_START])
        size += len(found[-1])
        if size >= _START:
            break
    return "".join(found)[:_START]


def _understood(header: Header) -> int:
    return count_telling(header.names)


def first_rows(start: str) -> list[Header]:
    """Give what the header may be, by each sign that may part its columns."""
    return [_first_row(start, delimiter) for delimiter in _DELIMITERS]


def _first_row(start: str, delimiter: str) -> Header:
    names = next(iter(TableReader(lines_of([start]), delimiter)), [])
    return Header(names=names, delimiter=delimiter, skips=1)


def _letterboxd_header(service: str, text: Text) -> Header | None:
    """Skip the part about the list itself, however a spreadsheet has saved it."""
    for delimiter in _DELIMITERS:
        rows = islice(TableReader(_lines_of(service, text), delimiter), _FURTHEST)
        for skips, fields in enumerate(rows, start=1):
            names = {plain_name(name) for name in fields}
            if "tags" not in names and any(names >= wanted for wanted in _OF_FILMS):
                return Header(names=fields, delimiter=delimiter, skips=skips)
    return None


def header_by_content(found: list[Header], start: str) -> Header | None:
    """Name the columns of a table without a header by what is in its first rows.

    None when the first row has no id, year or address, which a header has not.
    """
    for one in sorted(found, key=lambda header: -len(header.names)):
        if len(one.names) > 1:
            rows = islice(TableReader(lines_of([start]), one.delimiter), _SAMPLE)
            names = _names_by_content(
                [fields for fields in rows if any(fields)][:-1] or [one.names]
            )
            if names is not None:
                return Header(names=names, delimiter=one.delimiter, skips=0)
    return None


def _names_by_content(rows: list[list[str]]) -> list[str] | None:
    columns = list(zip(*(row for row in rows if len(row) == len(rows[0])), strict=True))
    names = [_name_by_content(column) for column in columns]
    if names.count("imdb") > 1:
        return None  # several titles on each line
    if not {"imdb", "url", "year"} & set(names) or any("\n" in cell for cell in rows[0]):
        return None
    if "title" not in names and "words" in names:
        names[names.index("words")] = "title"
    is_whole = "title" in names or {"imdb", "url"} & set(names)
    return names if is_whole else None


def _name_by_content(cells: tuple[str, ...]) -> str:
    given = [cell.strip() for cell in cells if cell.strip()]
    for name, form in _CONTENTS.items():
        if given and all(map(form.fullmatch, given)):
            return name
    return "words" if any(map(_LETTERS.search, given)) else "numbers"


def collect_table(collector: RowCollector, name: str, text: Text, header: Header) -> None:
    """Read the rows under *header*, which says where the fields are."""
    places = header_places(header.names)
    if not names_titles(places) or any("\n" in name or "\r" in name for name in header.names):
        raise ResponseChangedError(
            collector.service,
            f"{name} has no column that names titles; known columns are {KNOWN}",
            sample=header.delimiter.join(header.names)[:200],
        )
    if _is_history(header, text):
        why = "is a history of what was watched, not a list of what is wanted"
        raise ResponseChangedError(collector.service, f"{name} {why}")
    if len(header.names) > _MOST_COLUMNS:
        raise ResponseChangedError(
            collector.service, f"{name} has more than {_MOST_COLUMNS:,} columns"
        )
    collector.ids_of_parts = ids_of_parts(header.names)
    ends_well = text.ends_line and not collector.is_cut
    reader = TableReader(_lines_of(collector.service, text), header.delimiter)
    collector.is_export = is_export({plain_name(name) for name in header.names})
    titles, unread = _titles_under(header)
    _collect_rows(collector, reader, header, titles, ends_well=ends_well)
    if unread and collector.next_rank > 1:
        collector.skip(unread, _SECOND)
    collector.says_empty = ends_well and all(map(is_understood, header.names))
    if collector.next_rank == 1 and not collector.says_empty:
        why = "has a header and no rows, and nothing shows that this is all of it"
        raise ResponseChangedError(collector.service, f"{name} {why}")


class TableWithin:
    """Tables of Markdown between other lines, each with its own header.

    *otherwise* takes lines in the form of a row that stand in no table.
    """

    def __init__(self, collector: RowCollector, otherwise: Callable[[str], None]) -> None:
        self._collector, self._otherwise = collector, otherwise
        self._header: Header | None = None
        self._titles: list[Titles] = []
        self._unread: str | None = None
        self._held: str | None = None  # a row, or the header of the next table

    def take(self, line: str) -> bool:
        """Take a *line* of a table; False for any other, which ends it."""
        if not line.startswith("|"):
            self.end()
            return False
        cells = _cells(line)
        if not any(cells):
            return True
        if self._held is not None and self._is_rule(cells):
            names = _cells(self._held)
            self._header, self._held = Header(names=names, delimiter="|", skips=1), None
            self._titles, self._unread = _titles_under(self._header)
            return True
        self._let_go()
        self._held = line
        return True

    def _is_rule(self, cells: list[str]) -> bool:
        """Tell the line below a header; `-` alone may be a row of a table that has one."""
        is_long = self._header is None or any("--" in cell for cell in cells)
        return is_long and all(map(_RULE.match, filter(None, cells)))

    def end(self) -> None:
        self._let_go()
        self._header = None

    def _let_go(self) -> None:
        """Read the row that was held back until it was known to be no header."""
        line, self._held = self._held, None
        if line is None:
            return
        if self._header is None:
            self._otherwise(line)
            return
        names = self._header.names
        places = header_places(names)
        if names_titles(places):
            cells = [*_cells(line)[: len(names)], *[""] * (len(names) + 1)]
            _add_titles(self._collector, [*cells[: len(names)], ""], self._titles)
            if self._unread:
                self._collector.skip(self._unread, _SECOND)
                self._unread = None
        else:
            self._collector.skip(line, "a row of a table without a column that names titles")


def _cells(line: str) -> list[str]:
    """Part a row, which has one bar at each end; what is empty between two is a cell as well."""
    parts = _PARTED.split(_EDGES.sub("", line))
    return [cell.strip().replace("\\|", "|") for cell in parts]


def _is_history(header: Header, text: Text) -> bool:
    """Recognise what was watched at Netflix: its long form, and the short one by its episodes."""
    names = {plain_name(name) for name in header.names}
    is_short = names == {"title", "date"} and _WATCHED.search(text.start(_START)) is not None
    return is_short or any(names >= form for form in _HISTORIES)


def _collect_rows(
    collector: RowCollector,
    reader: TableReader,
    header: Header,
    titles: list[Titles],
    *,
    ends_well: bool,
) -> None:
    width, some_short = len(header.names), False
    rows = (fields for fields in islice(reader, header.skips, None) if _says_something(fields))
    for fields, is_last in with_is_last(_fitted(fields, header) for fields in rows):
        size = len(fields)
        # Hand-made tables leave empty fields out at the end of rows; then a short last row is
        # nothing special, unless its line does not end either.
        ends_early = size < width and not (some_short and ends_well)
        some_short = some_short or size < width
        if is_last and (ends_early or reader.is_cut or collector.is_cut):
            collector.skip_cut(" ".join(fields))
        elif size > width:
            collector.skip_broken(" ".join(fields), f"{size} fields, the header has {width}")
        else:
            fields.extend([""] * (width - size + 1))
            _add_titles(collector, fields, titles)


def _titles_under(header: Header) -> tuple[list[Titles], str | None]:
    """Say where rows have a title, or several side by side; and which column is not read."""
    columns, unread = columns_side_by_side(header.names)
    if not columns:
        pick = with_seasons(header.names, itemgetter(*header_places(header.names)))
        return [(pick, _assumed(header), None)], unread
    return [
        (itemgetter(*one.places), one.media, None if one.media else one.name) for one in columns
    ], None


def _add_titles(collector: RowCollector, fields: list[str], titles: list[Titles]) -> None:
    """Take the titles of a row, whose *fields* end with an empty one; some lists end early."""
    for pick, media, other in titles:
        raw = _unmarked(RawRow._make(pick(fields)))
        if len(titles) == 1:
            collector.add(raw, media)
        elif not _MARK.fullmatch(str(raw.title).strip()):
            collector.add(raw._replace(kind=raw.kind or other), media)


def _fitted(fields: list[str], header: Header) -> list[str]:
    """Take off empty fields beyond the header, and unite a title with its year in one column."""
    width = len(header.names)
    if len(fields) <= width:
        return fields
    if not any(map(str.strip, fields[width:])):
        return fields[:width] if width == 1 or _stands_firm(fields, header) else fields
    year = _CONTENTS["year"].fullmatch(fields[-1].strip())
    if width > 1 or not year or header_places(header.names)[_TITLE] < 0:
        return fields
    return [f"{', '.join(fields[:-1])} ({year[0].strip('()')})"]


def _stands_firm(fields: list[str], header: Header) -> bool:
    """Tell a row whose year and ids are in their columns: no comma of a title has moved them."""
    row = RawRow._make(
        itemgetter(*header_places(header.names))([*fields[: len(header.names)], ""])
    )
    year, imdb = str(row.year).strip(), str(row.imdb).strip()
    numbers = "".join(f"{row.tmdb}{row.tvdb}".split())
    is_moved = (year and not _CONTENTS["year"].fullmatch(year)) or (
        numbers and not numbers.isdecimal()
    )
    is_moved = is_moved or (imdb and not _CONTENTS["imdb"].fullmatch(imdb))
    return not is_moved and bool(year or imdb or numbers)


def _says_something(fields: list[str]) -> bool:
    """Leave empty rows out, and the line below the header of a table in Markdown."""
    first = next(filter(None, fields), "")
    return bool(first) and not (_RULE.match(first) and all(map(_RULE.match, filter(None, fields))))


def _unmarked(row: RawRow) -> RawRow:
    """Take off what keeps a spreadsheet from running a title as a formula, links and marks."""
    title = row.title
    if not isinstance(title, str) or title[:1] not in _MARKS:
        return row
    if title[:1] == "'":
        is_kept = title.lstrip("'").startswith(FORMULAS)
        return row._replace(title=title[1:]) if is_kept else row
    title = title.strip()
    if marked := _MARKED.fullmatch(title):
        title = marked["text"]
    title = _NOTE.sub(r"\1", title)
    row = row._replace(title=title)
    linked = _LINKED.fullmatch(title) or _FORMULA.fullmatch(title)
    if linked is None:
        return row
    rest = linked.groupdict().get("rest") or ""
    return row._replace(title=linked["text"] + rest, address=row.address or linked["address"])


def _assumed(header: Header) -> MediaType | None:
    """Letterboxd's import format numbers films; its exports also hold mini-series, unmarked."""
    names = {plain_name(name) for name in header.names}
    numbered = "tmdbid" in names and names & {"watcheddate", "rating10", "letterboxduri"}
    return (
        MediaType.MOVIE
        if numbered or tells_watched_films(names)
        else kind_by_title(title_among(names))
    )
