"""The lines of a text that say something: no comments, no properties, headings in one form.

A year that stands alone belongs to the title above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice, pairwise

from listsync.parsing.text import BLANKS, Text, lines_of_list

_COMMENT = re.compile(r"#(?!\d{1,4}[.):]?\s+\S)|//|[-=*_~.#+ \u2013\u2014\u2500]{3,}$")
HASHES = re.compile(r"(?P<hashes>#{1,6})\s+(?!\d{1,4}[.):]?\s)(?P<words>\S.*)")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_ITEM = re.compile(r"[-*+\u2022]\s|\d+[.)]\s")
_BOLD = re.compile(r"(\*\*|__)[^*_]+\1")
_BETWEEN = re.compile(r"[\s;|]+|,(?=\s|$)")
_ONE_ID = re.compile(
    r"tt\d{7,10}|https?://\S+|(?:imdb|tmdb|tvdb):(?:(?:movie|tv)[:/])?(?:tt)?\d+", re.IGNORECASE
)
_HEADING = re.compile(
    r"(?:my |the )?(?:movies?|films?|tv(?: shows?)?|(?:tv )?series|shows|anime|watch ?list"
    r"|to ?watch|want to watch|must watch|titles?|titles? \(year\)|names?|\d{4}s?|filme|serien)"
    r"(?P<mark>\s*:)?",
    re.IGNORECASE,
)
_SIGN = re.compile(r"tt\d|:", re.IGNORECASE)
_IMDB_ID = re.compile(r"(?<![a-z0-9])tt\d{7,10}(?!\d)", re.IGNORECASE)
_MOST_PROPERTIES = 200
_LOOK_LINES = 60
_PROPERTY = re.compile(r"(?!.*\((?:18|19|20)\d\d\))\s*(?:[\w -]+:(?:\s.*)?|-\s.*|#.*)?\s*")
ONLY_YEAR = re.compile(
    r"[(\[]?(?P<year>(?:18|19|20)\d\d)[)\]]?"
    r"(?:\s*[\u00b7\u2022].*|\s*(?:\d{1,2} ?h(?: ?\d{1,2} ?m)?|\d{2,3} ?min)\b.*)?"
)
_DATELESS = re.compile(  # words, with no year among them
    r"(?![#|]|\w+:\S|[Tt][Tt]\d)(?!.*(?:://| #|:$|[(\[](?:18|19|20)\d\d"
    r"|[-\u2013\u2014|,;]\s*(?:18|19|20)\d\d\)?$)).*[^\W\d_].*"
)


def telling_lines(service: str, text: Text, says_what: Callable[[str], bool]) -> Iterator[str]:
    """Yield the lines that say something, and headings: what *says_what* takes for one."""
    lines = _after_front_matter(lines_of_list(service, text))
    return _with_years(_with_headings(lines, says_what))


def _with_headings(lines: Iterable[str], says_what: Callable[[str], bool]) -> Iterator[str]:
    """Write headings of all forms with `#`; where one of a form is seen, all of it are such."""
    above, is_next, forms = "", False, {0: False}
    for raw in lines:
        line = raw.strip(BLANKS)
        rank = _rank(above, line, is_next=is_next)
        if forms.get(rank, rank > 0 and says_what(above)):
            forms[rank] = True
            yield f"{'#' * rank} {above}"
            above = ""
        is_next = bool(line)
        if line and (not _COMMENT.match(line) or HASHES.match(line)):
            if above:
                yield above
            above = line
    if above:
        yield above


def _rank(above: str, line: str, *, is_next: bool) -> int:
    """Say of which rank *above* is, a heading underlined, or bold over points; 0: it is none."""
    if is_next and _UNDERLINE.fullmatch(line) and _DATELESS.fullmatch(above):
        return 0 if _ITEM.match(above) else 1 if line.startswith("=") else 2
    return 6 if _ITEM.match(line) and _BOLD.fullmatch(above) else 0


def _after_front_matter(lines: Iterator[str]) -> Iterator[str]:
    """Leave out the properties of a note, which stand at its start between lines of dashes."""
    held = [line for line in islice(lines, 1) if line]
    if held and held[0].strip(BLANKS) == "---":
        for line in islice(lines, _MOST_PROPERTIES):
            held.append(line)
            if line.strip(BLANKS) in ("---", "..."):
                held = [] if all(map(_PROPERTY.fullmatch, held[1:-1])) else held
                break
    yield from held
    yield from lines


def _with_years(lines: Iterable[str]) -> Iterator[str]:
    """Put a year that stands below its title, as on pages that are copied, behind that.

    Where years come first, they are headings. One alone among titles may be a film (`1917`).
    """
    rest = iter(lines)
    first = [*islice(rest, _LOOK_LINES)]
    are_headings = bool(first and ONLY_YEAR.fullmatch(first[0]))
    are_below, above = _have_years_below(first), ""
    for line in chain(first, rest):
        found = None if are_headings else ONLY_YEAR.fullmatch(line)
        is_below = found is not None and (are_below or found[0] != found["year"])
        if found and is_below and _DATELESS.fullmatch(above):
            yield f"{above} ({found['year']})"
            above = ""
            continue
        if above:
            yield above
        above = line
    if above:
        yield above


def _have_years_below(lines: list[str]) -> bool:
    """Tell whether half of the titles, or more, have a year in the line below."""
    titles = sum(_DATELESS.fullmatch(line) is not None for line in lines)
    return 2 * sum(
        ONLY_YEAR.fullmatch(below) is not None and _DATELESS.fullmatch(above) is not None
        for above, below in pairwise(lines)
    ) >= max(titles, 1)


def several_ids(line: str) -> list[str] | None:
    """Part a line of several ids or addresses; none of them where there are other words, too.

    None where a line has one at most.
    """
    if len(_SIGN.findall(line)) < 2:
        return None
    if "://" not in line:
        line = line.replace(",", " ")
    parts = [part for part in _BETWEEN.split(line) if part]
    if len(parts) > 1 and all(map(_ONE_ID.fullmatch, parts)):
        return parts
    named = {found[0].lower() for part in parts if (found := _IMDB_ID.search(part))}
    return [] if len(named) > 1 else None


def is_heading(line: str, rank: int) -> bool:
    """Tell what stands over a list, or a part of it, from a title."""
    found = _HEADING.fullmatch(line)
    if found is None:
        return False
    return (
        bool(found["mark"])
        or (rank == 1 and not line[:1].isdigit() and " (" not in line)
        or (line.lower().endswith("(year)"))
    )
