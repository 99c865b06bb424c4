"""Reads what agents share from PostgreSQL, within bounds: anybody may have put it there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

from listsync.domain.fleet import SharedKey, SharedRow
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.postgres.connection import PostgresLink

logger = logging.getLogger(__name__)

MOST_ROWS = 1000
"""Of one transaction, and of one answer."""
MOST_BYTES = 1_000_000
"""Of a row, its key included; a larger one is none of ours."""
_SMALL_BYTES = 4_000
"""Of a row that comes with others; a larger one is asked for by itself."""
_TOGETHER_BYTES = 2_000_000
"""Of rows that are parsed, and in memory, at a time."""
_MOST_AGE_S = 1e9
"""Of a row; what is older has an age that was made up."""
_SIZED = """
SELECT noun, digest, key, content::text AS content, revision, epoch, left(owner, 100) AS owner,
    number,
    CASE WHEN isfinite(at) THEN extract(epoch FROM clock_timestamp() - at)::float8 ELSE 0 END
        AS age_s,
    octet_length(key) + coalesce(octet_length(content::text), 0) AS size
FROM listsync_rows WHERE fleet = %(fleet)s
"""
_SMALL = f"""
SELECT noun, digest, size,
    CASE WHEN size <= {_SMALL_BYTES} THEN key ELSE left(key, 100) END,
    CASE WHEN size <= {_SMALL_BYTES} THEN content END,
    revision, epoch, owner, number, age_s
FROM ({_SIZED} AND {{which}}) AS sized
"""  # noqa: S608 - constants
_LARGE = f"""
SELECT key, content FROM ({_SIZED} AND noun = %(noun)s AND digest = %(digest)s) AS sized
WHERE size <= {MOST_BYTES}
"""  # noqa: S608 - constants
_NEWER = f"""
DECLARE listsync_newer NO SCROLL CURSOR FOR
{_SMALL.format(which="revision > %(known)s AND noun = ANY(%(nouns)s)")}
ORDER BY array_position(%(nouns)s::text[], noun), octet_length(key), key COLLATE "C"
"""
"""By length first: so ordinals, the last part of a key, come as numbers do."""
_NEXT = f"FETCH {MOST_ROWS} FROM listsync_newer"
_NAMED = _SMALL.format(
    which="(noun, digest) IN (SELECT * FROM unnest(%(nouns)s::text[], %(digests)s::bytea[]))"
)


class _Found(NamedTuple):
    """A row as it was answered; one that is not small lacks its content, and most of its key."""

    noun: str
    digest: bytes
    size: int
    key: str
    content: str | None
    revision: int
    epoch: int
    owner: str
    number: int
    age_s: float


class RowReader:
    """Reads rows of *fleet*, of those *nouns* that are known here; parents come first."""

    def __init__(self, fleet: str, nouns: Sequence[str]) -> None:
        self._fleet = fleet
        self._nouns = list(nouns)

    def newer(
        self, link: PostgresLink, known: int, limit_s: float
    ) -> Iterator[Sequence[SharedRow]]:
        """Read what came after the revision *known*, a part at a time, within a transaction.

        Each answer has *limit_s*.
        """
        values = {"fleet": self._fleet, "known": known, "nouns": self._nouns}
        with link.within(limit_s) as connection:
            connection.execute(_NEWER, values)
        while True:
            with link.within(limit_s) as connection:
                found = [_Found(*one) for one in connection.execute(_NEXT)]
            if not found:
                return
            yield from self._whole(link, found, limit_s)

    def named(
        self, link: PostgresLink, keys: Sequence[SharedKey], limit_s: float
    ) -> Sequence[SharedRow]:
        """Read those of *keys*; what the fleet does not have is gone."""
        values: dict[str, Any] = {
            "fleet": self._fleet,
            "nouns": [key.noun for key in keys],
            "digests": [digest_of(key) for key in keys],
        }
        with link.within(limit_s) as connection:
            found = [_Found(*one) for one in connection.execute(_NAMED, values)]
        there = {(one.noun, one.digest) for one in found}
        gone = [key for key in keys if (key.noun, digest_of(key)) not in there]
        known = [row for rows in self._whole(link, found, limit_s) for row in rows]
        return [*known, *(SharedRow(at=key, content=None) for key in gone)]

    def _whole(
        self, link: PostgresLink, found: Sequence[_Found], limit_s: float
    ) -> Iterator[Sequence[SharedRow]]:
        """Give rows with all that is in them, so many at a time as may be in memory."""
        rows: list[SharedRow] = []
        size = 0
        for one in self._of_right_size(found):
            if rows and size + one.size > _TOGETHER_BYTES:
                yield rows
                rows, size = [], 0
            rows += self._row(link, one, limit_s)
            size += one.size
        yield rows

    def _of_right_size(self, found: Sequence[_Found]) -> Sequence[_Found]:
        """Leave out what is too large, and say so."""
        if large := [one for one in found if one.size > MOST_BYTES]:
            logger.warning(
                "%d rows of the fleet are larger than %d bytes and are left out; the first: %s %s",
                *(len(large), MOST_BYTES, large[0].noun, cut(large[0].key, 100)),
                extra={"action": "fleet_rows_large", "rows": len(large)},
            )
        return [one for one in found if one.size <= MOST_BYTES]

    def _row(self, link: PostgresLink, found: _Found, limit_s: float) -> Iterator[SharedRow]:
        if found.size <= _SMALL_BYTES:
            yield _row_of(found)
            return
        values = {"fleet": self._fleet, "noun": found.noun, "digest": found.digest}
        with link.within(limit_s) as connection:
            row = connection.execute(_LARGE, values).fetchone()
        if row is not None:
            yield _row_of(found._replace(key=row[0], content=row[1]))


def digest_of(key: SharedKey) -> bytes:
    """Give what the index has of a key, which may be longer than it takes."""
    return blake2b(key.key.encode(), digest_size=16).digest()


def _row_of(found: _Found) -> SharedRow:
    return SharedRow(
        at=SharedKey(found.noun, found.key),
        content=None if found.content is None else _content_of(found.content),
        revision=found.revision,
        epoch=found.epoch,
        owner=found.owner,
        number=found.number,
        age_s=min(max(0.0, found.age_s), _MOST_AGE_S),
    )


def _content_of(text: str) -> Mapping[str, object]:
    """Read a row; what is none has nothing in it, which is told where it is to be used."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
