"""From lists to wishes: one wish a title and definition, however many lists want it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar

from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.syncing import ListRules, Member, Wish
from listsync.sync.eligibility import named_by_all
from listsync.sync.matching import sought
from listsync.sync.titles import fold

_T = TypeVar("_T")
_Token = tuple[str, str | int | None]
Group = tuple[Member, ...]
"""Entries that mean one title, in one definition; in list order."""


def entry_id(entry: ListEntry) -> str:
    """Name *entry* within its list, the same at each read: by its steadiest id, else its title.

    What was handled is remembered by these names: to change them takes a migration.
    """
    ids, part = entry.ids, _part_of(entry)
    if ids.imdb:
        return f"imdb:{ids.imdb}{part}"
    if ids.tmdb is not None:
        return f"tmdb:{entry.kind or '?'}/{ids.tmdb}{part}"
    if ids.tvdb is not None:
        return f"tvdb:{ids.tvdb}{part}"
    return title_token(entry) + part


def _part_of(entry: ListEntry) -> str:
    """Tell apart what rows want of one title."""
    if entry.doubt:
        return " ?"
    return f" s{','.join(map(str, entry.seasons))}" if entry.seasons else ""


def title_token(entry: ListEntry) -> str:
    """Name *entry* by title, year and kind, each as far as the list gives it."""
    wanted = sought(entry.title or "", None, entry.year, entry.kind)
    return f"title:{fold(wanted.titles[0])}|{wanted.year or ''}|{entry.kind or ''}"


def members_of(rules: ListRules, entries: Iterable[ListEntry]) -> list[Member]:
    """Give each entry its id; a row that only repeats another of the same list is dropped.

    What must not be requested is left out whatever else its row says: there is no doubt in it.
    """
    seen: dict[str, Member] = {}
    for row in entries:
        entry = row._replace(doubt=None) if rules.is_exclusion and row.doubt else row
        name = entry_id(entry)
        first = seen.get(name)
        if first is not None and (first.entry.ids, first.entry.kind) != (entry.ids, entry.kind):
            name += f" {entry.kind or '?'}/{entry.ids.tmdb}/{entry.ids.tvdb}"
        if name not in seen:
            seen[name] = Member(rules, entry, name)
    return list(seen.values())


def of_kind(member: Member) -> Member | None:
    """Take a member if its list takes it; one without a kind or an id is of the list's kind."""
    kind, entry = member.rules.kind, member.entry
    if kind is None or (entry.kind is None and entry.ids):
        return member
    if entry.kind is None:
        return member._replace(entry=entry._replace(kind=kind))
    return member if entry.kind is kind else None


def wishes_of(members: Sequence[Member]) -> list[Wish]:
    """Unite *members* as `united` does; one wish a group."""
    return [wish_of(group) for group in united(members)]


def united(members: Sequence[Member]) -> list[Group]:
    """Unite *members* (in list order) that share an id; never by TMDB number without the kind."""
    groups: dict[int, list[int]] = {}
    owners: dict[bool, dict[_Token, int]] = {False: {}, True: {}}
    for number, member in enumerate(members):
        owner = owners[member.rules.four_k]
        tokens = _tokens(member.entry)
        found = {owner[token] for token in tokens if token in owner}
        target = min(found, default=number)
        group = groups.setdefault(target, [])
        for other in found - {target}:
            moved = groups.pop(other)
            group.extend(moved)
            for one in moved:
                owner.update((token, target) for token in _tokens(members[one].entry))
        group.append(number)
        for token in tokens:
            owner[token] = target
    return [tuple([members[one] for one in sorted(group)]) for group in groups.values()]


def _tokens(entry: ListEntry) -> list[_Token]:
    """Name what makes two entries one: ids; only where there are none, the title.

    A doubt is shared with what has the very same one: it is no reason to hold others back.
    """
    ids = entry.ids
    if entry.doubt:
        return [(entry_id(entry), entry.doubt)]
    tokens: list[_Token] = []
    if ids.imdb:
        tokens.append(("imdb", ids.imdb))
    if ids.tmdb is not None and entry.kind is not None:
        tokens.append((entry.kind, ids.tmdb))
    if ids.tvdb is not None and entry.kind is not MediaType.MOVIE:
        tokens.append(("tvdb", ids.tvdb))
    if tokens:
        return tokens
    if ids.tmdb is not None:
        return [(title_token(entry), ids.tmdb)]
    return [(title_token(entry), None) if entry.title else (f"tvdb:{entry.kind}", ids.tvdb)]


def wish_of(group: Group) -> Wish:
    """Make one wish of members that were united."""
    if len(group) == 1:
        entry = group[0].entry
        return Wish(
            members=group,
            ids=entry.ids,
            kind=entry.kind,
            title=entry.title,
            original_title=entry.original_title,
            year=entry.year,
            seasons=named_by_all(group),
            four_k=group[0].rules.four_k,
            conflict=entry.doubt,
        )
    entries = [member.entry for member in group]
    named = next((entry for entry in entries if entry.title), entries[0])
    return Wish(
        members=group,
        ids=ExternalIds(
            imdb=_first(entry.ids.imdb for entry in entries),
            tmdb=_first(entry.ids.tmdb for entry in entries if entry.kind)
            or _first(entry.ids.tmdb for entry in entries),
            tvdb=_first(entry.ids.tvdb for entry in entries),
        ),
        kind=_first(entry.kind for entry in entries),
        title=named.title,
        original_title=named.original_title,
        year=named.year,
        seasons=named_by_all(group),
        four_k=group[0].rules.four_k,
        conflict=named.doubt or _conflict(entries),
    )


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)


def _conflict(entries: Sequence[ListEntry]) -> str | None:
    """Say why *entries*, which share an id, cannot all mean one title."""
    said: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.kind:
            said["kind"].add(entry.kind.value)
            if entry.ids.tmdb is not None:
                said["TMDB id"].add(str(TitleKey(entry.kind, entry.ids.tmdb)))
        if entry.ids.imdb:
            said["IMDb id"].add(entry.ids.imdb)
    for what in ("kind", "TMDB id", "IMDb id"):
        if len(said[what]) > 1:
            return f"the lists contradict each other: {what} {' and '.join(sorted(said[what]))}"
    return None
