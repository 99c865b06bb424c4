from __future__ import annotations

import logging
from pathlib import Path

import pytest

from listsync.agent.active_config import ActiveConfig
from listsync.domain.runs import ConfigSnapshot, PendingChange, Scope
from listsync.errors import Problem, StateError
from tests.unit.agent.agent.world import BROKEN, FakeLoader, config_snapshot

_WORSE = (*BROKEN, Problem(file="listsync.yaml", what="no server"))
_ONE = frozenset({"file:one"})


_FIRST, _SECOND = config_snapshot("first"), config_snapshot("second")


class Bench:
    """A configuration in force, with what is under it and what it asked for."""

    def __init__(self, change: Scope = _ONE) -> None:
        self.loader = FakeLoader(_FIRST, change)
        self.wanted: list[Scope] = []
        self.configuration = ActiveConfig(self.loader, _FIRST, self.wanted.append)

    @property
    def now(self) -> ConfigSnapshot[object]:
        return self.configuration.current.snapshot

    def write(self, file: ConfigSnapshot[object] | tuple[Problem, ...]) -> None:
        """Change the file and let it be looked at, as after an event and a second look."""
        self.loader.file = file
        if not self.configuration.look():
            self.configuration.reload()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture(autouse=True)
def _all_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "listsync")


def test_what_cannot_be_as_it_is_configured_waits_while_that_is_so() -> None:
    unmet = [PendingChange(key="log.file", why="cannot be written")]
    loader = FakeLoader(_FIRST, _ONE)
    configuration = ActiveConfig(loader, _FIRST, lambda _: None, unmet=lambda: unmet)
    loader.pending = (PendingChange(key="http", why="its port is used"),)
    configuration.reload()
    assert [one.key for one in configuration.current.pending] == ["http", "log.file"]
    unmet.clear()
    assert configuration.current.pending == loader.pending


def test_a_change_is_in_force_at_once(bench: Bench) -> None:
    bench.write(_SECOND)
    assert bench.now is _SECOND
    assert bench.loader.adopted == [_SECOND]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        pytest.param(_ONE, [_ONE], id="of-one-list"),
        pytest.param(None, [None], id="of-all"),
        pytest.param(frozenset(), [], id="of-none"),
    ],
)
def test_a_change_wants_what_it_concerns(change: Scope, wanted: list[Scope]) -> None:
    bench = Bench(change)
    bench.write(_SECOND)
    assert bench.wanted == wanted


def test_without_sync_on_change_a_change_is_only_followed(bench: Bench) -> None:
    silent = config_snapshot("second", sync_on_change=False)
    bench.write(silent)
    assert bench.now is silent
    assert bench.wanted == []


def test_the_new_file_says_whether_a_change_wants_a_sync() -> None:
    bench = Bench()
    bench.write(config_snapshot("silent", sync_on_change=False))
    bench.write(_SECOND)
    assert bench.wanted == [_ONE]


def test_an_edit_that_means_the_same_causes_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(config_snapshot("first"))
    assert (bench.wanted, bench.loader.adopted, caplog.messages) == ([], [], [])


def test_a_change_wants_its_sync_though_the_rest_cannot_follow(bench: Bench) -> None:
    bench.loader.fails = StateError("the disk is full")
    with pytest.raises(StateError):
        bench.write(_SECOND)
    assert bench.wanted == [_ONE]


@pytest.mark.parametrize("file", [_SECOND, _FIRST], ids=["the-same", "the-one-before"])
def test_what_could_not_follow_is_let_follow_by_the_next_look(
    bench: Bench, file: ConfigSnapshot[object]
) -> None:
    bench.loader.fails = StateError("the state is locked by another program")
    for _ in range(2):
        with pytest.raises(StateError):
            bench.write(_SECOND)
    assert bench.configuration.is_to_be_read_again
    bench.loader.fails = None
    bench.write(file)
    bench.write(file)
    assert bench.loader.adopted == [_SECOND, _SECOND, file]
    assert not bench.configuration.is_to_be_read_again


def test_a_sync_that_was_wanted_is_not_wanted_again_when_the_rest_follows(bench: Bench) -> None:
    bench.loader.fails = StateError("the state is locked by another program")
    with pytest.raises(StateError):
        bench.write(_SECOND)
    bench.loader.fails = None
    bench.write(_SECOND)
    assert bench.wanted == [_ONE]


def test_what_must_wait_is_kept_until_it_has_taken_force(bench: Bench) -> None:
    waits = PendingChange(key="control.group", why="no right to do that")
    bench.loader.pending = (waits,)
    bench.write(_SECOND)
    bench.write(_SECOND)
    assert list(bench.configuration.current.pending) == [waits]
    bench.loader.pending = ()
    bench.write(_SECOND)
    assert not bench.configuration.current.pending


# -- a bad file --------------------------------------------------------------------------------


def test_a_bad_file_keeps_the_last_good_one(bench: Bench) -> None:
    bench.write(_SECOND)
    bench.write(BROKEN)
    assert bench.now is _SECOND
    assert bench.configuration.current.problems == BROKEN


def test_a_bad_file_does_not_look_newly_loaded(bench: Bench) -> None:
    before = bench.configuration.current.loaded_at
    bench.write(BROKEN)
    assert bench.configuration.current.loaded_at == before


def test_a_first_look_at_a_bad_file_is_silent(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.loader.file = BROKEN
    assert not bench.configuration.look()
    assert bench.configuration.current.problems == ()
    assert caplog.messages == []


def test_a_look_at_a_good_file_says_so(bench: Bench) -> None:
    assert bench.configuration.look()


@pytest.mark.parametrize(
    ("file", "problems"), [(_SECOND, ()), (BROKEN, BROKEN)], ids=["good", "bad"]
)
def test_a_reload_returns_what_is_wrong(
    bench: Bench, file: ConfigSnapshot[object] | tuple[Problem, ...], problems: tuple[Problem, ...]
) -> None:
    bench.loader.file = file
    assert bench.configuration.reload() == problems


def test_each_problem_is_told_with_its_place(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(_WORSE)
    assert caplog.messages == [
        "listsync.yaml:3:2: unknown key",
        "listsync.yaml: no server",
    ]


def test_the_same_problems_are_told_once(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.write(BROKEN)
    caplog.clear()
    bench.write(BROKEN)
    assert caplog.messages == []


def test_other_problems_are_told(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.write(BROKEN)
    caplog.clear()
    bench.write(_WORSE)
    assert "listsync.yaml: no server" in caplog.messages


def test_a_file_that_is_put_right_wants_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(BROKEN)
    caplog.clear()
    bench.write(_FIRST)
    assert caplog.messages == []
    assert (bench.wanted, bench.configuration.current.problems) == ([], ())


def test_problems_that_come_back_are_told_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.write(BROKEN)
    bench.write(_FIRST)
    caplog.clear()
    bench.write(BROKEN)
    assert "listsync.yaml:3:2: unknown key" in caplog.messages


def test_a_change_that_ends_a_problem_is_compared_with_the_last_good_one(bench: Bench) -> None:
    bench.write(BROKEN)
    bench.write(_SECOND)
    assert bench.now is _SECOND
    assert bench.wanted == [_ONE]
    assert bench.configuration.current.problems == ()


def test_the_path_is_the_loaders(bench: Bench) -> None:
    assert bench.configuration.path == Path("/etc/listsync.yaml")
