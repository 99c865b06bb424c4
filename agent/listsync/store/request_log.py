"""What was requested at a server, by the log of its answers."""

from __future__ import annotations

from collections.abc import Mapping

from listsync.domain.media import Definition, TitleKey
from listsync.domain.server import ABSENT, MediaStatus, RequestAnswer, TitleState
from listsync.store import row_codec as rows
from listsync.store.database import Database


def requested_at(database: Database, server: int) -> list[Definition]:
    """Name what was requested and not cancelled, since the index was confirmed last."""
    found = database.read(
        "SELECT DISTINCT kind, tmdb, four_k FROM requests WHERE server = ?1 AND answer = ?2"
        " AND at > (SELECT confirmed_at FROM servers WHERE id = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM requests AS later"
        "   WHERE later.server = requests.server AND later.kind = requests.kind"
        "   AND later.tmdb = requests.tmdb AND later.four_k = requests.four_k"
        "   AND later.answer = ?3 AND later.id > requests.id)",
        server,
        RequestAnswer.REQUESTED,
        RequestAnswer.CANCELLED,
    )
    return [rows.definition_of(row) for row in found]


def is_gone(one: Definition, index: Mapping[TitleKey, TitleState]) -> bool:
    """Tell what the index knows nothing of."""
    return index.get(one.key, ABSENT).of(four_k=one.four_k) == MediaStatus.UNKNOWN
