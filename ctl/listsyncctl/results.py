"""What `listsyncctl` shows beside the replies of the agent; for type checkers only."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from listsync.protocol.messages import (
    OrderReply,
    ReviewDecideReply,
    VersionReply,
)


class DecidedResult(ReviewDecideReply):
    """What was decided, and the sync that was started for it."""

    sync: NotRequired[OrderReply]


class VersionsResult(VersionReply):
    """The versions of the agent and of this program."""

    client: VersionReply


class AgentShape(TypedDict):
    """A running agent as it looks from outside; None: may not be seen."""

    pid: int
    uptime_s: int
    socket: str | None
    memory: int | None
    fds: int | None


class AgentsResult(TypedDict):
    agents: list[AgentShape]


class SignalShape(TypedDict):
    pid: int


class SignalledResult(TypedDict):
    signalled: list[SignalShape]
