"""Plain text: one title, id or address a line; `#` begins a comment."""

from __future__ import annotations

import re

from listsync.domain.media import MediaType
from listsync.parsing.address_forms import AddressForm, is_address, recognise
from listsync.parsing.row_fields import imdb_id, number_id
from listsync.parsing.text import BLANKS, Text, with_is_last
from listsync.providers.file.columns import RawRow
from listsync.providers.file.row_collector import (
    AN_EPISODE,
    Gathering,
    is_person,
    lines_of_list,
)
from listsync.providers.file.season_cells import part_in_address, parted_title

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
