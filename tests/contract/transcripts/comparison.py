"""Compares two answers: status, message, which fields there are, their types, and their values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tests.contract.transcripts.transcript import Call, RecordedResponse

OF_ONE_RUN = frozenset(
    {
        "apiKey",
        "appDataPath",
        "avatar",
        "commitTag",
        "createdAt",
        "email",
        "externalServiceId",
        "externalServiceId4k",
        "freeSpace",
        "hostname",
        "lastSeasonChange",
        "mediaAddedAt",
        "serviceUrl",
        "serviceUrl4k",
        "totalSpace",
        "updatedAt",
        "vapidPublic",
    }
)
"""Times, addresses, secrets, numbers of other programs: their type alone counts."""
OF_TMDB = frozenset({"episodeCount", "numberOfEpisodes", "overview", "posterPath", "runtime"})
"""What the TMDB of the recording made up, and the sandbox otherwise: the type alone counts."""
_DATES = frozenset({"airDate"})
"""Made up too; TMDB may have none."""
_TITLE_SEARCH = re.compile(r"/search\?query=(?!imdb|tvdb|tmdb)(?!.*year)")
_INTERNAL_NUMBERS = re.compile(r"/seasons/\d+/id$")


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two answers differ: `/results/0/title`, numbers of rows as they come."""

    place: str
    real: object
    ours: object

    def __str__(self) -> str:
        return f"{self.place}: really {self.real!r}, ours {self.ours!r}"


class Nothing:
    """Stands for a field or a row that is not there."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()


def compare(call: Call, ours: RecordedResponse) -> list[Difference]:
    """Give every difference, the outermost alone of what contains others."""
    real = call.answer
    found = [
        Difference(name, getattr(real, name), getattr(ours, name))
        for name in ("status", "content_type", "has_etag")
        if getattr(real, name) != getattr(ours, name)
    ]
    contents = real.content, ours.content
    if _TITLE_SEARCH.match(call.path):
        contents = _in_one_order(real.content), _in_one_order(ours.content)
    return [*found, *_compare(*contents, "")]


def _in_one_order(content: Any) -> Any:
    """Order the results of a title search, whose order is TMDB's."""
    if not isinstance(content, dict) or "results" not in content:
        return content
    return {**content, "results": sorted(content["results"], key=_kind_and_id)}


def _kind_and_id(result: dict[str, Any]) -> tuple[str, int]:
    return (result["mediaType"], result["id"])


def _compare(real: Any, ours: Any, place: str) -> Iterator[Difference]:
    if isinstance(real, dict) and isinstance(ours, dict):
        for name in sorted(real.keys() | ours.keys()):
            below = real.get(name, NOTHING), ours.get(name, NOTHING)
            yield from _compare(*below, f"{place}/{name}")
    elif isinstance(real, list) and isinstance(ours, list):
        yield from _compare_rows(real, ours, place)
    elif not _is_same(real, ours, place):
        yield Difference(place or "/", real, ours)


def _compare_rows(real: list[Any], ours: list[Any], place: str) -> Iterator[Difference]:
    for number, (row, our_row) in enumerate(zip_longest(real, ours, fillvalue=NOTHING)):
        yield from _compare(row, our_row, f"{place}/{number}")


def _is_same(real: Any, ours: Any, place: str) -> bool:
    name = place.rpartition("/")[2]
    if name in _DATES:
        return {_kind(real), _kind(ours)} <= {"str", "NoneType"}
    if _kind(real) != _kind(ours):
        return False
    return real == ours or name in OF_ONE_RUN | OF_TMDB or bool(_INTERNAL_NUMBERS.search(place))


def _kind(value: object) -> str:
    """Name the type as JSON knows it: numbers are one type."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__
