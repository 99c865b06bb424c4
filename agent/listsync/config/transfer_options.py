"""The key `transfers`: what is copied where, and which media servers are told."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated

from msgspec import Meta

from listsync.config.schema_keys import Section
from listsync.config.transfer_missed import MissedForm, check_missed
from listsync.config.validation import ConfigIssue, truth_of
from listsync.config.values import plain
from listsync.config.yaml_document import KeyPath, quote
from listsync.config_types import AlsoCalled, Check, Options, ValueForm, parse_one_line
from listsync.domain.transfer_rules import (
    PathMapping,
    RenamePolicy,
    RetryPolicy,
    TransferLimits,
    UpgradePolicy,
    VerifyMode,
)
from listsync.domain.transfers import CopyScope
from listsync.terminal.durations import DURATION_PATTERN, parse_duration
from listsync.transfers.mapping import SenderPath, sender_path
from listsync.transfers.options import (
    MEDIA_SERVER_TYPES,
    EmbyOptions,
    JellyfinOptions,
    MediaServerOptions,
    PlexOptions,
)
from listsync.transfers.settings import USUAL_EXCLUDES, NamedMediaServer, TransferSettings

_TEXT = {"type": "string", "minLength": 1}
_BACK_OFF_ATTEMPTS = RetryPolicy().attempts
_FIXED_ATTEMPTS = 3
"""As many as the original had, at its fixed times."""


def _absolute(value: object, _: Path) -> PurePosixPath:
    """Read the path of a folder of this machine."""
    text = parse_one_line(value) if isinstance(value, str) else ""
    if not text.startswith("/"):
        raise ValueError("expected an absolute path, such as /mnt/media/movies")
    path = PurePosixPath("/" + text.lstrip("/"))
    _refuse_odd(path)
    return path


def _anywhere(text: str) -> str:
    """Read the path of a folder as another program sees it, perhaps on Windows."""
    path = sender_path(parse_one_line(text))
    if path is None:
        raise ValueError(r"expected an absolute path, such as /movies or D:\Media\Movies")
    _refuse_odd(path)
    return str(path)


def _refuse_odd(path: SenderPath) -> None:
    if ".." in path.parts:
        raise ValueError("expected a path without ..")
    if path == PurePosixPath("/"):
        raise ValueError("is the whole file system, expected the folder of a library")


def _marker(value: object, _: Path) -> PurePosixPath:
    text = parse_one_line(value) if isinstance(value, str) else ""
    path = PurePosixPath(text)
    if not text or path.is_absolute() or not path.parts or ".." in path.parts:
        raise ValueError("expected a file below the destination, such as .listsync-marker")
    return path


def _mount(value: object, folder: Path) -> bool | PurePosixPath:
    truth = truth_of(value) if isinstance(value, str) else None
    return _absolute(value, folder) if truth is None else truth


_FLAG_OR_PATH = {"anyOf": [{"type": "boolean"}, {**_TEXT, "pattern": "^/"}]}
HerePath = Annotated[PurePosixPath, ValueForm(_absolute, {**_TEXT, "pattern": "^/"})]
TheirPath = Annotated[str, Check(_anywhere)]


class MappingForm(Options, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A library: where Radarr or Sonarr, this machine and the media server have it."""

    sender: Annotated[
        TheirPath,
        r"The library as Radarr or Sonarr sees it: /movies, or D:\Media\Movies on Windows.",
    ]
    source: Annotated[
        HerePath | None, "The same folder as this machine sees it; empty = by the same path."
    ] = None
    destination: Annotated[
        HerePath | None,
        AlsoCalled(("dest", "to")),
        "Where it is copied to; empty = nothing is copied, media servers are only told.",
    ] = None
    media_server: Annotated[
        TheirPath | None,
        "The destination as the media server sees it (the source, where nothing is copied); "
        "empty = as this machine does.",
    ] = None
    instance: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=100),
        "Only what this Radarr or Sonarr sends: its instance name, or the name in the address "
        "/sync/NAME; empty = of all.",
    ] = None
    marker: Annotated[
        Annotated[PurePosixPath, ValueForm(_marker, _TEXT)] | None,
        "A file below the destination; while it is missing, nothing is copied there.",
    ] = None
    require_mount: Annotated[
        Annotated[bool | PurePosixPath, ValueForm(_mount, _FLAG_OR_PATH)],
        "true: nothing is copied while no disk or share is mounted at the destination or above "
        "it; a path: while none is mounted exactly there.",
    ] = False

    @property
    def mapping(self) -> PathMapping:
        return PathMapping(
            sender=self.sender,
            source=self.source or PurePosixPath(self.sender),
            destination=self.destination,
            media_server=self.media_server or "",
            instance=self.instance or "",
            marker=self.marker,
            require_mount=self.require_mount,
        )


