"""The rows of a table run as one test, and none is lost by that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import rows

ran: list[object] = []


def _run(test: Callable[..., object]) -> None:
    ran.clear()
    rows._together(test, rows._tables(test), {})()


@pytest.mark.parametrize("second", ["x", pytest.param("y", id="why")])
@pytest.mark.parametrize(("first", "third"), [(1, 2), (3, 4)])
def _two_tables(first: int, second: str, third: int) -> None:
    ran.append((first, second, third))


@pytest.mark.parametrize("number", range(6))
def _some_bad(number: int) -> None:
    ran.append(number)
    if number == 2:
        pytest.skip("not today")
    assert number not in {1, 4}, "bad"


@pytest.mark.parametrize("number", [1, pytest.param(2, marks=pytest.mark.skip)])
def _marked(number: int) -> None:
    pytest.fail(str(number))


@pytest.mark.parametrize("number", iter([1, 2]))
def _readable_once(number: int) -> None:
    pytest.fail(str(number))


@pytest.mark.parametrize("number", [])
def _without_rows(number: int) -> None:
    pytest.fail(str(number))


def test_every_row_of_every_table_runs_in_the_order_of_pytest() -> None:
    _run(_two_tables)
    assert ran == [(1, "x", 2), (1, "y", 2), (3, "x", 4), (3, "y", 4)]


def test_a_row_that_fails_or_is_skipped_stops_no_other_and_each_is_named() -> None:
    with pytest.raises(AssertionError, match="bad") as raised:
        _run(_some_bad)
    assert ran == [0, 1, 2, 3, 4, 5]
    assert [note.partition(":")[0] for note in raised.value.__notes__] == [
        "in the row number=1",
        "in the row number=4",
    ]


def test_rows_that_are_skipped_are_told() -> None:
    @pytest.mark.parametrize("number", [1, 2])
    def skipping(number: int) -> None:
        if number == 1:
            pytest.skip("not today")

    with pytest.raises(pytest.skip.Exception, match="not today"):
        _run(skipping)


@pytest.mark.parametrize("test", [_marked, _readable_once, _without_rows, _run])
def test_what_is_more_than_a_table_is_left_to_pytest(test: Callable[..., object]) -> None:
    assert rows._tables(test) == []


def test_this_suite_runs_tables_as_one_test(request: pytest.FixtureRequest) -> None:
    names = [item.name for item in request.session.items if item.path == request.path]
    if not rows._is_apart(request.config):
        assert "test_what_is_more_than_a_table_is_left_to_pytest" in names


@pytest.fixture
def made() -> list[int]:
    return []


@pytest.fixture
def file(tmp_path: Path, made: list[int]) -> Path:
    made.append(0)
    return tmp_path / "file"


@pytest.fixture
def ended() -> Iterator[list[int]]:
    open_ones: list[int] = []
    yield open_ones
    assert open_ones == [1]


@pytest.mark.parametrize("number", [1, 2])
def test_each_row_has_its_own_folder_and_fixtures(
    file: Path, made: list[int], number: int
) -> None:
    assert made == [0]
    assert not file.exists()
    file.write_text(str(number))


@pytest.mark.parametrize("number", [1, 2])
def test_a_fixture_that_ends_serves_one_row(ended: list[int], number: int) -> None:
    assert number
    ended.append(1)


def test_the_rows_of_a_fixture_are_rows_of_the_test_and_each_is_ended() -> None:
    ended: list[str] = []

    def letter(request: pytest.FixtureRequest) -> Iterator[str]:
        yield request.param
        ended.append(request.param)

    @pytest.mark.parametrize("number", [1, 2])
    def drawn(number: int, letter: str) -> None:
        ran.append((number, letter, len(ended)))

    params = ["a", pytest.param("b", id="why")]
    fixture = SimpleNamespace(func=letter, scope="function", params=params, argnames=("request",))
    maker = rows._Maker(fixture)  # type: ignore[arg-type]  # as far as it is asked
    assert (maker.is_of_one_row, maker.only_makes, maker.needs) == (True, False, [])
    ran.clear()
    rows._together(drawn, [*rows._tables(drawn), maker.rows("letter")], {"letter": maker})()
    assert ran == [(1, "a", 0), (1, "b", 1), (2, "a", 2), (2, "b", 3)]
    assert ended == ["a", "b", "a", "b"]


def test_a_fixture_that_asks_more_of_pytest_is_left_to_it() -> None:
    def asking(request: pytest.FixtureRequest) -> object:
        return request.getfixturevalue(request.param)

    fixture = SimpleNamespace(func=asking, scope="function", params=[1], argnames=("request",))
    assert not rows._Maker(fixture).is_of_one_row  # type: ignore[arg-type]  # as far as it is asked
