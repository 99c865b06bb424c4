"""What is learnt of a film from its own page at a list service."""

from __future__ import annotations

from dataclasses import dataclass

from listsync.domain.media import NO_IDS, ExternalIds, MediaType


@dataclass(frozen=True, slots=True)
class FilmRecord:
    """What a film's page says; `kind` is what TMDB calls it, since there are mini-series too.

    One without ids is worth keeping for days only: numbers are added later.
    """

    kind: MediaType | None = None
    ids: ExternalIds = NO_IDS
