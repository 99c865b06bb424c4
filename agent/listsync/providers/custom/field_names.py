"""Where the rows of an answer are, and which of their names mean what, as the user says it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from listsync.parsing.columns import place_of, plain_name
from listsync.parsing.list_shapes import rows_under_names
from listsync.parsing.tables import Header
from listsync.parsing.title_groups import UnreadList
from listsync.providers.custom.source import SERVICE, CustomSource
from listsync.text_cleaning import one_line

_ITSELF = "."
_IDS = frozenset(("imdb_id", "tmdb_id", "tvdb_id", "url"))
_NAMING = _IDS | {"title", "original_title"}
_SHOWN = 12
_NOTHING = object()
_KIND = place_of("kind")
Row = dict[str, object]


class FieldMapping:
    """Gives the fields of rows their usual names; one reading of one list uses one."""

    def __init__(self, source: CustomSource) -> None:
        self._rows = source.rows
        self._fields = dict(source.fields)
        self._places = {place_of(name) for name in self._fields}
        self._has_ids = not _IDS.isdisjoint(self._fields)
        self._found: set[str] = set()
        self._names: tuple[str, ...] = ()

    def rows_in(self, content: object) -> object:
        """Give what `collect_json` reads: *content* itself, or the rows at their place in it.

        Raises:
            ResponseChangedError: there are none at that place.
        """
        rows = self._placed(content) if self._rows else content
        if not self._fields:
            return rows
        if isinstance(rows, dict) and (found := rows_under_names(rows)):
            return (
                row if isinstance(row, UnreadList) else _of_kind(self.named(row), kind)
                for row, kind in found
            )
        return map(self.named, rows) if isinstance(rows, Iterator) else rows

    def _placed(self, content: object) -> Iterator[object]:
        path = self._rows.split(".")
        found = list(content) if isinstance(content, Iterator) else [content]
        for depth, step in enumerate(path, 1):
            found = [value for one in found for value in _inside(one, step)]
            if not found:
                at = ".".join(path[:depth])
                keys = f"; its keys are {_listed(content)}" if isinstance(content, dict) else ""
                raise ResponseChangedError(SERVICE, f"the answer has nothing at {at}{keys}")
        return (row for one in found for row in _rows_of(one))

    def named(self, row: object) -> Row:
        """Give *row* with its fields under their usual names."""
        if isinstance(row, dict) and not self._names:
            self._names = tuple(map(str, row))
        found = {name: _at(row, path) for name, path in self._fields.items()}
        made = {name: value for name, value in found.items() if value is not _NOTHING}
        self._found.update(made)
        others = row.items() if isinstance(row, dict) else ()
        return {key: value for key, value in others if self._is_free(key)} | made

    def _is_free(self, key: str) -> bool:
        """Tell a name that may go on meaning what it usually does."""
        if plain_name(key) in ("id", "ids") and self._has_ids:
            return False
        return place_of(key) not in self._places or place_of(key) is None

    def header(self, rows: Iterable[Header]) -> Header:
        """Choose how a table is parted, by its first *rows*; name its columns as usual."""
        best = max(rows, key=lambda one: len(set(one.names) & set(self._fields.values())))
        paths = {path: name for name, path in self._fields.items()}
        self._found.update(paths[name] for name in best.names if name in paths)
        self._names = tuple(best.names)
        self.missing()
        names = [paths.get(name) or (name if self._is_free(name) else "") for name in best.names]
        return Header(names=names, delimiter=best.delimiter, skips=best.skips)

    def missing(self) -> str:
        """Say which field that the user named no row has; empty where all are there.

        Raises:
            ResponseChangedError: none of those is there that name a title.
        """
        missing = [name for name in self._fields if name not in self._found]
        if not missing:
            return ""
        has = _listed(dict.fromkeys(self._names)) if self._names else "no names at all"
        named = ", ".join(f"{self._fields[name]!r} (fields.{name})" for name in missing)
        why = one_line(f"no row has {named}; the first one has {has}", 600)
        naming = [name for name in self._fields if name in _NAMING]
        if naming and self._found.isdisjoint(naming):
            raise ResponseChangedError(SERVICE, why)
        return why


def _inside(one: object, step: str) -> Iterator[object]:
    """Find what has the name *step* in an object, or in each of several."""
    for part in one if isinstance(one, list) else (one,):
        value = _step(part, step)
        if value is not _NOTHING and value is not None:
            yield value


def _of_kind(row: Row, kind: MediaType | None) -> Row:
    """Say of a row what all of its list are, where it does not say so itself."""
    says = any(place_of(name) == _KIND for name in row)
    return row if kind is None or says else {**row, "type": str(kind)}


def _rows_of(value: object) -> Iterable[object]:
    """Take an object whose values are objects for a list of those: it is one by their ids."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(one, dict) for one in value.values()):
        return list(value.values())
    raise ResponseChangedError(SERVICE, "what is at the place that `rows` names is no list")


def _at(row: object, path: str) -> object:
    """Find what is at *path* in a row; `.` is the row itself."""
    if path == _ITSELF:
        return _NOTHING if isinstance(row, (dict, list)) else row
    if isinstance(row, dict) and path in row:
        return row[path]
    value = row
    for step in path.split("."):
        value = _step(value, step)
        if value is _NOTHING:
            break
    return value


def _step(value: object, step: str) -> object:
    if isinstance(value, dict):
        if step in value:
            return value[step]
        folded = step.casefold()
        return next((one for name, one in value.items() if name.casefold() == folded), _NOTHING)
    if isinstance(value, list) and step.isdecimal() and int(step[:6]) < len(value):
        return value[int(step[:6])]
    return _NOTHING


def _listed(names: Collection[str]) -> str:
    shown = [one_line(str(name), 40) for name in list(names)[:_SHOWN]]
    return ", ".join(shown) + (", ..." if len(names) > _SHOWN else "") or "none"
