"""What messages say of copies: that files are there, or why they are not.

All pure: `store` writes them in the transaction that ends the copies. The titles are those of the
original service ("Movie Synced", "Sync Failed - Movie").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from listsync.domain.message_data import TransferData, TransferredFile
from listsync.domain.messages import Importance, Message, MessageKind, key_of_several
from listsync.domain.transfers import (
    CopyResult,
    FailureClass,
    JobKind,
    JobState,
    MediaLabel,
    NewJob,
    TransferJob,
)
from listsync.terminal.output import duration, file_size, plural, ranges, span
from listsync.text_cleaning import cut, one_line

GROUP = "transfer:"
"""How the groups of these messages begin."""
_MOST_FILES = 20
_MOST_LABEL, _MOST_WHY, _MOST_PATH = 200, 400, 4096
_SEASON_QUIET_S = 75.0
_QUIET_S = 10.0
_SYNCED, _FAILED, _GIVEN_UP = "synced", "failed", "needs_attention"
_WORDS = {JobKind.MOVIE: "Movie", JobKind.EPISODE: "Episode", JobKind.MANUAL: "File"}
_KINDS = {
    _SYNCED: (MessageKind.TRANSFER, Importance.INFO),
    _FAILED: (MessageKind.FAILURE, Importance.WARNING),
    _GIVEN_UP: (MessageKind.NEEDS_ATTENTION, Importance.ERROR),
}


def label_of(job: NewJob) -> str:
    """Call what is copied as people do: `The General (1926)`, `Sherlock Holmes S01E05 - ...`."""
    label = job.label
    if not label.title:
        return cut(one_line(job.place.relative.name), _MOST_LABEL)
    year = f" ({label.year})" if label.year and job.kind is not JobKind.EPISODE else ""
    numbers = f" {numbers_of(label)}" if label.season is not None else ""
    episode = f" - {label.episode_title}" if label.episode_title else ""
    return cut(one_line(f"{label.title}{year}{numbers}{episode}"), _MOST_LABEL)


def numbers_of(label: MediaLabel) -> str:
    """Write `S01E05`, of a file with several `S01E01-E02`, of a season alone `S01`."""
    episodes = "-".join(f"E{one:02}" for one in _ends(label.episodes))
    return f"S{label.season or 0:02}{episodes}"


def _ends(episodes: tuple[int, ...]) -> tuple[int, ...]:
    return episodes if len(episodes) < 2 else (min(episodes), max(episodes))


def messages_of_jobs(
    ended: Sequence[tuple[TransferJob, CopyResult]], at: datetime
) -> Iterator[Message]:
    """Say what became of a batch: each job as it stands now, and how its copy ended.

    What was there already is no news, nor is what waits for a mount: the notice of that tells it.
    A failure is told when it is the first one, and when nobody tries again. That an agent was
    killed is no failure of the copy, unless it was so often that a person is needed.
    """
    for job, result in ended:
        if (state := _state_of(job, result)) is not None:
            yield _message(state, job, at)


def _state_of(job: TransferJob, result: CopyResult) -> str | None:
    if result.failure is None:
        is_news = job.state is not JobState.SKIPPED and not result.is_dry_run
        return _SYNCED if is_news else None
    if job.state is JobState.NEEDS_ATTENTION:
        return _GIVEN_UP
    is_first = job.state is JobState.RETRY_WAIT and job.attempts == 1
    return _FAILED if is_first and result.failure is not FailureClass.INTERRUPTED else None


def _message(state: str, job: TransferJob, at: datetime) -> Message:
    kind, importance = _KINDS[state]
    is_season = job.wanted.kind is JobKind.EPISODE and state == _SYNCED
    data: TransferData = {
        "state": state,
        "count": 1,
        "bytes": job.bytes,
        "duration_s": round(job.seconds, 1),
        "files": [_file_of(job)],
    }
    return Message(
        key=f"transfer:{job.number}:{state}:{at.isoformat(timespec='milliseconds')}",
        kind=kind,
        importance=importance,
        at=at,
        title=_title_of(state, job.wanted.kind),
        lines=tuple(_lines_of(state, job, at)),
        facts=tuple(_facts_of(data)) if state == _SYNCED else (),
        group=_group_of(state, job.wanted),
        due_s=_SEASON_QUIET_S if is_season else _QUIET_S,
        gathers=True,
        data={**data},
    )


def _title_of(state: str, kind: JobKind, count: int = 1) -> str:
    word = _WORDS[kind] + ("s" if count > 1 else "")
    return f"{word} Synced" if state == _SYNCED else f"Sync Failed - {word}"


def _group_of(state: str, job: NewJob) -> str:
    if job.kind is JobKind.EPISODE and state == _SYNCED:
        label = job.label
        show = label.tvdb or label.title or job.place.relative.parent
        return f"{GROUP}{state}:{job.kind}:{show}:{label.season}"
    return f"{GROUP}{state}:{job.kind}"


def _lines_of(state: str, job: TransferJob, at: datetime) -> Iterator[str]:
    yield label_of(job.wanted)
    if state == _SYNCED:
        return
    yield cut(one_line(job.why), _MOST_WHY) or "It is not known why."
    if state == _FAILED:
        yield f"It is tried again in {span((job.next_at - at).total_seconds())}."
    else:
        tried = f" after {plural(job.attempts, 'attempt')}" if job.attempts > 1 else ""
        yield f"It needs you{tried}: `listsyncctl jobs show {job.number}`"


def _facts_of(data: TransferData) -> Iterator[tuple[str, str]]:
    qualities = dict.fromkeys(one["quality"] for one in data["files"] if one["quality"])
    if qualities:
        yield "Quality", ", ".join(qualities)
    yield "Size", file_size(data["bytes"])
    yield "Duration", time_taken(data["duration_s"])


def time_taken(seconds: float) -> str:
    """Write how long a copy took: `45.2s`, or `3 min 20 s`."""
    return duration(seconds).replace(" s", "s") if round(seconds, 1) < 60 else duration(seconds)


def _file_of(job: TransferJob) -> TransferredFile:
    label = job.wanted.label
    return {
        "job": job.number,
        "kind": job.wanted.kind.value,
        "label": label_of(job.wanted),
        "title": cut(one_line(label.title), _MOST_LABEL),
        "year": label.year,
        "season": label.season,
        "episodes": [*label.episodes],
        "quality": cut(one_line(label.quality), 60),
        "destination": one_line(str(job.wanted.place.destination or ""), _MOST_PATH),
        "bytes": job.bytes,
        "duration_s": round(job.seconds, 1),
        "attempts": job.attempts,
        "why": cut(one_line(job.why), _MOST_WHY),
    }


def joined_transfers(messages: Sequence[Message]) -> Message:
    """Make one of messages of one of these groups that are delivered together."""
    first, *others = messages
    if not others:
        return first
    data = _sum_of(messages)
    files, state = data["files"], data["state"]
    kind = JobKind(files[0]["kind"])
    is_good = state == _SYNCED
    return Message(
        key=key_of_several([one.key for one in messages]),
        kind=first.kind,
        importance=first.importance,
        at=max(one.at for one in messages),
        title=_title_of(state, kind, len(messages)),
        lines=(_sum_in_words(data, kind),),
        facts=tuple(_facts_of(data)) if is_good else (),
        titles=tuple(_short(one, state) for one in files[:_MOST_FILES]),
        more=max(0, data["count"] - _MOST_FILES),
        group=first.group,
        data={**data, "files": files[:_MOST_FILES]},
    )


def _sum_of(messages: Sequence[Message]) -> TransferData:
    """Add up; the same copy may have run twice: it is one file."""
    parts = [one.data for one in messages]
    files = [file for one in parts for file in _files_in(one)]
    return {
        "state": str(parts[0]["state"]),
        "count": len({one["job"] for one in files}),
        "bytes": sum(one["bytes"] for one in files),
        "duration_s": round(sum(one["duration_s"] for one in files), 1),
        "files": sorted({one["job"]: one for one in files}.values(), key=_order),
    }


def _files_in(data: object) -> list[TransferredFile]:
    found: list[TransferredFile] = data["files"] if isinstance(data, dict) else []
    return found


def _order(file: TransferredFile) -> tuple[str, int, list[int], str]:
    return file["title"], file["season"] or 0, file["episodes"], file["label"]


def _sum_in_words(data: TransferData, kind: JobKind) -> str:
    files, count = data["files"], data["count"]
    size = f", {file_size(data['bytes'])}" if data["state"] == _SYNCED else ""
    if kind is not JobKind.EPISODE:
        return f"{plural(count, _WORDS[kind].lower())}{size}"
    shows = dict.fromkeys((one["title"], one["season"]) for one in files)
    episodes = {
        (one["title"], one["season"], number) for one in files for number in one["episodes"]
    }
    said = f"{plural(len(episodes) or count, 'episode')}{size}"
    if len(shows) > 1:
        return said
    (title, season), *_ = shows
    numbers = f" ({ranges(number for *_, number in episodes)})" if episodes else ""
    where = f", Season {season}" if season is not None else ""
    return f"{title or 'Series'}{where}: {said}{numbers}"


def _short(file: TransferredFile, state: str) -> str:
    return f"{file['label']}: {file['why']}" if state != _SYNCED else file["label"]
