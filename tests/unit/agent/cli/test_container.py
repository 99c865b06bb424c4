"""An agent that waits for its configuration begins anew where that can help, and not before."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from listsync.cli import container

_WRONG = "server: {url: sandbx}\nlists: [{file: mine.txt}]\n"


class _BegunAnewError(Exception):
    """Stands in for the program that begins anew."""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    before = {one: signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("first", "changes"),
    [
        pytest.param(_WRONG, [("mine.txt", "tt1"), ("listsync.yaml", "server: 5\n")], id="else"),
        pytest.param(_WRONG, [("mine.txt", "tt1"), ("listsync.yaml", None)], id="good"),
        pytest.param(None, [("notes", "x"), ("listsync.yaml", _WRONG)], id="first"),
    ],
)
def test_it_begins_anew_only_where_something_else_is_wrong_or_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    first: str | None,
    changes: list[tuple[str, str | None]],
) -> None:
    config = tmp_path / "listsync.yaml"
    if first is not None:
        config.write_text(first)
    steps = iter(changes)

    def change(_: float) -> None:
        name, text = next(steps)
        good = "server: {url: sandbox}\nlists: [{file: mine.txt}]\n"
        (tmp_path / name).write_text(good if text is None else text)
        looked.append(name)

    looked: list[str] = []
    monkeypatch.setattr(time, "sleep", change)
    monkeypatch.setattr(os, "execv", _raising(_BegunAnewError))
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(_BegunAnewError):
        container._start_anew_when_it_helps(config)
    assert len(looked) == len(changes)


def _raising(error: type[Exception]) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail
