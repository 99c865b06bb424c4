"""Messages that go out to people and their programs, and which of their targets want them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from listsync.lean_dataclasses import dataclass


class MessageKind(StrEnum):
    """What a message tells; targets choose by it (`notify[].on`).

    HEARTBEAT is for heartbeats alone and TEST for whoever is tested: nobody chooses these.
    """

    SUMMARY = "summary"
    REQUESTED = "requested"
    FAILURE = "failure"
    NEEDS_ATTENTION = "needs_attention"
    RECOVERED = "recovered"
    CONFIGURATION = "configuration"
    REVIEW = "review"
    TRANSFER = "transfer"
    DAILY = "daily"
    HEARTBEAT = "heartbeat"
    TEST = "test"


USUAL_KINDS = frozenset(MessageKind) - {
    MessageKind.REQUESTED,  # a summary names the titles, too
    MessageKind.HEARTBEAT,
    MessageKind.TEST,
}


class Importance(StrEnum):
    """How much a message matters, the least first."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def rank(self) -> int:
        return tuple(Importance).index(self)


class Beat(StrEnum):
    """What a heartbeat says of a sync."""

    START = "start"
    SUCCESS = "success"
    FAIL = "fail"


MESSAGE_LASTS = timedelta(days=3)
"""What could not be delivered for so long is given up."""
LONGEST_PAUSE = timedelta(hours=24)
"""No target is left alone for longer, whatever it asks for."""
TEST_KEY = "test:"
"""How the keys of tests begin; the test's id and the target follow."""
SOON = timedelta(seconds=5)
"""What is due within it goes out with what is due now."""
MOST_GATHERED = timedelta(minutes=10)
"""The longest that messages of a group wait for each other."""
BEAT_LASTS = timedelta(hours=1)
"""A heartbeat that is older says nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message in plain text; each target gives it its own form, and cuts it to its limits.

    Attributes:
        key: What makes it the same one: it is written once.
        at: When that happened which it tells.
        title: One line.
        lines: What it says, in paragraphs of one line.
        facts: What is told in few words, by name.
        titles: Films and series, one by one; `more` are not among them.
        lists: The lists that it is about; none: it is about the whole.
        group: Messages of one group that wait for one target go out as one; "" = alone.
        about: What a recovery is the end of: the kind of a notice and its list.
        notice: The number of the notice that it tells of, if it does.
        is_more: It tells more of what was told before, and waits for longer after that.
        due_s: How long it waits for others of its group, or for its own end.
        gathers: Each new one of its group lets those before wait as long, by `MOST_GATHERED`.
        beat: What a heartbeat says.
        data: The same for programs, as JSON has it: what a generic webhook sends beside the text.
    """

    key: str
    kind: MessageKind
    importance: Importance
    at: datetime
    title: str
    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    titles: tuple[str, ...] = ()
    more: int = 0
    lists: tuple[str, ...] = ()
    group: str = ""
    about: str = ""
    notice: int | None = None
    is_more: bool = False
    due_s: float = 0.0
    gathers: bool = False
    beat: Beat | None = None
    data: Mapping[str, object] = field(default_factory=dict)

    @property
    def lasts(self) -> timedelta:
        return BEAT_LASTS if self.kind is MessageKind.HEARTBEAT else MESSAGE_LASTS


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRules:
    """Which messages one target wants. `lists`: only what is about these, or about the whole.

    `identity` says which one it is, whatever it is called: a digest, from which nobody can tell
    its address.
    """

    name: str
    kinds: frozenset[MessageKind]
    lists: frozenset[str] = frozenset()
    importance: Importance = Importance.INFO
    identity: str = ""

    def wants(self, message: Message) -> bool:
        is_about = not self.lists or not message.lists or not self.lists.isdisjoint(message.lists)
        return (
            message.kind in self.kinds
            and message.importance.rank >= self.importance.rank
            and is_about
        )


class DeliveryState(StrEnum):
    """How far a message is on its way to one target.

    DEAD: it was given up. DROPPED: what it tells was over before it was told, or nobody wants it.
    """

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message on its way to one target; `number` is what the state knows the message by."""

    number: int
    target: str
    message: Message
    state: DeliveryState = DeliveryState.WAITING
    tries: int = 0
    answer: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetStatus:
    """How one target is. `answer` is what it said last; `failures` are those in a row.

    `dead` messages were given up since it took one last; `failed_test` says why a test was.
    `paused_until`: it is left alone.
    """

    name: str
    waiting: int = 0
    dead: int = 0
    failures: int = 0
    failing_since: datetime | None = None
    paused_until: datetime | None = None
    sent_at: datetime | None = None
    answer: str = ""
    failed_test: str = ""


def joined(messages: Sequence[Message]) -> Message:
    """Make one of messages of one group that are delivered together: the worst first."""
    first, *others = messages
    if not others:
        return first
    ordered = sorted(messages, key=lambda one: -one.importance.rank)
    return Message(
        key=key_of_several([one.key for one in messages]),
        kind=ordered[0].kind,
        importance=ordered[0].importance,
        at=max(one.at for one in messages),
        title=_title_of(messages),
        lines=tuple(map(_as_line, ordered)),
        titles=tuple(title for one in ordered for title in one.titles),
        more=sum(one.more for one in messages),
        lists=tuple(dict.fromkeys(name for one in ordered for name in one.lists)),
        group=first.group,
        data={"messages": [_data_of(one) for one in ordered]},
    )


def _as_line(message: Message) -> str:
    """Say all of a message in one line: what begins anew is a sentence of its own."""
    said = " ".join(message.lines)
    if not said:
        return message.title
    return f"{message.title}{'.' if said[0].isupper() else ':'} {said}"


def key_of_several(keys: Sequence[str]) -> str:
    """Name several as one: with others it is another one, which a receiver must not pass over."""
    digest = sha256("\n".join(keys).encode()).hexdigest()[:12]
    return f"{keys[0]}+{len(keys) - 1}:{digest}"


_NEEDS, _AGAIN, _FAILS = "need you", "work again", "to know"


def _title_of(messages: Sequence[Message]) -> str:
    """Say `2 things need you, 1 works again`."""
    counts = Counter(map(_word_of, messages))
    told = [(counts[word], word) for word in (_NEEDS, _FAILS, _AGAIN) if counts[word]]
    (count, word), *rest = told
    said = [f"{count} thing{'' if count == 1 else 's'} {_agreeing(word, count)}"]
    return ", ".join(said + [f"{count} {_agreeing(word, count)}" for count, word in rest])


def _word_of(message: Message) -> str:
    if message.kind is MessageKind.RECOVERED:
        return _AGAIN
    is_need = message.importance is Importance.ERROR or message.kind is MessageKind.REVIEW
    return _NEEDS if is_need else _FAILS


def _agreeing(word: str, count: int) -> str:
    verb, _, rest = word.partition(" ")
    return f"{verb}s {rest}" if count == 1 and verb != "to" else word


def _data_of(message: Message) -> dict[str, object]:
    """Give what `message_data.OneOfSeveral` says."""
    return {
        "id": message.key,
        "kind": message.kind.value,
        "importance": message.importance.value,
        "title": message.title,
        "text": "\n".join(message.lines),
        "data": dict(message.data),
    }
