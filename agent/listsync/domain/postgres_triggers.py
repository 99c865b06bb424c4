"""How the agent stands to PostgreSQL: whether what others send arrives, and what did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from listsync.domain.notices import Notice, NoticeKind
from listsync.lean_dataclasses import dataclass

_LASTS = timedelta(hours=1)
"""Who was not reached for so long hardly comes back without help."""
POOLED = (
    "notifications do not arrive: a pooler that hands out connections by transaction (PgBouncer) "
    "breaks LISTEN; connect to the server itself, or let it pool by session"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresStatus:
    """`since`: connected, or not, since then; `why` not. `where` names host and database.

    `is_pooled`: what we send to ourselves does not arrive. `has_table`: triggers are written down.
    """

    where: str
    channel: str
    is_connected: bool = False
    since: datetime
    why: str = ""
    is_pooled: bool = False
    has_table: bool = False
    triggers: int = 0
    last_at: datetime | None = None
    last_source: str = ""

    @property
    def trouble(self) -> str:
        """Say what keeps triggers from arriving; empty: nothing does."""
        if self.is_connected:
            return POOLED if self.is_pooled else ""
        return f"not reached: {self.why}" if self.why else ""


def notices_of_postgres(found: PostgresStatus | None) -> Iterator[Notice]:
    """Say what a person should learn; what is made up for by itself passes for an hour."""
    if found is None or not found.trouble:
        return
    passes = not found.is_connected and datetime.now(UTC) - found.since < _LASTS
    text = f"triggers by NOTIFY at {found.where}: {found.trouble}"
    yield Notice(kind=NoticeKind.POSTGRES_TROUBLE, text=text, passes=passes)
