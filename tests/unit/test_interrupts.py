"""Ctrl-C in a block that has something to put in order."""

from __future__ import annotations

import os
import signal

import pytest

from listsync import interrupts


class Named:
    """A field of a class, whose name Python asks for while it makes the class."""

    def __set_name__(self, owner: type, name: str) -> None:
        os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_while_a_class_is_made_leaves_the_block_as_what_it_is() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.raised():
        type("Loading", (), {"field": Named()})
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_a_class_is_no_ctrl_c() -> None:
    with pytest.raises(RuntimeError) as error, interrupts.raised():
        raise RuntimeError("a fault") from ValueError("of its own")
    assert isinstance(error.value.__cause__, ValueError)