class MediaServerForm(Options, frozen=True, kw_only=True):
    """One media server: exactly one kind's key."""

    plex: Annotated[PlexOptions | None, "A Plex Media Server."] = None
    jellyfin: Annotated[JellyfinOptions | None, "A Jellyfin server."] = None
    emby: Annotated[EmbyOptions | None, "An Emby server."] = None
    name: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=50),
        "How the media server is called, once only; empty = its kind.",
    ] = None

    @property
    def server(self) -> NamedMediaServer:
        kind = next(key for key in MEDIA_SERVER_TYPES if getattr(self, key) is not None)
        options: MediaServerOptions = getattr(self, kind)
        return NamedMediaServer(name=self.name or kind, kind=kind, options=options)


def _pause(value: object) -> timedelta:
    duration = parse_duration(value if isinstance(value, str) else "")
    if not timedelta(seconds=10) <= duration <= timedelta(days=7):
        raise ValueError("expected at least 10s, and at most 7d")
    return duration


class RetryForm(Section, frozen=True, kw_only=True):
    """When copies that have failed are tried again."""

    every: Annotated[
        Annotated[timedelta, plain(_pause, {"type": "string", "pattern": DURATION_PATTERN})]
        | None,
        "Time between tries, such as 15m; empty = after 1, 5, 15, 60, 180 and 360 minutes.",
    ] = None
    attempts: Annotated[
        int | None,
        Meta(ge=0, le=1000),
        f"How often it is tried again before a person is needed; empty = {_BACK_OFF_ATTEMPTS}, "
        f"with every: {_FIXED_ATTEMPTS}.",
    ] = None

    @property
    def policy(self) -> RetryPolicy:
        usual = _BACK_OFF_ATTEMPTS if self.every is None else _FIXED_ATTEMPTS
        attempts = usual if self.attempts is None else self.attempts
        return RetryPolicy(every=self.every, attempts=attempts)


def _bandwidth(value: object) -> str:
    found = re.fullmatch(
        r"(\d{1,9}(?:\.\d{1,3})?)\s?([kmgt]?)(?:i?b)?(?:/s)?",
        value.strip().lower() if isinstance(value, str) else "",
        re.ASCII,
    )
    if found is None or not float(found[1]):
        raise ValueError("expected an amount a second such as 500k, 40m or 1.5g")
    return f"{found[1]}{found[2] or 'k'}"


class LimitsForm(Section, frozen=True, kw_only=True):
    """How much copying may take."""

    concurrent: Annotated[
        int, Meta(ge=1, le=16), "How many copies to one destination may run at a time."
    ] = TransferLimits().concurrent
    bandwidth: Annotated[
        Annotated[str, plain(_bandwidth, {"anyOf": [_TEXT, {"type": "number"}]})] | None,
        "At most so much a second for each copy, such as 40m (MiB) or 500k (KiB); a number alone "
        "is in KiB; empty = as fast as it goes.",
    ] = None
    stall_s: Annotated[
        float, Meta(ge=10, le=86400), "Seconds without progress after which a copy is ended."
    ] = TransferLimits().stall_s
    longest_s: Annotated[
        float, Meta(ge=60, le=7 * 86400), "Seconds after which a copy is ended in any case."
    ] = TransferLimits().longest_s
    nice: Annotated[
        int,
        Meta(ge=0, le=19),
        "Niceness of copies, from 0 to 19: the more, the less they disturb.",
    ] = TransferLimits().nice

    @property
    def limits(self) -> TransferLimits:
        return TransferLimits(
            concurrent=self.concurrent,
            bandwidth=self.bandwidth,
            stall_s=self.stall_s,
            longest_s=self.longest_s,
            nice=self.nice,
        )


