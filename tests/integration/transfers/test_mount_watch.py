"""What watches the mapped roots, with real looks at plain folders."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from queue import SimpleQueue

import pytest

from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import RootHealth, RootTrouble
from listsync.errors import StateError
from listsync.transfers import mounts
from listsync.transfers.mounts import MountWatch, rules_of
from listsync.transfers.probes import Probes
from listsync.transfers.roots import RootLook, RootRules
from listsync.transfers.settings import TransferSettings
from tests.fakes import FakeKeyValueStore

MARKER = PurePosixPath(".listsync-marker")


class CountingProbes(Probes):
    """Notes which roots were looked at, and with which rules; *gate* holds each look up."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Mapping[PurePosixPath, RootRules]] = []
        self.gate = threading.Event()
        self.gate.set()

    def look_all(
        self,
        rules: Mapping[PurePosixPath, RootRules],
        deadline_s: float = 5.0,
        is_over: Callable[[], bool] = lambda: False,
    ) -> tuple[RootLook, ...]:
        self.asked.append(rules)
        assert self.gate.wait(30)
        return super().look_all(rules, max(deadline_s, 30.0), is_over)


class House:
    """A source and a destination, and who watches them."""

    def __init__(self, folder: Path) -> None:
        self.source = PurePosixPath(folder / "source")
        self.destination = PurePosixPath(folder / "destination")
        self.marker = Path(self.destination / MARKER)
        for path in (self.source, self.destination):
            Path(path).mkdir()
        self.marker.touch()
        self.kept = FakeKeyValueStore()
        self.probes = CountingProbes()
        self.told = SimpleQueue[RootHealth]()
        self.watch = MountWatch(self.probes, self.kept, self.told.put)
        self.watch.follow(self.settings())

    def settings(self, *, dry_run: bool = False) -> TransferSettings:
        mapping = PathMapping(
            sender="/movies", source=self.source, destination=self.destination, marker=MARKER
        )
        return TransferSettings(mappings=(mapping,), dry_run=dry_run)

    def changes(self) -> list[tuple[str, RootTrouble | None]]:
        found = []
        while not self.told.empty():
            one = self.told.get()
            found.append((one.root.name, one.trouble))
        return found


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "_FRESH_S", 0.0)


@pytest.mark.usefixtures("always_anew")
def test_a_change_is_told_once_and_with_the_time_since_when(house: House) -> None:
    assert [one.why for one in house.watch.all()] == ["it was not looked at yet"] * 2
    house.watch.look_at_all()
    assert house.changes() == [("source", None), ("destination", None)]
    house.marker.unlink()
    house.watch.look_at_all()
    first = house.watch.health(house.destination)
    house.watch.look_at_all()
    assert house.changes() == [("destination", RootTrouble.NO_MARKER)]
    again = house.watch.health(house.destination)
    assert again.since == first.since == first.checked_at
    assert again.checked_at != first.checked_at
    assert house.watch.note() == f"{house.destination}: the marker file {MARKER} is not there"
    house.marker.touch()
    assert house.watch.healthy(house.destination).is_healthy
    assert house.changes() == [("destination", None)]
    assert house.watch.note() == ""


