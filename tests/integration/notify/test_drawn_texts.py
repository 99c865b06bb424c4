"""Texts drawn at random, fitted into what a target takes."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.notify.text_fitting import (
    fitted,
    fitted_line,
    fitted_rows,
    utf16_units,
)


def size_in_bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(max_size=30) | st.text("👨‍👩‍👧e\u0301😀", min_size=30), max_size=40),
    st.integers(50, 600),
    st.sampled_from([utf16_units, size_in_bytes]),
)
def test_nothing_counts_more_than_it_may(
    rows: list[str], limit: int, size: Callable[[str], int]
) -> None:
    text = "".join(rows)
    assert size(fitted(text, limit, size)) <= limit
    assert size(fitted_line(text, limit, size)) <= limit
    kept = fitted_rows(rows, limit, size, 7)
    assert size("\n".join(kept)) <= limit
    assert kept[:-1] == rows[: len(kept) - 1]
