from __future__ import annotations

import gc

from listsync.app.garbage import fewer_collections


def test_cycles_are_searched_more_rarely_only_within_the_block() -> None:
    before = gc.get_threshold()
    with fewer_collections():
        assert gc.get_threshold()[0] > before[0]
    assert gc.get_threshold() == before
