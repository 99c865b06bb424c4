"""The titles the sandbox knows: real ones from `catalogue.jsonl`, and invented films on demand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from listsync.lean_dataclasses import dataclass

MOVIE = "movie"
TV = "tv"
INVENTED_FROM = 20_000_001
"""TMDB number of `Sandbox Film 000001`; real numbers are far below."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueTitle:
    """One film or series. `seasons` counts regular seasons; `announced` of them are empty yet.

    Unless `specials` says whether there are some, long-running series and those without any
    regular season have them. Where genres (in English), votes and rating are None, `title_facts`
    makes them up; where releases (day by country), people and companies are, it knows them.
    """

    kind: str
    tmdb_id: int
    title: str
    original_title: str
    imdb_id: str | None = None
    tvdb_id: int | None = None
    date: str | None = None
    language: str = "en"
    seasons: int = 0
    announced: int = 0
    specials: bool | None = None
    popularity: float = 0.0
    genres: tuple[str, ...] | None = None
    votes: int | None = None
    rating: float | None = None
    releases: Mapping[str, str] | None = None
    people: tuple[str, ...] | None = None
    companies: tuple[str, ...] | None = None
    collection: int | None = None

    @property
    def key(self) -> tuple[str, int]:
        return (self.kind, self.tmdb_id)

    @property
    def year(self) -> str:
        return (self.date or "")[:4]

    @property
    def season_numbers(self) -> tuple[int, ...]:
        """Number the seasons; specials are season 0."""
        has_specials = self.seasons >= 3 or self.seasons == 0
        if self.specials is not None:
            has_specials = self.specials
        return tuple(range(0 if has_specials else 1, self.seasons + 1))

    def named_in(self, language: str) -> str:
        """Give the title as people of *language* read it, as far as it is known."""
        return self.original_title if language[:2] == self.language != "en" else self.title


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody whom a search may answer beside titles."""

    tmdb_id: int
    imdb_id: str
    name: str
    popularity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A film series."""

    tmdb_id: int
    name: str
    parts: tuple[int, ...]
    popularity: float = 5.0


PERSONS = (
    Person(tmdb_id=31, imdb_id="nm0000158", name="Tom Hanks", popularity=90.0),
    Person(tmdb_id=138, imdb_id="nm0000233", name="Quentin Tarantino", popularity=40.0),
    Person(tmdb_id=287, imdb_id="nm0000093", name="Brad Pitt", popularity=80.0),
    Person(tmdb_id=525, imdb_id="nm0634240", name="Christopher Nolan", popularity=60.0),
    Person(tmdb_id=137427, imdb_id="nm0898288", name="Denis Villeneuve", popularity=30.0),
    Person(tmdb_id=9900101, imdb_id="nm99000101", name="Dune Parker", popularity=200.0),
    Person(tmdb_id=9900102, imdb_id="nm99000102", name="Fargo Reyes", popularity=70.0),
)
COLLECTIONS = (
    Collection(tmdb_id=230, name="The Godfather Collection", parts=(238, 240, 242)),
    Collection(tmdb_id=726871, name="Dune Collection", parts=(438631, 693134, 1170608)),
    Collection(tmdb_id=2344, name="The Matrix Collection", parts=(603, 604, 605, 624860)),
    Collection(tmdb_id=8945, name="Mad Max Collection", parts=(9659, 8810, 9355, 76341, 786892)),
    Collection(tmdb_id=52785, name="xXx Collection", parts=(7451, 11679, 47971)),
)


def title_of(row: dict[str, Any]) -> CatalogueTitle:
    """Read one row of `catalogue.jsonl`."""
    return CatalogueTitle(
        kind=row["media_type"],
        tmdb_id=row["tmdb_id"],
        title=row["title"],
        original_title=row.get("original_title") or row["title"],
        imdb_id=row.get("imdb_id"),
        tvdb_id=row.get("tvdb_id"),
        date=row.get("date"),
        language=row.get("language") or "en",
        seasons=row.get("seasons") or 0,
        announced=row.get("announced") or 0,
        specials=row.get("specials"),
        popularity=row.get("popularity") or 0.0,
        genres=_tuple(row.get("genres")),
        votes=row.get("votes"),
        rating=row.get("rating"),
        releases=row.get("releases"),
        people=_tuple(row.get("people")),
        companies=_tuple(row.get("companies")),
        collection=row.get("collection"),
    )


