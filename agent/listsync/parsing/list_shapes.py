"""Where the rows of a list are in a JSON document.

An array of titles is the plain form. Programs also put it into an object, under names of their
own, name titles by their ids or years, or write tables: rows of cells, or a list for each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.parsing.columns import field_of, plain_name
from listsync.parsing.decoding import imdb_id, number_id, title_text, whole_number, year_number
from listsync.parsing.error_answers import demand_no_error
from listsync.parsing.given_up import asks_for_unwanted
from listsync.parsing.kinds import soft_kind_of
from listsync.parsing.row_collector import RowCollector
from listsync.text_cleaning import one_line

Row = tuple[object, MediaType | None]
"""One row, and what it is where its list is of one kind."""

_MOST_NAMES = 1000
_DEEPEST = 6
_SHOWN = 12
_LISTS = {  # under which names an object holds lists of titles, and what those are
    **dict.fromkeys(("movies", "movie", "films"), MediaType.MOVIE),
    **dict.fromkeys(("shows", "show", "series", "tv", "tvshows"), MediaType.TV),
    "anime": None,
}
_ONE_LIST = (
    *("items", "results", "parts", "entries", "titles", "list", "watchlist", "rows", "media"),
    *("data", "itemlistelement", "records", "content", "metadata", "mediacontainer", "search"),
    *("result", "response", "lists", "cards", "hits", "docs", "nodes", "edges", "videos"),
    *("watchlists", "collections", "payload", "library", "favorites", "favourites", "bookmarks"),
)
_HOLDERS = {*_LISTS, "parts"}
_OF_LISTS = ("items", "results", "parts", "entries", "titles", "list", "rows", "cards", "data")
_SETTINGS = {"main", "plex", "radarr", "sonarr"}
_COUNTS = ("totalRecords", "TotalRecordCount", "totalSize", "total_results", "totalResults")
_NAMES = ("title", "original_title", "imdb", "tmdb", "tvdb", "guids")
_OF_TITLES = (*_NAMES, "year", "number")
_SURE = ("year", "date", "imdb", "tmdb", "tvdb", "guids")
_SAYS_MORE = ("year", "date", "kind", "imdb", "tmdb", "tvdb", "guids", "season")


class _TooManyGroupsError(ValueError):
    """An object holds titles under more names than are looked at."""


def rows_of(collector: RowCollector, content: object) -> Iterator[Row]:
    """Yield each row of a document.

    Raises:
        RefusedError: it is the error of a list server.
        ResponseChangedError: there is no list of titles in it, or there are far too many.
    """
    try:
        yield from _rows_of(collector, content)
    except _TooManyGroupsError:
        why = f"the JSON has more than {_MOST_NAMES:,} lists in one object"
        raise ResponseChangedError(
            collector.service, f"{why}; put their titles into one array"
        ) from None


def _rows_of(collector: RowCollector, content: object) -> Iterator[Row]:
    if isinstance(content, Iterator):
        yield from _of_array(content, None, 0)
    elif isinstance(content, dict):
        if content.keys() >= _SETTINGS:
            why = "holds the settings of a request server, and no list of titles"
            raise ResponseChangedError(collector.service, why)
        _demand_no_list_server(collector.service, content.get("errors"))
        lists = list(_of_object(content, 0))
        if not lists and not _is_empty_list(content):
            raise _not_an_array(collector.service, content)
        is_whole = demand_no_error(collector.service, content, lists)
        is_part = has_more_pages(content, len(lists)) or not is_whole
        collector.is_cut = collector.is_cut or is_part
        yield from lists
    else:
        raise ResponseChangedError(collector.service, "the JSON is no list of titles")


def _of_array(items: Iterable[object], kind: MediaType | None, depth: int) -> Iterator[Row]:
    """Yield the rows of an array; one of rows of cells is a table, one of lists holds those."""
    header: list[str] | None = None
    for number, item in enumerate(items):
        if isinstance(item, list):
            if number == 0 and _is_header(item):
                header = [str(cell) for cell in item]
            else:
                yield _of_cells(item, header), kind
        elif isinstance(item, dict) and _is_list(item) and depth < _DEEPEST:
            yield from _of_object(item, depth + 1)
        else:
            yield item, kind


def _is_header(cells: list[object]) -> bool:
    return all(isinstance(cell, str) for cell in cells) and any(
        field_of(plain_name(str(cell))) in _NAMES or plain_name(str(cell)) == "name"
        for cell in cells
    )


def _of_cells(cells: list[object], header: list[str] | None) -> dict[str, object] | str:
    """Name the cells of a row by their header, or by what is in them."""
    if header is not None:
        return dict(zip(header, cells, strict=False))
    named: dict[str, object] = {}
    for cell in cells[:_MOST_NAMES]:
        if imdb_id(cell):
            named.setdefault("imdb_id", cell)
        elif year_number(cell) and len(str(cell).strip()) == 4 and "title" in named:
            named.setdefault("year", cell)
        elif title_text(cell):
            named.setdefault("title", cell)
    return named or "?"


def _is_list(item: Mapping[str, object]) -> bool:
    """Tell a list with a name of its own from a title."""
    plain = {plain_name(name): value for name, value in list(item.items())[:_MOST_NAMES]}
    if not _HOLDERS.isdisjoint(plain) and any(map(_holds_titles, map(plain.get, _HOLDERS))):
        return True  # a collection of films has a name, too, and a number of its own
    is_title = any(field_of(name) in _OF_TITLES and value for name, value in plain.items())
    held = (plain.get(name) for name in (*_LISTS, *_OF_LISTS))
    return not is_title and any(
        isinstance(value, list) and value and isinstance(value[0], (dict, str)) for value in held
    )


def _holds_titles(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_known, value[:_SHOWN]))


def _is_known(value: object) -> bool:
    """Tell a title that has its year or an id beside it."""
    if not isinstance(value, dict) or not _is_title(value):
        return False
    return any(field_of(plain_name(name)) in _SURE for name in value)


def _of_object(content: dict[str, object], depth: int) -> Iterator[Row]:
    """Find the rows that an object holds; by the names that say so before all other ways."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    if depth > _DEEPEST:
        return
    finds = (_under_kinds, _under_one_name, _by_columns, _by_keys, _by_groups)
    for find in finds:
        rows = list(find(plain if find in finds[:3] else content, depth))
        if rows:
            yield from rows
            return
    if _is_title(content):
        yield content, None


