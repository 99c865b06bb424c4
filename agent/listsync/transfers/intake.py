"""From a webhook to the jobs and scans that it asks for, written before it is answered.

Nothing on this way touches a mapped folder: that may hang, and the sender waits.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from listsync.domain.transfer_rules import RenamePolicy
from listsync.domain.transfers import (
    CopyScope,
    EventDecision,
    EventOutcome,
    ImportApp,
    JobKind,
    MediaLabel,
    NewJob,
    NewScan,
    ReportedFile,
    TransferPlace,
    WebhookEvent,
)
from listsync.errors import StateError
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import one_line
from listsync.transfers.events import WebhookShapeError, read_event
from listsync.transfers.mapping import (
    PathRefusal,
    as_media_server,
    find_place,
    find_place_here,
    sender_path,
)
from listsync.transfers.mapping_advice import advise, shown
from listsync.transfers.webhook_content import content_of

if TYPE_CHECKING:
    from listsync.ports.transfers import WebhookInbox
    from listsync.transfers.settings import TransferSettings

logger = logging.getLogger(__name__)

_MOST_LOGGED = 50
_KINDS = {ImportApp.RADARR: JobKind.MOVIE, ImportApp.SONARR: JobKind.EPISODE}
_MANUAL_KINDS: Mapping[str, tuple[JobKind, CopyScope | None]] = {
    **dict.fromkeys(("movie", "movies", "film"), (JobKind.MOVIE, None)),
    **dict.fromkeys(("episode", "tv", "show", "series", "season"), (JobKind.EPISODE, None)),
    "file": (JobKind.MANUAL, CopyScope.FILE),
    "folder": (JobKind.MANUAL, CopyScope.FOLDER),
    "": (JobKind.MANUAL, CopyScope.SIDECARS),
}
"""What people may call it. A path that is a folder is copied whole, whatever it is called."""
MANUAL_TYPES = tuple(filter(None, _MANUAL_KINDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeRequest:
    """A body as it came; *app* and *name* are what its address says.

    `ImportApp.MANUAL`: a person asks, by `path`, and perhaps a `type` (one of `MANUAL_TYPES`) and
    an `instance`.
    """

    app: ImportApp | None
    name: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeReply:
    """What became of a webhook: `why` nothing came of it or of some of it, the numbers of jobs."""

    event_type: str
    outcome: EventOutcome
    why: str = ""
    jobs: tuple[int, ...] = ()
    scans: int = 0


_Read = tuple[WebhookEvent, EventDecision]


class WebhookIntake:
    """Takes webhooks, from any thread; *wake* has it seen that jobs or scans were written."""

    def __init__(
        self,
        inbox: WebhookInbox,
        settings: Callable[[], TransferSettings],
        wake: Callable[[], None],
    ) -> None:
        self._inbox = inbox
        self._settings = settings
        self._wake = wake

    @property
    def settings(self) -> TransferSettings:
        return self._settings()

    def take(
        self, app: ImportApp | None, name: str, body: Mapping[str, object], at: datetime
    ) -> IntakeReply:
        """Take one webhook; see `take_all`.

        Raises:
            WebhookShapeError: it is none.
            StateError: it could not be written.
        """
        return self._take_one(IntakeRequest(app=app, name=name, body=_written(body)), at)

    def manual(self, path: str, kind: str, at: datetime, instance: str = "") -> IntakeReply:
        """Take what a person asks for; raises as `take`."""
        body = _written({"path": path, "type": kind, "instance": instance})
        return self._take_one(IntakeRequest(app=ImportApp.MANUAL, name="", body=body), at)

    def _take_one(self, request: IntakeRequest, at: datetime) -> IntakeReply:
        (reply,) = self.take_all([request], at)
        if isinstance(reply, IntakeReply):
            return reply
        raise reply

    def take_all(
        self, requests: Sequence[IntakeRequest], at: datetime
    ) -> Sequence[IntakeReply | WebhookShapeError | StateError]:
        """Take what has come, with one write for all of it; gives what came of each."""
        read = [self._read(one) for one in requests]
        entries = [one for one in read if not isinstance(one, WebhookShapeError)]
        try:
            jobs = iter(self._inbox.put_all(entries, at))
        except StateError as error:
            return [error if isinstance(one, tuple) else one for one in read]
        replies = [_reply(*one, next(jobs)) if isinstance(one, tuple) else one for one in read]
        if any(isinstance(one, IntakeReply) and (one.jobs or one.scans) for one in replies):
            self._wake()
        for event, decision in entries:
            _log(event, decision)
        return replies

    def _read(self, request: IntakeRequest) -> _Read | WebhookShapeError:
        try:
            body = object_in(request.body)
            if request.app is ImportApp.MANUAL:
                return self._read_manual(body)
            event = read_event(body, request.app, request.name)
        except WebhookShapeError as error:
            return error
        decision = decide(event, self.settings, request.name)
        # An address of its own tells one sender from another better than what it calls itself.
        return replace(event, instance=event.instance if request.app else request.name), decision

    def _read_manual(self, body: Mapping[str, object]) -> _Read:
        texts = [body.get(key, "") for key in ("path", "type", "instance")]
        path, kind, instance = (one if isinstance(one, str) else None for one in texts)
        if not path or kind is None or instance is None:
            raise WebhookShapeError("expected a path, and perhaps a type and an instance, as text")
        kind = kind.strip().casefold()
        if kind not in _MANUAL_KINDS:
            raise WebhookShapeError(f"type: expected one of {', '.join(MANUAL_TYPES)}")
        event = WebhookEvent(
            app=ImportApp.MANUAL,
            event_type="Manual",
            instance=one_line(instance, 100),
            files=(ReportedFile(path=path, label=MediaLabel(title=_title_in(path))),),
            content=content_of(body),
        )
        return event, _Decider(event, self.settings, "").manual(kind)


def _written(body: Mapping[str, object]) -> bytes:
    return json.dumps(body).encode()


def object_in(body: bytes) -> dict[str, object]:
    """Read an object of JSON; raises WebhookShapeError."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookShapeError("the body is no JSON") from None
    if not isinstance(found, dict):
        raise WebhookShapeError("the body is no JSON object")
    return found