def _pattern(text: str) -> str:
    pattern = parse_one_line(text)
    if not pattern:
        raise ValueError("expected the name of a file or folder, such as *.tmp")
    return pattern


class TransfersForm(Section, frozen=True, kw_only=True):
    """What Radarr and Sonarr import: copied to another disk, and told to media servers."""

    mappings: Annotated[
        tuple[MappingForm, ...], "The libraries, and where they lie; empty = nothing is done."
    ] = ()
    media_servers: Annotated[
        tuple[MediaServerForm, ...], "Who is told to look at a folder that has changed."
    ] = ()
    missed: Annotated[
        tuple[MissedForm, ...],
        "Whose history is read at the start and every six hours, for imports whose webhook was "
        "lost, as while listsync was not running.",
    ] = ()
    retry: Annotated[RetryForm, "When copies that have failed are tried again."] = RetryForm()
    verify: Annotated[
        VerifyMode,
        "How a copy is compared with its source: size (and time of change), or checksum, which "
        "reads both once more.",
    ] = VerifyMode.SIZE
    movies: Annotated[
        CopyScope,
        "What is copied of a film: file, sidecars (and files of the same name, such as subtitles) "
        "or folder (all of its folder).",
    ] = CopyScope.FOLDER
    episodes: Annotated[CopyScope, "What is copied of an episode: file, sidecars or folder."] = (
        CopyScope.SIDECARS
    )
    superseded: Annotated[
        UpgradePolicy,
        "The copy of a file that an upgrade has replaced: keep, or remove it once the new one is "
        "verified. Only what was copied by listsync is removed.",
    ] = UpgradePolicy.KEEP
    renamed: Annotated[
        RenamePolicy,
        "The copy of a file that was renamed: report it, or rename the copy, too.",
    ] = RenamePolicy.REPORT
    exclude: Annotated[
        tuple[Annotated[str, Check(_pattern), Meta(max_length=255)], ...],
        AlsoCalled(("excludes",)),
        "What is never copied, as rsync's --exclude has it.",
    ] = USUAL_EXCLUDES
    dry_run: Annotated[bool, "true: say what would be copied, and change nothing."] = False
    limits: Annotated[LimitsForm, "How much copying may take."] = LimitsForm()

    @property
    def settings(self) -> TransferSettings:
        return TransferSettings(
            mappings=tuple(one.mapping for one in self.mappings),
            media_servers=tuple(one.server for one in self.media_servers),
            missed=tuple(one.arr for one in self.missed),
            retry=self.retry.policy,
            verify=self.verify,
            limits=self.limits.limits,
            excludes=self.exclude,
            dry_run=self.dry_run,
            superseded=self.superseded,
            renamed=self.renamed,
            movie_scope=self.movies,
            episode_scope=self.episodes,
        )


Written = dict[str, object]
_AT: KeyPath = ("transfers",)
_PLACES = ("from", "source", "destination")


def check_transfers(data: Written) -> Iterator[ConfigIssue]:
    """Find what breaks a rule between keys of transfers; types are the models' business."""
    form = data.get("transfers")
    if not isinstance(form, dict):
        return
    mappings, servers = _mappings_in(form.get("mappings")), _mappings_in(form.get("media_servers"))
    http = data.get("http")
    if mappings and not (isinstance(http, dict) and http.get("listen")):
        what = "transfers are asked for by webhooks, which come over HTTP: missing http.listen"
        yield ConfigIssue(_AT, what, at_key=True)
    seen: dict[object, int] = {}
    for n, one in mappings.items():
        yield from _check_mapping(one, (*_AT, "mappings", n), seen)
        if not servers:
            yield from _check_use(one, (*_AT, "mappings", n))
    names: dict[str, int] = {}
    for n, one in servers.items():
        yield from _check_server(one, (*_AT, "media_servers", n), names)
    yield from check_missed(_mappings_in(form.get("missed")), (*_AT, "missed"))


