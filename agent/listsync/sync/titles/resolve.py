"""From a wish to `(kind, tmdbId)`: own id, remembered answer, IMDb or TVDB id, title.

Runs in reader threads; talks to the server through its port only. At most four calls a title
that is found, and one more where "nothing found" must be told from an outage.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from listsync.domain.decisions import ChosenId, Found, How, Match, Wish
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, TitleKey
from listsync.domain.server import Candidate
from listsync.errors import UnavailableError
from listsync.ports.server import Catalogue
from listsync.sync.titles.detail_proof import Prover
from listsync.sync.titles.evidence import BEST_SCORE, Sought, may_be_namesake
from listsync.sync.titles.id_verification import (
    bears_out,
    confirm,
    ids_differ,
    leads_to_another,
    match_of_choice,
    match_of_id,
    nothing,
    title_instead_of_ids,
    to_review,
    unsettled,
    waiting_again,
)
from listsync.sync.titles.lookups import (
    MOST_CALLS,
    Budget,
    Lookups,
    Offered,
    lookup_of,
    lookup_of_entry,
    lookups_of,
    queries,
    series_id,
    title_lookup_of,
    wanted_of,
)
from listsync.sync.titles.matching import choose
from listsync.sync.titles.title_folding import without_suffixes

_ALIVE_FOR_S = 2.0


class Resolver:
    """Finds the title behind a wish. Safe to use from several threads.

    *chosen_ids* are the IMDb ids, by lookup, that a person chose and that are to be looked up.
    """

    def __init__(
        self,
        server: Catalogue,
        remembered: Mapping[str, Match],
        clock: Callable[[], float] = time.monotonic,
        chosen_ids: Mapping[str, str] | None = None,
    ) -> None:
        self._server = server
        self._chosen_ids = chosen_ids or {}
        self._remembered = remembered
        self._clock = clock
        self._alive_at = float("-inf")
        self._alive_lock = threading.Lock()

    def known(self, wish: Wish) -> Match | None:
        """Return the match that costs no call, if there is one."""
        return None if self.chosen_id(wish) else self._known(wish)

    def chosen_id(self, wish: Wish) -> ChosenId | None:
        """Return the id that a person chose for *wish* and that is to be looked up, if any."""
        for name in lookups_of(wish) if self._chosen_ids else ():
            if name in self._chosen_ids:
                return ChosenId(name, self._chosen_ids[name])
            if name in self._remembered:
                break
        return None

    def _known(self, wish: Wish) -> Match | None:
        if wish.conflict:
            return self._remembered.get(lookup_of(wish) or "") or unsettled(wish, wish.conflict)
        if wish.check_ids:
            return self._known_as_checked(wish)
        if wish.kind is None or wish.ids.tmdb is None:
            match = self._remembered.get(lookup_of(wish) or "")
            return match and self._as_chosen_by_title(wish, match)
        return Match(
            found=Found.FOUND,
            how=How.TMDB_ID,
            key=TitleKey(wish.kind, wish.ids.tmdb),
            title=wish.label,
            reasons=("the list gives the TMDB id",),
        )

    def _known_as_checked(self, wish: Wish) -> Match | None:
        """Return what was verified, or was found by an id before ids were, if the title fits."""
        name, *former = lookups_of(wish)
        match = self._remembered.get(name)
        if match is not None or not former:
            return match
        found = self._remembered.get(former[0])
        if found is None or found.key is None:
            return None
        label, year = without_suffixes(found.title)
        candidate = Candidate(key=found.key, title=label, original_title=label, year=year)
        fits = bears_out(wanted_of(wish), candidate) and wish.ids.tmdb in (None, found.key.tmdb_id)
        return found if found.how is How.CHOICE or fits else None

    def title_of(self, entry: ListEntry) -> TitleKey | None:
        """Return what an entry alone is taken for, where that costs no call."""
        kind, tmdb = entry.kind, entry.ids.tmdb
        if kind is not None and tmdb is not None and not (entry.check_ids or entry.doubt):
            return TitleKey(kind, tmdb)
        match = self.remembered(entry)
        return match.key if match else None

    def remembered(self, entry: ListEntry) -> Match | None:
        """Return what an entry alone was looked up as."""
        name = lookup_of_entry(entry) or ""
        return None if name in self._chosen_ids else self._remembered.get(name)

    def is_news(self, wish: Wish) -> bool:
        """Tell whether `known` found something out that is not remembered yet."""
        is_remembered = bool(wish.conflict) or wish.check_ids
        return is_remembered and lookup_of(wish) not in self._remembered

    def match(self, wish: Wish, lookups: Lookups | None = None) -> Match:
        """Ask the server, by way of *lookups*; raises what the port raises.

        Raises:
            UnavailableError: also when an empty answer may be an outage.
        """
        lookups = lookups or Lookups(self._server)
        chosen = self.chosen_id(wish)
        if chosen is None:
            return self._as_chosen_by_title(wish, self._look_up(wish, lookups))
        match = match_of_choice(chosen, lookups.find_by_imdb(chosen.imdb), wish.kind)
        if match.key is not None:
            return match
        return waiting_again(match, self._known(wish) or self._look_up(wish, lookups))

    def _as_chosen_by_title(self, wish: Wish, match: Match) -> Match:
        """Take for *match* what a person chose where a list says the title alone.

        It does not settle what the ids of *wish* put in doubt.
        """
        is_open = match.key is None and match.how is not How.CHOICE
        if not is_open or (wish.ids and match.found is Found.REVIEW):
            return match
        other = self._remembered.get(title_lookup_of(wish)) if wish.title else None
        return other if other and other.key and other.how is How.CHOICE else match

    def _look_up(self, wish: Wish, lookups: Lookups) -> Match:
        missed: list[Match] = []
        others: list[Match] = []
        for look_up in self._by_ids(wish, lookups):
            match = look_up()
            if match.found is Found.NOT_FOUND:
                missed.append(match)
            elif wish.check_ids and leads_to_another(wish, match):
                others.append(match)
            else:
                return self._unless_ids_differ(wish, match, others, lookups)
        if others:
            return self._by_title_not_ids(wish, others, len(missed), lookups)
        if not missed:
            return self._by_title_alone(wish, lookups)
        is_named = bool(wish.title) and wish.year is not None
        if not wish.check_ids and (not is_named or missed[-1].how is How.TMDB_ID):
            return missed[0]
        return self._by_title_instead(wish, missed, lookups)

    def _unless_ids_differ(
        self, wish: Wish, match: Match, others: list[Match], lookups: Lookups
    ) -> Match:
        """Leave to a person what several ids that nobody vouches for lead to, if it is not one.

        A TMDB id that leads nowhere contradicts nothing: TMDB drops and joins titles.
        """
        tmdb = wish.ids.tmdb
        if not wish.check_ids or match.key is None:
            return match
        if not others and tmdb is not None and match.key.tmdb_id != tmdb:
            other = self._by_tmdb(lookups, wish, tmdb)
            others = [] if other.found is Found.NOT_FOUND else [other]
        if not others:
            return match
        return ids_differ(match, others)

    def _by_title_not_ids(
        self, wish: Wish, others: list[Match], missed: int, lookups: Lookups
    ) -> Match:
        """Search by title what the ids do not lead to; what is not found so needs a person."""
        budget = Budget(max(1, MOST_CALLS - len(others) - missed))
        match = self._by_title(wanted_of(wish), budget, lookups)
        return title_instead_of_ids(wish, match, others)

    def _by_title_alone(self, wish: Wish, lookups: Lookups) -> Match:
        """Search by title; a TVDB id of a film only helps where the title leaves a doubt.

        TMDB lists no TVDB ids of films, so asking for each would be a call for nothing.
        """
        budget = Budget()
        match = self._by_bare_id(wish, budget, lookups)
        if match is not None:
            return match
        wanted = wanted_of(wish)
        match = self._by_title(wanted, budget, lookups)
        dated = wanted.by_number_behind if match.found is Found.NOT_FOUND else None
        if dated is not None and budget.left:
            other = self._by_title(dated, budget, lookups)
            match = other if other.found is Found.FOUND else match
        if match.found is not Found.REVIEW or wish.ids.tvdb is None:
            return match
        return confirm(match, wish.ids, lookups.facts, budget.left)

    def _by_title_instead(self, wish: Wish, missed: list[Match], lookups: Lookups) -> Match:
        """Search by title for what no id led to, and let the ids of what it finds decide."""
        budget = Budget(max(1, MOST_CALLS - len(missed) - 1))
        match = self._by_title(wanted_of(wish), budget, lookups)
        unknown = tuple(one.reasons[0] for one in missed)
        if match.found is Found.NOT_FOUND:
            return replace(match, how=missed[0].how, reasons=(*unknown, *match.reasons))
        ids = ExternalIds(imdb=wish.ids.imdb, tvdb=series_id(wish))
        if ids:
            match = confirm(match, ids, lookups.facts, budget.left + 1)
        return replace(match, reasons=(*match.reasons, *unknown))

    def _by_bare_id(self, wish: Wish, budget: Budget, lookups: Lookups) -> Match | None:
        """Take what a number that is called only `id` leads to, if that has the title."""
        if wish.bare_id is None:
            return None
        budget.left -= 1
        page = lookups.find_by_bare_id(wish.bare_id)
        fitting = [one for one in page.candidates if bears_out(wanted_of(wish), one)]
        if len(fitting) != 1:
            return None
        match = match_of_id(wish, tuple(fitting), How.TMDB_ID, f"TMDB id {wish.bare_id}")
        return replace(match, reasons=(*match.reasons, "the list has the number as `id`"))

    def _by_ids(self, wish: Wish, asked: Lookups) -> list[Callable[[], Match]]:
        """Give the lookups by the ids of *wish*, the surest first."""
        ids, tvdb = wish.ids, series_id(wish)
        lookups: list[Callable[[], Match]] = []
        if ids.imdb is not None:
            lookups.append(partial(self._by_imdb, asked, wish, ids.imdb))
        if tvdb is not None:
            lookups.append(partial(self._by_tvdb, asked, wish, tvdb))
        if ids.tmdb is not None:
            lookups.append(partial(self._by_tmdb, asked, wish, ids.tmdb))
        return lookups

    def _by_imdb(self, lookups: Lookups, wish: Wish, imdb: str) -> Match:
        page = lookups.find_by_imdb(imdb)
        if not page.candidates:
            what = "is a person" if page.others else "is no film or series there"
            return nothing(How.IMDB_ID, f"the server's catalogue: {imdb} {what}")
        return match_of_id(wish, page.candidates, How.IMDB_ID, imdb)

    def _by_tvdb(self, lookups: Lookups, wish: Wish, tvdb: int) -> Match:
        page = lookups.find_by_tvdb(tvdb)
        if not page.candidates:
            return nothing(How.TVDB_ID, f"the server's catalogue knows no TVDB id {tvdb}")
        return match_of_id(wish, page.candidates, How.TVDB_ID, f"TVDB id {tvdb}")

    def _by_tmdb(self, lookups: Lookups, wish: Wish, tmdb: int) -> Match:
        if wish.kind is not None:
            described = _described(lookups, TitleKey(wish.kind, tmdb))
            if described is not None:
                return match_of_id(wish, (described,), How.TMDB_ID, f"TMDB id {tmdb}")
        page = lookups.find_by_tmdb(tmdb)
        if not page.candidates:
            self._must_be_alive(self._clock())
            return nothing(How.TMDB_ID, f"neither a film nor a series has the TMDB id {tmdb}")
        return match_of_id(wish, page.candidates, How.TMDB_ID, f"TMDB id {tmdb}")

    def _by_title(self, wanted: Sought, budget: Budget, lookups: Lookups) -> Match:
        """Search narrow, then wide, then by other names; stop at the first certainty.

        Only the same title of the same year, and what its details prove, is certain before the
        wide search was seen: it may offer one that fits better than what the narrow one let
        through. Nor is one that next to nobody knows: lists give the year of a festival, and its
        obscure namesake has that very year.
        """
        started = self._clock()
        offered, prover = Offered(), Prover(wanted, budget, lookups)
        match = nothing(How.TITLE, "no title like it")
        for title, year in queries(wanted):
            if budget.left < 1:
                break
            budget.left -= 1
            offered.add(lookups.search(title, year=year), year)
            chosen = choose(wanted, offered.candidates.values(), is_complete=offered.is_complete)
            match = prover.settle(chosen, offered)
            if match.found is Found.FOUND and (offered.is_all or _is_certain(match)):
                return match
            if match.found is Found.REVIEW and _is_lasting(wanted, match):
                break
        if not offered.candidates:
            self._must_be_alive(started)
        return to_review(match) if match.found is Found.FOUND else match

    def _must_be_alive(self, since: float) -> None:
        """Prove that "nothing" was not an outage.

        When its own source fails, the server answers title searches with an empty success, but
        id searches with an error. It caches answers by id, so an id never asked for is used.
        Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
        """
        with self._alive_lock:
            if self._alive_at >= since - _ALIVE_FOR_S:
                return
            unused = random.randrange(900_000_000, 999_999_999)  # noqa: S311 - no secret
            self._server.find_by_imdb(f"tt{unused}")
            self._alive_at = self._clock()


def _described(lookups: Lookups, key: TitleKey) -> Candidate | None:
    """Read the title behind *key*; None where that fails: there may be none."""
    try:
        facts = lookups.facts(key, patient=False)
    except UnavailableError:
        return None
    if not facts.title:
        return None
    original = facts.original_title or facts.title
    return Candidate(key=key, title=facts.title, original_title=original, year=facts.year)


def may_be_outage(match: Match, lookups: Lookups) -> bool:
    """Tell a match that an empty answer may have spoiled: only the same title and year is sure."""
    is_sure = match.found is Found.FOUND and match.score >= BEST_SCORE
    return lookups.has_empty and not is_sure


def _is_certain(match: Match) -> bool:
    return match.score >= BEST_SCORE and not may_be_namesake(match.candidates[0])


def _is_lasting(wanted: Sought, match: Match) -> bool:
    """Say whether more candidates could only add to the doubt.

    So it is without a year, and where several titles of that very name and year were offered;
    but an original title may still lead to the right one.
    """
    return wanted.year is None or (match.score >= BEST_SCORE and len(wanted.titles) == 1)
