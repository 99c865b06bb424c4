"""Runs the rows of a parametrised test as one test, where it asks for little but its rows.

An item of pytest costs more than most rows do: each worker collects it, and it has three phases
with a report each. Fixtures that only make something are made anew for each row, as is the folder
of a test; a test with any other fixture stays as pytest has it.

`--apart` makes each row a test again, as does a name with brackets in the command.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

Test = Callable[..., object]
Table = list[dict[str, object]]
Makers = Mapping[str, Test]
_FOLDER = "tmp_path"
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
    makers: dict[str, Test] = {}
    for name in set(names) - {_FOLDER}:
        fixture = _fixture(collector, name)
        if fixture is None or name in fixture.argnames or not _only_makes(fixture):
            return None
        needed = _makers(collector, fixture.argnames)
        if needed is None:
            return None
        makers |= {**needed, name: fixture.func}
    return makers


def _fixture(collector: pytest.Collector, name: str) -> pytest.FixtureDef[object] | None:
    found = collector.session._fixturemanager.getfixturedefs(name, collector)
    return found[-1] if found else None


def _are_changed(collector: pytest.Collector, names: set[str]) -> bool:
    """Whether a fixture that every test here has does something to one of *names*."""
    always = collector.session._fixturemanager._getautousenames(collector)
    fixtures = filter(None, (_fixture(collector, name) for name in always))
    return any(names & set(fixture.argnames) for fixture in fixtures)


def _only_makes(fixture: pytest.FixtureDef[object]) -> bool:
    is_plain = fixture.scope == "function" and not fixture.params
    return is_plain and not inspect.isgeneratorfunction(fixture.func)


def _is_apart(config: pytest.Config) -> bool:
    return bool(config.getoption("--apart")) or any("[" in argument for argument in config.args)


def _tables(test: Test) -> list[Table]:
    """Read the tables of *test*; none if it has other forms of rows, or marks at one of them."""
    marks = [_arguments(mark) for mark in _marks(test) if mark.name == "parametrize"]
    if not marks or hasattr(test, "hypothesis"):
        return []
    named = {name for mark in marks for name in _names(mark)}
    if not named <= set(inspect.signature(test).parameters) or not all(map(_is_simple, marks)):
        return []
    return [list(_rows(_names(mark), mark["argvalues"])) for mark in marks]


def _asked_beside(test: Test, tables: list[Table]) -> set[str]:
    return set(inspect.signature(test).parameters) - {name for rows in tables for name in rows[0]}


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
            made = _made(beside, makers, folder and folder / str(number))
            try:
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

    needs = beside.union(*(inspect.signature(make).parameters for make in makers.values()))
    return _like(test, with_folder if _FOLDER in needs else alone)


def _like(test: Test, together: Test) -> Test:
    functools.update_wrapper(together, test)
    del together.__wrapped__  # type: ignore[attr-defined]  # its arguments are no fixtures
    together.pytestmark = [  # type: ignore[attr-defined]
        mark for mark in _marks(test) if mark.name != "parametrize"
    ]
    return together


def _made(names: Iterable[str], makers: Makers, folder: Path | None) -> dict[str, object]:
    """Make the fixtures of one row."""
    made: dict[str, object] = {}
    if folder is not None:
        folder.mkdir()
        made[_FOLDER] = folder
    for name, make in makers.items():  # what one needs stands before it
        needed = inspect.signature(make).parameters
        made[name] = make(**{one: made[one] for one in needed})
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
