"""A state file in which titles wait for a person, for tests."""

from __future__ import annotations

from datetime import datetime

from listsync.domain.decisions import Found, How, Match
from listsync.domain.history import Choice
from listsync.domain.lists import ListEntry
from listsync.domain.media import ExternalIds, MediaType, TitleKey
from listsync.domain.run_notes import Notes
from listsync.domain.server import Candidate
from listsync.sync.deduplication import members_of
from listsync.sync.titles.lookups import lookup_of_entry
from tests.integration.store.state import AT, StateFile, rules

HAGGIS, CRONENBERG = TitleKey(MediaType.MOVIE, 1640), TitleKey(MediaType.MOVIE, 884)
CRASH = ListEntry(rank=1, title="Crash", kind=MediaType.MOVIE)
CANDIDATES = (
    Candidate(key=HAGGIS, title="Crash", original_title="Crash", year=2005),
    Candidate(key=CRONENBERG, title="Crash", original_title="Crash", year=1996),
)
REVIEW = Match(
    found=Found.REVIEW,
    how=How.TITLE,
    score=1.0,
    reasons=(
        "no year, and 2 titles of this name",
        "Crash (2005) [movie/1640]: same title, year unknown (1.00)",
        "Crash (1996) [movie/884]: same title, year unknown (1.00)",
    ),
    candidates=CANDIDATES,
)


def film(title: str, rank: int = 1, *, imdb: str | None = None) -> ListEntry:
    return ListEntry(rank=rank, title=title, kind=MediaType.MOVIE, ids=ExternalIds(imdb=imdb))


def lookup(entry: ListEntry) -> str:
    found = lookup_of_entry(entry)
    assert found is not None
    return found


class World(StateFile):
    """What syncs write down about open titles."""

    def seek(self, entry: ListEntry, match: Match | None = None, *names: str) -> str:
        """Note what was found for an entry of the lists *names* (`mine` if not said)."""
        seekers = tuple(
            member for name in names or ("mine",) for member in members_of(rules(name), [entry])
        )
        notes = Notes(
            matches={lookup(entry): match} if match else {}, seekers={lookup(entry): seekers}
        )
        self.memory.record(notes)
        return lookup(entry)

    def wait(self, *names: str, entry: ListEntry = CRASH, at: datetime = AT) -> str:
        """Let an entry wait that the lists *names* hold; returns its lookup."""
        for name in names or ("mine",):
            self.read(name, entry, at=at)
        return self.seek(entry, REVIEW, *names)

    def choose(self, name: str, key: TitleKey | None, title: str = "") -> None:
        self.state.reviews.choose(name, Choice(key, title, AT))

    def statuses(self) -> list[str]:
        _, found, _ = self.state.items.page(
            "", list_name=None, limit=50, lookup_of=lookup_of_entry
        )
        return [row.status for row in found]
