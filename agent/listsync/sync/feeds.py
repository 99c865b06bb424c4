"""What lists hold, for their feeds: after matching, filters, kinds and exclusions.

Whether the server has a title, or was asked for it before, does not matter here: a feed is the
list itself. All else is judged by what decisions go by, so that a feed has what a plan takes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import field
from datetime import UTC, datetime
from operator import itemgetter

from listsync.domain.decisions import Found, How, Match, Member, Outcome, Prepared, Wish
from listsync.domain.feeds import (
    FeedContent,
    FeedTitle,
    KnownTitle,
    LeftOut,
    sendable,
)
from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import NO_IDS, ExternalIds, MediaType, TitleKey
from listsync.domain.server import MediaStatus, SeriesDetails, TitleFacts
from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass
from listsync.ports.feeds import FeedStore
from listsync.ports.server import TitleDetails
from listsync.ports.titles import FactsCache
from listsync.prefetch import Overlap
from listsync.sync.deduplication import Group, wish_of
from listsync.sync.eligibility import fitting, takes
from listsync.sync.exclusions import Excluded
from listsync.sync.fetch_lists import Followed
from listsync.sync.knowledge import Knowledge
from listsync.sync.pipeline import Listener
from listsync.sync.titles.resolve import Resolver

NOTHING = KnownTitle()
READS_AT_ONCE = 4
_GIVE_UP_AFTER = 5
_PASSING = (LeftOut.NOT_LOOKED_UP, LeftOut.NO_FACTS)
"""Reasons for which a title that was in a feed stays in it: it is on the list, and known."""
_BY_ID = (How.TMDB_ID, How.IMDB_ID, How.TVDB_ID)
_LABEL = re.compile(r"(.+) \((\d{4})\)", re.DOTALL)


def reason_left_out(
    wish: Wish, member: Member, match: Match | None, facts: TitleFacts | None, known: Knowledge
) -> LeftOut | None:
    """Say why an entry is in no feed of its list, if so."""
    excluded = known.excluded
    if excluded.by_names(wish, match) is not None:
        return LeftOut.EXCLUDED
    if match is None:
        return LeftOut.NOT_LOOKED_UP
    if match.key is None:
        return LeftOut.REVIEW if match.found is Found.REVIEW else LeftOut.NOT_FOUND
    if not takes((member,), match.key.kind):
        return LeftOut.OTHER_KIND
    state, is_excluded = known.state(match.key), excluded.by_key(match.key) is not None
    if is_excluded or MediaStatus.BLOCKLISTED in (state.status, state.status_4k):
        return LeftOut.EXCLUDED
    return _by_facts(member, facts, excluded)


def _by_facts(member: Member, facts: TitleFacts | None, excluded: Excluded) -> LeftOut | None:
    if facts is None:
        needs_facts = excluded.genres or member.rules.filters
        return LeftOut.NO_FACTS if needs_facts else None
    if excluded.genres & facts.genres:
        return LeftOut.EXCLUDED
    return None if fitting((member,), facts)[1] is None else LeftOut.FILTERED


@dataclass(slots=True)
class _Seen:
    """What a run learned of one title; `known` from the catalogue, now or before."""

    wish: Wish
    match: Match | None
    facts: TitleFacts | None = None
    known: KnownTitle = NOTHING

    @property
    def key(self) -> TitleKey | None:
        return self.match.key if self.match else None

    @property
    def has_name(self) -> bool:
        """Tell whether the list or the look-up named the title."""
        match = self.match
        is_found_by_it = match is not None and match.how is not How.TMDB_ID and match.title
        return bool(self.wish.title or self.known.title or is_found_by_it)

    def title(self) -> FeedTitle | None:
        match, wish, known = self.match, self.wish, self.known
        if match is None or match.key is None:
            return None
        # Ids of a row that was taken for another title than they say are not this title's.
        ids = wish.ids if match.how in _BY_ID and not wish.conflict else NO_IDS
        return _title_of(match.key, wish, match.title, known, ids)


def _title_of(
    key: TitleKey, wanted: Wish | ListEntry, found: str, known: KnownTitle, ids: ExternalIds
) -> FeedTitle:
    name, year = _parts_of(found)
    return FeedTitle(
        key.kind,
        wanted.title or known.title or name or wanted.label,
        wanted.year or known.year or year,
        sendable(key.tmdb_id),
        known.imdb or ids.imdb,
        sendable(known.tvdb or ids.tvdb),
    )


def _parts_of(label: str) -> tuple[str, int | None]:
    """Split what a look-up calls a title, so that it is named as its details would name it.

    Whether a sync reads these may hang on a limit, even on which thread was quicker.
    """
    parts = _LABEL.fullmatch(label)
    return (parts[1], int(parts[2])) if parts else (label, None)


@dataclass(slots=True)
class FeedShelf:
    """What is gathered for the feed of one list; entries come in any order."""

    titles: list[tuple[int, FeedTitle]] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)

    def content(self) -> FeedContent:
        by_name: dict[object, FeedTitle] = {}
        for _, one in sorted(self.titles, key=itemgetter(0)):
            by_name.setdefault(one if one.tmdb is None else _key_of(one), one)
        titles = tuple(by_name.values())
        lacking = sum(one.kind is MediaType.TV and one.tvdb is None for one in titles)
        unnamed = sum(not one.is_served for one in titles) - lacking
        without = Counter({LeftOut.NO_TVDB_ID.value: lacking, LeftOut.NO_ID.value: unnamed})
        return FeedContent(titles=titles, left_out=dict(+(self.left_out + without)))


class FeedGatherer:
    """Hears what becomes of wishes, and makes feeds of that. Implements `pipeline.Listener`.

    Without a *catalogue*, as nobody reads any, it makes none.
    """

    def __init__(
        self,
        listener: Listener,
        known: Knowledge,
        resolver: Resolver,
        catalogue: FeedCatalogue | None = None,
    ) -> None:
        self._listener = listener
        self._known = known
        self._resolver = resolver
        self._catalogue = catalogue
        self._shelves: dict[str, FeedShelf] = defaultdict(FeedShelf)
        self._lacking: list[_Seen] = []

    def asking(self) -> None:
        self._listener.asking()

    def settled(self, prepared: Prepared, outcome: Outcome) -> None:
        if self._catalogue is not None:
            known = _known_by(prepared.facts, prepared.details)
            one = _Seen(prepared.wish, prepared.match, prepared.facts, known)
            self._take(one, self._catalogue)
        self._listener.settled(prepared, outcome)

    def present(self, group: Group) -> None:
        """Hear of entries that needed no decision."""
        catalogue = self._catalogue
        if catalogue is None:
            return
        title = self._known.handled.title_of(group[0])
        if (
            title is not None
            and len(group) == 1
            and self._is_plain(group[0], title.key, catalogue)
        ):
            return
        wish = wish_of(group)
        match = self._resolver.known(wish)
        if match is None and title is not None:
            match = Match(found=Found.FOUND, how=How.TITLE, key=title.key)
        self._take(_Seen(wish, match), catalogue)

    def _is_plain(self, member: Member, key: TitleKey, catalogue: FeedCatalogue) -> bool:
        """Place an entry of which all is known, and nothing is to be judged: most, mostly."""
        rules, entry, _ = member
        if rules.filters or self._known.excluded.genres or entry.check_ids or entry.doubt:
            return False
        known = catalogue.known.get(key, NOTHING)
        if not entry.title or (key.kind is MediaType.TV and not (known.tvdb or entry.ids.tvdb)):
            return False
        ids = entry.ids
        if entry.kind is None or ids.tmdb is None:
            match = self._resolver.remembered(entry)
            ids = ids if match is not None and match.how in _BY_ID else NO_IDS
        title = _title_of(key, entry, "", known, ids)
        self._shelves[rules.name].titles.append((entry.rank, title))
        return True

    def keep(self, lists: Iterable[Followed], unplaced: Collection[str]) -> None:
        """Keep what each list holds; where there was no room for one, it stays as it was.

        What little is lacking is read of the catalogue before.
        """
        catalogue = self._catalogue
        if catalogue is None:
            return
        for one in catalogue.completed(self._lacking, self._known):
            self._place(one, catalogue)
        contents = {name: shelf.content() for name, shelf in self._shelves.items()}
        keep_feeds(catalogue.store, lists, contents, unplaced)

    def _take(self, one: _Seen, catalogue: FeedCatalogue) -> None:
        if catalogue.has_all(one, self._known):
            self._place(one, catalogue)
        else:
            self._lacking.append(one)

    def _place(self, one: _Seen, catalogue: FeedCatalogue) -> None:
        title, wish = one.title(), one.wish
        for member in wish.members:
            shelf = self._shelves[member.rules.name]
            why = reason_left_out(wish, member, one.match, one.facts, self._known)
            kept = catalogue.kept(member.rules, one) if why in _PASSING else title
            if kept is not None and (why is None or why in _PASSING):
                shelf.titles.append((member.entry.rank, kept))
            elif why is not None:
                shelf.left_out[why.value] += 1


class FeedCatalogue:
    """Reads what feeds need of the server's catalogue, and remembers it."""

    def __init__(
        self,
        store: FeedStore,
        server: TitleDetails,
        facts: FactsCache,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self._server = server
        self._facts = facts
        self._check = check
        self.known = store.known(datetime.now(UTC))
        self._news: dict[TitleKey, KnownTitle] = {}
        self._failures = 0
        self._before: dict[str, dict[object, FeedTitle]] = {}

    @classmethod
    def over(
        cls,
        store: FeedStore | None,
        server: TitleDetails,
        facts: FactsCache,
        check: Callable[[], None],
    ) -> FeedCatalogue | None:
        """Make one where feeds are kept."""
        return None if store is None else cls(store, server, facts, check)

    def has_all(self, one: _Seen, known: Knowledge) -> bool:
        """Add what is known without a call, and tell whether that is all that feeds need."""
        if one.key is None:
            return True
        lacks_facts = self._lacks_facts(one, known)
        if one.known is NOTHING:
            one.known = _known_by(one.facts, None)
        before = self.known.get(one.key, NOTHING)
        if one.known is NOTHING or one.known == before:
            one.known = before
        else:
            self._news[one.key] = one.known = one.known.or_else(before)
        if one.known.tvdb is None and one.key.kind is MediaType.TV:
            one.known = one.known._replace(tvdb=known.state(one.key).tvdb_id)
        return not (lacks_facts or self._lacks(one))

    def completed(self, lacking: Iterable[_Seen], known: Knowledge) -> Iterator[_Seen]:
        """Yield each with what its feeds need, in order, as far as the server answers."""

        def quick(one: _Seen) -> _Seen | None:
            is_over = self._failures >= _GIVE_UP_AFTER
            return one if is_over or self.has_all(one, known) else None

        reading: Overlap[_Seen, _Seen] = Overlap(self._read, workers=READS_AT_ONCE)
        yield from reading.map(lacking, quick, self._check)
        self.store.note_known(self._news, datetime.now(UTC))

    def kept(self, rules: ListRules, one: _Seen) -> FeedTitle | None:
        """Find a title that a list's feed has, and of which too little was learned now."""
        if rules.name not in self._before:
            self._before[rules.name] = {
                name: title for title in self.store.titles(rules) for name in _names_of(title)
            }
        title, wish = one.title(), one.wish
        wanted = (wish.title or wish.label, wish.year) if title is None else _key_of(title)
        return self._before[rules.name].get(wanted)

    def _lacks(self, one: _Seen) -> bool:
        """Tell whether the catalogue is to be asked for a name or a TVDB id."""
        title = one.title()
        if title is None or one.key in self.known:
            return False
        return not one.has_name or (title.kind is MediaType.TV and title.tvdb is None)

    def _lacks_facts(self, one: _Seen, known: Knowledge) -> bool:
        if one.key is None or one.facts is not None:
            return False
        if not known.excluded.genres and not any(m.rules.filters for m in one.wish.members):
            return False
        one.facts = self._facts.get(one.key)
        return one.facts is None

    def _read(self, one: _Seen) -> _Seen:
        """Read one title's details; runs in a reader thread."""
        key = one.key
        assert key is not None  # noqa: S101 - it lacks something
        try:
            details = self._server.series(key.tmdb_id) if key.kind is MediaType.TV else None
            facts = details.facts if details else self._server.facts(key)
        except ListsyncError:
            self._failures += 1
            return one
        self._failures = 0
        one.facts = one.facts or facts
        if facts is not None:
            self._facts.put(key, facts)
        one.known = _known_by(facts, details).or_else(one.known)
        self._news[key] = one.known
        return one


def _known_by(facts: TitleFacts | None, details: SeriesDetails | None) -> KnownTitle:
    if facts is None and details is None:
        return NOTHING
    facts = facts or (details.facts if details else None)
    ids = details.ids if details else facts.ids if facts else NO_IDS
    return KnownTitle(
        title=facts.title if facts else "",
        year=facts.year if facts else None,
        imdb=ids.imdb,
        tvdb=ids.tvdb,
    )


def _key_of(title: FeedTitle) -> object:
    return title.kind, title.tmdb


def _names_of(title: FeedTitle) -> tuple[object, object]:
    return _key_of(title), (title.title, title.year)


def keep_feeds(
    store: FeedStore,
    lists: Iterable[Followed],
    contents: Mapping[str, FeedContent],
    unplaced: Collection[str],
) -> None:
    """Keep the content of every list of a run but of the *unplaced*, for which was no room."""
    at = datetime.now(UTC)
    for rules in (one.rules for one in lists):
        if not rules.is_exclusion and rules.name not in unplaced:
            store.save(rules, contents.get(rules.name, FeedContent(titles=())), at)
