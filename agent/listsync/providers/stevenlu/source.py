"""Which StevenLu list file the user means."""

from __future__ import annotations

import re

from listsync.config_types import ServiceOptions, WebAddress
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import foreign, recognise


class StevenLuOptions(ServiceOptions, frozen=True, kw_only=True):
    """Where the list files lie; there is nothing to log in to."""

    base_url: WebAddress = "https://popular-movies-data.stevenlu.com"


SERVICE = "stevenlu"
FORMS = (
    "popular",
    "all",
    "movies-imdb-min7 (5, 6, 7, 8)",
    "movies-metacritic-min70 (50, 60, 70, 80)",
    "movies-rottentomatoes-min70 (50, 60, 70, 80)",
    "movies-20261121 (a day)",
    "https://popular-movies-data.stevenlu.com/movies.json",
)
_NAMES = {"popular": "movies", "stevenlu": "movies", "all": "all-movies"}
_OLD_ADDRESS = re.compile(
    r"https?://(?:s3\.amazonaws\.com/popular-movies|movies\.stevenlu\.com)/([\w-]+)\.json",
    re.ASCII,
)
"""Where the same files lay, or are linked from."""
_NAME = re.compile(
    r"(?:all-)?movies|movies-imdb-min[5-8]|movies-(?:metacritic|rottentomatoes)-min[5-8]0"
    r"|movies-\d{8}",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class StevenLuSource:
    """One list file, by its name without `.json`."""

    name: str

    def __str__(self) -> str:
        return self.name


def parse(text: str) -> StevenLuSource:
    """Read what the user wrote after `stevenlu:`; a ValueError lists the accepted forms."""
    value = text.strip()
    form = recognise(value)
    if form is not None and form.provider == SERVICE:
        return StevenLuSource(form.groups.get("id", "movies"))
    old = _OLD_ADDRESS.fullmatch(value)
    value = old[1] if old else value.removesuffix(".json")
    name = _NAMES.get(value, value)
    if not _NAME.fullmatch(name):
        why = foreign(text.strip(), SERVICE) or f"{text!r} is no list of StevenLu"
        raise ValueError(f"{why}; accepted: {', '.join(FORMS)}")
    return StevenLuSource(name)
