"""Webhooks of Radarr and Sonarr, read leniently. Pure.

Source: the `Webhook*` classes of both programs, and what their versions really send:
tests/fixtures/webhooks/README.md. Properties that are null are left out, so that every one may be
missing; one of another kind than expected counts as missing, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from listsync.domain.transfers import ImportApp, MediaLabel, ReportedFile, WebhookEvent
from listsync.text_cleaning import one_line
from listsync.transfers.mapping import parent_of
from listsync.transfers.webhook_content import content_of

MOST_FILES = 5000
"""Of one event; a body of 5 MB may hold a few thousand that Sonarr could have written."""
_LONGEST_PATH = 5000
"""Characters that are kept of a path; what is longer than any path may be is refused later."""
_LARGEST = 2**63 - 1
_SIGNS = {
    ImportApp.RADARR: ("movie", "movieFile", "renamedMovieFiles", "remoteMovie"),
    ImportApp.SONARR: ("series", "episodes", "episodeFile", "episodeFiles", "renamedEpisodeFiles"),
}
"""What only one of the two sends."""


class WebhookShapeError(ValueError):
    """A body that neither program can have sent; the message says what was expected."""


class Fields:
    """One object of JSON; what is missing, or of another kind, is as if it were not there."""

    def __init__(self, value: object) -> None:
        self._of: Mapping[str, object] = value if isinstance(value, dict) else {}

    def __contains__(self, key: str) -> bool:
        return self._of.get(key) is not None

    def text(self, key: str, limit: int = 200) -> str:
        """Give a text for people, cleaned."""
        value = self._of.get(key)
        return one_line(value, limit) if isinstance(value, str) else ""

    def path(self, key: str) -> str:
        """Give a path, as it is."""
        value = self._of.get(key)
        return value[:_LONGEST_PATH] if isinstance(value, str) else ""

    def number(self, key: str, least: int = 0, most: int = _LARGEST) -> int | None:
        value = self._of.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if least <= value <= most else None

    def is_true(self, key: str) -> bool:
        return self._of.get(key) is True

    def inside(self, key: str) -> Fields:
        return Fields(self._of.get(key))

    def entries(self, key: str) -> list[Fields]:
        value = self._of.get(key)
        return [Fields(one) for one in value] if isinstance(value, list) else []


def read_event(
    body: Mapping[str, object], app: ImportApp | None = None, name: str = ""
) -> WebhookEvent:
    """Read a webhook. Who it says it is from counts before *app*, then *name*, of its address.

    Raises:
        WebhookShapeError: it is none.
    """
    kind = body.get("eventType")
    if kind is not None and not isinstance(kind, str):
        raise WebhookShapeError("eventType: expected text, such as Download")
    of = Fields(body)
    event = WebhookEvent(
        app=_app_of(of) or app or _app_named(name),
        event_type=of.text("eventType", 50),
        instance=of.text("instanceName", 100),
        content=content_of(body),
    )
    read = _READERS.get(event.event_type.casefold())
    return read(of, event) if read else event


def _app_of(of: Fields) -> ImportApp | None:
    return next((app for app, keys in _SIGNS.items() if any(key in of for key in keys)), None)


def _app_named(name: str) -> ImportApp:
    return ImportApp.SONARR if "sonarr" in name.casefold() else ImportApp.RADARR


def _imported(of: Fields, event: WebhookEvent) -> WebhookEvent:
    """Read what was imported: one file, or (On Import Complete) all of a release."""
    files = [one for one in _files_in(of) if _path_in(of, one)]
    if len(files) > MOST_FILES:
        raise WebhookShapeError(f"names {len(files):,} files, expected at most {MOST_FILES:,}")
    sources = (one.path("sourcePath") for one in (of, *files))
    return replace(
        event,
        is_upgrade=of.is_true("isUpgrade"),
        files=tuple(_reported(of, files)),
        superseded=_paths(of, of.entries("deletedFiles")),
        downloads=_distinct(sources),
    )


def _renamed(of: Fields, event: WebhookEvent) -> WebhookEvent:
    files = [*of.entries("renamedMovieFiles"), *of.entries("renamedEpisodeFiles")][:MOST_FILES]
    pairs = tuple((one.path("previousPath"), _path_in(of, one)) for one in files)
    folders = _distinct(map(parent_of, (path for pair in pairs for path in pair if path)))
    files = [one for one in files if _path_in(of, one)]
    return replace(event, renamed=pairs, folders=folders, files=tuple(_reported(of, files)))


def _file_deleted(of: Fields, event: WebhookEvent) -> WebhookEvent:
    if of.text("deleteReason").casefold() == "upgrade":
        return event  # the import that replaces it is told, too
    return replace(event, folders=_distinct(map(parent_of, _paths(of, _files_in(of)))))


def _title_deleted(of: Fields, event: WebhookEvent) -> WebhookEvent:
    folder = _folder_of(of)
    return replace(event, folders=(folder,) if folder and of.is_true("deletedFiles") else ())


_READERS: Mapping[str, Callable[[Fields, WebhookEvent], WebhookEvent]] = {
    "download": _imported,
    "rename": _renamed,
    "moviefiledelete": _file_deleted,
    "episodefiledelete": _file_deleted,
    "moviedelete": _title_deleted,
    "seriesdelete": _title_deleted,
}
"""Events that ask for something; all others are only taken note of."""


def _files_in(of: Fields) -> list[Fields]:
    alone = [of.inside(key) for key in ("movieFile", "episodeFile") if key in of]
    return [*alone, *of.entries("episodeFiles")]


def _paths(of: Fields, files: Iterable[Fields]) -> tuple[str, ...]:
    return _distinct(_path_in(of, one) for one in files)


def _path_in(of: Fields, file: Fields) -> str:
    """Give where a file is; old versions only say where it is below the title's folder."""
    folder, below = _folder_of(of), file.path("relativePath")
    joined = f"{folder}{'/' if folder.startswith('/') else chr(92)}{below}"
    return file.path("path") or (joined if folder and below else "")


