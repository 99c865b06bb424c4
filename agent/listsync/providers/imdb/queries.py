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
from dataclasses import field, replace
from threading import Lock
from typing import Any

from listsync.lean_dataclasses import dataclass
from listsync.providers.imdb.source import (
    AWARDS,
    BOX_OFFICE,
    CHARTS,
    DOCUMENTARY,
    GROUP,
    ORDERS,
    SEARCHED_TYPES,
    ImdbSource,
    ListKind,
    pairs_of,
    wanted_count,
)

logger = logging.getLogger(__name__)


_TITLE = (
    "{ id titleText { text } originalTitleText { text } titleType { id } releaseYear { year } }"
)
_RATED_TITLE = f"{_TITLE[:-1]}ratingsSummary {{ aggregateRating voteCount }} }}"
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
    query = _query_of(source, target)
    if source.row_filters.fields.isdisjoint(("rating", "votes")):
        return query
    return replace(query, text=query.text.replace(_TITLE, _RATED_TITLE))


def _query_of(source: ImdbSource, target: str) -> GraphqlQuery:
    match source.kind:
        case ListKind.LIST:
            return _list("list", "list(id: $id)", "listType { id }", target)
        case ListKind.WATCHLIST:
            asked = "predefinedList(classType: WATCH_LIST, userId: $id)"
            return _list("predefinedList", asked, "", target)
        case ListKind.RATINGS:
            constraint = {"userId": target, "filterType": "INCLUDE"}
            return _search(
                {"singleUserRatingConstraint": constraint, **search_constraints(source.query)},
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


_CHOICES = {  # parameter -> constraint, what must be in it, what must not
    "title_type": ("titleTypeConstraint", "anyTitleTypeIds", "excludeTitleTypeIds"),
    "genres": ("genreConstraint", "allGenreIds", "excludeGenreIds"),
    "keywords": ("keywordConstraint", "allKeywords", "excludeKeywords"),
    "countries": ("originCountryConstraint", "allCountries", "excludeCountries"),
    "languages": ("languageConstraint", "allLanguages", "excludeLanguages"),
    "lists": ("listConstraint", "inAllLists", "notInAnyList"),
    "companies": ("creditedCompanyConstraint", "anyCompanyIds", "excludeCompanyIds"),
    "role": ("creditedNameConstraint", "allNameIds", "excludeNameIds"),
}
_RANGES = {  # parameter -> constraint, range, names of its ends
    "release_date": ("releaseDateConstraint", "releaseDateRange", "start", "end"),
    "user_rating": ("userRatingsConstraint", "aggregateRatingRange", "min", "max"),
    "num_votes": ("userRatingsConstraint", "ratingsCountRange", "min", "max"),
    "runtime": ("runtimeConstraint", "runtimeRangeMinutes", "min", "max"),
}
_RANKED = {"top": "TOP_RATED_MOVIES", "bottom": "LOWEST_RATED_MOVIES"}


def search_order(query: str) -> dict[str, str]:
    """Give the order; what the site shows first is first."""
    name, _, order = dict(pairs_of(query)).get("sort", "moviemeter").partition(",")
    return {"sortBy": ORDERS[name], "sortOrder": order.upper() or "ASC"}


def search_constraints(query: str) -> dict[str, dict[str, Any]]:
    """Give the constraints of a search that has no `search_problem`."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in pairs_of(query):
        if name == "title_type" and value == DOCUMENTARY:
            found.setdefault("genreConstraint", {}).setdefault("allGenreIds", []).append(
                _id("genres", value)
            )
        elif name == "groups":
            found |= _of_groups(value.split(","))
        elif name in _CHOICES:
            key, wanted, unwanted = _CHOICES[name]
            words = value.split(",")
            for field, chosen in (
                (wanted, [word for word in words if not word.startswith("!")]),
                (unwanted, [word[1:] for word in words if word.startswith("!")]),
            ):
                if chosen:
                    ids = [_id(name, word) for word in chosen]
                    found.setdefault(key, {}).setdefault(field, []).extend(ids)
        elif name in _RANGES:
            key, field, low, high = _RANGES[name]
            start, comma, end = value.partition(",")
            ends = {low: start, high: end if comma else start}
            found.setdefault(key, {})[field] = {
                which: _date(text, last=which == "end")
                if name == "release_date"
                else _number(text)
                for which, text in ends.items()
                if text
            }
        elif name == "title":
            found["titleTextConstraint"] = {"searchTerm": value}
        elif name == "adult":
            found["explicitContentConstraint"] = {"explicitContentFilter": "INCLUDE_ADULT"}
    return found


def _of_groups(words: list[str]) -> dict[str, dict[str, Any]]:
    """Give the constraints of groups, each of which a title must be in; winners were nominated."""
    found = [group for word in words if (group := GROUP.fullmatch(word))]
    awards, charts = list[dict[str, str]](), list[dict[str, object]]()
    for group in found:
        if group["chart"]:
            ranks = {"max": int(group["rank"])}
            charts.append({"rankRange": ranks, "rankedTitleListType": _RANKED[group["chart"]]})
        else:
            event, category = AWARDS[group["award"]]
            award = {"eventId": event}
            award |= {"searchAwardCategoryId": category} if category else {}
            award |= {"winnerFilter": "WINNER_ONLY"} if group["part"] == "winner" else {}
            awards.append(award)
    return {
        **({"awardConstraint": {"allEventNominations": awards}} if awards else {}),
        **({"rankedTitleListConstraint": {"allRankedTitleLists": charts}} if charts else {}),
    }


def _id(name: str, word: str) -> str:
    match name:
        case "title_type":
            return SEARCHED_TYPES[word]
        case "genres":  # Sci-Fi, Reality-TV
            return word.title().replace("-Tv", "-TV")
        case "countries":
            return word.upper()
        case "languages":
            return word.lower()
        case _:
            return word.strip().replace(" ", "-")


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _date(text: str, *, last: bool) -> str:
    """Complete a year or a month to its first or last day."""
    year, month, day = (*text.split("-"), "", "")[:3]
    month = month or ("12" if last else "01")
    import calendar  # noqa: PLC0415 - few lists are of a month

    days = calendar.monthrange(int(year), int(month))[1]
    return f"{year}-{month}-{day or (f'{days:02}' if last else '01')}"
