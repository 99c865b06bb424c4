"""Lines of text: a title, an id or an address each, however people and programs write them."""

from __future__ import annotations

import re
from functools import partial

from listsync.domain.media import MediaType
from listsync.parsing.address_forms import AddressForm, is_address, recognise, title_at
from listsync.parsing.columns import RawRow
from listsync.parsing.decoding import imdb_id, number_id
from listsync.parsing.given_up import Headings, heading_unwanted, mark_unwanted
from listsync.parsing.kinds import Kind, kind_of_heading, soft_kind_of
from listsync.parsing.row_collector import (
    AN_EPISODE,
    RowCollector,
    is_person,
)
from listsync.parsing.season_cells import part_in_address, parted_title, read_seasons
from listsync.parsing.tables import TableWithin
from listsync.parsing.telling_lines import (
    HASHES,
    ONLY_YEAR,
    is_heading,
    several_ids,
    telling_lines,
)
from listsync.parsing.text import Text, with_is_last
from listsync.parsing.title_words import named_by, part_at_once

_LONGEST = 1000
_SEVERAL = "several ids among words; give each a line of its own"
_A_YEAR = "a year without a title; a film of that name is written with its own, as 1984 (1956)"
_BLANKS = re.compile(r" {2,}")
_UNDER = re.compile(r"[*_]{0,2}(?P<words>[^\W\d_][^:]{0,30}?)[*_]{0,2}\s*:[*_]{0,2}")
_AFTER = re.compile(r"\s+#(?:\s.*)?$")
_NUMBERED = re.compile(
    r"(?P<base>imdb|tmdb|tvdb)(?:\s*:(?://)?\s*|\s+(?=tt\d|\d+$))"
    r"(?:(?P<kind>movie|film|tv|show|series)\s*[:/]\s*)?(?P<id>[\w.]+)",
    re.IGNORECASE,
)
_BRACKETS = str.maketrans("\uff08\uff09\uff3b\uff3d\u3010\u3011", "()[][]")
_BULLET = re.compile(
    r"(?:(?:[-*+>]|[^\w\s!-/:-@\[-`{-~])\ufe0f?\s+)?"
    r"(?:(?:\[[ xX\u2713]?\]|[\u2610-\u2612])\s+)?"
)
_COUNTED = re.compile(r"#?(\d{1,5})(?:[.):]|\s+[-\u2013])\s+(?=\S)|#(\d{1,4})\s+(?=\S)", re.ASCII)
_LINKED = re.compile(
    r"\[(?P<text>[^\]]+)\]\(\s*<?(?P<address>\S+?)>?(?:\s+\"[^\"]*\")?\s*\)(?P<rest>.*)"
)
_MARKED = re.compile(
    r"(?P<mark>\*\*|__|~~|[*_`])(?P<text>\S(?:.*\S)?)(?P=mark)"
    r"(?P<rest>\s*(?:[(\[].*|[-,\u2013\u2014]\s*\(?\d{4}\)?)?)"
)
_QUOTED = re.compile(
    r"(?:\"(?P<a>[^\"]+)\"|[\u201c\u201e](?P<b>[^\u201c-\u201f]+)[\u201c\u201d]"
    r"|\u00ab\s*(?P<c>[^\u00ab\u00bb]+?)\s*\u00bb|\u300e(?P<d>[^\u300f]+)\u300f"
    r"|\u300a(?P<e>[^\u300b]+)\u300b)(?P<rest>\s*(?:[(\[].*|[-\u2013]\s*\d{4}|\d{4})?)"
)
_TAGGED = re.compile(r"(?P<rest>.*?\S)(?P<tags>(?:\s+(?:#[^\W\d_][\w/-]*|`[^`\s][^`]*`))+)")
_STARS = re.compile(r"\s+[\u2605\u2606\u2b50][\u2605\u2606\u2b50\u00bd\ufe0f ]*$")
_NOTE = re.compile(r"\[\[([^\[\]|#]+)[^\[\]]*\]\]")  # of Obsidian, and the words it is shown by
_DAY = re.compile(r"^[\[(]?(?:18|19|20)\d\d-[01]\d-[0-3]\d[\])]?[\s:,|\u2013-]+(?=\S)")
_VIDEO = re.compile(r"\.(?:mkv|mp4|m4v|avi|mov|wmv|iso|ts|m2ts|webm|strm|nfo|srt)$", re.IGNORECASE)
_PATH = re.compile(r"(?:/|\.{1,2}/|~/|[A-Za-z]:[\\/]).*|.*[^\s/][/\\]$")
_RELEASE = re.compile(
    r"(?P<title>[^\s()\[\]]+?)[._](?P<year>(?:19|20)\d\d)(?:[._].*)?"
    r"|(?P<name>[^\s()\[\]]+?)[._](?P<part>[Ss]\d\d(?:[Ee]\d\d)?)[._].*"
)
_OF_TMDB = re.compile(r"(?P<kind>movie|tv)/(?P<id>\d{1,9})(?:-[^/\s]*)?", re.ASCII | re.IGNORECASE)
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
_SLUGS = re.compile(  # of sites that say which kind a title is, and have its name in words
    r"(?:https?://)?(?:www\.)?(?:simkl\.com/(?P<simkl>movies|tv)/\d+"
    r"|justwatch\.com/[a-z]{2}/(?P<justwatch>movie|tv-show))/(?P<slug>[a-z0-9-]+)"
    r"(?:/season-(?P<season>\d+))?/?(?:[?#].*)?",
    re.IGNORECASE,
)
_DEREFERRED = re.compile(
    r"(?:https?://)?(?:www\.)?thetvdb\.com/(?:dereferrer/series/|\?(?:.*&)?tab=series&id=)(\d+).*",
    re.IGNORECASE | re.ASCII,
)
_WITHIN_LINE = re.compile(r"<?(?P<address>https?://[^\s<>()\[\]]+)[>)\]]*[\s|,;:\u2013\u2014-]*")
_BEFORE_ADDRESS = ":|>([\u2013\u2014-"
_SLUG_YEAR = re.compile(r"(?P<words>.+)-(?P<year>(?:19|20)\d\d)")
_KINDS = {"movie": "movie", "movies": "movie", "film": "movie"}


