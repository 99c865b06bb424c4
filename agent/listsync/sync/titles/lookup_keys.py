"""What must be looked up for a wish, by name: by these names it is remembered. Pure."""

from __future__ import annotations

from dataclasses import replace

from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType
from listsync.domain.sync_records import Wish
from listsync.sync.deduplication import entry_id
from listsync.sync.titles.evidence import Sought, sought
from listsync.sync.titles.title_folding import fold


def lookup_of(wish: Wish) -> str | None:
    """Name what must be looked up for *wish*; None when it names its title itself."""
    first = wish.members[0].entry
    if first.doubt:
        return _lookup_of_doubt(first)
    if wish.conflict:
        return f"conflict:{'|'.join(sorted(_ids_of_members(wish)))}"
    return lookup_of_entry(wish)


def lookup_of_entry(one: ListEntry | Wish) -> str | None:
    """Name what must be looked up for an entry alone, as `lookup_of` does."""
    if isinstance(one, ListEntry) and one.doubt:
        return _lookup_of_doubt(one)
    if one.check_ids:
        said = "+".join(str(number or "") for number in one.ids)
        return f"checked:{fold(one.title or '')}|{one.year or ''}|{one.kind or ''}|{said}"
    return _lookup_by_ids(one) if one.ids else _lookup_by_title(one)


def _lookup_by_ids(one: ListEntry | Wish) -> str | None:
    ids, kind = one.ids, one.kind
    if ids.tmdb is not None and kind is not None:
        return None
    if ids.imdb:
        return f"imdb:{ids.imdb}|{kind or ''}"
    if series_id(one) is not None:
        return f"tvdb:{ids.tvdb}"
    if ids.tmdb is not None:
        return f"tmdb:{ids.tmdb}|{fold(one.title or '')}|{one.year or ''}"
    return _lookup_by_title(one)


def _lookup_by_title(one: ListEntry | Wish) -> str:
    """Name a title; not by a bare id as well: that may be the list's own number, and change."""
    evidence = "title" if one.bare_id is None else "title+id"
    return f"{evidence}:{_title_and_year(one)}|{one.kind or ''}"


def lookups_of(wish: Wish) -> tuple[str, ...]:
    """Name what must be looked up for *wish*, and after that what earlier versions called it."""
    former = lookup_of(replace(wish, check_ids=False)) if wish.check_ids else None
    return tuple(name for name in (lookup_of(wish), former) if name is not None)


def title_lookup_of(wish: Wish) -> str:
    """Name what another list that only knows the title of *wish* has looked up."""
    return _lookup_by_title(replace(wish, bare_id=None))


def _title_and_year(one: ListEntry | Wish) -> str:
    wanted = wanted_of(one)
    return f"{fold(wanted.titles[0])}|{wanted.year or ''}"


def _lookup_of_doubt(entry: ListEntry) -> str:
    """Name what a person is to say of a row; another doubt about it is another question."""
    return f"doubt:{entry_id(entry)}|{entry.doubt}"


def _ids_of_members(wish: Wish) -> set[str]:
    names: set[str] = set()
    for entry in (member.entry for member in wish.members):
        if entry.ids.imdb:
            names.add(f"imdb:{entry.ids.imdb}")
        if entry.ids.tmdb is not None:
            names.add(f"tmdb:{entry.kind or '?'}/{entry.ids.tmdb}")
        if entry.ids.tvdb is not None:
            names.add(f"tvdb:{entry.ids.tvdb}")
    return names


def series_id(one: ListEntry | Wish) -> int | None:
    """Give the TVDB id unless it is that of a film: the server looks up series only."""
    return None if one.kind is MediaType.MOVIE else one.ids.tvdb


def wanted_of(one: ListEntry | Wish) -> Sought:
    return sought(one.title or "", one.original_title, one.year, one.kind)
