"""Documents of JSON in which tests alter something: where, and what odd thing comes instead."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

JsonPath = tuple[str | int, ...]
ODD: st.SearchStrategy[object] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
)


def places(value: object, path: JsonPath = ()) -> Iterator[JsonPath]:
    """Give the way to everything inside *value*."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inside = list(value.items())
    elif isinstance(value, list):
        inside = list(enumerate(value))
    for key, item in inside:
        yield (*path, key)
        yield from places(item, (*path, key))