def _tuple(names: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(names)


def load_titles() -> list[CatalogueTitle]:
    """Read the embedded titles, in the order of the file."""
    text = (files(__package__) / "catalogue.jsonl").read_text(encoding="utf-8")
    return [title_of(json.loads(line)) for line in text.splitlines()]


def invented(number: int) -> CatalogueTitle:
    """Make up film *number*, counted from 1; nothing is stored."""
    tmdb_id = INVENTED_FROM - 1 + number
    name = f"Sandbox Film {number:06}"
    return CatalogueTitle(
        kind=MOVIE,
        tmdb_id=tmdb_id,
        title=name,
        original_title=name,
        imdb_id=f"tt{tmdb_id}",
        date=f"{invented_year(number)}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        popularity=0.001,
    )


INVENTED_YEARS = range(1950, 2025)


def invented_year(number: int) -> int:
    return INVENTED_YEARS[number % len(INVENTED_YEARS)]


class SandboxCatalogue:
    """Finds titles by their numbers; `catalogue.search` finds them by name."""

    def __init__(self, invented_films: int = 0) -> None:
        self.invented_films = invented_films
        self.clear()

    def clear(self) -> None:
        """Go back to the titles of the file."""
        self.empty()
        self.has_embedded = True
        for title in load_titles():
            self._keep(title)

    def empty(self) -> None:
        """Know no title any more, but those that are invented."""
        self.has_embedded = False
        self._ordered: dict[tuple[str, int], CatalogueTitle] = {}
        self._titles: dict[tuple[str, int], CatalogueTitle] = {}
        self._by_imdb: dict[str, CatalogueTitle] = {}
        self._by_tvdb: dict[int, list[tuple[str, int]]] = {}

    def put(self, title: CatalogueTitle) -> None:
        """Add a title, or replace the one of the same kind and TMDB number."""
        self._ordered[title.key] = title
        self._keep(title)

    @property
    def ordered(self) -> list[CatalogueTitle]:
        """Give the titles that were put beside those of the file, or in their place."""
        return list(self._ordered.values())

    def find_collection(self, number: int) -> Collection | None:
        """Find a film series: one that is known, or one that ordered titles are parts of."""
        parts = [title for title in self.ordered if title.collection == number]
        if parts:
            name = f"{parts[0].title} Collection"
            return Collection(
                tmdb_id=number, name=name, parts=tuple(title.tmdb_id for title in parts)
            )
        return next((known for known in COLLECTIONS if known.tmdb_id == number), None)

    def collection_of(self, title: CatalogueTitle) -> Collection | None:
        if title.collection is not None:
            return self.find_collection(title.collection)
        if title.key in self._ordered:
            return None
        return next((known for known in COLLECTIONS if title.tmdb_id in known.parts), None)

    @property
    def is_changed(self) -> bool:
        return bool(self._ordered) or not self.has_embedded

    def _keep(self, title: CatalogueTitle) -> None:
        self._titles[title.key] = title
        if title.imdb_id:
            self._by_imdb[title.imdb_id] = title
        if title.tvdb_id:
            keys = self._by_tvdb.setdefault(title.tvdb_id, [])
            if title.key not in keys:
                keys.append(title.key)

    def __iter__(self) -> Iterator[CatalogueTitle]:
        """Give the real titles, then the invented films."""
        yield from self._titles.values()
        for number in range(1, self.invented_films + 1):
            yield invented(number)

    @property
    def real(self) -> list[CatalogueTitle]:
        return list(self._titles.values())

    def find(self, kind: str, tmdb_id: int) -> CatalogueTitle | None:
        found = self._titles.get((kind, tmdb_id))
        if found is None and kind == MOVIE:
            return self._invented(tmdb_id)
        return found

    def find_by_imdb(self, imdb_id: str) -> CatalogueTitle | None:
        found = self._by_imdb.get(imdb_id)
        if found is not None:
            return self._titles[found.key]
        return self._invented(int(imdb_id[2:])) if len(imdb_id) == 10 else None

    def find_by_tvdb(self, tvdb_id: int) -> list[CatalogueTitle]:
        return [self._titles[key] for key in self._by_tvdb.get(tvdb_id, ())]

    def _invented(self, tmdb_id: int) -> CatalogueTitle | None:
        number = tmdb_id - INVENTED_FROM + 1
        return invented(number) if 1 <= number <= self.invented_films else None
