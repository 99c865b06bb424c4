"""How replies are shown: when it is, and in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from listsync.terminal.output import Palette
from listsync.terminal.quantities import relative

Reply = Mapping[str, Any]


class Look(NamedTuple):
    """Relative times are told from *now*."""

    now: datetime
    palette: Palette

    def status(self, word: object) -> str:
        return self.palette.status(word)

    def ago(self, text: object) -> str:
        return relative(text, self.now) if text else "never"
