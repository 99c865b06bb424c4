"""Pages: `take` and `skip` in, `pageInfo` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from listsync.sandbox.api_call import Call
from listsync.sandbox.responses import error

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page:
    """A window on a sequence, as the caller asked for it."""

    take: int
    skip: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Give the rows of this page; a negative `take` means all of them on SQLite."""
        return rows[self.skip :] if self.take < 0 else rows[self.skip : self.skip + self.take]

    def info(self, total: int) -> dict[str, int]:
        return {
            "pages": -(-total // self.take),
            "pageSize": self.take,
            "results": total,
            "page": -(-self.skip // self.take) + 1,
        }


def page_of(call: Call, *, default: int) -> Page:
    """Read `take` and `skip`; 0 means the default, a fraction is an SQL error."""
    take, skip = call.query.get("take", 0), call.query.get("skip", 0)
    if not isinstance(take, int) or not isinstance(skip, int):
        raise error(500, "SQLITE_MISMATCH: datatype mismatch")
    return Page(take or default, max(skip, 0))
