"""From lists to wishes: one wish a title and edition, however many lists want it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from listsync.domain.decisions import Member, Wish, named_by_all
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.sync.titles.evidence import sought
from listsync.sync.titles.title_folding import fold

_T = TypeVar("_T")
_Token = tuple[str, str | int | None]
Group = tuple[Member, ...]
"""Entries that mean one title, in one edition; in list order."""


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


def members_of(rules: ListRules, entries: Sequence[ListEntry]) -> list[Member]:
    """Give each entry its id; a row that only repeats another of the same list is dropped.

    Rows of one id that nobody vouches for and of several titles bear their titles in their names,
    whatever their order. What must not be requested is left out whatever else its row says: there
    is no doubt in it.
    """
    seen: dict[str, Member] = {}
    ambiguous = _ambiguous_names(entries)
    for row in entries:
        entry = row._replace(doubt=None) if rules.is_exclusion and row.doubt else row
        name = entry_id(entry)
        if entry.check_ids and name in ambiguous:
            name += f" {title_token(entry)}"
        first = seen.get(name)
        if first is not None and (first.entry.ids, first.entry.kind) != (entry.ids, entry.kind):
            name += f" {entry.kind or '?'}/{entry.ids.tmdb}/{entry.ids.tvdb}"
        if name not in seen:
            seen[name] = Member(rules, entry, name)
    return list(seen.values())


def _ambiguous_names(entries: Sequence[ListEntry]) -> set[str]:
    """Find the names that a row whose ids are to be checked shares with one of another title."""
    by_name: dict[str, list[ListEntry]] = defaultdict(list)
    for entry in entries if any(one.check_ids for one in entries) else ():
        by_name[entry_id(entry)].append(entry)
    return {
        name
        for name, rows in by_name.items()
        if len(rows) > 1
        and any(one.check_ids for one in rows)
        and len(set(map(_beside_ids, rows))) > 1
    }


def may_any_be_renamed(members: Iterable[Member]) -> bool:
    """Tell whether an entry of a list may have been called otherwise before."""
    return any(_may_be_renamed(one.entry) for one in members)


def _may_be_renamed(entry: ListEntry) -> bool:
    return bool(entry.ids and entry.title) or _is_unsure(entry)


def _is_unsure(entry: ListEntry) -> bool:
    """Tell whether another row of its list may have the ids of *entry* the next time."""
    return entry.check_ids or entry.bare_id is not None


def _has_learnt_ids(before: ListEntry, now: ListEntry) -> bool:
    """Tell whether *now* may be what was read without ids: Letterboxd tells them bit by bit."""
    is_nameless = not before.ids and before.bare_id is None and before.doubt == now.doubt
    return is_nameless and before.kind in (None, now.kind)


def _beside_ids(entry: ListEntry) -> tuple[str, int | None, tuple[int, ...]]:
    return fold(entry.title or ""), entry.year, entry.seasons


def _undated(entry: ListEntry) -> object:
    """Give what tells an entry of which the year was not read: older versions read no dates."""
    return fold(entry.title or ""), entry.seasons, entry.ids, entry.bare_id


def renamed(known: Mapping[str, ListEntry], members: Sequence[Member]) -> dict[str, str]:
    """Find the entries that are called otherwise than when their list was read before.

    Gives their new names by the old ones. They are told by title, year and season: rows whose ids
    nobody vouches for may be sorted anew, older versions named them by other ids, and what had no
    ids is called by its title until it has.
    """
    names = {member.entry_id for member in members}
    new = [one for one in members if _may_be_renamed(one.entry) and one.entry_id not in known]
    lost: dict[object, list[str]] = defaultdict(list)
    for name, entry in known.items() if new else ():
        if name not in names and entry.title:
            lost[_beside_ids(entry)].append(name)
            if entry.year is None:
                lost[_undated(entry)].append(name)
    found: dict[str, str] = {}
    for member in new if lost else ():
        entry = member.entry
        before = (
            name for key in (_beside_ids(entry), _undated(entry)) for name in lost.get(key, ())
        )
        for name in before:
            if name not in found and (_is_unsure(entry) or _has_learnt_ids(known[name], entry)):
                found[name] = member.entry_id
                break
    return found


def of_kind(member: Member) -> Member | None:
    """Take a member if its list takes it; one without a kind or an id is of the list's kind."""
    kind, entry = member.rules.kind, member.entry
    if kind is None or (entry.kind is None and entry.ids):
        return member
    if entry.kind is None:
        return member._replace(entry=entry._replace(kind=kind))
    return member if takes(member.rules, entry.kind) else None


def takes(rules: ListRules, kind: MediaType | None) -> bool:
    """Tell whether a list takes entries of *kind*; None: of one that is not known."""
    return rules.kind is None or kind in (None, rules.kind)


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


def taken_from(groups: list[Group]) -> Iterator[Group]:
    """Yield *groups* in their order, and let go of each: what comes of it takes its place."""
    groups.reverse()
    while groups:
        yield groups.pop()


def _tokens(entry: ListEntry) -> list[_Token]:
    """Name what makes two entries one: ids; only where there are none, the title.

    A doubt is shared with what has the very same one: it is no reason to hold others back. Ids
    that nobody vouches for make one only what has the same title as well.
    """
    if entry.doubt:
        return [(entry_id(entry), entry.doubt)]
    if entry.check_ids:
        named = f"{fold(entry.title or '')}|{entry.year}"
        return [(f"{name} {number}", named) for name, number in _trusted_tokens(entry)]
    return _trusted_tokens(entry)


def _trusted_tokens(entry: ListEntry) -> list[_Token]:
    ids = entry.ids
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
            label=entry.label,
            ids=entry.ids,
            kind=entry.kind,
            title=entry.title,
            original_title=entry.original_title,
            year=entry.year,
            seasons=named_by_all(group),
            four_k=group[0].rules.four_k,
            conflict=entry.doubt,
            check_ids=entry.check_ids,
            bare_id=entry.bare_id,
        )
    entries = [member.entry for member in group]
    named = next((entry for entry in entries if entry.title), entries[0])
    return Wish(
        members=group,
        label=entries[0].label,
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
        check_ids=any(entry.check_ids for entry in entries),
        bare_id=_first(entry.bare_id for entry in entries),
    )


def _first(values: Iterable[_T | None]) -> _T | None:
    return next((value for value in values if value is not None), None)


def _conflict(entries: Sequence[ListEntry]) -> str | None:
    """Say why *entries*, which share an id, cannot all mean one title."""
    named: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.kind:
            named["kind"].add(entry.kind.value)
            if entry.ids.tmdb is not None:
                named["TMDB id"].add(str(TitleKey(entry.kind, entry.ids.tmdb)))
        if entry.ids.imdb:
            named["IMDb id"].add(entry.ids.imdb)
    for what in ("kind", "TMDB id", "IMDb id"):
        if len(named[what]) > 1:
            return f"the lists contradict each other: {what} {' and '.join(sorted(named[what]))}"
    return None
