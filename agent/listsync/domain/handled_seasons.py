"""What the memory of a handled entry says of the seasons of its series."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from listsync.domain.server import Season

_RULES = "|"


class HandledSeasons(NamedTuple):
    """For which seasons an entry was acted on; as text, because there may be 100,000 of these.

    `rules` are the season rules by which it was acted on ("all", "first", "latest:2", "1,3"),
    more than one where a list is followed twice; None: not known, as after an upgrade.
    `numbers` are the seasons that were wanted and existed, whatever became of them. With
    `aired_before`, a day, all regular seasons that had aired before it count as well: the whole
    series was there (or an older version handled it), and its seasons were not looked at.
    """

    rules: str | None
    numbers: str = ""
    aired_before: str | None = None

    @classmethod
    def of(
        cls, rules: Iterable[str], numbers: Iterable[int], aired_before: date | None = None
    ) -> HandledSeasons:
        """Write down what an entry is acted on for."""
        return cls(
            _RULES.join(sorted(set(rules))),
            ",".join(map(str, sorted(set(numbers)))),
            aired_before.isoformat() if aired_before else None,
        )

    def knows(self, rule: str) -> bool:
        """Tell whether the entry was acted on by *rule*; what is not known was by any."""
        return self.rules is None or self.rules == rule or rule in self.rules.split(_RULES)

    @property
    def is_waiting(self) -> bool:
        """Tell whether none of the seasons that are named existed at the last look."""
        if self.numbers or self.aired_before is not None or self.rules is None:
            return False
        return self.rules[:1].isdigit()

    @property
    def season_numbers(self) -> frozenset[int]:
        """The seasons that are remembered by number."""
        return frozenset(map(int, self.numbers.split(","))) if self.numbers else frozenset()

    @property
    def aired_before_day(self) -> date | None:
        """The day of `aired_before`."""
        return date.fromisoformat(self.aired_before) if self.aired_before else None

    def holds(self, season: Season) -> bool:
        """Tell whether the entry was acted on for *season*; one without a date had aired."""
        if season.number in self.season_numbers:
            return True
        day = self.aired_before_day
        has_aired = day is not None and (season.airs is None or season.airs < day)
        return has_aired and season.number > 0
