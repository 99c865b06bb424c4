from __future__ import annotations

import pytest

from listsync.sync.evidence import sought
from listsync.sync.searching import queries


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


def test_without_a_year_all_searches_are_wide() -> None:
    assert queries(sought("Foo: Bar", None, None, None)) == [("Foo: Bar", None), ("Foo", None)]
