"""The routes that programs of the field know, over a real server."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest

from listsync.errors import UnavailableError
from listsync.protocol import Reason, RefusedCommand
from tests.integration.web.conftest import READER, WebServer

STARTED = {"run_id": "0123456789ab", "state": "started"}


@pytest.mark.parametrize("path", ["/api/sync", "/api/sync/", "/api/sync/trigger"])
def test_a_trigger_is_answered_as_documented_and_waits_for_nothing(
    web: WebServer, path: str
) -> None:
    web.commands.answers["trigger"] = lambda _: STARTED
    with web.client() as client:
        answer = client.post(path, json={"source": " a phone\n of mine "})
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "Sync trigger notification sent to worker",
        **STARTED,
    }
    assert web.commands.asked == [
        ("trigger", {"await_resume": True, "origin": "a phone\n of mine"})
    ]


@pytest.mark.parametrize("state", ["queued", "coalesced"])
def test_a_trigger_that_waits_does_not_say_that_a_sync_has_begun(
    web: WebServer, state: str
) -> None:
    web.commands.answers["trigger"] = lambda _: {"run_id": "0123456789ab", "state": state}
    with web.client() as client:
        told = client.post("/api/sync").json()
    assert told["state"] == state
    assert told["message"] == (
        "Sync trigger notification sent to worker: "
        "it syncs after the sync that runs, or when the pause ends"
    )


@pytest.mark.parametrize("path", ["/api/sync", "/api/sync/trigger"])
def test_in_a_fleet_a_trigger_is_sent_to_all_and_no_command_is_needed(
    web: WebServer, path: str
) -> None:
    sent: list[str] = []
    web.backend.follow(web.backend.settings, sent.append)
    with web.client() as client:
        answer = client.post(path, json={"source": " a phone "})
        assert client.post(path).status_code == 200
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "success": True,
            "message": "Sync trigger notification sent to worker",
            "state": "sent",
        },
    )
    assert sent == ["a phone", "api"]
    assert not web.commands.asked


def test_a_trigger_that_could_not_be_sent_to_the_fleet_is_an_error(web: WebServer) -> None:
    def fail(_: str) -> None:
        raise UnavailableError("PostgreSQL", "no answer within 5 s")

    web.backend.follow(web.backend.settings, fail)
    with web.client() as client:
        answer = client.post("/api/sync")
    assert (answer.status_code, answer.json()) == (
        500,
        {
            "success": False,
            "reason": "failed",
            "message": "the trigger was not sent: PostgreSQL: no answer within 5 s",
        },
    )


def test_a_reader_sends_nothing_to_the_fleet(web: WebServer) -> None:
    sent: list[str] = []
    web.backend.follow(web.backend.settings, sent.append)
    with web.client(READER) as client:
        assert client.post("/api/sync").status_code == 403
    assert sent == []


def test_a_database_that_hangs_keeps_no_other_request_waiting(web: WebServer) -> None:
    over, begun = threading.Event(), threading.Semaphore(0)

    def hang(_: str) -> None:
        begun.release()
        over.wait(30)

    web.backend.follow(web.backend.settings, hang)
    web.commands.answers["trigger"] = lambda _: STARTED
    with ThreadPoolExecutor(4) as pool, web.client() as client:
        hanging = [pool.submit(client.post, "/api/sync") for _ in range(4)]
        try:
            assert begun.acquire(timeout=30)
            assert client.post("/sync").status_code == 202
        finally:
            over.set()
        assert [one.result().status_code for one in hanging] == [200] * 4


def test_curl_says_that_json_is_a_form_and_is_understood(web: WebServer) -> None:
    web.commands.answers["trigger"] = lambda _: STARTED
    with web.client() as client:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = client.post("/sync", content='{"dry_run": true}', headers=form)
    assert answer.status_code == 202
    assert answer.json() == {
        "status": "started",
        "message": "Sync started in background",
        "dry_run": True,
        "check_progress": "/sync/progress",
        "run_id": STARTED["run_id"],
    }


def test_progress_has_the_fields_that_are_documented_and_every_list(web: WebServer) -> None:
    lists = [{"name": f"list-{n}"} for n in range(5)]

    def progress(params: Mapping[str, object]) -> Mapping[str, object]:
        start = int(str(params.get("cursor", 0)))
        after = start + 2 if start + 2 < len(lists) else None
        told = {"in_progress": True, "phase": "add", "progress": 1, "total": 4, "percent": 25}
        more = {"last_checkpoint": None, "last_result": None}
        return {**told, **more, "lists": lists[start : start + 2], "next": after and str(after)}

    web.commands.answers["progress"] = progress
    with web.client(READER) as client:
        assert client.get("/sync/progress").json() == {
            "in_progress": True,
            "phase": "add",
            "progress": 1,
            "total": 4,
            "percent": 25,
            "last_checkpoint": None,
            "last_result": None,
            "lists": lists,
        }


@pytest.mark.parametrize("reason", [Reason.BUSY, Reason.PAUSED])
def test_a_sync_that_cannot_start_now_is_a_conflict_with_its_reason(
    web: WebServer, reason: Reason
) -> None:
    web.commands.answers["trigger"] = lambda _: RefusedCommand(reason, "not now")
    with web.client() as client:
        answer = client.post("/sync")
    assert answer.status_code == 409
    assert answer.json() == {"success": False, "reason": reason.value, "message": "not now"}


def test_a_sync_that_another_agent_does_is_not_said_to_have_started(web: WebServer) -> None:
    passed_on = {"run_id": "0123456789ab", "state": "passed_on", "leader": "attic"}
    web.commands.answers["trigger"] = lambda _: passed_on
    with web.client() as client:
        answer = client.post("/sync")
    assert (answer.status_code, answer.json()["status"]) == (202, "passed_on")
    assert answer.json()["message"] == "Passed on to attic, which leads"


def test_a_reader_cannot_trigger(web: WebServer) -> None:
    with web.client(READER) as client:
        assert client.post("/api/sync").status_code == 403
        assert client.get("/healthz").status_code == 200
    assert [method for method, _ in web.commands.asked] == ["ping"]


@pytest.mark.parametrize("path", ["/api/sync", "/sync"])
def test_without_a_token_nothing_is_triggered(web: WebServer, path: str) -> None:
    with web.client(None) as client:
        answer = client.post(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert not web.commands.asked


@pytest.mark.parametrize(
    ("body", "status"), [("{", 400), ("[1]", 400), ('{"dry_run": 1}', 400), ("[" * 99999, 400)]
)
def test_a_bad_body_is_refused_in_words(web: WebServer, body: str, status: int) -> None:
    with web.client() as client:
        answer = client.post("/sync", content=body)
    assert answer.status_code == status
    assert answer.json()["success"] is False
    assert not web.commands.asked
