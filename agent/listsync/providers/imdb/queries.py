"""What is requested of IMDb's GraphQL service, and which fields of it may be missing.

Source: the queries of clients that ran in August 2026. `lastModifiedDate` and `listType` are
what the site's own scripts and other clients ask for (read 2026-11); both may be missing from an
answer.

Its service is not documented, and refuses a whole query for one field that it does not know.
Vital are `id`, `titleText` and `titleType`: without the last an episode or a game would pass for
a film. Without an original title or a year a title is still known by its id, without the type of
a list its rows tell, and without its date it is read more often.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from threading import Lock

from listsync.lean_dataclasses import dataclass
from listsync.providers.imdb.source import (
    BOX_OFFICE,
    CHARTS,
    ImdbSource,
    ListKind,
    search_constraints,
    search_order,
    wanted_count,
)

logger = logging.getLogger(__name__)


_TITLE = (
    "{ id titleText { text } originalTitleText { text } titleType { id } releaseYear { year } }"
)
_PAGE = "total pageInfo { hasNextPage endCursor } edges"
_LONGEST_CHART = 250
_BOX_OFFICE = 10  # what the chart's own page shows; up to 50 can be had
_HEAD = "$first: Int!, $after: String"
_PART = "first: $first, after: $after"


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphqlQuery:
    """One GraphQL query. `path` leads from a row to its title.

    With `within_list` the root is a list that holds the connection, else the connection itself.
    A `counted` answer has a total, a `paged` one an end; `known_by_null` says that a null root
    means that there is no such list, `proves_empty` that a total of 0 means an empty one;
    `count` is how many titles are wanted, None for all.
    """

    root: str
    text: str
    path: tuple[str, ...]
    variables: Mapping[str, object] = field(default_factory=dict)
    within_list: bool = False
    counted: bool = True
    paged: bool = True
    known_by_null: bool = False
    proves_empty: bool = False
    count: int | None = None


TYPE = "query T($id: ID!) { list(id: $id) { listType { id } } }"
PROFILE = "query P($id: ID!) { userProfile(input: { profileId: $id }) { userId } }"


def query_of(source: ImdbSource, target: str) -> GraphqlQuery:
    """Build the query for *source*; *target* is its id, that of a user as `ur...`."""
    match source.kind:
        case ListKind.LIST:
            return _list("list", "list(id: $id)", "listType { id }", target)
        case ListKind.WATCHLIST:
            asked = "predefinedList(classType: WATCH_LIST, userId: $id)"
            return _list("predefinedList", asked, "", target)
        case ListKind.RATINGS:
            constraint = {"userId": target, "filterType": "INCLUDE"}
            return _search(
                {"singleUserRatingConstraint": constraint},
                {"sortBy": "SINGLE_USER_RATING_DATE", "sortOrder": "DESC"},
            )
        case ListKind.SEARCH:
            constraints = search_constraints(target)
            return _search(
                constraints,
                search_order(target),
                count=wanted_count(target),
                proves_empty="listConstraint" not in constraints,
            )
        case ListKind.CHART:
            return _chart(target)


def _list(root: str, asked: str, more: str, target: str) -> GraphqlQuery:
    return GraphqlQuery(
        root=root,
        text=(
            f"query L($id: ID!, {_HEAD}) {{ {asked} {{ lastModifiedDate {more} "
            f"titleListItemSearch({_PART}) {{ {_PAGE} {{ title {_TITLE} }} }} }} }}"
        ),
        path=("title",),
        variables={"id": target},
        within_list=True,
        known_by_null=True,
        proves_empty=True,
    )


def _search(
    constraints: Mapping[str, object],
    sort: Mapping[str, str],
    *,
    count: int | None = None,
    proves_empty: bool = False,
) -> GraphqlQuery:
    return GraphqlQuery(
        root="advancedTitleSearch",
        text=(
            f"query S({_HEAD}, $constraints: AdvancedTitleSearchConstraints, "
            "$sort: AdvancedTitleSearchSort) { "
            f"advancedTitleSearch({_PART}, constraints: $constraints, sort: $sort) "
            f"{{ {_PAGE} {{ node {{ title {_TITLE} }} }} }} }}"
        ),
        path=("node", "title"),
        variables={"constraints": constraints, "sort": sort},
        count=count,
        proves_empty=proves_empty,
    )


def _chart(name: str) -> GraphqlQuery:
    if name == BOX_OFFICE:
        return GraphqlQuery(
            root="boxOfficeWeekendChart",
            text=(
                f"query B {{ boxOfficeWeekendChart(limit: {_BOX_OFFICE}) "
                f"{{ entries {{ title {_TITLE} }} }} }}"
            ),
            path=("title",),
            counted=False,
            paged=False,
        )
    return GraphqlQuery(
        root="chartTitles",
        text=(
            f"query C {{ chartTitles(chart: {{ chartType: {CHARTS[name]} }}, "
            f"first: {_LONGEST_CHART}) {{ total edges {{ node {_TITLE} }} }} }}"
        ),
        path=("node",),
        paged=False,
    )


_SPARE = {  # as it stands in a query
    "lastModifiedDate": "lastModifiedDate ",
    "listType": "listType { id } ",
    "originalTitleText": "originalTitleText { text } ",
    "releaseYear": "releaseYear { year } ",
}
_WITHIN = {"year": "releaseYear"}
_FIELD = re.compile(r"""\bfield ["'`](\w{1,80})["'`]""", re.IGNORECASE | re.ASCII)


def field_in(message: str) -> str | None:
    """Find the field of ours that the words of an error name."""
    found = _FIELD.search(message)
    return _WITHIN.get(found[1], found[1]) if found else None


class MissingFields:
    """Fields that the service does not know any more; kept for as long as the program runs."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._names: set[str] = set()

    def left_out_of(self, text: str) -> str:
        """Give the query without them."""
        with self._lock:
            parts = [_SPARE[name] for name in sorted(self._names)]
        for part in parts:
            text = text.replace(part, "")
        return text

    def can_spare(self, names: Iterable[str], text: str) -> bool:
        """Leave *names* out from now on; False when one is vital, or no part of *text*."""
        wanted = set(names)
        if not all(name in _SPARE and _SPARE[name] in text for name in wanted):
            return False
        with self._lock:
            new = sorted(wanted - self._names)
            self._names |= wanted
        if new:
            logger.warning(
                "imdb: does not know %s any more; lists are read without, until listsync is "
                "started again",
                ", ".join(new),
                extra={"action": "field_missing"},
            )
        return True
