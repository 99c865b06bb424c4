"""What was answered to one request, read to its end; list services and the server alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from listsync.domain.lists import Validators
from listsync.text_cleaning import one_line

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TITLE = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_LOOK = 8192  # characters of a body that are looked at for evidence


class Headers(Mapping[str, str]):
    """Headers as they came: names in any case, some more than once."""

    __slots__ = ("raw",)

    def __init__(self, raw: Sequence[tuple[bytes, bytes]] = ()) -> None:
        self.raw = raw

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Headers:
        return cls([(name.encode("latin-1"), text.encode()) for name, text in headers.items()])

    def all(self, name: str) -> list[str]:
        """Give every header *name*, as the server sent them."""
        wanted = name.lower().encode("latin-1")
        return [_text(value) for key, value in self.raw if key.lower() == wanted]

    def __getitem__(self, name: str) -> str:
        """Give the header *name*; those that came more than once as one."""
        found = self.all(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(key.lower().decode("latin-1") for key, _ in self.raw))

    def __len__(self) -> int:
        return len(list(iter(self)))


def _text(value: bytes) -> str:
    """Decode as most mean it: headers have no encoding of their own."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One HTTP response. `path` is where it came from, without its query.

    Of a list service `path` begins with the host. `hops` counts the redirects before it.
    """

    service: str
    status: int
    headers: Headers
    body: bytes
    path: str
    hops: int = 0

    def with_body(self, body: bytes) -> Response:
        return replace(self, body=body)

    @property
    def location(self) -> str | None:
        """Where it sends us; None when it does not."""
        return (self.headers.get("location") or None) if self.status in REDIRECTS else None

    @property
    def look(self) -> str:
        """The beginning of the body as text, good enough to look for words in it."""
        return self.body[:_LOOK].decode("utf-8", "replace")

    @property
    def sample(self) -> str:
        return one_line(self.look)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Tell an answer of an API from a login page or a proxy's error page."""
        named = self.headers.get("content-type", "")
        return "json" in named or (not named and self.body.lstrip()[:1] in {b"{", b"["})

    @property
    def is_page(self) -> bool:
        """True for HTML and XML, whatever the headers call it."""
        named = self.content_type in ("text/html", "application/xhtml+xml")
        return named or self.look.lstrip("\ufeff \t\r\n").startswith("<")

    @property
    def title(self) -> str:
        found = _TITLE.search(self.look)
        return one_line(found[1], 80) if found else ""

    @property
    def validators(self) -> Validators:
        return Validators(
            etag=self.headers.get("etag"),
            last_modified=self.headers.get("last-modified"),
        )
