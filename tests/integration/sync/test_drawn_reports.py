"""Reports drawn at random: the columns add up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thorough import tries
from tests.unit.agent.cli.test_report import _OF_ENTRIES, a_list, a_report, rows_of

_COUNTS = st.fixed_dictionaries({one.name: st.integers(0, 3000) for one in _OF_ENTRIES})


@settings(max_examples=tries(20, 500))
@given(st.lists(st.tuples(_COUNTS, st.integers(0, 50)), min_size=2, max_size=4))
def test_what_was_read_is_the_sum_of_the_columns(rows: list[tuple[dict[str, int], int]]) -> None:
    lists = [
        a_list(f"list {number}", sum(counts.values()) + more, **counts)
        for number, (counts, more) in enumerate(rows)
    ]
    found = rows_of(a_report(*lists))
    assert len(found) == len(lists) + 1
    for row in found.values():
        assert row["read"] == sum(row.values()) - row["read"] - row["new"]
    total = found.pop("total")
    for head, count in total.items():
        assert count == sum(row[head] for row in found.values())
