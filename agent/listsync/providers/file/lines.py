"""Plain text: one title, id or address a line; `#` begins a comment."""

from __future__ import annotations

import io
import re

from listsync.domain.media import MediaType
from listsync.net.fields import imdb_id, number_id
from listsync.net.forms import Form, is_address, recognise
from listsync.providers.file.gathering import Gathering, RawRow, is_person

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
    r"/(?P<slug>[a-z0-9-]+)/?(?:[?#].*)?",
    re.IGNORECASE,
)
_SLUG_YEAR = re.compile(r"(?P<words>.+)-(?P<year>(?:19|20)\d\d)")
_KINDS = {"movie": "movie", "movies": "movie", "film": "movie"}


def gather_lines(gathering: Gathering, text: str) -> None:
    """Read every line; a file of nothing but comments says that it is empty."""
    lines = [line.strip("\ufeff \t\r\n\f\v") for line in io.StringIO(text, newline=None)]
    wanted = [line for line in lines if line and not _COMMENT.match(line)]
    gathering.says_empty = not wanted and not gathering.is_cut
    last = wanted.pop() if wanted and gathering.is_cut else None
    for line in wanted:
        gather_line(gathering, line)
    if last is not None:
        gathering.skip_cut(last)


def gather_line(gathering: Gathering, line: str) -> None:
    r"""Read one line: an address, a number with the name of its base, an id, or a title.

    `\#Alive (2020)` is a title that begins with `#`.
    """
    if len(line) > _LONGEST:
        gathering.skip_broken(line[:80], "the line is too long for a title")
        return
    bare = _AFTER.sub("", line.strip())
    numbered = _NUMBERED.fullmatch(bare)
    trakt = _TRAKT.fullmatch(bare)
    form = recognise(bare) if is_address(bare) else None
    if numbered is not None:
        _gather_number(gathering, bare, numbered)
    elif form is not None:
        _gather_address(gathering, bare, form)
    elif trakt is not None:
        _gather_trakt(gathering, trakt)
    elif "://" in bare:
        _gather_unknown(gathering, bare)
    elif imdb_id(bare) or is_person(bare):
        gathering.add(RawRow(imdb=bare))
    else:
        _gather_title(gathering, line.strip())


def _gather_number(gathering: Gathering, line: str, found: re.Match[str]) -> None:
    base, number = found["base"].lower(), found["id"]
    media = (found["kind"] or "").lower()
    kind = _KINDS.get(media, "tv") if media else None
    if base == "imdb":
        gathering.add(RawRow(imdb=number, kind=kind))
    elif number_id(number) is None:
        gathering.skip_broken(line, f"{number} is no number of {base.upper()}")
    elif base == "tmdb":
        gathering.add(RawRow(tmdb=number, kind=kind))
    elif kind == "movie":
        gathering.skip(line, "films cannot be looked up by their TVDB number")
    else:
        gathering.add(RawRow(tvdb=number))


def _gather_address(gathering: Gathering, line: str, form: Form) -> None:
    number = form.groups.get("id", "")
    match (form.provider, form.kind):
        case ("imdb", "title"):
            gathering.add(RawRow(imdb=number))
        case ("tmdb", "title"):
            gathering.add(RawRow(tmdb=number, kind=form.groups["media"]))
        case ("tvdb", "title") if form.groups["media"] == "series" and number_id(number):
            gathering.add(RawRow(tvdb=number))
        case ("tvdb", "title"):
            gathering.skip(line, "an address of TheTVDB without the number of a series")
        case ("letterboxd", "film"):
            gathering.add(RawRow(title=number.replace("-", " ")))
        case ("letterboxd", "short"):
            gathering.skip(line, "a short address does not say which film it means")
        case _:
            why = f"an address of {form.service}, not a title; put a list under `lists:`"
            gathering.skip(line, why)


def _gather_trakt(gathering: Gathering, found: re.Match[str]) -> None:
    """Take the title from Trakt's address: words, for a film nearly always with its year."""
    slug = found["slug"].lower()
    dated = _SLUG_YEAR.fullmatch(slug)
    words = (dated["words"] if dated else slug).replace("-", " ")
    kind = MediaType.MOVIE if found["media"].lower() == "movies" else MediaType.TV
    gathering.add(RawRow(title=words, year=dated["year"] if dated else None), kind)


def _gather_unknown(gathering: Gathering, line: str) -> None:
    person = "/name/nm" in line and "imdb.com" in line
    gathering.skip(line, "a person" if person else "an address that is not known")


def _gather_title(gathering: Gathering, line: str) -> None:
    text = line.removeprefix("\\")
    dated = _DATED.fullmatch(_AFTER.sub("", text))
    if dated is not None:
        gathering.add(RawRow(title=dated["title"], year=dated["year"]))
    else:
        gathering.add(RawRow(title=text))