def _under_kinds(plain: dict[str, object], depth: int) -> Iterator[Row]:
    for name, value in plain.items():
        if name in _LISTS and isinstance(value, list):
            yield from _of_array(value, _LISTS[name], depth)
        elif name in _LISTS and isinstance(value, dict):
            yield from ((row, _LISTS[name]) for row, _ in _by_keys(value, depth))


def _under_one_name(plain: dict[str, object], depth: int) -> Iterator[Row]:
    if isinstance(plain.get("columns"), list) and isinstance(plain.get("data"), list):
        yield from _of_array([plain["columns"], *_listed(plain["data"])], None, depth)
        return
    for name in _ONE_LIST:
        value = plain.get(name)
        if isinstance(value, dict):
            yield from _of_object(value, depth + 1)
        elif isinstance(value, list):
            yield from _of_array(map(_node, value), None, depth)
        if isinstance(value, (dict, list)) and value:
            return


def holds_titles(content: dict[str, object]) -> bool:
    """Tell whether there is a list of titles in a document."""
    try:
        return any(True for _ in _of_object(content, 0))
    except _TooManyGroupsError:
        return True


def rows_under_names(content: Mapping[str, object]) -> list[Row]:
    """Find the rows that an object holds under the names that say so, whatever is in them."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    if plain.get("errors"):
        return []
    return list(_under_kinds(plain, 0)) or list(_under_one_name(plain, 0))


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _node(item: object) -> object:
    """Take what is within an edge of a graph."""
    node = item.get("node") if isinstance(item, dict) else None
    return node if isinstance(node, dict) else item


def _by_columns(plain: dict[str, object], _: int) -> Iterator[Row]:
    """Read a list for each column, or an object that numbers its cells."""
    columns = {
        name: list(value.values()) if isinstance(value, dict) else value
        for name, value in plain.items()
        if isinstance(value, (dict, list))
    }
    sizes = {len(value) for value in columns.values()}
    is_table = len(sizes) == 1 and len(columns) > 1 and len(columns) == len(plain)
    if is_table and _is_header([*columns]):
        for cells in zip(*columns.values(), strict=True):
            yield dict(zip(columns, cells, strict=True)), None


def _by_keys(content: dict[str, object], _: int) -> Iterator[Row]:
    """Read titles under their ids, or under their names."""
    if not content:
        return
    if all(map(imdb_id, content)):
        yield from ((_with(value, "imdb_id", key), None) for key, value in content.items())
    elif all(key.isascii() and key.isdigit() for key in content):
        yield from _by_numbers(content)
    elif all(_is_year(value) for value in content.values()):
        yield from (({"title": key, "year": value}, None) for key, value in content.items())
    elif all(imdb_id(value) for value in content.values()):
        yield from (({"title": key, "imdb_id": value}, None) for key, value in content.items())
    elif all(isinstance(value, dict) and _describes(value) for value in content.values()):
        yield from ((_with(value, "title", key), None) for key, value in content.items())


def _by_numbers(content: dict[str, object]) -> Iterator[Row]:
    """Read titles under numbers, which are ids unless they only count."""
    numbers = list(map(int, content))
    counts = numbers in ([*range(len(numbers))], [*range(1, len(numbers) + 1)])
    for key, value in content.items():
        if isinstance(value, (dict, str)):
            yield value if counts else _with(value, "id", key), None


def _with(value: object, name: str, key: str) -> dict[str, object]:
    """Add to what is said of a title by what it is named."""
    if isinstance(value, dict):
        return {**value} if value.get(name) else {**value, name: key}
    return {"title": value, name: key} if isinstance(value, str) else {name: key}


def _is_year(value: object) -> bool:
    return (
        not isinstance(value, (dict, list)) and len(str(value)) == 4 and bool(year_number(value))
    )


def _by_groups(content: dict[str, object], depth: int) -> Iterator[Row]:
    """Read lists of titles under names of the user's own, such as genres or kinds."""
    for number, (name, value) in enumerate(content.items()):
        for row in _of_group(name, value, depth):
            if number >= _MOST_NAMES:
                raise _TooManyGroupsError
            yield row


