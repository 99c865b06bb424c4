"""One page of a list, out of an answer of IMDb's GraphQL service."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass

from listsync.errors import AnswerChangedError, Refusal, RefusedError
from listsync.parsing.json_rows import check_one
from listsync.providers.imdb.queries import Question
from listsync.providers.imdb.responses import PERSON, Connection, ListNode, inside
from listsync.providers.imdb.source import SERVICE
from listsync.text_cleaning import one_line

PEOPLE, TITLES = "PEOPLE", "TITLES"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One page of a list; `cursor` is None on the last one, `modified` is the list's date."""

    titles: list[object]
    total: int | None
    cursor: str | None
    modified: str | None

    @property
    def is_of_people(self) -> bool:
        """True when every row is a person."""
        ids = [str(inside(row, "id")) for row in self.titles]
        return bool(ids) and all(PERSON.fullmatch(one) for one in ids)

    @property
    def state(self) -> str:
        """Sum up what a first page shows; where it cannot show all, for today only."""
        seen = json.dumps([self.total, self.modified, self.titles]).encode()
        is_sure = self.cursor is None or self.modified
        today = "" if is_sure else time.strftime(" %Y-%m-%d", time.gmtime())
        return f"{self.total} {hashlib.sha256(seen).hexdigest()[:20]}{today}"


def part_of(data: Mapping[str, object], question: Question, name: str) -> Part:
    """Read the answer to *question* about the list that people know as *name*."""
    if question.root not in data:
        raise AnswerChangedError(SERVICE, f"{question.root} is missing from the answer")
    node = data[question.root]
    if node is None and question.known_by_null:
        raise RefusedError(SERVICE, Refusal.NOT_FOUND, f"{name} does not exist, or is not public")
    found, modified = _listed(node, name) if question.within_list else (_shown(node), None)
    if (question.counted and found.total is None) or (question.paged and found.page is None):
        raise AnswerChangedError(SERVICE, f"{name}: the answer does not say how long it is")
    cursor = None
    if question.paged and found.page is not None and found.page.more:
        cursor = found.page.cursor
        if not cursor:
            raise AnswerChangedError(SERVICE, f"{name}: more follows, and it is not said where")
    return Part(
        titles=[inside(row, *question.path) for row in found.rows],
        total=found.total,
        cursor=cursor,
        modified=modified,
    )


def _shown(node: object) -> Connection:
    return check_one(SERVICE, node, Connection, strict=True)


def _listed(node: object, name: str) -> tuple[Connection, str | None]:
    """Read a list and the date of its last change; one of people is not empty of titles.

    A type that is not known is no reason to leave titles behind that came.
    """
    kind = inside(node, "listType", "id")
    if kind == PEOPLE:
        raise not_of_titles(name, kind)
    if kind not in (None, TITLES) and not inside(node, "titleListItemSearch", "total"):
        raise not_of_titles(name, str(kind))
    found = check_one(SERVICE, node, ListNode, strict=True)
    return found.titles, found.modified


def not_of_titles(name: str, kind: str) -> RefusedError:
    """Say what a list is of, in place of titles."""
    of = one_line(kind.lower().replace("_", " "), 40)
    return RefusedError(SERVICE, Refusal.NOT_FOUND, f"{name} is a list of {of}, not of titles")
