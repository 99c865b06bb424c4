"""Which mapping a path has, step by step, and what is probably meant where it has none. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import JobKind, TransferPlace
from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import cut, printable
from listsync.transfers.mapping import (
    PathRefusal,
    SenderPath,
    as_media_server,
    below,
    find_place,
    in_order,
    is_of,
    sender_path,
)

_LONGEST_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingTrial:
    """One mapping that was tried, and what came of it; `number` counts from 0, as in the file."""

    number: int
    mapping: PathMapping
    is_taken: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingExplanation:
    """How a path is mapped. `refusal` is "" where there is a `place`; `advice` what to do then.

    `media_server` is the path as media servers see it.
    """

    path: str
    trials: tuple[MappingTrial, ...]
    place: TransferPlace | None = None
    media_server: str = ""
    refusal: str = ""
    advice: str = ""


def explain(
    text: str,
    mappings: Sequence[PathMapping],
    instances: Collection[str] = (),
    downloads: Sequence[str] = (),
    kind: JobKind = JobKind.MANUAL,
) -> MappingExplanation:
    """Show each step; *downloads* are where the download client had what was imported."""
    found = find_place(text, mappings, instances)
    trials = tuple(_trials(text, mappings, instances))
    if isinstance(found, PathRefusal):
        advice = advise(text, mappings, instances, downloads, kind)
        return MappingExplanation(path=text, trials=trials, refusal=found.why, advice=advice)
    seen = as_media_server(found, found.relative)
    return MappingExplanation(path=text, trials=trials, place=found, media_server=seen)


def _trials(
    text: str, mappings: Sequence[PathMapping], instances: Collection[str]
) -> Iterator[MappingTrial]:
    path = sender_path(text)
    is_over = path is None
    for mapping in in_order(mappings):
        why, is_taken = _verdict(path, mapping, instances)
        yield MappingTrial(
            number=mappings.index(mapping),
            mapping=mapping,
            is_taken=is_taken and not is_over,
            why="is not needed: a longer one is taken" if is_over and is_taken else why,
        )
        is_over = is_over or is_taken


def _verdict(
    path: SenderPath | None, mapping: PathMapping, instances: Collection[str]
) -> tuple[str, bool]:
    if path is None or below(path, mapping) is None:
        return "the path is not below it", False
    if not is_of(mapping, instances):
        names = " or ".join(sorted(filter(None, instances))) or "one without a name"
        return f"is for {mapping.instance}, and this is {names}", False
    return "the path is below it", True


def advise(
    text: str,
    mappings: Sequence[PathMapping],
    instances: Collection[str] = (),
    downloads: Sequence[str] = (),
    kind: JobKind = JobKind.MANUAL,
) -> str:
    """Say what is probably wrong with the mappings, where a path is under none; "": nothing."""
    path = sender_path(text)
    found = find_place(text, mappings, instances)
    if path is None or not isinstance(found, PathRefusal) or found.why != "is under no mapping":
        return ""
    ways = (
        _of_other_instance(path, mappings, instances),
        _of_other_case(text, mappings, instances),
        _of_download_folder(path, mappings, downloads, kind),
        _as_seen_here(text, mappings, instances),
    )
    return (
        next(filter(None, ways), "") or f"map its library: from: {shown(library_of(path, kind))}"
    )


def shown(text: str) -> str:
    """Write a foreign path so that it does no harm."""
    return printable(cut(text, _LONGEST_SHOWN))


def library_of(path: SenderPath, kind: JobKind) -> str:
    """Guess the library of a file: of films above the film's folder, of episodes above two."""
    above = path.parents
    depth = 2 if kind is JobKind.EPISODE else 1
    folders = [one for one in above[:-1] if one.parts]
    return str(folders[min(depth, len(folders) - 1)]) if folders else str(path)


def _of_other_instance(
    path: SenderPath, mappings: Sequence[PathMapping], instances: Collection[str]
) -> str:
    for one in in_order(mappings):
        if not is_of(one, instances) and below(path, one) is not None:
            names = " or ".join(sorted(filter(None, instances))) or "has no instance name"
            sender = names if names.startswith("has") else f"is {names}"
            return (
                f"{shown(one.sender)} is mapped for the instance {one.instance} alone, and the "
                f"sender {shown(sender)}: name it so in Settings, General, or change instance"
            )
    return ""


def _of_other_case(text: str, mappings: Sequence[PathMapping], instances: Collection[str]) -> str:
    folded = [replace(one, sender=one.sender.casefold()) for one in mappings]
    found = find_place(text.casefold(), folded, instances)
    if isinstance(found, PathRefusal):
        return ""
    one = next(one for one in mappings if one.source == found.source_root)
    return f"{shown(one.sender)} differs only in small and capital letters: write it as it is sent"


def _of_download_folder(
    path: SenderPath, mappings: Sequence[PathMapping], downloads: Sequence[str], kind: JobKind
) -> str:
    places = [place for one in downloads if (place := sender_path(one)) is not None]
    for mapping in mappings:
        if any(below(one, mapping) is not None for one in places):
            return (
                f"{shown(mapping.sender)} is where downloads lie, before the import; expected the "
                f"library, where they lie after it: from: {shown(library_of(path, kind))}"
            )
    return ""


def _as_seen_here(text: str, mappings: Sequence[PathMapping], instances: Collection[str]) -> str:
    """Find a sender that sees paths as this machine does, and a mapping that says otherwise."""
    for one in mappings:
        for root in (one.source, one.destination):
            seen = [replace(one, sender=str(root))] if root is not None else []
            if isinstance(find_place(text, seen, instances), TransferPlace):
                return (
                    "this is the path as this machine sees it, and mapped is "
                    f"{shown(one.sender)}: "
                    f"if the sender sees it so, too, write from: {shown(str(root))}"
                )
    return ""
