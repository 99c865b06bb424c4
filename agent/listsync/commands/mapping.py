"""How a path of Radarr or Sonarr is mapped, step by step."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import PurePath
from typing import TYPE_CHECKING

from listsync.commands.context import CommandContext
from listsync.commands.serializers import iso
from listsync.domain.transfers import ImportApp, JobKind, ReceivedEvent
from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason, RefusedCommand
from listsync.text_cleaning import cut

if TYPE_CHECKING:
    from listsync.protocol.job_shapes import MappingShape
    from listsync.protocol.transfers import MappingParams, MappingReply
    from listsync.transfers.mapping_advice import MappingTrial

_LONGEST = 1000
_NOTHING_YET = "no webhook has named a path yet: give one, as Radarr or Sonarr sees it"
_NOT_SET_UP = "no library is mapped yet: name them under transfers.mappings of listsync.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A path, and what is known of who sent it, from where."""

    path: str
    instances: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    kind: JobKind = JobKind.MOVIE
    event: str | None = None
    at: datetime | None = None


def mapping(context: CommandContext, params: MappingParams) -> MappingReply:
    """Show which mapping a path has, and where that leads."""
    from listsync.transfers.mapping_advice import explain  # noqa: PLC0415 - where it is wanted

    asked = _asked(context, params)
    mappings = context.transfers.mappings()
    found = explain(asked.path, mappings, asked.instances, asked.downloads, asked.kind)
    destination = found.place.destination if found.place else None
    return {
        "path": _text(asked.path),
        "instances": [*map(_text, asked.instances)],
        "event": asked.event,
        "at": iso(asked.at) if asked.at else None,
        "mappings": [*map(_shape, found.trials)],
        "source": _text(found.place.source) if found.place else None,
        "destination": _text(destination) if destination else None,
        "media_server": _text(found.media_server) if found.place else None,
        "why": found.refusal,
        "advice": found.advice if mappings else _NOT_SET_UP,
    }


def _asked(context: CommandContext, params: MappingParams) -> _Asked:
    named = tuple(filter(None, [params.get("instance", "").strip()]))
    if path := params.get("path"):
        return _Asked(path=path, instances=named)
    found = context.transfers.webhooks.latest()
    if found is None:
        raise RefusedCommand(Reason.NOT_FOUND, _NOTHING_YET)
    return _of_event(*found, named)


def _of_event(row: ReceivedEvent, content: str, named: tuple[str, ...]) -> _Asked:
    """Read what is kept of a webhook; what was cut off is not there."""
    from listsync.transfers.events import read_event  # noqa: PLC0415 - as above

    event = read_event(json.loads(content or "{}"), row.app)
    paths = [one.path for one in event.files] or [*event.folders]
    instances = dict.fromkeys(filter(None, named or (row.instance, event.instance)))
    return _Asked(
        path=next(iter(paths), row.path),
        instances=tuple(instances),
        downloads=event.downloads,
        kind=JobKind.EPISODE if row.app is ImportApp.SONARR else JobKind.MOVIE,
        event=row.event_type,
        at=row.at,
    )


def _shape(trial: MappingTrial) -> MappingShape:
    one = trial.mapping
    return {
        "number": trial.number,
        "sender": one.sender,
        "source": str(one.source),
        "destination": str(one.destination) if one.destination else None,
        "media_server": one.media_server,
        "instance": one.instance,
        "is_taken": trial.is_taken,
        "why": trial.why,
    }


def _text(path: PurePath | str) -> str:
    """Write a path of any bytes as text."""
    return cut(str(path).encode("utf-8", "backslashreplace").decode(), _LONGEST)