def _folder_of(of: Fields) -> str:
    return of.inside("movie").path("folderPath") or of.inside("series").path("path")


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(filter(None, texts)))


def _reported(of: Fields, files: list[Fields]) -> Iterator[ReportedFile]:
    episodes = of.entries("episodes")
    for n, file in enumerate(files):
        path = _path_in(of, file)
        own = episodes if len(files) == 1 else _episodes_of(path, n, len(files), episodes)
        yield ReportedFile(path=path, size=file.number("size"), label=_label(of, file, own))


def _label(of: Fields, file: Fields, episodes: list[Fields]) -> MediaLabel:
    title = of.inside("movie") if "movie" in of else of.inside("series")
    numbers = [one.number("episodeNumber", most=100_000) for one in episodes]
    seasons = (one.number("seasonNumber", most=10_000) for one in episodes)
    names = dict.fromkeys(filter(None, (one.text("title") for one in episodes)))
    return MediaLabel(
        title=title.text("title") or of.inside("remoteMovie").text("title"),
        year=title.number("year", 1800, 3000),
        season=next((one for one in seasons if one is not None), None),
        episodes=tuple(one for one in numbers if one is not None),
        episode_title=one_line(" + ".join(names)),
        quality=_quality(file),
        tmdb=title.number("tmdbId", 1),
        tvdb=title.number("tvdbId", 1),
        imdb=_imdb(title.text("imdbId")),
    )


def _quality(file: Fields) -> str:
    """Read a text, or an object as the REST API has it."""
    inside = file.inside("quality")
    return file.text("quality") or inside.inside("quality").text("name") or inside.text("name")


def _imdb(text: str) -> str:
    return text if re.fullmatch(r"tt\d{5,12}", text, re.ASCII) else ""


_NUMBERED = re.compile(r"[Ss](\d{1,4})((?:[ ._-]{0,3}[Ee]\d{1,4}|-\d{1,4}(?!\d|p))+)", re.ASCII)


def _episodes_of(path: str, n: int, files: int, episodes: list[Fields]) -> list[Fields]:
    """Find which episodes are in the *n*th file of several: by its name, else by their order."""
    name = re.split(r"[/\\]", path)[-1]
    if found := _NUMBERED.search(name):
        season = int(found[1])
        numbers = [int(one) for one in re.findall(r"\d+", found[2])]
        wanted = range(min(numbers), max(numbers) + 1) if "-" in found[2] else numbers
        return [
            one
            for one in episodes
            if one.number("seasonNumber") == season and one.number("episodeNumber") in wanted
        ]
    return [episodes[n]] if len(episodes) == files else []