def _reply(event: WebhookEvent, decision: EventDecision, jobs: tuple[int, ...]) -> IntakeReply:
    return IntakeReply(
        event_type=event.event_type,
        outcome=decision.outcome,
        why=decision.why,
        jobs=jobs,
        scans=len(decision.scans),
    )


def _log(event: WebhookEvent, decision: EventDecision) -> None:
    """Say what came, and where each file lies: the first place to look when paths are wrong."""
    is_refused = decision.outcome in {EventOutcome.REFUSED, EventOutcome.UNUSABLE}
    facts = {"action": "webhook", "event": event.event_type, "outcome": decision.outcome.value}
    logger.log(
        logging.WARNING if is_refused else logging.INFO,
        "webhook %s of %s: %s",
        event.event_type or "of no type",
        event.instance or event.app,
        ": ".join(filter(None, (decision.outcome, decision.why))),
        extra=facts,
    )
    for job in decision.jobs[:_MOST_LOGGED]:
        place = job.place
        words = "File path: %s -> %s"
        logger.info(words, place.source, place.destination, extra={"action": "file_path"})


def decide(event: WebhookEvent, settings: TransferSettings, name: str = "") -> EventDecision:
    """Say what a webhook asks for; *name* is what its address calls the sender."""
    decider = _Decider(event, settings, name)
    match event.event_type.casefold():
        case "":
            return EventDecision(outcome=EventOutcome.UNUSABLE, why="has no eventType")
        case "download":
            return decider.imported()
        case "rename":
            return decider.renamed()
        case _ if event.folders:
            return decider.deleted()
        case _:
            why = f"{event.event_type} asks for nothing"
            return EventDecision(outcome=EventOutcome.IGNORED, why=why)


@dataclass(slots=True)
class _Found:
    """What came of the paths of an event."""

    jobs: list[NewJob] = field(default_factory=list)
    scans: dict[tuple[str, PurePosixPath], dict[str, None]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)

    def scan(self, place: TransferPlace, folder: PurePosixPath, *files: PurePosixPath) -> None:
        """Have a folder of the source looked at, as nothing of it is copied."""
        expects = self.scans.setdefault((as_media_server(place, folder), place.source_root), {})
        expects.update(dict.fromkeys(as_media_server(place, one) for one in files))

    def decision(self, otherwise: str) -> EventDecision:
        scans = tuple(
            NewScan(folder=folder, health_root=root, expects=tuple(expects))
            for (folder, root), expects in self.scans.items()
        )
        is_used = bool(self.jobs or scans)
        outcome = EventOutcome.REFUSED if self.refused else EventOutcome.UNUSABLE
        outcome = EventOutcome.IGNORED if self.ignored and not self.refused else outcome
        return EventDecision(
            outcome=EventOutcome.ACCEPTED if is_used else outcome,
            why=_summed(self.refused or self.ignored) or ("" if is_used else otherwise),
            jobs=tuple(self.jobs),
            scans=scans,
        )


