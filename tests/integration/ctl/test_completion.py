"""List names are completed from the agent, and never at the price of an error."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest

from tests import job_replies
from tests.integration.ctl.conftest import Agent, Ctl
from tests.integration.ctl.test_commands import LISTS


def completed(ctl: Ctl, words: str) -> list[str]:
    ran = ctl(
        _LISTSYNCCTL_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(words.count(" ")),
    )
    assert ran.err == ""
    return [line.partition(",")[2] for line in ran.out.splitlines() if line]


@pytest.mark.parametrize(
    "words", ["listsyncctl sync-now fi", "listsyncctl lists fi", "listsyncctl items --list fi"]
)
def test_list_names(agent: Agent, ctl: Ctl, words: str) -> None:
    agent.script = {"lists": LISTS}
    until = time.monotonic() + 30
    while not (found := completed(ctl, words)):  # a machine under load gives up, as it is to
        assert time.monotonic() < until
    assert found == ["films"]


@pytest.mark.parametrize("words", ["retry", "cancel", "show", "follow"])
def test_numbers_of_copies_with_what_they_are(agent: Agent, ctl: Ctl, words: str) -> None:
    rows = [job_replies.a_job(12), job_replies.a_job(13), job_replies.a_job(2)]
    agent.script = {"jobs": {**job_replies.jobs(*rows)}}
    until = time.monotonic() + 30
    while not (found := completed(ctl, f"listsyncctl jobs {words} 1")):
        assert time.monotonic() < until
    assert found == ["12", "13"]


def test_what_a_shell_is_told_of_a_copy_steers_no_terminal(agent: Agent, ctl: Ctl) -> None:
    rows = [job_replies.a_job(12, title="The\x1b[2J General")]
    agent.script = {"jobs": {**job_replies.jobs(*rows)}}
    ran = ctl(
        _LISTSYNCCTL_COMPLETE="zsh_complete", COMP_WORDS="listsyncctl jobs show 1", COMP_CWORD="3"
    )
    assert "\x1b" not in ran.out


def test_commands(ctl: Ctl) -> None:
    assert completed(ctl, "listsyncctl re") == ["reload", "requests", "resume", "review"]


def test_no_agent_is_no_names(ctl: Ctl) -> None:
    assert completed(ctl, "listsyncctl lists ") == []


def test_a_frozen_agent_is_left_soon(ctl: Ctl, path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(path))
        frozen.listen(10)
        started = time.monotonic()
        assert completed(ctl, "listsyncctl lists ") == []
    assert time.monotonic() - started < 30