def collect_lines(collector: RowCollector, text: Text) -> None:
    """Read every line; a file of nothing but comments says that it is empty."""
    collector.says_empty = not collector.is_cut
    headings, table = Headings(), TableWithin(collector, partial(collect_line, collector))
    for line, is_last in with_is_last(telling_lines(collector.service, text, _says_what)):
        heading = HASHES.match(line) or (":" in line[-3:] and _UNDER.fullmatch(line)) or None
        if heading is not None:
            table.end()
            if _enters(collector, headings, heading):
                continue
        collector.says_empty = False
        if is_last and collector.is_cut:
            table.end()
            collector.skip_cut(line)
        elif ONLY_YEAR.fullmatch(line):
            table.end()
            collector.skip(line, _A_YEAR)
        elif not table.take(line):
            collect_line(collector, line)
    table.end()


def _enters(collector: RowCollector, headings: Headings, found: re.Match[str]) -> bool:
    """Go under a heading; `Books:` is one only if it says a kind."""
    hashes, words = found.groupdict().get("hashes"), found["words"]
    says_nothing = not _says_what(words)
    if not hashes and says_nothing and not headings.unwanted:
        return False
    collector.section = headings.enter(len(hashes or "#######"), words)
    collector.left_out = headings.unwanted
    if not hashes and says_nothing:
        return False  # it ends the part above all the same
    if not hashes:
        collector.skip(found[0], "a heading")
    collector.before_section = collector.next_rank - 1
    return True


def _says_what(words: str) -> bool:
    """Tell a heading that says what is under it."""
    return kind_of_heading(words) != Kind() or heading_unwanted(words) is not None