def _summed(reasons: list[str]) -> str:
    distinct = [*dict.fromkeys(reasons)]
    more = len(distinct) - 1
    return f"{distinct[0]} (and {more:,} more)" if more > 0 else "".join(distinct)


class _Decider:
    """Decides about one event."""

    def __init__(self, event: WebhookEvent, settings: TransferSettings, name: str) -> None:
        self._event = event
        self._settings = settings
        self._instances = {event.instance, name} - {""}
        self._instance = event.instance or name
        self._kind = _KINDS.get(event.app, JobKind.MANUAL)
        self._found = _Found()

    def imported(self) -> EventDecision:
        """Have each file copied, or where nothing is copied its folder scanned."""
        superseded = self._event.superseded
        for file in self._event.files:
            place = self._place(file.path)
            if place is not None and place.destination_root is None:
                self._scan(place, place.relative.parent, place.relative)
            elif place is not None:
                old = tuple(self._relatives(superseded, place))
                self._found.jobs.append(replace(self._job(file, place), superseded=old))
        return self._found.decision("names no file")

    def manual(self, kind: str) -> EventDecision:
        """Have a path copied that a person gave, as the sender or as this machine sees it."""
        job_kind, scope = _MANUAL_KINDS[kind]
        self._kind = job_kind
        (file,) = self._event.files
        mappings = self._settings.mappings
        place = self._or_refused(file.path, find_place_here(file.path, mappings, self._instances))
        if place is not None and place.destination_root is None:
            self._scan(place, place.relative.parent, place.relative)
        elif place is not None:
            job = self._job(file, place)
            self._found.jobs.append(replace(job, scope=scope) if scope else job)
        return self._found.decision("names no path")

    def renamed(self) -> EventDecision:
        """Have both folders scanned; a copy is renamed where the user wants that."""
        before = {new: old for old, new in self._event.renamed}
        for file in self._event.files:
            if (place := self._place(file.path)) is None:
                continue
            old = next(self._relatives([before.get(file.path, "")], place), None)
            if place.destination_root is None:
                self._scan(place, place.relative.parent, place.relative)
                if old is not None:
                    self._scan(place, old.parent)
            elif self._settings.renamed is RenamePolicy.RENAME:
                replaced = () if old is None else (old,)
                self._found.jobs.append(replace(self._job(file, place), superseded=replaced))
            else:
                self._found.ignored.append(
                    "the copy keeps its old name: transfers.renamed is report"
                )
        return self._found.decision("names no file")

    def deleted(self) -> EventDecision:
        """Have the folder scanned; what was copied stays."""
        for folder in self._event.folders:
            place = self._place(folder)
            if place is not None and place.destination_root is None:
                self._scan(place, place.relative)
            elif place is not None:
                self._found.ignored.append("deletes are not passed on to copies")
        return self._found.decision("names no folder")

    def _scan(self, place: TransferPlace, folder: PurePosixPath, *files: PurePosixPath) -> None:
        if self._settings.media_servers:
            self._found.scan(place, folder, *files)
        else:
            self._found.ignored.append("its mapping has no destination, and there are no servers")

    def _place(self, path: str) -> TransferPlace | None:
        found = find_place(path, self._settings.mappings, self._instances)
        return self._or_refused(path, found)

    def _or_refused(self, path: str, found: TransferPlace | PathRefusal) -> TransferPlace | None:
        if isinstance(found, TransferPlace):
            return found
        advice = advise(
            path, self._settings.mappings, self._instances, self._event.downloads, self._kind
        )
        self._found.refused.append(": ".join(filter(None, (f"{shown(path)} {found.why}", advice))))
        return None

    def _relatives(self, paths: Collection[str], place: TransferPlace) -> Iterator[PurePosixPath]:
        """Give where other paths are below the roots of *place*, but for itself."""
        for path in paths:
            other = find_place(path, self._settings.mappings, self._instances)
            if (
                isinstance(other, TransferPlace)
                and replace(other, relative=place.relative) == place
                and other.relative != place.relative
            ):
                yield other.relative

    def _job(self, file: ReportedFile, place: TransferPlace) -> NewJob:
        settings = self._settings
        is_movie = self._kind is JobKind.MOVIE
        return NewJob(
            kind=self._kind,
            place=place,
            scope=settings.movie_scope if is_movie else settings.episode_scope,
            label=file.label,
            app=self._event.app,
            instance=self._instance,
            size=file.size,
            is_upgrade=self._event.is_upgrade,
        )


def _title_in(path: str) -> str:
    name = sender_path(path)
    return shown(name.stem if name is not None and len(name.suffix) <= 5 else path)[:200]
