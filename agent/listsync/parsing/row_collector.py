"""Rows of any format, cleaned and gathered into one reading of the file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, ListEntry, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.parsing.address_forms import AddressForm, title_at
from listsync.parsing.anime_exports import AnimeNumbers, anime_base, is_unwanted
from listsync.parsing.anime_ids import PLANNED
from listsync.parsing.columns import RawRow, plain_name
from listsync.parsing.decoding import external_ids, imdb_id, number_id, title_text, year_number
from listsync.parsing.given_up import column_unwanted, status_unwanted
from listsync.parsing.json_rows import refuse_drift
from listsync.parsing.kinds import Kind, kind_of, soft_kind_of
from listsync.parsing.season_cells import (
    EMPTY_CELL,
    SeasonCell,
    by_its_title,
    is_title_of_episode,
    names_episode,
    part_in_address,
    read_seasons,
    without_season,
)
from listsync.parsing.title_words import by_told_title
from listsync.row_limit import MOST_ROWS, demand_little_text, demand_room, text_size, too_long

if TYPE_CHECKING:
    from listsync.parsing.anime_ids import AnimeStatus, FindAnime

_MOST_LINES = 1_000_000
NOTHING = "no title and no id"
AN_EPISODE = "an episode"
_FILM_WITH_SEASON = "the row says that it is a film, and names a season"
_SOME_SEASON = "the row is about one season, and does not say which"
_NUMBER_OF_SEASON = "the row has no title, and its number may be that of the season itself"
_WHAT_KIND = "the row calls its kind {!r}, which is not understood"
_WHOSE_NUMBER = "the row gives its title under a name that is not understood"
_UNSAID = Kind()
_YEARS = re.compile(r"(?<!\d)\d{4}(?!\d)", re.ASCII)
_DATED = re.compile(r"[(\[](?:18|19|20)\d\d[)\]]")
_TITLE_PAGE = re.compile(r"/(?:title|movie|tv|series|film)/", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:[a-z]{2,8}|#\d{2,5}|#x[0-9a-f]{2,4});", re.IGNORECASE)
_SHOWN = 5
_PERSON_PAGE = re.compile(r"/name/(nm\d+)", re.IGNORECASE | re.ASCII)
_BASES = {
    "imdb": "imdb",
    **dict.fromkeys(("tmdb", "themoviedb"), "tmdb"),
    **dict.fromkeys(("tvdb", "thetvdb"), "tvdb"),
}
_GUID = re.compile(
    r"\b(?P<base>imdb|tmdb|tvdb|themoviedb|thetvdb)(?:id)?[\"']?\s*(?:://|[=:-])\s*[\"']?"
    r"(?:(?:title|movie|tv|series)/)?(?P<id>tt\d{7,10}|\d{1,9})",
    re.IGNORECASE | re.ASCII,
)
_BARE_IMDB = re.compile(r"\d{7,8}", re.ASCII)
_MOST_GUIDS, _LONGEST_GUID = 20, 2000
_KINDS_AT = {"movie": "movie", "movies": "movie", "tv": "tv", "series": "tv"}
CUT_OFF = "cut off: the file ends in the middle of this row"


class RowCollector:
    """Collects rows in their order; one reading of one list uses one, for errors of *service*.

    Of an export of anime those of *statuses* are wanted, whose numbers *find_anime* looks up.
    """

    def __init__(
        self,
        service: str,
        find_anime: FindAnime | None = None,
        statuses: tuple[AnimeStatus, ...] = PLANNED,
    ) -> None:
        self.service = service
        self._statuses = statuses
        self._anime = AnimeNumbers(find_anime)
        self._entries: list[ListEntry] = []
        self._skipped: list[SkippedRow] = []
        self._broken: list[SkippedRow] = []
        self._text = self._parts = 0
        self._unknown_kinds: dict[str, int] = {}
        self.section = _UNSAID  # what the heading of these rows says that they are
        self.left_out: str | None = None  # why what stands under the heading is not wanted
        self.before_section = 0  # rows before the first of that section
        self.last_number = 0  # of the line before, if it was counted
        self.is_cut = False
        self.ids_of_parts: bool | None = None  # see `columns`
        self.is_export = False  # of a list service, whose ids need no check
        self.says_empty = False  # the file itself shows that it is meant to hold nothing

    @property
    def next_rank(self) -> int:
        return len(self._entries) + len(self._skipped) + 1

    def add(self, raw: RawRow, assumed: MediaType | None = None) -> None:
        """Take one row; *assumed* is what it is where the row itself does not say."""
        raw = self._by_title(by_its_title(_with_ids(raw), assumed), assumed)
        kind = _kind_of(raw)
        imdb, tmdb, tvdb = _imdb_of(raw.imdb), number_id(raw.tmdb), number_id(raw.tvdb)
        title = _plain(title_text(raw.title) or title_text(raw.original_title))
        says_season = raw.season not in (None, "")  # few do
        cell = read_seasons(raw.season) if says_season else EMPTY_CELL
        has_id = imdb is not None or tmdb is not None or tvdb is not None
        section = _UNSAID if has_id or assumed or kind != _UNSAID else self.section
        if unwanted := kind.unwanted or section.unwanted:
            self.skip(title or _sketch(raw), unwanted)
        elif cell.is_episode or _is_episode(raw, title, kind):
            self.skip(title or _sketch(raw), AN_EPISODE)
        elif (title or has_id) and (why := self.left_out or _why_unwanted(raw)):
            self.skip(title or _sketch(raw), why)
        elif anime_base(raw.base) and is_unwanted(raw.status, self._statuses):
            why = f"{str(raw.status)[:40].lower()}, and not {' or '.join(self._statuses)}"
            self.skip(title or _sketch(raw), f"{why}, as the list says")
        elif imdb is None and is_person(raw.imdb):
            self.skip(title or str(raw.imdb), "a person")
        elif title is None and not has_id:
            self._add_nameless(raw)
        else:
            year = year_number(raw.year) or (_year_of(raw.year) if raw.year else None)
            is_series = tvdb is not None and imdb is None and (tmdb is None or title is None)
            is_series = is_series or cell.is_given
            media = kind.media or assumed or (MediaType.TV if is_series else section.media)
            ids = external_ids(imdb, tmdb, tvdb if media else None, media)  # films have them, too
            bare_id = None if ids or title is None else number_id(raw.bare_id)
            is_checked = not self.is_export and (bool(ids) or bare_id is not None)
            if (
                year is None
                and raw.date
                and not (cell.is_given or kind.is_season or self.is_export)
            ):
                year = _year_of(raw.date)
            entry = ListEntry(
                rank=self.next_rank,
                title=title,
                original_title=_other(title, raw.original_title),
                year=year,
                kind=media,
                ids=ids,
                check_ids=bool(ids) and is_checked and _says_more(title, year),
                bare_id=bare_id,
            )
            if kind.is_unknown and media is None:
                entry = self._of_unknown_kind(entry, title_text(raw.kind) or "?")
            self._anime.note(len(self._entries), raw.base, raw.number)
            is_plain = cell is EMPTY_CELL and not kind.is_season  # nearly all
            self._add_entry(entry if is_plain else self._of_seasons(entry, kind, cell))

    def _by_title(self, raw: RawRow, assumed: MediaType | None) -> RawRow:
        """Take out of a title the season that only what the row is shows to be one."""
        kind, has_id = _kind_of(raw), bool(raw.imdb or raw.tmdb or raw.tvdb)
        if raw.season not in (None, "") or kind.unwanted or anime_base(raw.base):
            return raw
        section = _UNSAID if has_id or assumed or kind != _UNSAID else self.section
        is_series = bool(raw.tvdb) and not (raw.imdb or raw.tmdb)
        media = kind.media or assumed or (MediaType.TV if is_series else section.media)
        return by_told_title(raw, media, has_id=has_id)

    def _of_unknown_kind(self, entry: ListEntry, word: str) -> ListEntry:
        """Doubt what only its kind could tell; of what has ids, say that it was taken by them."""
        if not entry.ids:
            return entry._replace(doubt=_WHAT_KIND.format(word))
        self._unknown_kinds[word[:40]] = self._unknown_kinds.get(word[:40], 0) + 1
        return entry

    def _add_entry(self, entry: ListEntry) -> None:
        self._demand_room()
        self._text += text_size(entry.title, entry.original_title)
        demand_little_text(self.service, self._text)
        self._entries.append(entry)

    def count_part(self) -> None:
        """Count something that need not be a row; raises ResponseChangedError at far too many."""
        self._parts += 1
        if self._parts > _MOST_LINES:
            raise ResponseChangedError(
                self.service, f"has more than {_MOST_LINES:,} parts; not read"
            )

    def _remark(self) -> str:
        """Say which words for kinds were not understood in rows whose ids were enough."""
        if not self._unknown_kinds:
            return ""
        found = sorted(self._unknown_kinds.items(), key=lambda one: -one[1])[:_SHOWN]
        words = ", ".join(f"{word!r} ({count})" for word, count in found)
        return f"kinds that are not understood, of rows taken by their ids: {words}"

    def _demand_room(self) -> None:
        if self.next_rank > MOST_ROWS:
            raise too_long(self.service, self.next_rank)
        demand_room(self.next_rank, self._text)

    def _add_nameless(self, raw: RawRow) -> None:
        """Take a row of which only a number is understood, that may be the list's own."""
        bare = number_id(raw.bare_id)
        if self._anime.note(len(self._entries), raw.base, raw.number):
            self._add_entry(ListEntry(rank=self.next_rank))  # has ids, or goes, in the end
        elif bare is None:
            self.skip_broken(_sketch(raw), NOTHING)
        else:
            ids = external_ids(None, bare, None, None)
            entry = ListEntry(rank=self.next_rank, ids=ids, doubt=_WHOSE_NUMBER)
            self._add_entry(entry)

    def _of_seasons(self, entry: ListEntry, kind: Kind, cell: SeasonCell) -> ListEntry:
        """Make *entry* one of the seasons that its row tells."""
        if entry.kind is MediaType.MOVIE:
            is_doubtful = cell.names_seasons and cell.numbers != (0,)  # some write 0 for none
            return entry._replace(doubt=_FILM_WITH_SEASON) if is_doubtful else entry
        if kind.is_season and not cell.names_seasons:
            return entry._replace(doubt=_SOME_SEASON)
        entry = entry._replace(seasons=cell.numbers, doubt=cell.doubt)
        of_part = kind.is_season if self.ids_of_parts is None else self.ids_of_parts
        return _by_title(entry, cell) if cell.names_seasons and of_part else entry

    def skip(self, what: str, why: str) -> None:
        """Leave a row out that means something, but no title that could be requested."""
        self._demand_room()
        row = SkippedRow(rank=self.next_rank, what=(title_text(what) or "?")[:80], why=why)
        self._skipped.append(row)

    def skip_broken(self, what: str, why: str) -> None:
        """Leave a row out that means nothing; many of these mean that this is no list."""
        self.skip(what, why)
        self._broken.append(self._skipped[-1])

    def skip_cut(self, what: str) -> None:
        """Leave the last row out, because the file ends in the middle of it."""
        self.skip(what, CUT_OFF)
        self.is_cut = True

    def fetched(self, validators: Validators) -> Fetched:
        """Finish. A cut file declares one row more than it holds, and is not remembered.

        Raises:
            UnavailableError: it has numbers of anime, and no map of them can be had.
            ResponseChangedError: too many rows mean nothing.
        """
        self._entries, nameless = self._anime.resolved(self._entries)
        self._skipped += nameless
        read = self.next_rank - 1
        refuse_drift(self.service, self._broken, total=read)
        return Fetched(
            entries=tuple(self._entries),
            skipped=tuple(self._skipped),
            declared=read + 1 if self.is_cut else read or (0 if self.says_empty else None),
            validators=None if self.is_cut or self._broken else validators,
            broken=len(self._broken),
            remark=self._remark(),
        )