def collect_line(collector: RowCollector, line: str) -> None:
    r"""Read one line: an address, a number with the name of its base, an id, or a title.

    `\#Alive (2020)` is a title that begins with `#`.
    """
    if len(line) > _LONGEST:
        collector.skip_broken(line[:80], "the line is too long for a title")
        return
    line = _uncounted(collector, _BLANKS.sub(" ", line).strip())
    if why := mark_unwanted(line):
        collector.skip(line, why)
        return
    line = _undecorated(line)
    if _takes_otherwise(collector, line):
        return
    bare = _AFTER.sub("", line)
    named, season = _parted(bare)
    if linked := _LINKED.fullmatch(bare):
        _collect_linked(collector, linked)
    elif numbered := _NUMBERED.fullmatch(named):
        _collect_number(collector, bare, numbered, season)
    elif of_tmdb := _OF_TMDB.fullmatch(named):
        collector.add(RawRow(tmdb=of_tmdb["id"], kind=of_tmdb["kind"], season=season))
    elif is_address(bare) and (form := recognise(named)):
        _collect_address(collector, named, form, season)
    elif trakt := _TRAKT.fullmatch(named):
        _collect_words(collector, named, trakt["slug"], trakt["media"], season)
    elif "://" in bare:
        _collect_unknown(collector, named if _names_one(named) else bare, season)
    else:
        _collect_named(collector, line, named, season)


def _takes_otherwise(collector: RowCollector, line: str) -> bool:
    """Leave a heading out, and read several ids on one line one by one."""
    several = several_ids(line)
    for one in several or ():
        collect_line(collector, one)
    if several is not None and not several:
        collector.skip(line, _SEVERAL)
    elif several is None and is_heading(line, collector.next_rank):
        collector.skip(line, "a heading")
    else:
        return several is not None
    return True


def _parted(bare: str) -> tuple[str, str | None]:
    """Part what a line names from its season, behind a title, an id or an address."""
    head, _, behind = bare.partition(" ")
    if behind and _names_one(head) and (season := part_at_once(behind)):
        return head, season
    named, season = parted_title(bare)
    return (bare, None) if season and named_by(bare).season else (named, season)


def _names_one(head: str) -> bool:
    """Tell an id or an address from the first word of a title."""
    is_id = imdb_id(head) or _NUMBERED.fullmatch(head) or _OF_TMDB.fullmatch(head)
    return bool(is_id) or is_address(head)


def _collect_named(collector: RowCollector, line: str, named: str, season: str | None) -> None:
    if imdb_id(named) or is_person(named):
        collector.add(RawRow(imdb=named, season=season))
    elif tagged := _tagged(named):
        collector.add(tagged._replace(season=season or tagged.season))
    else:
        _collect_title(collector, line, named, season)


def _uncounted(collector: RowCollector, line: str) -> str:
    """Take off a bullet, a box, and the number of the line, but not that of a title.

    It counts the lines, those under a heading, or goes on from the line before; or begins anew.
    """
    bare = _BULLET.sub("", line if line.isascii() else line.translate(_BRACKETS), count=1)
    counted = _COUNTED.match(bare)
    number = int(counted[1] or counted[2]) if counted else 0
    rank = collector.next_rank
    places = (1, collector.last_number + 1, rank, rank - collector.before_section)
    collector.last_number = number if number in places else 0
    return bare[counted.end() :] if counted and collector.last_number else bare


def _undecorated(bare: str) -> str:
    """Take off marks, tags, and what else people put around a title."""
    for form in (_MARKED, _QUOTED):
        if found := form.fullmatch(bare):
            parts = found.groupdict()
            rest = parts.pop("rest")
            parts.pop("mark", None)
            bare = "".join(filter(None, parts.values())) + rest
    if bare.startswith("<http") and bare.endswith(">"):
        return bare[1:-1]
    bare = _NOTE.sub(r"\1", bare) if "[[" in bare else bare
    bare = bare if bare.isascii() else _STARS.sub("", bare)
    bare = _untagged(_DAY.sub("", bare) if bare[:1] in "[(12" else bare)
    is_file = _PATH.fullmatch(bare) or _VIDEO.search(bare)
    return _of_file(bare) if is_file and not ("://" in bare or is_address(bare)) else bare


def _untagged(line: str) -> str:
    """Take off `#tags` and `code` behind a title, and keep the kind that one of them says."""
    found = _TAGGED.fullmatch(line) if "#" in line or "`" in line else None
    if found is None:
        return line
    tags = [tag.strip("#`") for tag in re.findall(r"#[\w/-]+|`[^`]+`", found["tags"])]
    kind = next((f" ({tag})" for tag in tags if soft_kind_of(tag) != Kind()), "")
    part = next((f" - {tag.upper()}" for tag in tags if part_at_once(tag)), "")
    return f"{found['rest']}{kind}{part}"


