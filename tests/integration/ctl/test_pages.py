"""Whatever does not fit into one reply comes in several, and none of it is lost."""

from __future__ import annotations

import json
import os
import sys
import time
from _socket import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pytest

from listsync.commands.context import Caller
from listsync.control.authorization import Peer
from listsync.control.rpc import MAX_REPLY, RpcHandler
from listsync.protocol import Code, Exit, Reason, RefusedCommand, request
from listsyncctl import __main__ as program
from listsyncctl import client
from listsyncctl.session import Session
from tests.integration.ctl.conftest import Agent, served
from tests.unit.agent.commands.world import World, a_list, a_request, a_run, an_item, rules

Call = Callable[..., tuple[int, str, str]]

_WHY = "this list is private now, and nobody but its owner may read it; " * 4
_NAMES = [f"a list with a name of some length, number {number:03}" for number in range(300)]


@pytest.fixture
def world(path: Path) -> Iterator[World]:
    """Let an agent answer that has more of everything than one reply holds."""
    made = World()
    made.follow(*map(rules, _NAMES))
    made.show(*(a_list(name, outcome="private", why=_WHY) for name in _NAMES))
    made.state.kept.told_runs = [a_run("4f1c", message=_WHY)]
    made.state.kept.told_runs += [a_run(f"{number:04}", message=_WHY) for number in range(500)]
    made.state.kept.requests = {"4f1c": tuple(a_request(f"Film {one:04}") for one in range(535))}
    made.state.kept.told_items = [an_item(f"Film {number:05}") for number in range(900)]
    answer = Agent()
    answer.answer = made.commands.call
    with served(path, answer):
        yield made