def _imdb_of(value: object) -> str | None:
    """Read an IMDb id, also as the bare number of seven digits or eight that some write."""
    found = imdb_id(value)
    if found is None and isinstance(value, str) and _BARE_IMDB.fullmatch(value.strip()):
        return imdb_id(f"tt{value.strip()}")
    return found


def _kind_of(raw: RawRow) -> Kind:
    if raw.kind and isinstance(raw.kind, str):
        return kind_of(raw.kind)
    word = raw.soft_kind
    return soft_kind_of(word) if word and isinstance(word, str) else _UNSAID


def _with_ids(raw: RawRow) -> RawRow:
    """Take the ids of a row from wherever it has them: an address, `imdb://tt1`, its base's."""
    if raw.guids:
        raw = _by_guids(raw)
    if raw.number and raw.base and isinstance(raw.base, str):
        name = _BASES.get(plain_name(raw.base))
        if name is not None and not getattr(raw, name):
            raw = raw._replace(**{name: raw.number})
    return _by_address(raw) if _may_be_address(raw) else raw


def _by_guids(raw: RawRow) -> RawRow:
    """Read ids as media servers write them, one or several."""
    given = raw.guids if isinstance(raw.guids, list) else [raw.guids]
    for one in given[:_MOST_GUIDS]:
        text = one.get("id") if isinstance(one, dict) else one
        if isinstance(text, str):
            for found in _GUID.finditer(text[:_LONGEST_GUID]):
                name = _BASES[found["base"].lower()]
                if not getattr(raw, name):
                    raw = raw._replace(**{name: found["id"]})
    return raw


