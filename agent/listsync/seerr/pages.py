"""What the server's lists of titles and of requests have in common: their pages."""

from __future__ import annotations

from msgspec import Raw, field

from listsync.decoding import Answer
from listsync.domain.media import MediaType

KINDS = {kind.value: kind for kind in MediaType}
"""The kinds of titles as the server calls them; it has others, such as persons."""


class PageInfo(Answer, frozen=True):
    """How many rows there are on all pages."""

    results: int


class Page(Answer, frozen=True):
    """One page of rows, which are read one by one."""

    info: PageInfo = field(name="pageInfo")
    results: list[Raw]
