"""Which reply a repeated id gets, and what is remembered at all."""

from __future__ import annotations

import json
import os
import pwd
import time
from collections.abc import Mapping
from typing import Any

import pytest

from listsync.commands.context import Caller
from listsync.commands.serializers import PageRows
from listsync.control.authorization import Peer, permit
from listsync.control.rpc import RpcHandler
from listsync.domain.media import MediaType
from listsync.protocol import Access, Code, Reason, RefusedCommand, request

_ROOT = Peer(0, 0, 1)
_OWNER = 1000
_GROUP = 65534


class Counting:
    """Answers with how often it was asked; `raises` instead, where that is set."""

    def __init__(self) -> None:
        self.asked = 0
        self.filler = ""
        self.raises: Exception | None = None

    def __call__(
        self, _method: str, _params: Mapping[str, Any], _caller: Caller
    ) -> Mapping[str, Any]:
        self.asked += 1
        if self.raises is not None:
            raise self.raises
        return {"asked": self.asked, "filler": self.filler}


@pytest.fixture
def answer() -> Counting:
    return Counting()


@pytest.fixture
def handler(answer: Counting, monkeypatch: pytest.MonkeyPatch) -> RpcHandler:
    monkeypatch.setattr(os, "geteuid", lambda: _OWNER)
    return RpcHandler(answer, group=None)


def told(handler: RpcHandler, id_: str, caller: Peer = _ROOT) -> dict[str, Any]:
    message = request("trigger", {}, id_=id_, deadline=time.time() + 60)
    reply: dict[str, Any] = json.loads(handler.reply(json.dumps(message).encode(), caller))
    return reply


def test_nobody_reads_the_reply_to_somebody_else(handler: RpcHandler) -> None:
    assert told(handler, "one")["result"]["asked"] == 1
    assert told(handler, "one", Peer(_OWNER, 1, 2))["result"]["asked"] == 2
    assert told(handler, "one")["result"]["asked"] == 1


@pytest.mark.parametrize(
    ("raised", "code"),
    [(ValueError("halfway"), Code.INTERNAL), (RefusedCommand(Reason.BUSY, "no"), Code.BUSY)],
)
def test_a_command_that_failed_is_not_carried_out_again(
    handler: RpcHandler, answer: Counting, raised: Exception, code: Code
) -> None:
    answer.raises = raised
    first = told(handler, "one")
    answer.raises = None
    assert first["error"]["code"] == code
    assert told(handler, "one") == first
    assert answer.asked == 1


def test_a_message_that_cannot_be_read_for_our_own_fault_is_still_answered(
    handler: RpcHandler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("listsync.control.rpc.permit", broken)
    assert told(handler, "one")["error"]["code"] == Code.INTERNAL


@pytest.mark.parametrize(
    ("filler", "most"),
    [pytest.param("", 1000, id="many"), pytest.param("x" * 50_000, 83, id="much")],
)
def test_the_oldest_replies_are_forgotten(
    handler: RpcHandler, answer: Counting, filler: str, most: int
) -> None:
    answer.filler = filler
    for number in range(most + 1):
        told(handler, f"{number}")
    assert told(handler, "1")["result"]["asked"] == 2
    assert told(handler, "0")["result"]["asked"] == most + 2


class Rows:
    """Answers with up to 50 rows, of which a frame holds 20; keeps the limits it was given."""

    def __init__(self) -> None:
        self.limits: list[object] = []

    def __call__(
        self, _method: str, params: Mapping[str, Any], _caller: Caller
    ) -> Mapping[str, Any]:
        self.limits.append(params.get("limit"))
        rows = ["x" * 2999] * min(params.get("limit", 50), 50)
        return {"inner": {"items": rows}, "next": "c"}


@pytest.mark.parametrize("limit", [None, 50, 100_000, 10**400], ids=str)
def test_the_second_page_that_is_made_fits_whatever_was_asked_for(limit: int | None) -> None:
    rows = Rows()
    params = {} if limit is None else {"limit": limit}
    message = request("items", params, id_="x", deadline=time.time() + 60)
    reply = json.loads(RpcHandler(rows, group=None).reply(json.dumps(message).encode(), _ROOT))
    assert len(reply["result"]["inner"]["items"]) == 20
    assert rows.limits == [limit, 20]


@pytest.mark.parametrize(
    ("title", "as_told"),
    [
        ('"映画" \\ \u2028\x7f\t', '"映画" \\ \u2028\x7f\t'),
        ("half \ud83c a clapper", "half ? a clapper"),
    ],
)
def test_rows_of_a_page_are_told_as_they_are(title: str, as_told: str) -> None:
    row = {"title": title, "year": 1979, "tmdb_id": 2**60, "run_id": None, "kind": MediaType.TV}
    rows = PageRows([row], [(1,)], 1)
    handler = RpcHandler(lambda *_: {"total": 1, "next": None, "items": rows}, group=None)
    message = request("items", {}, id_="x", deadline=time.time() + 60)
    reply = json.loads(handler.reply(json.dumps(message).encode(), _ROOT).decode())
    expected = {**row, "title": as_told, "kind": "tv"}
    assert reply["result"] == {"total": 1, "next": None, "items": [expected]}


def test_a_second_group_of_a_user_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    root_has = {0, _GROUP}
    monkeypatch.setattr(os, "geteuid", lambda: _OWNER)
    monkeypatch.setattr(os, "getgrouplist", lambda _name, _gid: list(root_has))
    daemon = Peer(1, 1, 2)
    permit(daemon, Access.READ, _GROUP)
    with pytest.raises(RefusedCommand):
        permit(daemon, Access.CONTROL, _GROUP)
    root_has.clear()
    with pytest.raises(RefusedCommand):
        permit(daemon, Access.READ, _GROUP)


def test_a_user_without_a_name_is_refused_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> None:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(RefusedCommand, match="user 4711 may not look"):
        permit(Peer(4711, 4711, 1), Access.READ, _GROUP)
    permit(Peer(4711, _GROUP, 1), Access.READ, _GROUP)
