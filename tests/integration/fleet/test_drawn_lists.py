"""What a fleet passes on of any number of lists."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from listsync.domain.runs import SyncJob
from listsync.fleet.passing import payloads_of
from tests.unit.agent.fleet.test_passing import arrived

_LONGEST = 7999


@given(
    st.frozensets(st.text(min_size=1, max_size=300), min_size=1, max_size=60),
    st.lists(st.text(min_size=1, max_size=200), min_size=1, max_size=40),
)
def test_no_list_is_lost_however_many_there_are(scope: frozenset[str], origins: list[str]) -> None:
    job = replace(SyncJob.new(scope, ""), origins=tuple(origins))
    payloads = payloads_of(job, "box")
    assert all(len(one.encode("utf-8", "surrogatepass")) <= _LONGEST for one in payloads)
    assert frozenset().union(*(one.scope or scope for one in arrived(job))) == scope
