"""What has left a list that wants it so: our requests for it that still wait are taken back."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from listsync.domain.media import TitleKey
from listsync.domain.memory import Departure
from listsync.domain.server import ABSENT, Cancelled, MediaStatus, TitleState
from listsync.domain.syncing import ItemReport, ListRules, SyncRun, Verdict
from listsync.domain.trust import CONFIRM
from listsync.ports import Memory, RequestServer

logger = logging.getLogger(__name__)

_SHARE = 0.1
_FEW = 3
"""So many are always taken back; of more, at most that share of the list in one sync."""


@dataclass(frozen=True, slots=True)
class Leaver:
    """Takes requests back. Whoever else wants the title, or what is not pending, keeps it."""

    run: SyncRun
    server: RequestServer
    memory: Memory
    index: Mapping[TitleKey, TitleState]

    def take_back(self, lists: Sequence[ListRules]) -> Iterator[ItemReport]:
        """Go through what has left *lists*; yields what was done, or held back and why.

        What has left a list that this run does not read waits for one that does.

        Raises:
            UnavailableError, RefusedError: the server; what was done so far is noted.
        """
        wanting = {rules.source: rules.cancel_removed for rules in lists}
        by_list: dict[str, list[Departure]] = defaultdict(list)
        for one in self.memory.departed():
            if one.source not in wanting:
                continue
            if wanting[one.source] and not one.is_wanted and self._waits(one):
                by_list[one.source].append(one)
            else:
                self.memory.settle_departure(one, self.run, cancelled=False)
        for source, gone in by_list.items():
            size = len(self.memory.entries(source)) + len(gone)
            too_many = len(gone) > max(_FEW, _SHARE * size)
            if too_many and not self.run.confirmed:
                why = (
                    f"{len(gone)} of {size} titles have left the list: "
                    f"{CONFIRM} says that it is meant"
                )
                yield from (_told(one, Verdict.ON_HOLD, why) for one in gone)
            else:
                yield from (self._cancel(one) for one in gone)

    def _waits(self, one: Departure) -> bool:
        state = self.index.get(one.definition.key, ABSENT)
        is_pending = state.of(four_k=one.definition.four_k) == MediaStatus.PENDING
        return is_pending and one.request_id is not None

    def _cancel(self, one: Departure) -> ItemReport:
        if self.run.dry_run:
            return _told(one, Verdict.CANCELLED, "it has left the list: would be taken back")
        result = self.server.cancel(one.request_id or 0)
        self.memory.settle_departure(one, self.run, cancelled=result is Cancelled.DONE)
        if result is not Cancelled.DONE:
            why = "it has left the list, but its request does not wait for approval any more"
            return _told(one, Verdict.SKIPPED, why)
        logger.info(
            "taken back: %s [%s]: it has left the list %s",
            one.label,
            one.definition.key,
            one.list_name,
            extra={"action": "cancel", "list": one.list_name},
        )
        return _told(one, Verdict.CANCELLED, "it has left the list: its request was taken back")


def _told(one: Departure, verdict: Verdict, why: str) -> ItemReport:
    return ItemReport(
        list_name=one.list_name,
        label=one.label,
        verdict=verdict,
        why=why,
        key=one.definition.key,
        title=one.label,
    )
