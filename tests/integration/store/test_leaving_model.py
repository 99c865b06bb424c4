"""An entry is gone only after two fresh whole readings without it, none between having it."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from listsync.domain.lists import Fetched, ListEntry, Validators
from listsync.store.database import FILE_NAME, Database
from listsync.store.state import SqliteMemory
from listsync.sync.deduplication import members_of
from listsync.sync.list_intake import save_reading
from tests.fakes import SERVER
from tests.integration.store.state import AT, rules

MINE = rules("mine")
FILMS = [ListEntry(rank=rank, title=f"Film {rank}") for rank in range(1, 7)]
MARK = Validators(etag="1")
PLAIN = Fetched(validators=MARK)
KINDS = {
    "whole": PLAIN,
    "partial": replace(PLAIN, declared=99),
    "broken": replace(PLAIN, broken=1),
    "repeated": replace(PLAIN, repeated=1),
}


def known(database: Database) -> set[str]:
    return {row[0] for row in database.read("SELECT title FROM entries")}


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_gone_without_two_fresh_whole_readings(tmp_path: Path, seed: int) -> None:
    world = random.Random(seed)
    database = Database(tmp_path / FILE_NAME)
    memory = SqliteMemory(database)
    memory.guard.use(SERVER)
    lacked: dict[str, int] = {}
    """By title, how many fresh whole readings in a row lacked it; what is gone is not here."""
    at, counted_at = AT, None
    for _ in range(60):
        kind = world.choice(["whole", "whole", "partial", "broken", "repeated", "unchanged"])
        shown = [one for one in FILMS if world.random() < 0.6] or FILMS[:1]
        is_later = world.random() < 0.8
        at += timedelta(minutes=10) if is_later else timedelta()
        if kind == "unchanged":
            save_reading(memory.snapshots, MINE, (), Fetched.unchanged(MARK), at)
        else:
            fetched = replace(KINDS[kind], entries=tuple(shown))
            save_reading(memory.snapshots, MINE, members_of(MINE, shown), fetched, at)
            titles = {str(one.title) for one in shown}
            if kind == "whole" and at != counted_at:
                counted_at = at
                lacked = {name: n + 1 for name, n in lacked.items() if name not in titles}
            lacked |= dict.fromkeys(titles, 0)
        must_stay = {name for name, count in lacked.items() if count < 2}
        assert must_stay <= known(database), (kind, shown)
        lacked = {name: count for name, count in lacked.items() if name in known(database)}
    database.close()
