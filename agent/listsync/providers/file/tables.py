"""Text files: one title, id or address a line, or separated values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, dropwhile, islice
from operator import itemgetter
from pathlib import Path

from listsync.domain.media import MediaType
from listsync.errors import AnswerChangedError
from listsync.parsing.address_forms import AddressForm, is_address, recognise
from listsync.parsing.decoding import imdb_id, number_id
from listsync.parsing.text import BLANKS, TableReader, Text, lines_of, with_is_last
from listsync.protocol import FORMULAS
from listsync.providers.file.columns import (
    KNOWN,
    RawRow,
    header_places,
    ids_of_parts,
    is_export,
    is_understood,
    names_titles,
    plain_name,
)
from listsync.providers.file.row_collector import (
    AN_EPISODE,
    Gathering,
    is_person,
    lines_of_list,
)
from listsync.providers.file.season_cells import part_in_address, parted_title
from listsync.providers.file.source import SERVICE

_LONGEST = 1000
_COMMENT = re.compile(r"#|//")
_AFTER = re.compile(r"\s+#(?:\s.*)?$")
_NUMBERED = re.compile(
    r"(?P<base>imdb|tmdb|tvdb)\s*:\s*(?:(?P<kind>movie|film|tv|show|series)\s*[:/]\s*)?"
    r"(?P<id>[\w.]+)",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?P<title>.*\S)\s*[(\[](?P<year>\d{4})(?:\s*[-\u2013]\s*(?:\d{4})?)?[)\]]")
_TRAKT = re.compile(
    r"(?:https?://)?(?:www\.|app\.|classic\.)?trakt\.tv/(?P<media>movies|shows)"
    r"/(?P<slug>[a-z0-9-]+)(?:/seasons/[^?#]+)?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_SLUG_YEAR = re.compile(r"(?P<words>.+)-(?P<year>(?:19|20)\d\d)")
_KINDS = {"movie": "movie", "movies": "movie", "film": "movie"}


def gather_lines(gathering: Gathering, text: Text) -> None:
    """Read every line; a file of nothing but comments says that it is empty."""
    lines = (line.strip(BLANKS) for line in lines_of_list(text))
    wanted = (line for line in lines if line and not _COMMENT.match(line))
    gathering.says_empty = not gathering.is_cut
    for line, is_last in with_is_last(wanted):
        gathering.says_empty = False
        if is_last and gathering.is_cut:
            gathering.skip_cut(line)
        else:
            gather_line(gathering, line)


def gather_line(gathering: Gathering, line: str) -> None:
    r"""Read one line: an address, a number with the name of its base, an id, or a title.

    `\#Alive (2020)` is a title that begins with `#`.
    """
    if len(line) > _LONGEST:
        gathering.skip_broken(line[:80], "the line is too long for a title")
        return
    bare = _AFTER.sub("", line.strip())
    named, season = parted_title(bare)
    numbered = _NUMBERED.fullmatch(named)
    trakt = _TRAKT.fullmatch(bare)
    form = recognise(bare) if is_address(bare) else None
    if numbered is not None:
        _gather_number(gathering, bare, numbered, season)
    elif form is not None:
        _gather_address(gathering, bare, form)
    elif trakt is not None:
        _gather_trakt(gathering, bare, trakt)
    elif "://" in bare:
        _gather_unknown(gathering, bare)
    elif imdb_id(named) or is_person(named):
        gathering.add(RawRow(imdb=named, season=season))
    else:
        _gather_title(gathering, line.strip(), named, season)


def _gather_number(
    gathering: Gathering, line: str, found: re.Match[str], season: str | None
) -> None:
    base, number = found["base"].lower(), found["id"]
    media = (found["kind"] or "").lower()
    kind = _KINDS.get(media, "tv") if media else None
    if base == "imdb":
        gathering.add(RawRow(imdb=number, kind=kind, season=season))
    elif number_id(number) is None:
        gathering.skip_broken(line, f"{number} is no number of {base.upper()}")
    elif base == "tmdb":
        gathering.add(RawRow(tmdb=number, kind=kind, season=season))
    elif kind == "movie":
        gathering.skip(line, "films cannot be looked up by their TVDB number")
    else:
        gathering.add(RawRow(tvdb=number, season=season))


def _gather_address(gathering: Gathering, line: str, form: AddressForm) -> None:
    number = form.groups.get("id", "")
    season, is_episode = part_in_address(line)
    match (form.provider, form.kind):
        case (_, "title") if is_episode:
            gathering.skip(line, AN_EPISODE)
        case ("imdb", "title"):
            gathering.add(RawRow(imdb=number, season=season))
        case ("tmdb", "title"):
            gathering.add(RawRow(tmdb=number, kind=form.groups["media"], season=season))
        case ("tvdb", "title") if form.groups["media"] == "series" and number_id(number):
            gathering.add(RawRow(tvdb=number, season=season))
        case ("tvdb", "title"):
            gathering.skip(line, "an address of TheTVDB without the number of a series")
        case ("letterboxd", "film"):
            gathering.add(RawRow(title=number.replace("-", " ")))
        case ("letterboxd", "short"):
            gathering.skip(line, "a short address does not say which film it means")
        case _:
            why = f"an address of {form.service}, not a title; put a list under `lists:`"
            gathering.skip(line, why)


def _gather_trakt(gathering: Gathering, line: str, found: re.Match[str]) -> None:
    """Take the title from Trakt's address: words, for a film nearly always with its year."""
    slug = found["slug"].lower()
    dated = _SLUG_YEAR.fullmatch(slug)
    words = (dated["words"] if dated else slug).replace("-", " ")
    kind = MediaType.MOVIE if found["media"].lower() == "movies" else MediaType.TV
    year = dated["year"] if dated else None
    season, is_episode = part_in_address(line)
    if is_episode:
        gathering.skip(line, AN_EPISODE)
    else:
        gathering.add(RawRow(title=words, year=year, season=season), kind)


