"""Jobs, webhooks and scans as tests want them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from listsync.domain.transfers import (
    CopyScope,
    EventDecision,
    EventOutcome,
    ImportApp,
    JobKind,
    MediaLabel,
    NewJob,
    NewScan,
    TransferPlace,
    WebhookEvent,
)
from listsync.ports.transfers import WebhookInbox

AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOURCES, MEDIA = PurePosixPath("/mnt/nas"), PurePosixPath("/mnt/media")


def place(relative: str, **more: Any) -> TransferPlace:
    roots = {"source_root": SOURCES, "destination_root": MEDIA, "media_server_root": "/data"}
    return TransferPlace(**{**roots, **more}, relative=PurePosixPath(relative))


def movie(name: str = "Dune (2021)", **more: Any) -> NewJob:
    """A film in a folder of its own; *more* are fields of the job, or of its place."""
    fields = {name: more.pop(name) for name in [*more] if name in TransferPlace.__slots__}
    return NewJob(
        **{
            "kind": JobKind.MOVIE,
            "place": place(f"{name}/{name}.mkv", **fields),
            "scope": CopyScope.FOLDER,
            "label": MediaLabel(title=name),
            "app": ImportApp.RADARR,
            **more,
        }
    )


def episode(number: int = 1, season: int = 1, show: str = "Dark", **more: Any) -> NewJob:
    fields = {name: more.pop(name) for name in [*more] if name in TransferPlace.__slots__}
    path = f"{show}/Season {season:02}/{show} S{season:02}E{number:02}.mkv"
    return NewJob(
        **{
            "kind": JobKind.EPISODE,
            "place": place(path, **fields),
            "scope": CopyScope.SIDECARS,
            "label": MediaLabel(title=show, season=season, episodes=(number,)),
            "app": ImportApp.SONARR,
            **more,
        }
    )


def scan(folder: str = "/data/Dune (2021)", *expects: str) -> NewScan:
    return NewScan(folder=folder, health_root=MEDIA, expects=expects)


def event(**more: Any) -> WebhookEvent:
    return WebhookEvent(**{"app": ImportApp.RADARR, "event_type": "Download", **more})


def put_event(
    inbox: WebhookInbox, event: WebhookEvent, decision: EventDecision, at: datetime
) -> tuple[int, ...]:
    (numbers,) = inbox.put_all([(event, decision)], at)
    return numbers


def decision(*jobs: NewJob, scans: tuple[NewScan, ...] = ()) -> EventDecision:
    return EventDecision(outcome=EventOutcome.ACCEPTED, jobs=jobs, scans=scans)
