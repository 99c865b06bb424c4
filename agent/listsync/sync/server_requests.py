"""What the server's list of requests tells of a title that its index does not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

from listsync.domain.media import Definition, TitleKey
from listsync.domain.server import MediaStatus, RequestStatus, ServerRequest, TitleState


def clear_orphans(
    index: dict[TitleKey, TitleState],
    remembered: Iterable[ServerRequest],
    handled: AbstractSet[Definition],
) -> None:
    """Take titles without any request out of *index* where it says that they are pending.

    The servers save the row of a title before its request; when they are stopped in between, or
    fail, the row stays for good. Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live.
    """
    for one in remembered:
        key, four_k = one.definition.key, one.definition.four_k
        state = index.get(key)
        if one.status != RequestStatus.NONE or state is None or one.definition in handled:
            continue
        if state.of(four_k=four_k) == MediaStatus.PENDING:
            name = "status_4k" if four_k else "status"
            index[key] = replace(state, **{name: int(MediaStatus.UNKNOWN)})
