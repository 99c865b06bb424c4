"""A web site for tests: answers by path, from samples, over `httpx.MockTransport`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from listsync.config_types import ClientOptions
from listsync.http.service_client import ServiceClient, build_client

FIXTURES = Path(__file__).parents[2] / "fixtures"


def answer(
    body: bytes = b"",
    status: int = 200,
    content_type: str | None = "application/json",
    **headers: str,
) -> httpx.Response:
    """Build an answer; `retry_after="5"` becomes the header `retry-after`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type:
        named["content-type"] = content_type
    return httpx.Response(status, headers=named, content=body)


Harm = Callable[[str, bytes], bytes]
"""Takes the name of a sample and what it holds, and gives what comes instead."""
_harms: list[Harm] = []


@contextmanager
def harmed(harm: Harm) -> Iterator[None]:
    """Let every sample that is asked for meanwhile come as *harm* makes it."""
    _harms.append(harm)
    try:
        yield
    finally:
        _harms.pop()


def body_of(name: str) -> bytes:
    """Read a sample, or what comes in its place."""
    return _harmed(name, (FIXTURES / name).read_bytes())


def _harmed(name: str, body: bytes) -> bytes:
    for harm in _harms:
        body = harm(name, body)
    return body


@contextmanager
def file_of(name: str) -> Iterator[Path]:
    """Give the file of a sample, or one with what comes in its place."""
    if not _harms:
        yield FIXTURES / name
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        path.write_bytes(body_of(name))
        yield path


def sample(name: str, status: int = 200, content_type: str | None = None) -> httpx.Response:
    """Build the answer that a sample holds, with the headers that lie beside it."""
    path = FIXTURES / name
    told = path.with_suffix(".headers.txt")
    headers = httpx.Headers()
    if told.exists():
        first, *lines = told.read_text().splitlines()
        status = int(first.split()[1])
        pairs = (line.partition(": ") for line in lines if line)
        headers = httpx.Headers([(name, value) for name, _, value in pairs])
    kinds = {".json": "application/json", ".html": "text/html", ".xml": "application/xml"}
    kind = content_type or kinds[path.suffix]
    headers.setdefault("content-type", kind)
    return httpx.Response(
        status,
        headers=headers,
        content=path.read_bytes() if path.exists() else b"",
        extensions={"sample": name},
    )


@dataclass
class Site:
    """Gives the answers of *pages* in turn, the last one again and again; notes the requests."""

    pages: dict[str, list[httpx.Response]]
    seen: list[httpx.Request] = field(default_factory=list)

    @classmethod
    def of(cls, pages: dict[str, httpx.Response | Iterable[httpx.Response]]) -> Site:
        return cls(
            {
                path: [given] if isinstance(given, httpx.Response) else list(given)
                for path, given in pages.items()
            }
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        answers = self.pages.get(request.url.path) or self.pages.get("*")
        if not answers:
            return answer(b"no such page", 404, "text/plain")
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        headers, content = given.headers, given.content
        if _harms and (name := given.extensions.get("sample")):
            headers = httpx.Headers([*headers.multi_items()])
            headers.pop("content-length", None)
            content = _harmed(name, content)
        return httpx.Response(given.status_code, headers=headers, content=content, request=request)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.seen]


def client(
    options: ClientOptions, handler: Callable[[httpx.Request], httpx.Response]
) -> ServiceClient:
    """Build a client as the agent does, with *handler* in place of the network."""
    return build_client(options, transport=httpx.MockTransport(handler))
