"""How much may be asked for: in one run and in 24 hours, by all lists together and by each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from listsync.domain.sync_records import ListRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """The most titles that are asked for; None: as many as there are."""

    per_run: int | None = None
    per_day: int | None = None


UNCAPPED = Cap()
_TOGETHER = "all lists together"


class Caps:
    """Counts titles as they are asked for. *today*: by list name, of the last 24 hours."""

    def __init__(self, overall: Cap = UNCAPPED, today: Mapping[str, int] | None = None) -> None:
        self._overall = overall
        self._today: Counter[str] = Counter(today or {})
        self._run: Counter[str] = Counter()

    def objection(self, rules: ListRules) -> str | None:
        """Say why nothing more may be asked for on behalf of a list."""
        name = rules.name
        return _reached(
            _own(rules), self._run[name], self._today[name], _whose(rules)
        ) or _reached(self._overall, self._run.total(), self._today.total(), _TOGETHER)

    def words(self, rules: ListRules) -> list[str]:
        """Say what caps hold for a list."""
        return [*_said(_own(rules), _whose(rules)), *_said(self._overall, _TOGETHER)]

    def count(self, name: str) -> None:
        """Note that one more title was asked for on behalf of the list *name*."""
        self._run[name] += 1
        self._today[name] += 1


def _reached(cap: Cap, run: int, today: int, whose: str) -> str | None:
    if cap.per_run is not None and run >= cap.per_run:
        return f"{whose}: {_a_run(cap)}"
    if cap.per_day is not None and today >= cap.per_day:
        return f"{whose}: {_a_day(cap)}"
    return None


def _a_run(cap: Cap) -> str:
    return f"at most {cap.per_run} a sync"


def _a_day(cap: Cap) -> str:
    return f"at most {cap.per_day} in 24 hours"


def _own(rules: ListRules) -> Cap:
    return Cap(per_run=rules.max_per_run, per_day=rules.max_per_day)


def _whose(rules: ListRules) -> str:
    return f'the list "{rules.name}"'


def _said(cap: Cap, whose: str) -> Iterator[str]:
    if cap.per_run is not None:
        yield f"{whose}: {_a_run(cap)}"
    if cap.per_day is not None:
        yield f"{whose}: {_a_day(cap)}"
