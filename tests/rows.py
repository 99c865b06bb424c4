"""Runs the rows of a parametrised test as one test, where it asks for nothing but its rows.

An item of pytest costs more than most rows do: each worker collects it, and it has three phases
with a report each. A test with a fixture stays as pytest has it: a fixture serves one row alone.

`--apart` makes each row a test again, as does a name with brackets in the command.
"""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pytest

Test = Callable[..., object]
Table = list[dict[str, object]]
_Param = type(pytest.param())
_FAILURES = (Exception, pytest.fail.Exception)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--apart", action="store_true", help="make each row of a table a test")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> pytest.Item | None:
    """Give one item for all rows; None leaves the test to pytest."""
    if _is_apart(collector.config) or not inspect.isfunction(obj):
        return None
    if not collector.istestfunction(obj, name) or not (tables := _tables(obj)):
        return None
    item: pytest.Item = pytest.Function.from_parent(
        collector, name=name, callobj=_together(obj, tables)
    )
    return item


def _is_apart(config: pytest.Config) -> bool:
    return bool(config.getoption("--apart")) or any("[" in argument for argument in config.args)


def _tables(test: Test) -> list[Table]:
    """Read the tables of *test*; none if it asks for more, or if a row has marks of its own."""
    marks = [_arguments(mark) for mark in _marks(test) if mark.name == "parametrize"]
    if not marks or hasattr(test, "hypothesis"):
        return []
    asked = list(inspect.signature(test).parameters)
    named = [name for mark in marks for name in _names(mark)]
    if sorted(named) != sorted(asked) or not all(map(_is_simple, marks)):
        return []
    return [list(_rows(_names(mark), mark["argvalues"])) for mark in marks]


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


def _together(test: Test, tables: list[Table]) -> Test:
    def together() -> None:
        __tracebackhide__ = True
        failed = []
        skipped = None
        for row in itertools.product(*tables):
            arguments = {name: value for part in row for name, value in part.items()}
            try:
                test(**arguments)
            except pytest.skip.Exception as skip:
                skipped = skip
            except _FAILURES as failure:
                failed.append((arguments, failure))
        if failed:
            _tell(failed)
        if skipped:
            raise skipped

    functools.update_wrapper(together, test)
    del together.__wrapped__  # type: ignore[attr-defined]  # its arguments are no fixtures
    together.pytestmark = [  # type: ignore[attr-defined]
        mark for mark in _marks(test) if mark.name != "parametrize"
    ]
    return together


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
