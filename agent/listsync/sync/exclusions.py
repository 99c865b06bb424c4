"""What must never be requested: how exclusions are looked up, and for which titles they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from listsync.domain.decisions import Found, How, Match, Member, Wish
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import (
    BY_COMMAND,
    NO_IDS,
    Exclusion,
    ExternalIds,
    TitleKey,
    by_list,
    parse_exclusion,
)
from listsync.domain.server import Candidate
from listsync.sync.deduplication import entry_id, wish_of
from listsync.sync.titles.evidence import Sought, sought
from listsync.sync.titles.title_folding import fold

_BY_TITLE = (How.TITLE, How.TITLE_INSTEAD)
_NO_LIST = "exclude"
"""The source of what is excluded one by one: its "name" says by whom."""
_RULES = ListRules(source=_NO_LIST, name="", service="exclude", is_exclusion=True)


class Excluded:
    """The titles that must never be requested, found by any of their names; to be read only."""

    def __init__(self, exclusions: Iterable[Exclusion]) -> None:
        self._keys: dict[TitleKey, str] = {}
        self._ids: dict[str, str] = {}
        self._titles: dict[str, list[Exclusion]] = {}
        self._genres: set[str] = set()
        for exclusion in exclusions:
            self._add(exclusion)

    def _add(self, exclusion: Exclusion) -> None:
        if exclusion.key is not None:
            self._keys.setdefault(exclusion.key, exclusion.by)
        if exclusion.imdb is not None:
            self._ids.setdefault(exclusion.imdb, exclusion.by)
        if exclusion.tvdb is not None:
            self._ids.setdefault(f"tvdb:{exclusion.tvdb}", exclusion.by)
        if exclusion.genre is not None:
            self._genres.add(exclusion.genre)
        if exclusion.title is not None:
            self._titles.setdefault(fold(exclusion.title), []).append(exclusion)

    @property
    def genres(self) -> AbstractSet[str]:
        """The genres of which nothing may be requested."""
        return self._genres

    def __bool__(self) -> bool:
        """Tell whether any title is excluded by name; genres are another matter."""
        return bool(self._keys or self._ids or self._titles)

    def by_key(self, key: TitleKey) -> str | None:
        """Say who excludes a title, if anybody does."""
        return self._keys.get(key)

    def by_names(self, wish: Wish, match: Match | None) -> str | None:
        """Say who excludes *wish* by what its lists say or by its title, if anybody does."""
        return self.by_ids(wish, match) or self._by_title(wish, match)

    def by_ids(self, wish: Wish, match: Match | None) -> str | None:
        """Check the ids that the lists say of *wish*, which may not be looked up yet.

        Ids that nobody vouches for count when it was, and if they were believed.
        """
        if wish.check_ids and (match is None or match.how is How.TITLE_INSTEAD):
            return None
        ids = self._ids
        if ids and wish.ids.imdb in ids:
            return ids[wish.ids.imdb]
        if ids and (name := f"tvdb:{wish.ids.tvdb}") in ids:
            return ids[name]
        if self._keys and wish.kind is not None and wish.ids.tmdb is not None:
            return self._keys.get(TitleKey(wish.kind, wish.ids.tmdb))
        return None

    def _by_title(self, wish: Wish, match: Match | None) -> str | None:
        """Check by title, also by the one found; year and kind count as far as both sides tell."""
        if not self._titles:
            return None
        kind = match.key.kind if match and match.key else wish.kind
        names = [sought(wish.title, wish.original_title, wish.year, kind)] if wish.title else []
        if match is not None and match.key is not None:
            names.append(sought(match.title, None, None, kind))
        found = (
            exclusion.by
            for wanted in names
            for title in wanted.titles
            for exclusion in self._titles.get(fold(title), ())
            if _agree(exclusion.year, wanted.year) and _agree(exclusion.kind, kind)
        )
        return next(found, None)


class ExclusionSet(Excluded):
    """The same, to which more is added: by who learns what is excluded."""

    def add(self, exclusion: Exclusion) -> None:
        self._add(exclusion)


def _agree(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _wish_to_exclude(exclusion: Exclusion) -> Wish:
    """Turn an exclusion by an outer id or a title into a wish, so that it can be looked up."""
    entry = ListEntry(
        rank=1,
        title=exclusion.title,
        year=exclusion.year,
        kind=exclusion.kind,
        ids=ExternalIds(imdb=exclusion.imdb, tvdb=exclusion.tvdb),
    )
    rules = replace(_RULES, name=exclusion.by)
    return wish_of((Member(rules, entry, entry_id(entry)),))


def wishes_to_exclude(exclusions: Iterable[Exclusion]) -> list[Wish]:
    """Turn those of *exclusions* into wishes that do not name their title by its number."""
    return [_wish_to_exclude(one) for one in exclusions if one.imdb or one.tvdb or one.title]


def said_by(member: Member) -> str:
    """Say who excludes by *member*, which is of a list of that, or of one exclusion."""
    rules = member.rules
    return rules.name if rules.source == _NO_LIST else by_list(rules.name)


def exclusion_of(member: Member, match: Match | None) -> Exclusion:
    """Turn an entry of a list of what must not be requested into an exclusion.

    Ids that lead to another title than the entry's exclude nothing.
    """
    entry = member.entry
    is_of_another = match is not None and match.how is How.TITLE_INSTEAD
    ids, kind = NO_IDS if is_of_another else entry.ids, entry.kind
    return Exclusion(
        by=said_by(member),
        key=TitleKey(kind, ids.tmdb) if kind is not None and ids.tmdb is not None else None,
        imdb=ids.imdb,
        tvdb=ids.tvdb,
        title=entry.title,
        year=entry.year,
        kind=kind,
    )


def names_title_only(wish: Wish) -> bool:
    """Tell a wish that names its title by no id: of these all candidates are to be remembered."""
    return not wish.ids


def keys_excluded(wish: Wish, match: Match) -> set[TitleKey]:
    """Give the titles that an exclusion, taken for *match*, keeps from being requested.

    Doubt ends in not requesting: where an id names several titles, all of them; where a name does,
    all of that very name, as far as year and kind fit.
    """
    keys = {match.key} if match.key else set()
    if match.found is Found.REVIEW and match.how not in _BY_TITLE:
        return keys | {candidate.key for candidate in match.candidates}
    is_doubtful = match.key is None or names_title_only(wish)
    if is_doubtful and match.how in _BY_TITLE and wish.title:
        wanted = sought(wish.title, wish.original_title, wish.year, wish.kind)
        keys |= {one.key for one in match.candidates if _is_namesake(one, wanted)}
    return keys


def _is_namesake(candidate: Candidate, wanted: Sought) -> bool:
    names = {fold(candidate.title), fold(candidate.original_title)}
    return (
        not names.isdisjoint(map(fold, wanted.titles))
        and _agree(wanted.year, candidate.year)
        and _agree(wanted.kind, candidate.key.kind)
    )


class Additions:
    """What was excluded by command, as it comes; *read* gives all of it, as id forms."""

    def __init__(self, read: Callable[[], Iterable[str]]) -> None:
        self._read = read
        self._taken: set[str] = set()

    def take(self) -> list[Exclusion]:
        """Give what was not taken yet."""
        added = [item for item in self._read() if item not in self._taken]
        self._taken.update(added)
        return [replace(parse_exclusion(item), by=BY_COMMAND) for item in added]
