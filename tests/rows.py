"""Runs the rows of a parametrised test as one test, where it asks for little but its rows.

An item of pytest costs more than most rows do: it is collected, and it has three phases with a
report each. Fixtures that only make something are made anew for each row, as is the folder of a
test; so are, in unit tests, those that put something in order afterwards. A test with any other
fixture stays as pytest has it.

`--apart` makes each row a test again, as does a name with brackets in the command.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import (
    Callable,
    Collection,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

Test = Callable[..., object]
Table = list[dict[str, object]]
Makers = Mapping[str, "_Maker"]
_FOLDER = "tmp_path"
_REQUEST = "request"
_OF_ITSELF = " of itself"
_ASKED_OF_REQUEST = {"getfixturevalue", "node", "config", "addfinalizer", "module", "instance"}
_TIMEOUT_S, _TIMEOUT_OF_ROW_S = 60, 20
_Param = type(pytest.param())
_FAILURES = (Exception, pytest.fail.Exception)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--apart", action="store_true", help="make each row of a table a test")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> pytest.Item | None:
    """Give one item for all rows; None leaves the test to pytest."""
    if _is_apart(collector.config) or not inspect.isfunction(obj) or _is_slow(collector, obj):
        return None
    if not collector.istestfunction(obj, name) or not (tables := _tables(obj)):
        return None
    beside = _asked_beside(obj, tables)
    makers = _makers(collector, beside)
    if makers is None or _are_changed(collector, beside | makers.keys()):
        return None
    tables += [maker.rows(name) for name, maker in makers.items() if maker.params]
    item: pytest.Item = pytest.Function.from_parent(
        collector, name=name, callobj=_together(obj, tables, makers)
    )
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(_timeout_s(tables)))
    return item


def _timeout_s(tables: Sequence[Table]) -> int:
    return max(_TIMEOUT_S, _TIMEOUT_OF_ROW_S * math.prod(map(len, tables)))


def _is_slow(collector: pytest.Collector, test: Test) -> bool:
    """Whether rows are better shared by the workers."""
    marks = [mark.name for mark in _marks(test)]
    return "slow" in marks or collector.get_closest_marker("slow") is not None


def _makers(collector: pytest.Collector, names: Iterable[str]) -> Makers | None:
    """Find what makes the fixtures *names*, and what those need; None if one does more."""
    makers: dict[str, _Maker] = {}
    for name in set(names) - {_FOLDER}:
        fixture = _fixture(collector, name)
        if fixture is None or name in fixture.argnames:
            return None
        maker = _Maker(fixture)
        if not maker.only_makes and not (_is_unit(collector) and maker.is_of_one_row):
            return None
        needed = _makers(collector, maker.needs)
        if needed is None:
            return None
        makers |= {**needed, name: maker}
    return makers


def _is_unit(collector: pytest.Collector) -> bool:
    """Whether what is tested is so quick that it is better not shared by the workers."""
    return "unit" in collector.path.parts


class _Maker:
    """Makes a fixture for one row, and ends it."""

    def __init__(self, fixture: pytest.FixtureDef[object]) -> None:
        self._make: Test = fixture.func
        self._is_of_function = fixture.scope == "function"
        self.params = fixture.params
        self.needs = [one for one in fixture.argnames if one != _REQUEST or not self.params]

    @property
    def only_makes(self) -> bool:
        return self.is_of_one_row and not inspect.isgeneratorfunction(self._make)

    @property
    def is_of_one_row(self) -> bool:
        """Whether it asks for no more of pytest than a value of its own rows."""
        asked = set(self._make.__code__.co_names) & _ASKED_OF_REQUEST
        return self._is_of_function and not asked

    def rows(self, name: str) -> Table:
        """Give those of its values, by a name of their own."""
        values = [one.values[0] if isinstance(one, _Param) else one for one in self.params or ()]
        return [{f"{name}{_OF_ITSELF}": value} for value in values]

    def made(self, arguments: dict[str, object], value: object, ends: ExitStack) -> object:
        if self.params:
            arguments = {**arguments, _REQUEST: SimpleNamespace(param=value)}
        made = self._make(**arguments)
        if not isinstance(made, Generator):
            return made
        ends.callback(next, made, None)
        return next(made)


def _fixture(collector: pytest.Collector, name: str) -> pytest.FixtureDef[object] | None:
    found = collector.session._fixturemanager.getfixturedefs(name, collector)
    return found[-1] if found else None


def _are_changed(collector: pytest.Collector, names: set[str]) -> bool:
    """Whether a fixture that every test here has does something to one of *names*."""
    always = collector.session._fixturemanager._getautousenames(collector)
    fixtures = filter(None, (_fixture(collector, name) for name in always))
    return any(names & set(fixture.argnames) for fixture in fixtures)


def _is_apart(config: pytest.Config) -> bool:
    return bool(config.getoption("--apart")) or any("[" in argument for argument in config.args)


def _tables(test: Test) -> list[Table]:
    """Read the tables of *test*; none if it has other forms of rows, or marks at one of them."""
    marks = [_arguments(mark) for mark in _marks(test) if mark.name == "parametrize"]
    if not marks or hasattr(test, "hypothesis"):
        return []
    named = {name for mark in marks for name in _names(mark)}
    if not named <= _parameters(test) or not all(map(_is_simple, marks)):
        return []
    return [list(_rows(_names(mark), mark["argvalues"])) for mark in marks]


def _parameters(test: Test) -> set[str]:
    """Name them: `inspect.signature` takes a fiftieth of all that collecting does."""
    code = test.__code__
    return {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}


def _asked_beside(test: Test, tables: list[Table]) -> set[str]:
    return _parameters(test) - {name for rows in tables for name in rows[0]}


def _marks(test: Test) -> list[pytest.Mark]:
    marks: list[pytest.Mark] = getattr(test, "pytestmark", [])
    return marks


def _arguments(mark: pytest.Mark) -> dict[str, Any]:
    return {**dict(zip(("argnames", "argvalues"), mark.args, strict=False)), **mark.kwargs}


def _names(mark: Mapping[str, Any]) -> list[str]:
    names = mark["argnames"]
    return names.replace(" ", "").split(",") if isinstance(names, str) else list(names)


def _is_simple(mark: Mapping[str, Any]) -> bool:
    """Whether there are rows that can be looked at twice, and no more than rows."""
    values = mark["argvalues"]
    if mark.keys() - {"argnames", "argvalues", "ids"} or not isinstance(values, Collection):
        return False
    return bool(values) and not any(isinstance(one, _Param) and one.marks for one in values)


def _rows(names: list[str], found: Iterable[Any]) -> Iterator[dict[str, object]]:
    for row in found:
        values = row.values if isinstance(row, _Param) else row if len(names) > 1 else (row,)
        yield dict(zip(names, values, strict=True))


def _together(test: Test, tables: list[Table], makers: Makers) -> Test:
    beside = _asked_beside(test, tables)

    def run(folder: Path | None) -> None:
        __tracebackhide__ = True
        failed = []
        skipped = None
        for number, row in enumerate(itertools.product(*tables)):
            arguments = {name: value for part in row for name, value in part.items()}
            own = {name: arguments.pop(name) for name in [*arguments] if _OF_ITSELF in name}
            try:
                with ExitStack() as ends:
                    made = _made(beside, makers, own, folder and folder / str(number), ends)
                    test(**arguments, **made)
            except pytest.skip.Exception as skip:
                skipped = skip
            except _FAILURES as failure:
                failed.append((arguments, failure))
        if failed:
            _tell(failed)
        if skipped:
            raise skipped

    def with_folder(tmp_path: Path) -> None:
        __tracebackhide__ = True
        run(tmp_path)

    def alone() -> None:
        __tracebackhide__ = True
        run(None)

    needs = beside.union(*(maker.needs for maker in makers.values()))
    return _like(test, with_folder if _FOLDER in needs else alone)


def _like(test: Test, together: Test) -> Test:
    functools.update_wrapper(together, test)
    del together.__wrapped__  # type: ignore[attr-defined]  # its arguments are no fixtures
    together.pytestmark = [  # type: ignore[attr-defined]
        mark for mark in _marks(test) if mark.name != "parametrize"
    ]
    return together


def _made(
    names: Iterable[str],
    makers: Makers,
    own: Mapping[str, object],
    folder: Path | None,
    ends: ExitStack,
) -> dict[str, object]:
    """Make the fixtures of one row, which *ends* ends."""
    made: dict[str, object] = {}
    if folder is not None:
        folder.mkdir()
        made[_FOLDER] = folder
    for name, maker in makers.items():  # what one needs stands before it
        needed = {one: made[one] for one in maker.needs}
        made[name] = maker.made(needed, own.get(f"{name}{_OF_ITSELF}"), ends)
    return {name: made[name] for name in names}


def _tell(failed: Sequence[tuple[Mapping[str, object], BaseException]]) -> None:
    """Fail as the first row did, with the names of all.

    Raises:
        BaseException: the failure of the first row.
    """
    __tracebackhide__ = True
    (_, first), *_ = failed
    for arguments, failure in failed:
        row = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        first.add_note(f"in the row {row}: {type(failure).__name__}: {failure}"[:1000])
    raise first
