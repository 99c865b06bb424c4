"""What the doctor looks at where files are copied or scanned: rsync, folders, media servers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from listsync.app.doctor import CheckResult, CheckState, Patient
from listsync.cancellation import CancelToken
from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import RootTrouble
from listsync.errors import ListsyncError, RefusedError, UnavailableError
from listsync.terminal.output import file_size, plural
from listsync.text_cleaning import one_line
from listsync.transfers.media_servers import open_media_server
from listsync.transfers.media_servers.base import depth_of
from listsync.transfers.mounts import rules_of
from listsync.transfers.options import PlexOptions
from listsync.transfers.probes import Probes
from listsync.transfers.roots import RootFacts, RootLook, RootRules
from listsync.transfers.rsync_program import RsyncUnusableError, find_rsync
from listsync.transfers.settings import NamedMediaServer, TransferSettings

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_LOOK_S = 10.0
MAPPINGS_S = 90.0
_INSIDE_CONTAINER = "overlay"
_ADVICE = {
    RootTrouble.NOT_MOUNTED: "mount it; copies wait until it is there, and go on by themselves",
    RootTrouble.NO_MARKER: "mount what belongs there; if it is, make the file that `marker` names",
    RootTrouble.MISSING: (
        "correct the path, mount what it lies on (in a container: a volume), or make the folder"
    ),
    RootTrouble.HANGING: "the server of the share is gone or busy: look there, or mount it anew",
    RootTrouble.STALE: "mount it anew",
    RootTrouble.FORBIDDEN: "let the user of listsync in (chown, chmod, or the share's own rights)",
    RootTrouble.READ_ONLY: "mount it for writing",
    RootTrouble.FULL: "make room; copies wait, and go on by themselves",
}
_LINK = "chown -h root {link}, or name the folder that it leads to"
_MARKER = "name a `marker` file or set `require_mount`, so that nothing fills the folder below it"


def rsync(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell which rsync there is, and what it cannot do."""
    settings = _settings(patient)
    is_needed = any(one.destination for one in settings.mappings)
    try:
        program = find_rsync()
    except RsyncUnusableError as error:
        if is_needed:
            advice = "install rsync (3.2 or later); copies wait until it is there"
            yield CheckResult("rsync", _FAILED, str(error), advice)
        else:
            yield CheckResult("rsync", _OK, f"{error}; {_NOT_NEEDED}")
        return
    said = program.limitations() if is_needed else (_NOT_NEEDED,)
    yield CheckResult("rsync", _OK, "; ".join([f"rsync {program.version_text}", *said]))


_NOT_NEEDED = "it is needed for copies only, and no mapping has a destination"


def _settings(patient: Patient) -> TransferSettings:
    return patient.config.transfers if patient.config else TransferSettings()


