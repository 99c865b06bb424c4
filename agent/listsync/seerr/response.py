"""What the server answered to one call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read whole; `path` is what was asked for, without its query."""

    path: str
    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes

    def header(self, name: bytes) -> str:
        """Give the header *name* (lower-case); empty when there is none."""
        return next(self.all_headers(name), "")

    def all_headers(self, name: bytes) -> Iterator[str]:
        """Give every header *name* (lower-case), as the server sent them."""
        return (value.decode("latin-1") for key, value in self.headers if key.lower() == name)

    @property
    def location(self) -> str | None:
        """Where the answer sends us; None when it does not."""
        if self.status not in REDIRECTS:
            return None
        text = self.header(b"location")
        try:
            return text.encode("latin-1").decode() or None
        except UnicodeDecodeError:
            return text