def _of_group(name: str, value: object, depth: int) -> Iterator[Row]:
    if isinstance(value, list) and value and all(map(_is_title, value)):
        kind = soft_kind_of(name)
        is_unwanted = asks_for_unwanted(plain_name(name))
        said = {"kind": name} if kind.unwanted else {"unwanted": True} if is_unwanted else {}
        yield from (({**said, **one}, kind.media) for one in value if isinstance(one, dict))
    elif isinstance(value, dict) and not _is_title(value) and depth < _DEEPEST:
        yield from _of_object(value, depth + 1)


def _is_title(value: object) -> bool:
    """Tell an object that names a title and says more of it."""
    if not isinstance(value, dict) or len(value) > _MOST_NAMES:
        return False
    fields = {field_of(plain_name(name)) for name in value}
    return ("title" in fields or "name" in value) and not fields.isdisjoint(_SAYS_MORE)


def _describes(value: Mapping[str, object]) -> bool:
    fields = {field_of(plain_name(name)) for name in list(value)[:_MOST_NAMES]}
    return "title" not in fields and "name" not in value and not fields.isdisjoint(_SAYS_MORE)


def _is_empty_list(content: Mapping[str, object]) -> bool:
    """Tell an object whose lists, by names that say so, are there and hold nothing."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    lists = [value for name, value in plain.items() if name in _LISTS or name in _ONE_LIST]
    return any(value == [] or _is_empty_object(value) for value in lists)


def _is_empty_object(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and _is_empty_list(value)


def has_more_pages(content: Mapping[str, object], count: int | None = None) -> bool:
    """Tell a page of a longer list by what services say beside its rows, which are *count*."""
    paging = content.get("pagination")
    for place in (content, paging if isinstance(paging, dict) else {}):
        following = place.get("next") or place.get("next_page") or place.get("nextPage")
        if place.get("has_more") is True or (following and isinstance(following, (str, int))):
            return True
    inner = content.get("MediaContainer")
    counts = inner if isinstance(inner, dict) else content
    totals = (whole_number(counts.get(name)) for name in _COUNTS)
    if count is not None and any(total is not None and total > count for total in totals):
        return True
    pages = number_id(content.get("total_pages"))
    return pages is not None and pages > 1


def _not_an_array(service: str, content: Mapping[str, object]) -> ResponseChangedError:
    names = ", ".join(one_line(str(name), 40) for name in list(content)[:_SHOWN]) or "none"
    why = f"the JSON is an object without a list of titles; its keys are {names}"
    return ResponseChangedError(service, why)


def _demand_no_list_server(service: str, errors: object) -> None:
    """Read the envelope in which list servers for Radarr tell their errors."""
    if not isinstance(errors, list) or not errors:
        return
    first = errors[0] if isinstance(errors[0], dict) else {"detail": errors[0]}
    words = first.get("detail") or first.get("message") or first.get("title") or "an error"
    why = f"holds the error of a list server: {str(words)[:200]}"
    raise RefusedError(service, Refusal.NOT_FOUND, why)
