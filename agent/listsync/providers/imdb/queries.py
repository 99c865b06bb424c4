"""What is asked of IMDb's GraphQL service, for each kind of list.

Source: the questions of clients that ran in August 2026. `lastModifiedDate` and `listType` are
what the site's own scripts and other clients ask for (read 2026-11); both may be missing from an
answer, and imdb/fields.py says what becomes of a question when the service does not know a field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from listsync.providers.imdb import search_constraints as search
from listsync.providers.imdb.source import BOX_OFFICE, CHARTS, ImdbSource, ListKind

_TITLE = (
    "{ id titleText { text } originalTitleText { text } titleType { id } releaseYear { year } }"
)
_PAGE = "total pageInfo { hasNextPage endCursor } edges"
_LONGEST_CHART = 250
_BOX_OFFICE = 10  # what the chart's own page shows; up to 50 can be had
_HEAD = "$first: Int!, $after: String"
_PART = "first: $first, after: $after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
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


def question_of(source: ImdbSource, target: str) -> Question:
    """Put the question for *source*; *target* is its id, that of a user as `ur...`."""
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
            constraints = search.constraints(target)
            return _search(
                constraints,
                search.sort(target),
                count=search.count(target),
                proves_empty="listConstraint" not in constraints,
            )
        case ListKind.CHART:
            return _chart(target)


def _list(root: str, asked: str, more: str, target: str) -> Question:
    return Question(
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
) -> Question:
    return Question(
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


def _chart(name: str) -> Question:
    if name == BOX_OFFICE:
        return Question(
            root="boxOfficeWeekendChart",
            text=(
                f"query B {{ boxOfficeWeekendChart(limit: {_BOX_OFFICE}) "
                f"{{ entries {{ title {_TITLE} }} }} }}"
            ),
            path=("title",),
            counted=False,
            paged=False,
        )
    return Question(
        root="chartTitles",
        text=(
            f"query C {{ chartTitles(chart: {{ chartType: {CHARTS[name]} }}, "
            f"first: {_LONGEST_CHART}) {{ total edges {{ node {_TITLE} }} }} }}"
        ),
        path=("node",),
        paged=False,
    )