@pytest.mark.usefixtures("always_anew")
def test_what_does_not_pass_is_told_again_and_what_is_well_is_not(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.marker.unlink()
    house.watch.look_at_all()
    monkeypatch.setattr(mounts, "_TOLD_AGAIN_S", 0.0)
    house.changes()
    house.watch.look_at_all()
    assert house.changes() == [("destination", RootTrouble.NO_MARKER)]


def test_a_watch_that_is_to_end_looks_at_nothing_more(house: House) -> None:
    house.watch.look_at_all(lambda: True)
    assert house.changes() == []
    assert [one.why for one in house.watch.all()] == ["it was not looked at yet"] * 2


def test_who_asks_for_a_fresh_look_waits_for_one_that_is_being_taken(house: House) -> None:
    house.probes.gate.clear()
    found = SimpleQueue[RootHealth]()
    askers = [
        threading.Thread(target=lambda: found.put(house.watch.healthy(house.destination)))
        for _ in range(4)
    ]
    for asker in askers:
        asker.start()
    house.probes.gate.set()
    assert [found.get(timeout=30).is_healthy for _ in askers] == [True] * 4
    for asker in askers:
        asker.join()
    assert len(house.probes.asked) == 1
    assert house.watch.health(house.source).checked_at is None, "nobody has asked for it"


@pytest.mark.usefixtures("always_anew")
def test_a_watch_leaves_alone_what_another_thread_looks_at(house: House) -> None:
    house.probes.gate.clear()
    asker = threading.Thread(target=house.watch.healthy, args=(house.destination,))
    watcher = threading.Thread(target=house.watch.look_at_all)
    asker.start()
    while not house.probes.asked:
        pass
    watcher.start()
    house.probes.gate.set()
    for thread in (asker, watcher):
        thread.join(30)
    assert [list(one) for one in house.probes.asked] == [[house.destination], [house.source]]


@pytest.mark.usefixtures("always_anew")
def test_writing_is_tried_while_it_is_in_doubt_and_never_in_a_dry_run(house: House) -> None:
    house.watch.look_at_all()
    house.watch.look_at_all()
    tried = [one[house.destination].tries_writing for one in house.probes.asked]
    assert tried == [True, False]
    assert not any(one[house.source].tries_writing for one in house.probes.asked)
    house.watch = MountWatch(house.probes, house.kept, house.told.put)
    house.watch.follow(house.settings(dry_run=True))
    house.watch.look_at_all()
    assert not house.probes.asked[-1][house.destination].tries_writing


@pytest.mark.usefixtures("always_anew")
def test_what_a_root_lies_on_is_kept_and_asked_of_the_next_watch(house: House) -> None:
    house.kept.fails = StateError("the disk is full")
    house.watch.look_at_all()
    assert not house.kept.kept
    house.kept.fails = None
    house.watch.look_at_all()
    house.watch.look_at_all()
    assert house.kept.saves == {"mounts": 1}
    assert set(house.kept.kept["mounts"]) == {str(house.source), str(house.destination)}
    again = MountWatch(house.probes, house.kept, house.told.put)
    again.follow(house.settings())
    again.look_at_all()
    (known,) = {one.known for one in house.probes.asked[-1].values()}
    assert known is not None
    assert str(known) == house.watch.health(house.source).mount


def test_a_watch_begins_at_once_and_again_when_there_are_other_roots(house: House) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=house.watch.run, args=(stop,))
    thread.start()
    try:
        assert [house.told.get(timeout=30).root for _ in range(2)] == [
            house.source,
            house.destination,
        ]
        house.watch.follow(
            TransferSettings(mappings=(PathMapping(sender="/tv", source=house.source / "tv"),))
        )
        found = house.told.get(timeout=30)
        assert (found.root, found.trouble) == (house.source / "tv", RootTrouble.MISSING)
        assert house.watch.all() == (found,)
        assert not house.watch.healthy(house.destination).is_healthy, "it is nobody's any more"
    finally:
        stop.set()
        house.watch.wake()
        thread.join(30)
    assert not thread.is_alive()


def test_what_mappings_ask_of_one_root_holds_together() -> None:
    disk, share = PurePosixPath("/mnt/disk"), PurePosixPath("/mnt/share")
    rules = rules_of(
        TransferSettings(
            mappings=(
                PathMapping(sender="/a", source=share, destination=disk, marker=MARKER),
                PathMapping(sender="/b", source=disk, destination=share, require_mount=True),
                PathMapping(sender="/c", source=share, destination=disk, require_mount=disk),
                PathMapping(sender="/d", source=share / "d", require_mount=True),
            )
        )
    )
    assert rules == {
        share: RootRules(is_destination=True, requires_mount=True),
        disk: RootRules(is_destination=True, marker=MARKER, mount_points=frozenset({disk})),
        share / "d": RootRules(requires_mount=True),
    }