def _may_be_address(raw: RawRow) -> bool:
    ids = (raw.imdb, raw.tmdb, raw.tvdb)
    found = ids if any(ids) else (raw.address,)
    return any(isinstance(value, str) and "/" in value for value in found)


def _by_address(raw: RawRow) -> RawRow:
    """Take the ids that a row gives as addresses of titles, in whichever column."""
    for name in ("imdb", "tmdb", "tvdb", "address"):
        text = getattr(raw, name)
        if isinstance(text, str) and "/" in text:
            raw = raw if name == "address" else raw._replace(**{name: None})
            raw = _with_address(raw, text.strip())
    return raw


def _with_address(raw: RawRow, address: str) -> RawRow:
    if person := _PERSON_PAGE.search(address):
        return raw._replace(imdb=raw.imdb or person[1])
    form = title_at(address) if _TITLE_PAGE.search(address) else None
    if form is None or form.provider not in ("imdb", "tmdb", "tvdb"):
        return _by_slug(raw, form)
    if getattr(raw, form.provider):
        return raw
    season, is_episode = part_in_address(address)
    raw = raw._replace(**{form.provider: form.groups["id"]})
    return raw._replace(
        kind=raw.kind or _KINDS_AT.get(form.groups.get("media", "")),
        season=raw.season or season,
        episode=raw.episode or ("1" if is_episode else None),
    )


