"""Where the rows of a list are in a JSON document.

An array of titles is the plain form. Programs also put it into an object, under names of their
own, name titles by their ids or years, or write tables: rows of cells, or a list for each column.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from listsync.domain.media import MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.parsing.columns import field_of, plain_name
from listsync.parsing.decoding import imdb_id, title_text, year_number
from listsync.parsing.error_answers import demand_no_error, has_more_pages
from listsync.parsing.given_up import asks_for_unwanted
from listsync.parsing.kinds import soft_kind_of
from listsync.parsing.row_collector import RowCollector
from listsync.parsing.title_groups import (
    SAYS_MORE,
    UnreadList,
    cards_of,
    imdb_or_dated,
    is_advice,
    is_done,
    is_known,
    is_of_own_kind,
    is_title,
    may_be_list,
    may_be_wanted,
    said_to_be,
    says_title,
)
from listsync.text_cleaning import one_line

Row = tuple[object, MediaType | None]
"""One row, and what it is where its list is of one kind."""
Group = tuple[str, list[Row]]
"""The rows under one name."""

_MOST_NAMES = 1000
_WHOLE = ""  # the name of rows for which a whole object stands
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
    *("result", "response", "cards", "lists", "hits", "docs", "nodes", "edges", "videos"),
    *("watchlists", "collections", "payload", "library", "favorites", "favourites", "bookmarks"),
)
_SAME = frozenset(  # lists of what is wanted, whatever stands beside them
    (
        *("items", "results", "entries", "titles", "list", "watchlist", "watchlists", "rows"),
        *("data", "records", "payload", "content", "lists", "response", "result"),
    )
)
_HOLDERS = {*_LISTS, "parts"}
_OF_LISTS = ("items", "results", "parts", "entries", "titles", "list", "rows", "cards", "data")
_SETTINGS = {"main", "plex", "radarr", "sonarr"}
_NAMES = ("title", "original_title", "imdb", "tmdb", "tvdb", "guids")
_OF_TITLES = (*_NAMES, "year", "number")


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
        found = list(_of_object(content, 0))
        lists = [one for one in found if not isinstance(one[0], UnreadList)]
        if not lists and not _is_empty_list(content):
            raise _not_an_array(collector.service, content)
        is_whole = demand_no_error(collector.service, content, lists)
        is_part = has_more_pages(content, len(lists)) or not is_whole
        collector.is_cut = collector.is_cut or is_part
        yield from found
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
    return isinstance(value, list) and bool(value) and all(map(is_known, value[:_SHOWN]))


def _of_object(content: dict[str, object], depth: int) -> Iterator[Row]:
    """Find the rows that an object holds, but not those seen or unwanted beside wanted ones."""
    if depth > _DEEPEST:
        return
    done = {
        name: found
        for name, value in list(content.items())[:_MOST_NAMES]
        if is_done(name) and (found := _titles_within(value, depth))
    }
    wanted = {name: value for name, value in content.items() if name not in done}
    rows = list(_found(wanted if done else content, depth))
    if done and (rows or _is_empty_list(wanted) or any(map(may_be_wanted, wanted))):
        yield from rows
        yield from ((UnreadList(name, len(done[name]), False), None) for name in done if rows)
    elif done:
        yield from _found(content, depth)
    elif rows:
        yield from rows
    elif is_title(content):
        yield content, None


def _found(content: dict[str, object], depth: int) -> Iterator[Row]:
    """Find rows by the names that say so before all other ways, and what stands beside them."""
    for find in (_under_kinds, _under_one_name, _by_columns, _by_keys, _by_groups):
        groups = {name: rows for name, rows in find(content, depth) if rows}
        for rows in groups.values():
            yield from rows
        if groups:
            if _WHOLE not in groups:
                yield from _beside(content, groups, depth, of_own=find is not _under_one_name)
            return


def _beside(
    content: dict[str, object], read: Iterable[str], depth: int, *, of_own: bool
) -> Iterator[Row]:
    """Read the other lists of an object that is parted into such, or say that they are there.

    *of_own*: by words of the user's own. A service's object may hold anything beside its list.
    """
    for name, value in list(content.items())[:_MOST_NAMES]:
        rows = _titles_within(value, depth) if name not in read and may_be_list(name) else []
        kind = soft_kind_of(name)
        if rows and kind.unwanted:
            yield from ((said_to_be(row, name), None) for row, _ in rows)
        elif plain_name(name) in _SAME or (of_own and not is_of_own_kind(name)):
            yield from rows
        elif rows:
            yield UnreadList(name, len(rows), not is_advice(name)), None


def _titles_within(value: object, depth: int) -> list[Row]:
    """Give the rows of what plainly is a list of titles: with their years or ids."""
    if isinstance(value, list):
        nodes = list(map(_node, value))
        is_list = bool(nodes) and all(map(says_title, nodes[:_SHOWN]))
        return list(_of_array(nodes, None, depth)) if is_list else []
    if not isinstance(value, dict) or not value or is_title(value):
        return []
    rows = list(_of_object(value, depth + 1))
    return rows if any(says_title(row) for row, _ in rows[:_SHOWN]) else []


def _under_kinds(content: dict[str, object], depth: int) -> Iterator[Group]:
    for name, value in list(content.items())[:_MOST_NAMES]:
        plain = plain_name(name)
        kind = _LISTS[plain] if plain in _LISTS else soft_kind_of(name).media
        if plain not in _LISTS and kind is None:
            continue
        if isinstance(value, list):
            yield name, list(_of_array(value, kind, depth))
        elif isinstance(value, dict) and depth < _DEEPEST:
            rows = [row for _, found in _by_keys(value, depth) for row in found]
            if not rows:
                rows = [(value, None)] if is_known(value) else _titles_within(value, depth)
            yield name, [(row, media or kind) for row, media in rows]


def _under_one_name(content: dict[str, object], depth: int) -> Iterator[Group]:
    names = {plain_name(name): name for name in list(content)[:_MOST_NAMES]}
    plain = {name: content[called] for name, called in names.items()}
    if isinstance(plain.get("columns"), list) and isinstance(plain.get("data"), list):
        table = [plain["columns"], *_listed(plain["data"])]
        yield _WHOLE, list(_of_array(table, None, depth))
        return
    if isinstance(plain.get("cards"), list) and isinstance(plain.get("lists"), list):
        yield _WHOLE, list(cards_of(_listed(plain["cards"]), _listed(plain["lists"])))
        return
    for name in _ONE_LIST:
        value = plain.get(name)
        if isinstance(value, dict):
            yield names[name], list(_of_object(value, depth + 1))
        elif isinstance(value, list):
            yield names[name], list(_of_array(map(_node, value), None, depth))
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
    if content.get("errors"):
        return []
    groups = dict(_under_kinds({**content}, 0)) or dict(_under_one_name({**content}, 0))
    return [row for rows in groups.values() for row in rows]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _node(item: object) -> object:
    """Take what is within an edge of a graph."""
    node = item.get("node") if isinstance(item, dict) else None
    return node if isinstance(node, dict) else item


def _by_columns(content: dict[str, object], _: int) -> Iterator[Group]:
    """Read a list for each column, or an object that numbers its cells."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    columns = {
        name: list(value.values()) if isinstance(value, dict) else value
        for name, value in plain.items()
        if isinstance(value, (dict, list))
    }
    sizes = {len(value) for value in columns.values()}
    is_table = len(sizes) == 1 and len(columns) > 1 and len(columns) == len(plain)
    if is_table and _is_header([*columns]):
        rows = zip(*columns.values(), strict=True)
        yield _WHOLE, [(dict(zip(columns, cells, strict=True)), None) for cells in rows]