def mappings(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Look at each source and destination as the agent's user would find it; none may hang us."""
    settings, user = _settings(patient), _user(patient)
    rules = rules_of(settings)
    if not rules:
        return
    as_user = user if os.geteuid() == 0 and user != 0 else None
    found = Probes(as_user=as_user).look_all(rules, _LOOK_S)
    for look in found:
        yield from _of_root(look, rules[look.health.root], user)
    facts = {one.health.root: one.facts for one in found if one.facts is not None}
    for mapping in settings.mappings:
        yield from _of_mapping(mapping, facts)


def _user(patient: Patient) -> int:
    """Tell who the agent runs as: whose state there is, or else who we are."""
    try:
        return patient.state_dir.stat().st_uid if patient.state_dir else os.geteuid()
    except OSError:
        return os.geteuid()


def _of_root(look: RootLook, rules: RootRules, user: int) -> Iterator[CheckResult]:
    health, facts = look.health, look.facts
    root, kind = str(health.root), "destination" if rules.is_destination else "source"
    if not health.is_healthy:
        advice = _ADVICE.get(health.trouble or RootTrouble.UNKNOWN, "")
        who = f" (as uid {user})" if health.trouble is RootTrouble.FORBIDDEN else ""
        yield CheckResult("mapping", _FAILED, f"{kind}: {health.why}{who}", advice, root)
    elif facts is not None:
        yield _well(look, facts, rules, kind)
    if facts is not None:
        yield from _links(facts, user, root)


def _well(look: RootLook, facts: RootFacts, rules: RootRules, kind: str) -> CheckResult:
    root, mount = str(look.health.root), look.mount
    text = f"{kind}: there, on {mount or 'an unknown file system'}"
    if not rules.is_destination:
        return CheckResult("mapping", _OK, text, subject=root)
    if facts.free_bytes is not None:
        text = f"{text}, with {file_size(facts.free_bytes)} free"
    is_bare = mount is not None and mount.is_root
    if is_bare and mount is not None and mount.kind == _INSIDE_CONTAINER:
        text = f"{text}: it is inside the container, and is lost with it"
        return CheckResult("mapping", _WARNING, text, "give the container a volume there", root)
    is_guarded = rules.marker or rules.requires_mount or rules.mount_points
    if is_bare and not is_guarded:
        return CheckResult("mapping", _OK, f"{text}: nothing is mounted there", _MARKER, root)
    return CheckResult("mapping", _OK, text, subject=root)


def _links(facts: RootFacts, user: int, root: str) -> Iterator[CheckResult]:
    """Tell of links on the way that rsync 3.5 does not follow, whichever rsync is here now."""
    for link, owner in facts.owned_links:
        if owner not in {0, user}:
            text = f"the link {link} on the way belongs to uid {owner}: rsync 3.5 refuses it"
            advice = _LINK.format(link=link)
            yield CheckResult("mapping", _WARNING, text, advice, root)


def _of_mapping(
    mapping: PathMapping, facts: dict[PurePosixPath, RootFacts]
) -> Iterator[CheckResult]:
    """Tell where source and destination are one folder after all, or one is in the other."""
    source = facts.get(mapping.source)
    destination = facts.get(mapping.destination) if mapping.destination else None
    if source is None or destination is None:
        return
    is_same = (source.device, source.inode) == (destination.device, destination.inode)
    if is_same or source.path == destination.path:
        text = f"is the same folder as its source {mapping.source}"
    elif source.path in destination.path.parents:
        text = f"lies inside its source {mapping.source}"
    elif destination.path in source.path.parents:
        text = f"holds its own source {mapping.source}"
    else:
        return
    advice = "where the media server uses the source's disk, leave `destination` out"
    yield CheckResult("mapping", _FAILED, text, advice, str(mapping.destination))


def media_servers(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Ask each media server who it is, and whether it has the folders of the mappings."""
    settings = _settings(patient)
    folders = [one.media_server or str(one.destination or one.source) for one in settings.mappings]
    for named in settings.media_servers:
        try:
            yield from _of_server(named, folders, token)
        except (RefusedError, UnavailableError) as error:
            advice = _REACH if isinstance(error, UnavailableError) else ""
            yield CheckResult("media_server", _FAILED, error.why, advice, named.name)
        except ListsyncError as error:
            yield CheckResult("media_server", _FAILED, str(error), subject=named.name)


_REACH = "is it running, and is its `url` right, as seen from this machine?"
_FOLDER = "set `media_server` of the mapping to the folder as the media server sees it"


def _of_server(
    named: NamedMediaServer, folders: Sequence[str], token: CancelToken
) -> Iterator[CheckResult]:
    server = open_media_server(named.name, named.options, token)
    try:
        version = server.check()
        libraries = server.libraries()
        text = f"{named.kind} {version}, {plural(len(libraries), 'library', 'libraries')}"
        yield CheckResult("media_server", _OK, text, subject=named.name)
        at = [*(place for one in libraries for place in one.locations), *_by_hand(named)]
        there = ", ".join(at) or "none"
        for folder in dict.fromkeys(folders):
            if not any(depth_of(folder, place) for place in at):
                text = f"no library holds {folder} (there are: {one_line(there, 300)})"
                yield CheckResult("media_server", _FAILED, text, _FOLDER, named.name)
    finally:
        server.close()


def _by_hand(named: NamedMediaServer) -> Iterator[str]:
    """Give the folders whose sections the user names."""
    if isinstance(named.options, PlexOptions):
        yield from named.options.sections
