"""Writes a list file and reads it as the agent does."""

from __future__ import annotations

from pathlib import Path

from listsync.domain.lists import Fetched
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource

HEADER = "title,year,type,imdb_id,tmdb_id,tvdb_id\n"
FILM = "The Lantern Keeper,2019,movie,tt90000011,9000011,\n"


class Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, content: str | bytes, name: str = "list.txt") -> Fetched:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return ListFile(FileSource(path), FileOptions()).fetch(None)
