"""From a wish to `(kind, tmdbId)`: own id, remembered answer, IMDb or TVDB id, title.

Runs in reader threads; talks to the server through its port only. At most three searches a
title, and one more call where "nothing found" must be told from an outage.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate, SearchPage
from listsync.domain.syncing import Found, How, Match, Wish
from listsync.ports import RequestServer
from listsync.sync.matching import BEST_SCORE, Sought, choose, sought
from listsync.sync.titles import folded, main_title

_ALIVE_FOR_S = 2.0


def lookup_of(wish: Wish) -> str | None:
    """Name what must be looked up for *wish*; None when it names its title itself."""
    ids = wish.ids
    if ids.tmdb is not None and wish.kind is not None:
        return None
    kind = wish.kind or ""
    if ids.imdb:
        return f"imdb:{ids.imdb}|{kind}"
    if _series_id(wish) is not None:
        return f"tvdb:{ids.tvdb}"
    if ids.tmdb is not None:
        return f"tmdb:{ids.tmdb}|{folded(wish.title or '').whole}|{wish.year or ''}"
    wanted = _sought(wish)
    return f"title:{folded(wanted.titles[0]).whole}|{wanted.year or ''}|{kind}"


def lookup_of_entry(entry: ListEntry) -> str | None:
    """Name what must be looked up for *entry* alone."""
    return lookup_of(
        Wish(
            members=(),
            ids=entry.ids,
            kind=entry.kind,
            title=entry.title,
            original_title=entry.original_title,
            year=entry.year,
            seasons=frozenset(),
            four_k=False,
        )
    )


def _series_id(wish: Wish) -> int | None:
    """Give the TVDB id unless it is that of a film: the server looks up series only."""
    return None if wish.kind is MediaType.MOVIE else wish.ids.tvdb


def _sought(wish: Wish) -> Sought:
    return sought(wish.title or "", wish.original_title, wish.year, wish.kind)


class Resolver:
    """Finds the title behind a wish. Safe to use from several threads."""

    def __init__(
        self,
        server: RequestServer,
        remembered: Mapping[str, Match],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server = server
        self._remembered = remembered
        self._clock = clock
        self._alive_at = float("-inf")
        self._alive_lock = threading.Lock()

    def known(self, wish: Wish) -> Match | None:
        """Return the match that costs no call, if there is one."""
        if wish.conflict:
            return Match(found=Found.REVIEW, how=How.TMDB_ID, reasons=(wish.conflict,))
        if wish.kind is None or wish.ids.tmdb is None:
            return self._remembered.get(lookup_of(wish) or "")
        return Match(
            found=Found.FOUND,
            how=How.TMDB_ID,
            key=TitleKey(wish.kind, wish.ids.tmdb),
            title=wish.label,
            reasons=("the list gives the TMDB id",),
        )

    def match(self, wish: Wish) -> Match:
        """Ask the server; raises what the port raises.

        Raises:
            UnavailableError: also when an empty answer may be an outage.
        """
        if wish.ids.imdb:
            return self._by_imdb(wish, wish.ids.imdb)
        tvdb = _series_id(wish)
        if tvdb is not None:
            return self._by_tvdb(wish, tvdb)
        if wish.ids.tmdb is not None:
            return self._by_tmdb(wish, wish.ids.tmdb)
        return self._by_title(_sought(wish))

    def _by_imdb(self, wish: Wish, imdb: str) -> Match:
        page = self._server.find_by_imdb(imdb)
        if not page.candidates:
            what = "is a person" if page.others else "is no film or series there"
            return _nothing(How.IMDB_ID, f"the server's catalogue: {imdb} {what}")
        return _by_id(wish, page.candidates, How.IMDB_ID, imdb)

    def _by_tvdb(self, wish: Wish, tvdb: int) -> Match:
        page = self._server.find_by_tvdb(tvdb)
        if not page.candidates:
            return _nothing(How.TVDB_ID, f"the server's catalogue knows no TVDB id {tvdb}")
        return _by_id(wish, page.candidates, How.TVDB_ID, f"TVDB id {tvdb}")

    def _by_tmdb(self, wish: Wish, tmdb: int) -> Match:
        page = self._server.find_by_tmdb(tmdb)
        if not page.candidates:
            self._must_be_alive(self._clock())
            return _nothing(How.TMDB_ID, f"neither a film nor a series has the TMDB id {tmdb}")
        return _by_id(wish, page.candidates, How.TMDB_ID, f"TMDB id {tmdb}")

    def _by_title(self, wanted: Sought) -> Match:
        """Search narrow, then wide, then without the subtitle; stop at the first certainty.

        Only the same title of the same year is certain before the wide search was seen: it may
        offer one that fits better than what the narrow one let through.
        """
        started = self._clock()
        offered: dict[TitleKey, Candidate] = {}
        match = _nothing(How.TITLE, "no title like it")
        is_complete = True
        for number, search in enumerate(self._searches(wanted)):
            page = search()
            offered.update((candidate.key, candidate) for candidate in page.candidates)
            is_complete = is_complete and page.pages <= 1
            match = choose(wanted, offered.values(), is_complete=is_complete)
            was_wide = number > 0 or wanted.year is None
            if match.found is Found.FOUND and (was_wide or match.score >= BEST_SCORE):
                return match
            if match.found is Found.REVIEW and wanted.year is None:
                break
        if not offered:
            self._must_be_alive(started)
        return match

    def _searches(self, wanted: Sought) -> list[Callable[[], SearchPage]]:
        title = wanted.titles[0]
        searches: list[Callable[[], SearchPage]] = []
        if wanted.year is not None:
            searches.append(lambda: self._server.search(title, year=wanted.year))
        searches.append(lambda: self._server.search(title))
        other = main_title(title) or (wanted.titles[1] if len(wanted.titles) > 1 else None)
        if other:
            searches.append(lambda: self._server.search(other, year=wanted.year))
        return searches

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


def _by_id(wish: Wish, candidates: tuple[Candidate, ...], how: How, said: str) -> Match:
    """Take the one candidate that an id names; several, or the wrong kind, need a person."""
    fitting = [c for c in candidates if wish.kind is None or c.key.kind is wish.kind]
    if len(fitting) == 1:
        only = fitting[0]
        return Match(
            found=Found.FOUND,
            how=how,
            key=only.key,
            title=only.label,
            reasons=(f"{said} is {only.label} [{only.key}]",),
            candidates=(only,),
        )
    if not fitting:
        other = candidates[0]
        reason = f"the list says {_word(wish.kind)}, but {said} is {other.label} [{other.key}]"
        return Match(found=Found.REVIEW, how=how, reasons=(reason,), candidates=candidates)
    if wish.title:
        match = choose(_sought(wish), fitting, is_complete=True)
        return replace(match, how=how, found=_at_least_review(match.found))
    reason = f"{said} names {len(fitting)} titles"
    return Match(found=Found.REVIEW, how=how, reasons=(reason,), candidates=tuple(fitting))


def _at_least_review(found: Found) -> Found:
    return Found.REVIEW if found is Found.NOT_FOUND else found


def _word(kind: MediaType | None) -> str:
    return "series" if kind is MediaType.TV else "film"


def _nothing(how: How, reason: str) -> Match:
    return Match(found=Found.NOT_FOUND, how=how, reasons=(reason,))