def _of_file(path: str) -> str:
    """Take the title from the name of a file or a folder; of a season's, from the one above."""
    *above, name = re.split(r"[/\\]", path.rstrip("/\\"))
    name = _VIDEO.sub("", name)
    numbers = read_seasons(name).numbers if above and part_at_once(name) else ()
    if numbers and any(map(str.isalnum, above[-1])):
        return f"{above[-1]} S{numbers[0]}"
    found = _RELEASE.fullmatch(name)
    if found is None:
        return name
    if found["part"]:
        return f"{found['name'].replace('.', ' ')} {found['part'].upper()}"
    return f"{re.sub(r'[._]', ' ', found['title'])} ({found['year']})"


def _collect_linked(collector: RowCollector, found: re.Match[str]) -> None:
    """Read a link of Markdown: its words, and the ids of its address."""
    rest = found["rest"].strip()
    season = part_at_once(rest)
    named = named_by(found["text"] if season else f"{found['text']} {rest}".strip())
    row = named.row._replace(address=found["address"], season=season or named.season)
    collector.add(row)


def _tagged(text: str) -> RawRow | None:
    """Read a title with an id beside it, as folders of media servers and notes have it."""
    found = _TAG.search(text)
    named = _IMDB_FIRST.fullmatch(text) or _IMDB_LAST.fullmatch(text)
    if found is not None:
        ids = {found["base"].lower(): found["id"]}
        behind = text[found.end() :].strip()
        season = part_at_once(behind)
        rest = f"{text[: found.start()].rstrip()} {'' if season else behind}".strip()
    elif named is not None:
        ids, rest, season = {"imdb": named["id"]}, named["rest"].strip(), None
    else:
        return None
    row = named_by(rest).row
    return row._replace(season=season or row.season, **ids)


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


def _collect_address(
    collector: RowCollector, line: str, form: AddressForm, behind: str | None
) -> None:
    number = form.groups.get("id", "")
    season, is_episode = part_in_address(line)
    season = behind or season
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


def _collect_words(
    collector: RowCollector, line: str, slug: str, media: str, behind: str | None
) -> None:
    """Take the title from an address: words, for a film nearly always with its year."""
    slug = slug.lower()
    dated = _SLUG_YEAR.fullmatch(slug)
    words = (dated["words"] if dated else slug).replace("-", " ")
    kind = MediaType.MOVIE if media.lower().startswith("movie") else MediaType.TV
    year = dated["year"] if dated else None
    season, is_episode = part_in_address(line)
    if is_episode:
        collector.skip(line, AN_EPISODE)
    else:
        collector.add(RawRow(title=words, year=year, season=behind or season), kind)


def _collect_unknown(collector: RowCollector, line: str, season: str | None) -> None:
    within = _WITHIN_LINE.search(line)
    if within and (row := _beside_address(within)):
        collector.add(row)
        return
    if series := _DEREFERRED.fullmatch(line):
        collector.add(RawRow(tvdb=series[1], season=season))
        return
    if found := _SLUGS.fullmatch(line):
        media, season = found["simkl"] or found["justwatch"], season or found["season"]
        _collect_words(collector, line, found["slug"], media, season)
        return
    person = "/name/nm" in line and "imdb.com" in line
    collector.skip(line, "a person" if person else "an address that is not known")


def _beside_address(found: re.Match[str]) -> RawRow | None:
    """Read a title and the address beside it; None where neither a year nor an id says so."""
    before = found.string[: found.start()]
    while (bare := before.rstrip().rstrip(_BEFORE_ADDRESS)) != before:
        before = bare
    behind = found.string[found.end() :].strip()
    season = part_at_once(behind)
    words = before if season else f"{before} {behind}".strip()
    words, told = parted_title(words)
    named = named_by(words)
    form = title_at(found["address"])
    is_known = form is not None and form.provider in ("imdb", "tmdb", "tvdb")
    if not (is_known or named.year) or not re.search(r"[^\W_]", named.title):
        return None
    row = named.row._replace(season=season or told or named.season)
    return row._replace(address=found["address"]) if is_known else row


def _collect_title(collector: RowCollector, line: str, named: str, season: str | None) -> None:
    row = named_by(named.removeprefix("\\")).row
    if row.year is None and row.kind is None and not season:
        row = row._replace(title=line.removeprefix("\\"))
    collector.add(row._replace(season=season or row.season))
