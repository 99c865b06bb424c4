"""Imports whose webhook was lost: found in the history of Radarr and Sonarr, and made up for.

Source: `HistoryController` of both programs, read 2026-11: `history/since` takes a time and
`eventType` 3 (downloadFolderImported, the same number in both); `data.importedPath` and
`data.fileId` say what was imported. Whether the file is there still, `moviefile` or `episodefile`
tell by its number.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta

import msgspec

from listsync.cancellation import CancelToken
from listsync.domain.transfers import EventDecision, ImportApp
from listsync.errors import ListsyncError, Refusal, RefusedError, ResponseChangedError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, readable
from listsync.ports.state import KeyValueStore
from listsync.transfers.arr_client import ArrClient
from listsync.transfers.events import read_event
from listsync.transfers.intake import WebhookIntake, decide
from listsync.transfers.settings import NamedArr

logger = logging.getLogger(__name__)

_EVERY_S = 6 * 3600.0
_AGAIN_S = 900.0
"""After a look that failed."""
_OVERLAP = timedelta(hours=1)
_CLOCKS = timedelta(minutes=2)
"""How much earlier than the history says a webhook may have come."""
_SHORTEST = timedelta(hours=1)
"""Of a history: if even this cannot be read, it is no matter of how much it is."""
_IMPORTED = "3"
_FILES = {ImportApp.RADARR: "moviefile", ImportApp.SONARR: "episodefile"}

IsKnown = Callable[[EventDecision, datetime], bool]
"""Tells whether all that is asked for was asked for since then already."""


class _Title(ResponseShape, frozen=True, rename="camel"):
    """A film or a series."""

    title: str = ""
    year: int | None = None
    path: str = ""
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    imdb_id: str | None = None


class _Episode(ResponseShape, frozen=True, rename="camel"):
    season_number: int | None = None
    episode_number: int | None = None
    title: str | None = None


class _Imported(ResponseShape, frozen=True, rename="camel"):
    imported_path: str | None = None
    file_id: int | None = None


class _Record(ResponseShape, frozen=True, rename="camel"):
    date: datetime
    data: _Imported = _Imported()
    movie_id: int | None = None
    episode_id: int | None = None
    movie: _Title | None = None
    series: _Title | None = None
    episode: _Episode | None = None


class _File(ResponseShape, frozen=True, rename="camel"):
    path: str = ""
    size: int | None = None
    quality: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedMeans:
    """What missed imports are handed to, and how those are told that were not missed."""

    intake: WebhookIntake
    is_known: IsKnown
    kept: KeyValueStore


class MissedEvents:
    """Looks at the start, and every six hours, what was imported since the last look."""

    def __init__(self, apps: Sequence[NamedArr], means: MissedMeans) -> None:
        self._apps = apps
        self._means = means
        self._token = CancelToken()
        self._troubles: dict[str, str] = {}

    def run(self, stop: threading.Event) -> None:
        """Look until *stop* is set; `wake` breaks off what is waited for."""
        while not stop.is_set():
            for one in self._apps:
                self._look(one)
            stop.wait(_AGAIN_S if self._troubles else _EVERY_S)

    def wake(self) -> None:
        self._token.cut()

    def note(self) -> str:
        """Say whose history cannot be read."""
        return "; ".join(f"{name}: {why}" for name, why in self._troubles.items())

    def _look(self, one: NamedArr) -> None:
        if self._token.is_set():
            return
        try:
            count = self.look(one, datetime.now(UTC))
        except ListsyncError as error:
            if one.name not in self._troubles and not self._token.is_set():
                extra = {"action": "history_failed", "server": one.name}
                logger.warning("missed imports cannot be looked for: %s", error, extra=extra)
            self._troubles[one.name] = str(getattr(error, "why", error))
            return
        self._troubles.pop(one.name, None)
        if count:
            extra = {"action": "imports_made_up_for", "server": one.name, "imports": str(count)}
            logger.info("%s: made up for %d missed imports", one.name, count, extra=extra)

    def look(self, one: NamedArr, now: datetime) -> int:
        """Make up for what was missed since the last look; returns how many files.

        The first look only notes when it was. Raises ListsyncError.
        """
        key = f"missed:{one.name}"
        last = self._means.kept.load(key)
        count = 0
        if isinstance(last, str):
            options = one.options
            client = ArrClient(
                one.app,
                options.url,
                options.api_key,
                ca_file=options.ca_file,
                token=self._token,
            )
            with closing(client):
                since = datetime.fromisoformat(last) - _OVERLAP
                count = sum(self._made_up_for(client, one, since, now))
        self._means.kept.save(key, now.isoformat())
        return count

    def _made_up_for(
        self, client: ArrClient, one: NamedArr, since: datetime, now: datetime
    ) -> Iterator[bool]:
        """Take each import that nobody has told of; yields whether it was one."""
        settings = self._means.intake.settings
        for records in _imports(_history(client, since, now)):
            body = _body_of(one, records)
            decision = decide(read_event(body, one.app, one.name), settings, one.name)
            asked = bool(decision.jobs or decision.scans)
            if not asked or self._means.is_known(decision, records[0].date - _CLOCKS):
                continue
            file = _file_of(client, one.app, records[0].data)
            if file is not None:
                self._means.intake.take(one.app, one.name, _body_of(one, records, file), now)
                yield True


def _history(client: ArrClient, since: datetime, now: datetime) -> list[_Record]:
    """Read what was imported, the newest first.

    Where that is more than an answer may hold, only what is newer is read, and that is said: a
    look that failed for ever would find nothing of what comes after it either.
    """
    found, why = None, ""
    while found is None:
        try:
            found = _history_since(client, since)
        except ResponseChangedError as error:
            since += (now - since) / 2
            if now - since < _SHORTEST:
                raise
            why = error.why
    if why:
        logger.warning(
            "%s: what was imported before %s is not looked for: %s",
            *(client.name, f"{since:%Y-%m-%d %H:%M} UTC", why),
            extra={"action": "history_cut", "server": client.name},
        )
    return found


def _history_since(client: ArrClient, since: datetime) -> list[_Record]:
    params = {
        "date": since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventType": _IMPORTED,
        "includeMovie": "true",
        "includeSeries": "true",
        "includeEpisode": "true",
    }
    found = readable(client.get("history/since", list[msgspec.Raw], params), _Record)
    return sorted(found, key=lambda one: one.date, reverse=True)


def _imports(records: Sequence[_Record]) -> list[list[_Record]]:
    """Give the records of each file, oldest first; of a title the file that came last."""
    titles: set[tuple[int | None, int | None]] = set()
    files: dict[str, list[_Record]] = {}
    for one in records:
        title = (one.movie_id, one.episode_id)
        path = one.data.imported_path
        if path and (title not in titles or title == (None, None)):
            titles.add(title)
            files.setdefault(path, []).append(one)
    return [*files.values()][::-1]


def _file_of(client: ArrClient, app: ImportApp, imported: _Imported) -> _File | None:
    """Ask how the file is now; None: it is there no more."""
    if imported.file_id is None:  # older versions do not say
        return _File(path=imported.imported_path or "")
    try:
        return client.get(f"{_FILES[app]}/{imported.file_id}", _File)
    except RefusedError as error:
        if error.kind is not Refusal.NOT_FOUND:
            raise
        return None


def _body_of(
    one: NamedArr, records: Sequence[_Record], file: _File | None = None
) -> Mapping[str, object]:
    """Write what the webhook would have said."""
    first = records[0]
    path = (file and file.path) or first.data.imported_path
    of_file = {"path": path}
    more = {} if file is None else {"size": file.size, "quality": file.quality}
    body: dict[str, object] = {"eventType": "Download", "instanceName": one.name, "missed": True}
    if one.app is ImportApp.RADARR:
        return {**body, "movie": _title_of(first.movie), "movieFile": {**of_file, **more}}
    episodes = [
        {
            "seasonNumber": record.episode.season_number,
            "episodeNumber": record.episode.episode_number,
            "title": record.episode.title,
        }
        for record in records
        if record.episode is not None
    ]
    series = _title_of(first.series)
    return {**body, "series": series, "episodes": episodes, "episodeFile": {**of_file, **more}}


def _title_of(title: _Title | None) -> Mapping[str, object]:
    found = title or _Title()
    return {
        "title": found.title,
        "year": found.year,
        "path": found.path,
        "folderPath": found.path,
        "tmdbId": found.tmdb_id,
        "tvdbId": found.tvdb_id,
        "imdbId": found.imdb_id,
    }