def _path(value: object) -> SenderPath | None:
    return sender_path(value.strip()) if isinstance(value, str) else None


def _mappings_in(entries: object) -> dict[int, Written]:
    listed = entries if isinstance(entries, list) else []
    return {n: one for n, one in enumerate(listed) if isinstance(one, dict)}


def has_mappings(data: Written) -> bool:
    form = data.get("transfers")
    return isinstance(form, dict) and bool(_mappings_in(form.get("mappings")))


def _check_mapping(one: Written, at: KeyPath, seen: dict[object, int]) -> Iterator[ConfigIssue]:
    sender, source, destination = (_path(one.get(key)) for key in _PLACES)
    instance = one.get("instance")
    if sender is not None:
        key = (sender, instance.strip() if isinstance(instance, str) else "")
        if seen.setdefault(key, int(at[-1])) != int(at[-1]):
            what = f"{sender} is mapped already, by transfers.mappings[{seen[key]}]"
            yield ConfigIssue((*at, "from"), f"{what}, expected it once (or once an instance)")
    if source is None and isinstance(sender, PureWindowsPath):
        what = 'missing key "source": where this machine has the library'
        yield ConfigIssue(at, f"{what}, as {sender} is a path of Windows")
    here = source if source is not None else sender
    if here is not None and destination is not None:
        yield from _check_apart(here, destination, (*at, "destination"))
    if one.get("marker") and not one.get("destination"):
        what = "marker: is a file at the destination, and there is none"
        yield ConfigIssue((*at, "marker"), what, at_key=True)


def _check_apart(
    source: SenderPath, destination: SenderPath, at: KeyPath
) -> Iterator[ConfigIssue]:
    if source == destination:
        yield ConfigIssue(at, f"{destination} is the source itself, expected another folder")
    elif source in destination.parents:
        yield ConfigIssue(at, f"{destination} is inside the source {source}, expected it outside")
    elif destination in source.parents:
        yield ConfigIssue(at, f"the source {source} is inside {destination}, expected it outside")


def _check_use(one: Written, at: KeyPath) -> Iterator[ConfigIssue]:
    """Warn of what only a media server would give a sense."""
    if not one.get("destination"):
        what = "nothing is done with it: it has no destination, and no media_servers are named"
        yield ConfigIssue(at, what, is_warning=True)
    elif one.get("media_server"):
        what = "media_server has no effect: no media_servers are named"
        yield ConfigIssue((*at, "media_server"), what, at_key=True, is_warning=True)


def _check_server(one: Written, at: KeyPath, names: dict[str, int]) -> Iterator[ConfigIssue]:
    kinds = [key for key in one if key in MEDIA_SERVER_TYPES and one[key] is not None]
    if not kinds:
        expected = ", ".join(MEDIA_SERVER_TYPES)
        what = f"this media server is of no kind, expected one of the keys {expected}"
        yield ConfigIssue(at, what)
        return
    for extra in kinds[1:]:
        what = f"this media server is of a kind already ({kinds[0]}), expected one for each"
        yield ConfigIssue((*at, extra), what, at_key=True)
    written = one.get("name")
    name = written.strip() if isinstance(written, str) else kinds[0]
    if names.setdefault(name, int(at[-1])) != int(at[-1]):
        what = f"the name {quote(name)} is taken by transfers.media_servers[{names[name]}]"
        place = (*at, "name") if isinstance(written, str) else at
        yield ConfigIssue(place, f"{what}, expected a name of its own")
