"""What the commands about notifications take and reply; see `messages`."""

from typing import Annotated, TypedDict

from listsync.protocol.messages import About, PageReply


class TargetShape(TypedDict):
    """One target of notifications. `dead` messages were given up since it took one last.

    `answer` is what it said last, `failed_test` why a test failed since it took a message;
    `failing_since` and `paused_until` are None while all is well.
    """

    name: str
    waiting: int
    dead: int
    failures: int
    failing_since: str | None
    paused_until: str | None
    sent_at: str | None
    answer: str
    failed_test: str


class TestResultShape(TypedDict):
    """What came of a test at one target: `state` is waiting, sent or dead."""

    target: str
    state: str
    answer: str


class NotifyTestParams(TypedDict, total=False):
    target: Annotated[str, About("one target by its name; without it all of them")]


class NotifyTestResultParams(TypedDict):
    id: Annotated[str, About("of the test, as `notify_test` replied")]


class SummaryParams(TypedDict, total=False):
    date: Annotated[str, About("a day such as 2026-03-01, by the agent's clock; none: yesterday")]


class TargetsReply(PageReply):
    targets: list[TargetShape]


class NotifyTestReply(TypedDict):
    id: str
    targets: list[str]


class NotifyTestResultReply(TypedDict):
    """*done*: all have answered, or were given up."""

    id: str
    done: bool
    results: list[TestResultShape]


class SummaryReply(TypedDict):
    """The summary of a day. *worth_sending*: something happened, or is wrong.

    *more* titles are not among *titles*; *data* is what a webhook gets as `data`.
    """

    date: str
    timezone: str
    worth_sending: bool
    title: str
    lines: list[str]
    facts: list[str]
    titles: list[str]
    more: int
    data: dict[str, object]
