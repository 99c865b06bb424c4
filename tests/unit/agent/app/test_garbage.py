from __future__ import annotations

import gc

from listsync.app.garbage import fewer_collections


def test_cycles_are_searched_more_rarely_only_within_the_block() -> None:
    before = gc.get_threshold()
    with fewer_collections():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before


def test_blocks_that_overlap_leave_it_as_it_was() -> None:
    before = gc.get_threshold()
    left_behind, next_one = fewer_collections(), fewer_collections()
    left_behind.__enter__()
    next_one.__enter__()
    left_behind.__exit__(None, None, None)
    assert gc.get_threshold()[0] > before[0]
    next_one.__exit__(None, None, None)
    assert gc.get_threshold() == before
