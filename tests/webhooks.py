"""The samples of webhooks, and what is to become of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from listsync.config_types import SecretStr
from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import EventDecision, ImportApp, NewJob, WebhookEvent
from listsync.transfers.intake import IntakeRequest
from listsync.transfers.options import PlexOptions
from listsync.transfers.settings import NamedMediaServer, TransferSettings

SAMPLES = Path(__file__).parent / "fixtures" / "webhooks"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sample:
    """One row of the index."""

    file: str
    app: str
    expect: str
    paths: tuple[str, ...]
    event: object

    @property
    def raw(self) -> bytes:
        return (SAMPLES / self.file).read_bytes()

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.raw)
        return body


def samples(*expected: str) -> list[Sample]:
    """Give the rows, or those that *expected* names."""
    rows = json.loads((SAMPLES / "index.json").read_text())
    found = [
        Sample(one["file"], one["app"], one["expect"], tuple(one["paths"]), one["event"])
        for one in rows
    ]
    return [one for one in found if not expected or one.expect in expected]


def sample(name: str) -> dict[str, Any]:
    """Give the body of one sample."""
    body: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return body


def mapping(sender: str, source: str = "", destination: str = "", **more: Any) -> PathMapping:
    return PathMapping(
        sender=sender,
        source=PurePosixPath(source or sender),
        destination=PurePosixPath(destination) if destination else None,
        **more,
    )


LIBRARIES = (
    mapping("/movies", "/src/movies", "/dst/Movies", media_server="/data/movies"),
    mapping("/movies-4k", "/src/movies-4k", "/dst/Movies-4K", media_server="/data/movies-4k"),
    mapping("/tv", "/src/tv", "/dst/TV", media_server="/data/tv"),
    mapping("/anime", "/src/anime", "/dst/Anime"),
    mapping(r"D:\Media\Movies", "/src/windows", "/dst/Windows", media_server=r"P:\Movies"),
)
PLEX = NamedMediaServer(
    name="plex",
    kind="plex",
    options=PlexOptions(url="http://127.0.0.1:9", token=SecretStr("no-plex-token")),
)


def transfer_settings(
    *mappings: PathMapping, servers: bool = True, **more: Any
) -> TransferSettings:
    """Make settings that map the libraries of all samples, unless *mappings* are given."""
    return TransferSettings(
        mappings=mappings or LIBRARIES, media_servers=(PLEX,) if servers else (), **more
    )


@dataclass
class FakeWebhookInbox:
    """Keeps what it is given; a job is a destination."""

    events: list[tuple[WebhookEvent, EventDecision]] = field(default_factory=list)
    jobs: dict[PurePosixPath | None, int] = field(default_factory=dict)

    def put_all(
        self, entries: Sequence[tuple[WebhookEvent, EventDecision]], at: datetime
    ) -> tuple[tuple[int, ...], ...]:
        assert at.tzinfo is not None
        self.events += entries
        return tuple(tuple(map(self._number_of, decision.jobs)) for _, decision in entries)

    def _number_of(self, job: NewJob) -> int:
        return self.jobs.setdefault(job.place.destination, len(self.jobs) + 1)


def request(
    body: dict[str, Any] | bytes, app: ImportApp | None = None, name: str = "radarr"
) -> IntakeRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return IntakeRequest(app=app, name=name, body=content)


def relatives(decision: EventDecision) -> Sequence[str]:
    return [str(job.place.relative) for job in decision.jobs]


def scans(decision: EventDecision) -> Mapping[str, tuple[str, ...]]:
    return {one.folder: one.expects for one in decision.scans}