def _gather_unknown(gathering: Gathering, line: str) -> None:
    person = "/name/nm" in line and "imdb.com" in line
    gathering.skip(line, "a person" if person else "an address that is not known")


def _gather_title(gathering: Gathering, line: str, named: str, season: str | None) -> None:
    named = named.removeprefix("\\")
    dated = _DATED.fullmatch(named)
    if dated is not None:
        gathering.add(RawRow(title=dated["title"], year=dated["year"], season=season))
    else:
        title = named if season else line.removeprefix("\\")
        gathering.add(RawRow(title=title, season=season))


Pick = Callable[[list[str]], tuple[str, ...]]  # place -1 finds the empty field at the end
_DELIMITERS = (",", ";", "\t", "|")
_LETTERBOXD = "letterboxd list export"
_HEAD = re.compile(r"[ \t]*(?:#(?![,;\t|])[^\r\n]*|sep=.)?(?:\r\n|\r|\n)", re.IGNORECASE)
_START = 20_000  # characters in which the header is looked for
_MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first row of a table. `skips` counts the rows before it, itself included."""

    names: list[str]
    delimiter: str
    skips: int


def _lines_of(text: Text) -> Iterator[str]:
    """Yield the lines of a table, but not those before it: comments, empty lines, `sep=;`."""
    lines = lines_of_list(text)
    first = next(lines, "").removeprefix("\ufeff")
    return dropwhile(_HEAD.fullmatch, chain([first], lines))


def header_of(text: Text, *, surely: bool) -> Header | None:
    """Find the header; None when this is no table.

    *surely* a table (by the name of the file), one column is enough, and a header without any
    known column is one too. Otherwise two known columns are needed: a title may contain a comma.
    """
    start = _start_of(text)
    if start[: len(_LETTERBOXD)].lower() == _LETTERBOXD:
        return _letterboxd_header(text)
    found = [_first_row(start, delimiter) for delimiter in _DELIMITERS]
    best = max(found, key=_understood)
    return best if surely or _understood(best) > 1 else None


def _start_of(text: Text) -> str:
    found, size = [], 0
    for line in _lines_of(text):
        found.append(line[:_START])
        size += len(found[-1])
        if size >= _START:
            break
    return "".join(found)[:_START]


def _understood(header: Header) -> int:
    return sum(place >= 0 for place in header_places(header.names))


def _first_row(start: str, delimiter: str) -> Header:
    names = next(iter(TableReader(lines_of([start]), delimiter)), [])
    return Header(names=names, delimiter=delimiter, skips=1)


def _letterboxd_header(text: Text) -> Header:
    """Skip the part about the list itself: it ends with an empty line, or the file is cut."""
    rows = iter(TableReader(_lines_of(text), ","))
    for skipped, fields in enumerate(rows, start=1):
        if not fields:
            return Header(names=next(rows, []), delimiter=",", skips=skipped + 1)
    return Header(names=[], delimiter=",", skips=0)


def gather_table(gathering: Gathering, path: Path, text: Text, header: Header) -> None:
    """Read the rows under *header*, which says where the fields are."""
    places = header_places(header.names)
    if not names_titles(places) or any("\n" in name or "\r" in name for name in header.names):
        raise AnswerChangedError(
            SERVICE,
            f"{path} has no column that names titles; known columns are {KNOWN}",
            sample=header.delimiter.join(header.names)[:200],
        )
    if len(header.names) > _MOST_COLUMNS:
        raise AnswerChangedError(SERVICE, f"{path} has more than {_MOST_COLUMNS:,} columns")
    gathering.ids_of_parts = ids_of_parts(header.names)
    ends_well = text.ends_line and not gathering.is_cut
    reader = TableReader(_lines_of(text), header.delimiter)
    gathering.is_export = is_export({plain_name(name) for name in header.names})
    _gather_rows(gathering, reader, header, itemgetter(*places), ends_well=ends_well)
    gathering.says_empty = ends_well and all(map(is_understood, header.names))
    if gathering.next_rank == 1 and not gathering.says_empty:
        why = "has a header and no rows, and nothing shows that this is all of it"
        raise AnswerChangedError(SERVICE, f"{path} {why}")


def _gather_rows(
    gathering: Gathering, reader: TableReader, header: Header, pick: Pick, *, ends_well: bool
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
        if is_last and (ends_early or reader.is_cut or gathering.is_cut):
            gathering.skip_cut(" ".join(fields))
        elif size > width:
            gathering.skip_broken(" ".join(fields), f"{size} fields, the header has {width}")
        else:
            fields.extend([""] * (width - size + 1))
            gathering.add(_unmarked(RawRow._make(pick(fields))), assumed)


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
    return MediaType.MOVIE if numbered else None