def _by_keys(content: dict[str, object], _: int) -> Iterator[Group]:
    """Read titles under their ids, or under their names."""
    if content:
        yield _WHOLE, list(_under_keys(content))


def _under_keys(content: dict[str, object]) -> Iterator[Row]:
    if all(map(imdb_id, content)):
        yield from ((_with(value, "imdb_id", key), None) for key, value in content.items())
    elif all(key.isascii() and key.isdigit() for key in content):
        yield from _by_numbers(content)
    elif all(_is_year(value) for value in content.values()):
        yield from (({"title": key, "year": value}, None) for key, value in content.items())
    elif all(imdb_id(value) for value in content.values()):
        yield from (({"title": key, "imdb_id": value}, None) for key, value in content.items())
    elif all(map(is_known, content.values())):
        yield from ((value, None) for value in content.values())
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


def _by_groups(content: dict[str, object], depth: int) -> Iterator[Group]:
    """Read lists of titles under names of the user's own, such as genres or kinds."""
    for number, (name, value) in enumerate(content.items()):
        rows = list(_of_group(name, value, depth))
        if rows and number >= _MOST_NAMES:
            raise _TooManyGroupsError
        yield name, rows


def _of_group(name: str, value: object, depth: int) -> Iterator[Row]:
    if isinstance(value, list) and value and all(map(imdb_or_dated, value)):
        is_unwanted = asks_for_unwanted(plain_name(name))
        for row in value:
            yield ({"title": row, "unwanted": True}, None) if is_unwanted else (row, None)
    elif isinstance(value, list) and value and all(map(is_title, value)):
        kind = soft_kind_of(name)
        is_unwanted = asks_for_unwanted(plain_name(name))
        said = {"kind": name} if kind.unwanted else {"unwanted": True} if is_unwanted else {}
        yield from (({**said, **one}, kind.media) for one in value if isinstance(one, dict))
    elif isinstance(value, dict) and not is_title(value) and depth < _DEEPEST:
        yield from _of_object(value, depth + 1)


def _describes(value: Mapping[str, object]) -> bool:
    fields = {field_of(plain_name(name)) for name in list(value)[:_MOST_NAMES]}
    return "title" not in fields and "name" not in value and not fields.isdisjoint(SAYS_MORE)


def _is_empty_list(content: Mapping[str, object]) -> bool:
    """Tell an object whose lists, by names that say so, are there and hold nothing."""
    plain = {plain_name(name): value for name, value in list(content.items())[:_MOST_NAMES]}
    lists = [value for name, value in plain.items() if name in _LISTS or name in _ONE_LIST]
    return any(value == [] or _is_empty_object(value) for value in lists)


def _is_empty_object(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and _is_empty_list(value)


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
    why = f"holds the error of a list server: {one_line(str(words), 200)}"
    raise RefusedError(service, Refusal.NOT_FOUND, why)
