"""Whether the server is the one, and its index the one, that our memory belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_FEWEST = 10
_SHARE = 0.5
CONFIRM = "`listsyncctl sync-now --confirm`"
"""What a person does who means what is held back."""
_WAY_ON = (
    f"nothing is requested until you say that it is meant so: {CONFIRM}, or "
    "`listsyncctl forget --all` to begin anew"
)


class KnownServer(Enum):
    """Whether the server that answers is the one of the last run."""

    SAME = "same"
    KNOWN = "known"
    NEW = "new"

    @property
    def remark(self) -> str | None:
        """Say to a person what it means that the server is another one."""
        return _REMARKS.get(self)


_REMARKS = {
    KnownServer.KNOWN: "this is not the server of the last run; its own memory is used",
    KnownServer.NEW: (
        "this is a new server: what was asked for at the last one is not remembered here"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What speaks against asking for anything.

    `state` says why what is remembered may not be the whole of it. `asked_elsewhere` counts titles
    that were requested at another server, if this one is new and nobody has said yet that it is
    meant. `asked` and `gone` count what was requested here, and what of that the index has lost
    since that was last confirmed.
    """

    state: str = ""
    asked_elsewhere: int = 0
    asked: int = 0
    gone: int = 0

    @property
    def doubt(self) -> str | None:
        """Say why nothing may be requested, and what the user can do."""
        if self.state:
            return f"{self.state}: {_WAY_ON}"
        if self.asked_elsewhere:
            why = f"this is another server; {self.asked_elsewhere} titles were handled at the last"
            return f"{why}: {_WAY_ON}"
        if self.gone >= _FEWEST and self.gone > _SHARE * self.asked:
            why = f"the server has lost {self.gone} of the {self.asked} titles asked for"
            return f"{why}: {_WAY_ON}"
        return None
