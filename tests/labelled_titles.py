"""The labelled set of hard titles; tests/fixtures/matching/README.md says how it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate

_FOLDER = Path(__file__).parent / "fixtures" / "matching"
SETS = {"our own": _FOLDER / "cases.jsonl", "missing or renamed": _FOLDER / "offers.jsonl"}
_VOTES_OF_POPULARITY = 150
"""What made the votes of the second set of popularity; the first has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTitle:
    """A title as a list says it, what a search offers for it, and which of that is right.

    `right` is None where nothing on offer may be taken.
    """

    id: str
    about: str
    title: str
    original_title: str | None
    year: int | None
    kind: MediaType | None
    candidates: tuple[Candidate, ...]
    right: TitleKey | None
    why: str

    @property
    def right_candidate(self) -> Candidate | None:
        """The candidate that `right` names."""
        return next((one for one in self.candidates if one.key == self.right), None)

    @property
    def has_same_year_decoy(self) -> bool:
        """Whether another title of the right one's kind and year is on offer."""
        right = self.right_candidate
        return right is not None and any(
            other.key != right.key
            and other.key.kind is right.key.kind
            and other.year == right.year is not None
            for other in self.candidates
        )


def load(name: str = "our own") -> list[LabelledTitle]:
    """Read the cases of one set in the order of its file."""
    with SETS[name].open(encoding="utf-8") as lines:
        return [_case(json.loads(line)) for line in lines]


def _case(row: dict[str, Any]) -> LabelledTitle:
    return LabelledTitle(
        id=row["id"],
        about=row["about"],
        title=row["title"],
        original_title=row["original_title"],
        year=row["year"],
        kind=None if row["kind"] is None else MediaType(row["kind"]),
        candidates=tuple(_candidate(one) for one in row["candidates"]),
        right=None if row["right"] is None else _key(row["right"]),
        why=row["why"],
    )


def _candidate(row: dict[str, Any]) -> Candidate:
    return Candidate(
        key=TitleKey(MediaType(row["kind"]), row["tmdb"]),
        title=row["title"],
        original_title=row["original_title"],
        year=row["year"],
        popularity=row["popularity"],
        votes=row.get("votes", int(row["popularity"] * _VOTES_OF_POPULARITY)),
    )


def _key(text: str) -> TitleKey:
    kind, number = text.split("/")
    return TitleKey(MediaType(kind), int(number))
