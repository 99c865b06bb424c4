"""Lists at addresses of one's own, drawn at random."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.errors import ListsyncError, ResponseChangedError
from listsync.parsing.feed_items import items_of
from tests.integration.providers.test_custom import feed, read
from tests.thorough import tries

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(("title", "id", "items", "ids", "a", "next")) | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
_NAMES = st.sampled_from(("", "a", "items", "a.items", ".", "a.0", "..", "title"))


@settings(max_examples=tries(60, 3000), deadline=None)
@given(value=_VALUES, rows=_NAMES, field=_NAMES.filter(bool))
def test_whatever_the_json_the_list_is_read_or_refused(
    value: object, rows: str, field: str
) -> None:
    body = json.dumps(value).encode()
    try:
        fetched = read(body, rows=rows, fields=(("title", field), ("tmdb_id", "id")))
    except ListsyncError:
        return
    assert all(one.title or one.ids or one.bare_id for one in fetched.entries)


@settings(max_examples=tries(60, 3000), deadline=None)
@given(
    cuts=st.lists(st.integers(0, 400), max_size=4),
    more=st.text(alphabet="<>/&;!\"'[]abc rss", max_size=30),
)
def test_whatever_is_left_of_a_feed_it_is_read_or_refused(cuts: list[int], more: str) -> None:
    whole = feed("<item><title>A (2001)</title><guid>tt90000011</guid></item>" * 3)
    for cut in cuts:
        whole = whole[:cut] + more + whole[cut + 7 :]
    try:
        items = list(items_of("custom", whole.encode()))
    except ResponseChangedError:
        return
    assert all(isinstance(one, dict) for one in items)
