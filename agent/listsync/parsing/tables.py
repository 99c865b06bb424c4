"""Text files: one title, id or address a line, or separated values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain, dropwhile, islice
from operator import itemgetter

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import AddressForm, is_address, recognise
from listsync.parsing.columns import (
    KNOWN,
    RawRow,
    header_places,
    ids_of_parts,
    is_export,
    is_understood,
    kind_by_title,
    names_titles,
    plain_name,
    title_among,
)
from listsync.parsing.decoding import imdb_id, number_id
from listsync.parsing.row_collector import (
    AN_EPISODE,
    RowCollector,
    is_person,
    lines_of_list,
)
from listsync.parsing.season_cells import part_in_address, parted_title
from listsync.parsing.text import BLANKS, TableReader, Text, lines_of, with_is_last
from listsync.protocol import FORMULAS

_LONGEST = 1000
_COMMENT = re.compile(r"#|//")
_AFTER = re.compile(r"\s+#(?:\s.*)?$")
_NUMBERED = re.compile(
    r"(?P<base>imdb|tmdb|tvdb)\s*:\s*(?:(?P<kind>movie|film|tv|show|series)\s*[:/]\s*)?"
    r"(?P<id>[\w.]+)",
    re.IGNORECASE,
)
DATED = re.compile(r"(?P<title>.*\S)\s*[(\[](?P<year>\d{4})(?:\s*[-\u2013]\s*(?:\d{4})?)?[)\]]")
_LAST_YEAR = re.compile(
    r"(?P<title>.*\S)(?:\s*[|;\t]\s*|\s+[-\u2013\u2014]\s+)\(?(?P<year>(?:18|19|20)\d\d)\)?"
)
_BULLET = re.compile(
    r"(?:[-*+\u2022\u2023\u25aa]\s+)?(?:(?:\[[ xX\u2713]?\]|[\u2610-\u2612])\s+)?"
)
_COUNTED = re.compile(r"(\d{1,5})[.)]\s+(?=\S)", re.ASCII)
_TAG = re.compile(
    r"[\[{(]\s*(?P<base>imdb|tmdb|tvdb)(?:id)?\s*[-=:]\s*(?P<id>tt\d{7,10}|\d{1,9})\s*[\]})]",
    re.IGNORECASE | re.ASCII,
)
_IMDB_FIRST = re.compile(r"(?P<id>tt\d{7,10})[\s,;:|\u2013-]+(?P<rest>.*\S)", re.IGNORECASE)
_IMDB_LAST = re.compile(
    r"(?P<rest>.*?[^\s,;:|(\[\u2013-])[\s,;:|(\[\u2013-]+(?P<id>tt\d{7,10})[)\]]?", re.IGNORECASE
)
_TRAKT = re.compile(
    r"(?:https?://)?(?:www\.|app\.|classic\.)?trakt\.tv/(?P<media>movies|shows)"
    r"/(?P<slug>[a-z0-9-]+)(?:/seasons/[^?#]+)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_SLUG_YEAR = re.compile(r"(?P<words>.+)-(?P<year>(?:19|20)\d\d)")
_KINDS = {"movie": "movie", "movies": "movie", "film": "movie"}


def collect_lines(collector: RowCollector, text: Text) -> None:
    """Read every line; a file of nothing but comments says that it is empty."""
    lines = (line.strip(BLANKS) for line in lines_of_list(collector.service, text))
    wanted = (line for line in lines if line and not _COMMENT.match(line))
    collector.says_empty = not collector.is_cut
    for line, is_last in with_is_last(wanted):
        collector.says_empty = False
        if is_last and collector.is_cut:
            collector.skip_cut(line)
        else:
            collect_line(collector, line)


def collect_line(collector: RowCollector, line: str) -> None:
    r"""Read one line: an address, a number with the name of its base, an id, or a title.

    `\#Alive (2020)` is a title that begins with `#`.
    """
    if len(line) > _LONGEST:
        collector.skip_broken(line[:80], "the line is too long for a title")
        return
    line = _undecorated(line.strip(), collector.next_rank)
    bare = _AFTER.sub("", line)
    named, season = parted_title(bare)
    numbered = _NUMBERED.fullmatch(named)
    trakt = _TRAKT.fullmatch(bare)
    form = recognise(bare) if is_address(bare) else None
    if numbered is not None:
        _collect_number(collector, bare, numbered, season)
    elif form is not None:
        _collect_address(collector, bare, form)
    elif trakt is not None:
        _collect_trakt(collector, bare, trakt)
    elif "://" in bare:
        _collect_unknown(collector, bare)
    elif imdb_id(named) or is_person(named):
        collector.add(RawRow(imdb=named, season=season))
    elif tagged := _tagged(named):
        collector.add(tagged._replace(season=season))
    else:
        _collect_title(collector, line, named, season)


def _undecorated(line: str, rank: int) -> str:
    """Take off a bullet, a box, and the number of the line, but not that of a title."""
    bare = _BULLET.sub("", line, count=1)
    counted = _COUNTED.match(bare)
    return bare[counted.end() :] if counted and int(counted[1]) == rank else bare


def _tagged(text: str) -> RawRow | None:
    """Read a title with an id beside it, as folders of media servers and notes have it."""
    found = _TAG.search(text)
    named = _IMDB_FIRST.fullmatch(text) or _IMDB_LAST.fullmatch(text)
    if found is not None:
        ids = {found["base"].lower(): found["id"]}
        rest = f"{text[: found.start()].rstrip()} {text[found.end() :].lstrip()}".strip()
    elif named is not None:
        ids, rest = {"imdb": named["id"]}, named["rest"].strip()
    else:
        return None
    dated = DATED.fullmatch(rest) or _LAST_YEAR.fullmatch(rest)
    year = dated["year"] if dated else None
    return RawRow(title=dated["title"] if dated else rest, year=year)._replace(**ids)


def _collect_number(
    collector: RowCollector, line: str, found: re.Match[str], season: str | None
) -> None:
    base, number = found["base"].lower(), found["id"]
    media = (found["kind"] or "").lower()
    kind = _KINDS.get(media, "tv") if media else None
    if base == "imdb":
        collector.add(RawRow(imdb=number, kind=kind, season=season))
    elif number_id(number) is None:
        collector.skip_broken(line, f"{number} is no number of {base.upper()}")
    elif base == "tmdb":
        collector.add(RawRow(tmdb=number, kind=kind, season=season))
    elif kind == "movie":
        collector.skip(line, "films cannot be looked up by their TVDB number")
    else:
        collector.add(RawRow(tvdb=number, season=season))


def _collect_address(collector: RowCollector, line: str, form: AddressForm) -> None:
    number = form.groups.get("id", "")
    season, is_episode = part_in_address(line)
    match (form.provider, form.kind):
        case (_, "title") if is_episode:
            collector.skip(line, AN_EPISODE)
        case ("imdb", "title"):
            collector.add(RawRow(imdb=number, season=season))
        case ("tmdb", "title"):
            collector.add(RawRow(tmdb=number, kind=form.groups["media"], season=season))
        case ("tvdb", "title") if form.groups["media"] == "series" and number_id(number):
            collector.add(RawRow(tvdb=number, season=season))
        case ("tvdb", "title"):
            collector.skip(line, "an address of TheTVDB without the number of a series")
        case ("letterboxd", "film"):
            collector.add(RawRow(title=number.replace("-", " ")))
        case ("letterboxd", "short"):
            collector.skip(line, "a short address does not say which film it means")
        case _:
            why = f"an address of {form.service}, not a title; put a list under `lists:`"
            collector.skip(line, why)


def _collect_trakt(collector: RowCollector, line: str, found: re.Match[str]) -> None:
    """Take the title from Trakt's address: words, for a film nearly always with its year."""
    slug = found["slug"].lower()
    dated = _SLUG_YEAR.fullmatch(slug)
    words = (dated["words"] if dated else slug).replace("-", " ")
    kind = MediaType.MOVIE if found["media"].lower() == "movies" else MediaType.TV
    year = dated["year"] if dated else None
    season, is_episode = part_in_address(line)
    if is_episode:
        collector.skip(line, AN_EPISODE)
    else:
        collector.add(RawRow(title=words, year=year, season=season), kind)