@pytest.fixture
def call(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.setenv("LISTSYNC_SOCKET", str(path))

    def run(*line: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["listsyncctl", *line])
        with pytest.raises(SystemExit) as ended:
            program.run()
        out, err = capsys.readouterr()
        return int(ended.value.code or 0), out, err

    return run


@pytest.mark.usefixtures("world")
def test_all_lists_are_told_to_people_and_programs(call: Call) -> None:
    found = json.loads(call("lists", "--json")[1])
    assert [one["name"] for one in found["lists"]] == _NAMES
    assert found["total"] == 300
    assert [line.split("\t")[0] for line in call("lists", "-o", "plain")[1].splitlines()] == _NAMES
    assert all(name in call("lists")[1] for name in _NAMES[:: len(_NAMES) - 1])


@pytest.mark.usefixtures("world")
def test_all_lists_are_completed(monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    monkeypatch.setenv("_LISTSYNCCTL_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "listsyncctl lists ")
    monkeypatch.setenv("COMP_CWORD", "2")
    offered = call()[1]
    assert offered.splitlines() == [f"plain,{name}" for name in _NAMES]


@pytest.mark.usefixtures("world")
def test_every_request_of_a_run_is_told(call: Call) -> None:
    found = json.loads(call("runs", "4f1c", "--json")[1])
    assert [one["title"] for one in found["requests"]] == [f"Film {one:04}" for one in range(535)]
    assert call("runs", "4f1c")[1].count("Film ") == 535


@pytest.mark.usefixtures("world")
def test_as_many_runs_are_told_as_were_asked_for(call: Call) -> None:
    found = json.loads(call("runs", "--limit", "420", "--json")[1])
    assert (len(found["runs"]), found["total"]) == (420, 501)
    assert found["next"]
    few = json.loads(call("runs", "--json")[1])
    assert (len(few["runs"]), few["total"]) == (20, 501)


@pytest.mark.usefixtures("world")
def test_as_many_items_are_told_as_were_asked_for(call: Call) -> None:
    found = json.loads(call("items", "--limit", "500", "--offset", "3", "--json")[1])
    assert [one["title"] for one in found["items"]] == [f"Film {n:05}" for n in range(3, 503)]
    assert (found["total"], bool(found["next"])) == (900, True)


def test_all_that_needs_a_person_and_every_list_that_is_read_is_in_the_status(
    world: World, call: Call
) -> None:
    world.run("abc")
    world.board.start("abc", tuple(_NAMES))
    world.notes = (_WHY,)
    found = json.loads(call("status", "--json")[1])
    assert [one["list"] for one in found["notices"] if one["list"]] == _NAMES
    assert len(found["notices"]) == found["notices_total"] == 301
    assert [one["name"] for one in found["running"]["lists"]] == _NAMES
    assert "next" not in found
    assert len(json.loads(call("progress", "--json")[1])["lists"]) == 300


def told(world: World, method: str, params: Mapping[str, Any], protocol: int) -> dict[str, Any]:
    message = {**request(method, params, id_="x", deadline=time.time() + 60), "protocol": protocol}
    handler = RpcHandler(world.commands.call, group=None)
    reply: dict[str, Any] = json.loads(
        handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1))
    )
    return reply


@pytest.mark.parametrize(
    ("method", "params", "is_refused"),
    [
        ("lists", {}, True),
        ("status", {}, True),
        ("runs", {"run_id": "4f1c"}, True),
        ("runs", {"limit": 20}, False),
        ("items", {}, False),
        ("ping", {}, False),
    ],
)
def test_an_older_client_that_would_take_a_part_for_the_whole_is_refused(
    world: World, method: str, params: dict[str, Any], is_refused: bool
) -> None:
    older, ours = (told(world, method, params, protocol) for protocol in (1, 2))
    assert "result" in ours
    assert ("error" in older) is is_refused
    if is_refused:
        assert older["error"]["code"] == Code.INVALID_REQUEST
        assert "older" in older["error"]["message"]


def test_an_older_client_is_told_what_fits() -> None:
    assert len(told(World("one", "two"), "lists", {}, 1)["result"]["lists"]) == 2


@pytest.mark.usefixtures("world")
@pytest.mark.parametrize(("line", "is_refused"), [("lists", True), ("ping", False)])
def test_an_older_agent_that_may_leave_something_out_is_told_of(
    call: Call, monkeypatch: pytest.MonkeyPatch, line: str, is_refused: bool
) -> None:
    monkeypatch.setattr("listsync.protocol.PROTOCOL", 1)
    code, out, err = call(line)
    assert (code == Exit.FAILED) is is_refused
    assert ("is of an older listsync" in err) is is_refused
    assert bool(out) is not is_refused


def test_what_cannot_be_divided_is_refused_and_not_cut() -> None:
    handler = RpcHandler(lambda *_: {"rows": ["x" * MAX_REPLY], "next": None}, group=None)
    message = request("lists", {}, id_="x", deadline=time.time() + 60)
    reply = json.loads(handler.reply(json.dumps(message).encode(), Peer(os.getuid(), 0, 1)))
    assert reply["error"]["code"] == Code.TOO_LARGE


@pytest.mark.usefixtures("world")
def test_a_limit_that_no_page_holds_is_asked_for_page_by_page(call: Call) -> None:
    found = json.loads(call("items", "--limit", "1" + "0" * 400, "--json")[1])
    assert len(found["items"]) == found["total"] == 900


def circling(_: str, params: Mapping[str, Any], __: Caller) -> Mapping[str, Any]:
    return {"lists": [{"name": "one"}], "next": "b" if params.get("cursor") == "a" else "a"}


def empty(_: str, params: Mapping[str, Any], __: Caller) -> Mapping[str, Any]:
    return {"lists": [], "next": f"{params.get('cursor', '')}a"}


@pytest.mark.parametrize("answer", [circling, empty])
def test_pages_that_lead_nowhere_are_not_understood(
    agent: Agent,
    call: Call,
    answer: Callable[[str, Mapping[str, Any], Caller], Mapping[str, Any]],
) -> None:
    agent.answer = answer
    code, out, err = call("lists")
    assert (code, out) == (Exit.FAILED, "")
    assert "next of lists" in err
    assert len(agent.asked) <= 4


@pytest.mark.parametrize(
    "script",
    [
        pytest.param({"total": 3, "next": "c", "items": []}, id="none-for-ever"),
        pytest.param({"total": 3, "next": "c", "items": [{"title": "x"}]}, id="the-same-for-ever"),
    ],
)
@pytest.mark.parametrize("line", ["items --limit 9", "items --export -"])
def test_an_agent_that_comes_to_no_end_is_not_understood(
    agent: Agent, call: Call, script: dict[str, Any], line: str
) -> None:
    agent.script = {"items": script}
    code, out, err = call(*line.split())
    assert (code, out) == (Exit.FAILED, "")
    assert "next of items" in err


class TenFilms:
    """Tells one film a page, and notes of each question what it was sent over."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.agent = Agent()
        self.agent.answer = self._page
        self.session = Session()
        self.session.socket, self.session.timeout_s = str(path), 60
        self.connections = 0
        self._connect = client._connect
        monkeypatch.setattr(client, "_connect", self._counted)

    def _page(self, _: str, params: Mapping[str, Any], __: Caller) -> Mapping[str, Any]:
        number = int(params.get("cursor", 0))
        next_ = str(number + 1) if number < 9 else None
        return {"total": 10, "next": next_, "items": [{"title": f"Film {number}"}]}

    def _counted(self, path: str) -> socket:
        self.connections += 1
        return self._connect(path)


@pytest.fixture
def ten_films(path: Path, monkeypatch: pytest.MonkeyPatch) -> TenFilms:
    return TenFilms(path, monkeypatch)


@pytest.mark.parametrize("way", ["all", "some"])
def test_later_pages_come_over_one_connection(path: Path, ten_films: TenFilms, way: str) -> None:
    with served(path, ten_films.agent):
        if way == "all":
            found = [film for page in ten_films.session.items({}) for film in page["items"]]
        else:
            some = ten_films.session.ask_some("items", {"limit": 99}, rows="items", usual=1)
            found = cast("list[Any]", some["items"])
    assert [film["title"] for film in found] == [f"Film {n}" for n in range(10)]
    assert len(ten_films.agent.asked) == 10
    assert ten_films.connections == 2


def test_the_next_page_is_made_while_one_is_looked_at(path: Path, ten_films: TenFilms) -> None:
    with served(path, ten_films.agent):
        pages = ten_films.session.items({})
        next(pages)
        next(pages)
        until = time.monotonic() + 60
        while len(ten_films.agent.asked) < 3:
            assert time.monotonic() < until
            time.sleep(0.01)
        assert len([*pages]) == 8
    assert len(ten_films.agent.asked) == 10


def test_an_agent_that_begins_anew_between_pages_costs_none(
    path: Path, ten_films: TenFilms
) -> None:
    with served(path, ten_films.agent):
        pages = ten_films.session.items({})
        found = [next(pages), next(pages)]
    with served(path, ten_films.agent):
        found += pages
    titles = [film["title"] for page in found for film in page["items"]]
    assert titles == [f"Film {n}" for n in range(10)]


def test_a_later_page_that_is_refused_is_said_and_nothing_is_written(
    agent: Agent, call: Call, folder: Path
) -> None:
    (folder / "all.csv").write_text("before")
    page = {"total": 9, "next": "c", "items": [{"title": "x"}]}
    agent.script = {"items": [page, RefusedCommand(Reason.UNAVAILABLE, "the disk is gone")]}
    code, _, err = call("items", "--export", str(folder / "all.csv"))
    assert (code, err) == (Exit.FAILED, "listsyncctl: the disk is gone\n")
    assert {one.name for one in folder.iterdir() if one.is_file()} == {"all.csv"}
    assert (folder / "all.csv").read_text() == "before"
    assert len(agent.asked) == 2