def _by_slug(raw: RawRow, form: AddressForm | None) -> RawRow:
    """Name a film by the words of its address at Letterboxd, where nothing else does."""
    if form is None or any((raw.title, raw.original_title, raw.imdb, raw.tmdb, raw.tvdb)):
        return raw
    return raw._replace(title=form.groups["id"].replace("-", " "))


def _plain(title: str | None) -> str | None:
    """Put letters that web pages write as `&apos;` or `&#39;` in their place."""
    if title is None or "&" not in title or not _ENTITY.search(title):
        return title
    import html  # noqa: PLC0415 - few files have such letters

    return title_text(html.unescape(title))


def _why_unwanted(raw: RawRow) -> str | None:
    asks = raw.unwanted or raw.wanted not in (None, "")  # few do
    why = column_unwanted(raw.unwanted, raw.wanted) if asks else None
    return why or (status_unwanted(raw.status) if raw.status else None)


def is_person(value: object) -> bool:
    """Recognise the id of a person at IMDb: `nm` and digits."""
    if not value or not isinstance(value, str):
        return False
    text = value.strip().lower()
    return text.startswith("nm") and text[2:].isdigit()


def _is_episode(raw: RawRow, title: str | None, kind: Kind) -> bool:
    if raw.episode and names_episode(raw.episode):
        return True
    is_film = kind.media is MediaType.MOVIE
    return title is not None and not is_film and is_title_of_episode(title)


def _by_title(entry: ListEntry, cell: SeasonCell) -> ListEntry:
    """Take a row about a season by its title: its numbers may be those of the season itself.

    IMDb does not number seasons, so an IMDb id is that of the series.
    """
    if entry.title is None and entry.ids.imdb is None:
        return entry._replace(doubt=_NUMBER_OF_SEASON)
    title = entry.title and without_season(entry.title, cell)
    ids = external_ids(entry.ids.imdb, None, None, entry.kind)
    return entry._replace(title=title, ids=ids, check_ids=entry.check_ids and bool(ids))


def _says_more(title: str | None, year: int | None) -> bool:
    """Tell whether there is a title with its year, against which ids can be held."""
    return title is not None and (year is not None or _DATED.search(title) is not None)


def _year_of(date: object) -> int | None:
    """Read the year of the date on which a title came out, in any order of its parts."""
    if not isinstance(date, str):
        return year_number(date)
    years = _YEARS.findall(date[:40])
    return year_number(years[0]) if len(years) == 1 else None


def _other(title: str | None, original: object) -> str | None:
    """Clean an original title; None when it says nothing new."""
    if not original or original == title:
        return None
    text = title_text(original)
    return None if text == title else text


def _sketch(raw: RawRow) -> str:
    return " ".join(str(part) for part in raw if part)[:80]
