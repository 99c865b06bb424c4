"""The first glance: one sentence, and what it is made of."""

from __future__ import annotations

from collections.abc import Sequence

from listsync.lean_dataclasses import dataclass
from listsync.protocol.messages import StatusReply
from listsync.protocol.shapes import ListShape, NoticeShape
from listsync.terminal.output import plural
from listsync.web.dashboard import words
from listsync.web.dashboard.words import DISABLED, UNREAD, WHOLE, StateMark, Tone

_MOST_LISTS = 25
_MOST_NOTICES = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the first page shows: *lists* are all that are followed, *reviews* wait."""

    status: StatusReply
    lists: Sequence[ListShape]
    reviews: int = 0

    @property
    def headline(self) -> StateMark:
        """Say in one sentence how things are, the worst first."""
        status = self.status
        if not status["config"]["valid"]:
            return StateMark("The configuration has a mistake. The last good one stays.", Tone.BAD)
        if status["needs_person"]:
            needs = sum(one["needs_person"] for one in status["notices"]) + self.copies_left
            verb = "needs" if needs == 1 else "need"
            return StateMark(f"{plural(needs, 'thing')} {verb} you.", Tone.BAD)
        if all(one["outcome"] == DISABLED for one in self.lists):
            return StateMark("No list is followed yet.", Tone.QUIET)
        return self._of_lists()

    def _of_lists(self) -> StateMark:
        lists = [one for one in self.lists if one["outcome"] != DISABLED]
        total = len(lists)
        read = sum(one["outcome"] in WHOLE for one in lists)
        if read == total:
            words = f"All {total:,} lists were" if total > 1 else "The list was"
            return StateMark(f"{words} read, nothing needs you.", Tone.GOOD)
        if all(one["outcome"] == UNREAD for one in lists):
            if self.status["running"]:
                return StateMark("The first sync is running.", Tone.BUSY)
            return StateMark("No list has been read yet.", Tone.QUIET)
        rest = "The other" if total - read == 1 else "The others"
        words = f"{read:,} of {plural(total, 'list')} were read. {rest} will be tried again."
        return StateMark(words, Tone.WARN)

    @property
    def shown_lists(self) -> Sequence[ListShape]:
        """Those that are in trouble first, and not too many."""
        return sorted(self.lists, key=lambda one: one["outcome"] in {*WHOLE, DISABLED})[
            :_MOST_LISTS
        ]

    @property
    def notices(self) -> Sequence[NoticeShape]:
        """What waits for a person first, and not too many."""
        return sorted(self.status["notices"], key=lambda one: not one["needs_person"])[
            :_MOST_NOTICES
        ]

    @property
    def copies_left(self) -> int:
        """How many copies were given up."""
        copies = self.status.get("transfers")
        return copies["needs_attention"] if copies else 0

    @property
    def more_notices(self) -> int:
        return self.status["notices_total"] - len(self.notices)

    @property
    def server(self) -> StateMark:
        """Say whether the server answers, by what was said of it last."""
        if not self.status.get("has_server", True):
            return words.NO_SERVER
        kinds = {one["kind"] for one in self.status["notices"] if not one["list"]}
        if "server_unreachable" in kinds:
            return words.UNREACHED
        if "key_refused" in kinds:
            return words.REFUSES
        return words.REACHED if self.status["server"] else words.UNTRIED

    @property
    def spoken(self) -> str:
        """Say how far a sync is in steps that are worth being read aloud."""
        running = self.status["running"]
        if running is None:
            return self.headline.word
        phase = words.PHASES.get(running["phase"], running["phase"])
        if running["phase"] != "add" or not running["total"]:
            return phase
        return f"{phase}, {running['percent'] // 25 * 25} percent"