def _collect_unknown(collector: RowCollector, line: str) -> None:
    person = "/name/nm" in line and "imdb.com" in line
    collector.skip(line, "a person" if person else "an address that is not known")


def _collect_title(collector: RowCollector, line: str, named: str, season: str | None) -> None:
    named = named.removeprefix("\\")
    dated = DATED.fullmatch(named) or _LAST_YEAR.fullmatch(named)
    if dated is not None:
        collector.add(RawRow(title=dated["title"], year=dated["year"], season=season))
    else:
        title = named if season else line.removeprefix("\\")
        collector.add(RawRow(title=title, season=season))


Pick = Callable[[list[str]], tuple[str, ...]]  # place -1 finds the empty field at the end
_DELIMITERS = (",", ";", "\t", "|")
_LETTERBOXD = "letterboxd list export"
_OF_LIST = {"name", "tags", "url", "description"}  # what the first block of such an export tells
_OF_FILMS = ({"position", "name", "url"}, {"name", "year", "url"})
_FURTHEST = 1000  # rows before those of the films
_HEAD = re.compile(
    r"(?:[ \t]*(?:#(?![,;\t|])[^\r\n]*|sep=.[,;\t|]*)?|[ \t,;|]+)(?:\r\n|\r|\n)", re.IGNORECASE
)
_SAMPLE = 50  # rows that tell what the columns of a table without a header are
_CONTENTS = {
    "imdb": re.compile(r"tt\d{7,12}", re.ASCII | re.IGNORECASE),
    "url": re.compile(r"https?://\S+"),
    "year": re.compile(r"\(?(?:18|19|20)\d\d\)?", re.ASCII),
    "kind": re.compile(r"movies?|films?|tv|shows?|(?:tv ?)?(?:mini ?)?series", re.IGNORECASE),
}
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
    best = max(found, key=_understood)
    if start.lstrip('"')[: len(_LETTERBOXD)].lower() == _LETTERBOXD:
        return _letterboxd_header(service, text) or Header(names=[], delimiter=",", skips=0)
    if {plain_name(name) for name in best.names} >= _OF_LIST:
        return _letterboxd_header(service, text) or best
    if _understood(best) > 1:
        return best
    may_be = [one for one in found if surely or one.delimiter != ","]
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
    return sum(place >= 0 for place in header_places(header.names))


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
    if len(header.names) > _MOST_COLUMNS:
        raise ResponseChangedError(
            collector.service, f"{name} has more than {_MOST_COLUMNS:,} columns"
        )
    collector.ids_of_parts = ids_of_parts(header.names)
    ends_well = text.ends_line and not collector.is_cut
    reader = TableReader(_lines_of(collector.service, text), header.delimiter)
    collector.is_export = is_export({plain_name(name) for name in header.names})
    _collect_rows(collector, reader, header, itemgetter(*places), ends_well=ends_well)
    collector.says_empty = ends_well and all(map(is_understood, header.names))
    if collector.next_rank == 1 and not collector.says_empty:
        why = "has a header and no rows, and nothing shows that this is all of it"
        raise ResponseChangedError(collector.service, f"{name} {why}")


def _collect_rows(
    collector: RowCollector, reader: TableReader, header: Header, pick: Pick, *, ends_well: bool
) -> None:
    assumed = _assumed(header)
    width, some_short = len(header.names), False
    rows = (fields for fields in islice(reader, header.skips, None) if any(fields))
    for fields, is_last in with_is_last(rows):
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
            collector.add(_unmarked(RawRow._make(pick(fields))), assumed)


def _unmarked(row: RawRow) -> RawRow:
    """Take off what keeps a spreadsheet from running a title as a formula."""
    title = row.title
    if isinstance(title, str) and title[:1] == "'" and title.lstrip("'").startswith(FORMULAS):
        return row._replace(title=title[1:])
    return row


def _assumed(header: Header) -> MediaType | None:
    """Letterboxd's import format numbers films; its exports also hold mini-series, unmarked."""
    names = {plain_name(name) for name in header.names}
    numbered = "tmdbid" in names and names & {"watcheddate", "rating10", "letterboxduri"}
    return MediaType.MOVIE if numbered else kind_by_title(title_among(names))
