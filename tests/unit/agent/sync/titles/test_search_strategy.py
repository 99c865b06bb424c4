from __future__ import annotations

import pytest

from listsync.domain.media import MediaType
from listsync.sync.titles.evidence import sought
from listsync.sync.titles.lookups import queries
from tests.builders import MOVIE, TV


@pytest.mark.parametrize(
    ("title", "original", "expected"),
    [
        pytest.param("Foo", None, [], id="nothing-else"),
        pytest.param("Foo", "Bar", ["Bar"], id="original"),
        pytest.param("Foo", "FOO!", [], id="the-same-once-folded"),
        pytest.param("Foo: Bar", None, ["Foo"], id="subtitle"),
        pytest.param("Foo or: Bar", None, ["Foo"], id="or"),
        pytest.param("Foo US", None, ["Foo"], id="country"),
        pytest.param("JUST US", None, [], id="no-country"),
        pytest.param("Foo \u2665 Bar", None, [], id="a-symbol-that-folds-to-nothing"),
        pytest.param("Foo (Bar)", "Baz", ["Baz", "Foo"], id="original-first"),
    ],
)
def test_other_names_are_searched_for_after_the_title(
    title: str, original: str | None, expected: list[str]
) -> None:
    found = queries(sought(title, original, 2021, None))
    assert found == [(title, 2021), (title, None), *((name, 2021) for name in expected)]


@pytest.mark.parametrize(
    ("title", "kind", "expected"),
    [
        pytest.param(
            "Ann Bee's Foo",
            TV,
            [("Ann Bee's Foo", None), ("Foo", 2021), ("Ann Bee's Foo", 2021)],
            id="maker-in-front",
        ),
        pytest.param(
            "Foo IV", MOVIE, [("Foo IV", 2021), ("Foo", 2021), ("Foo IV", None)], id="number"
        ),
        pytest.param("Foo IV", TV, [("Foo IV", 2021), ("Foo IV", None)], id="number-of-a-series"),
        pytest.param(
            "Ann Bee's Foo",
            None,
            [("Ann Bee's Foo", 2021), ("Ann Bee's Foo", None)],
            id="no-kind",
        ),
    ],
)
def test_what_details_can_settle_is_searched_for_while_calls_are_left(
    title: str, kind: MediaType | None, expected: list[tuple[str, int | None]]
) -> None:
    assert queries(sought(title, None, 2021, kind)) == expected


def test_without_a_year_all_searches_are_wide() -> None:
    assert queries(sought("Foo: Bar", None, None, None)) == [("Foo: Bar", None), ("Foo", None)]
