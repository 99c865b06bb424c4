"""The routes about copies that programs of the field know, over a real server."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from listsync.domain.transfers import JobState
from listsync.protocol import Reason, RefusedCommand
from listsync.web import job_routes
from listsync.web.application import Backend
from listsync.web.job_health import HealthRoutes
from listsync.web.job_routes import STATES_OF, JobRoutes
from listsync.web.routes import HttpRoute
from listsync.web.statistics import StatisticsRoutes
from tests import job_replies
from tests.integration.web.conftest import READER, WebServer
from tests.integration.web.dashboard import facts

_REFUSED = RefusedCommand(Reason.UNAVAILABLE, "the state is locked")


@pytest.fixture
def routes() -> Callable[[Backend], tuple[HttpRoute, ...]]:
    return lambda backend: (
        *JobRoutes(backend).routes(),
        *HealthRoutes(backend).routes(),
        *StatisticsRoutes(backend).routes(),
    )


def test_every_state_of_ours_is_one_of_the_words_that_programs_know() -> None:
    states = [state for known in STATES_OF.values() for state in known]
    assert sorted(states) == sorted(JobState)


@pytest.mark.parametrize("path", ["/jobs", "/jobs/"])
def test_copies_are_listed_in_the_words_that_programs_know(web: WebServer, path: str) -> None:
    web.commands.answers["jobs"] = lambda _: job_replies.jobs(*job_replies.several())
    with web.client(READER) as client:
        told = client.get(path).json()
    assert (told["count"], told["total"]) == (8, 8)
    by_state = {one["state"]: one["status"] for one in told["jobs"]}
    assert by_state == {
        "queued": "in_progress",
        "running": "in_progress",
        "blocked": "in_progress",
        "retry_wait": "failed",
        "needs_attention": "failed",
        "succeeded": "success",
        "skipped": "success",
        "cancelled": "cancelled",
    }
    running = next(one for one in told["jobs"] if one["state"] == "running")
    assert (running["type"], running["progress"], running["retry_count"]) == ("movie", 45.0, 1)
    failed = next(one for one in told["jobs"] if one["state"] == "needs_attention")
    assert failed["error_message"].startswith("rsync exit 23")


@pytest.mark.parametrize(
    ("state", "attempts", "retries"),
    [("retry_wait", 1, 0), ("running", 1, 1), ("needs_attention", 4, 3), ("succeeded", 0, 0)],
)
def test_retries_are_counted_as_the_original_did(
    web: WebServer, state: str, attempts: int, retries: int
) -> None:
    one = job_replies.a_job(state=state, attempts=attempts)
    web.commands.answers["jobs"] = lambda _: job_replies.jobs(one)
    with web.client(READER) as client:
        assert client.get("/jobs").json()["jobs"][0]["retry_count"] == retries


@pytest.mark.parametrize(
    ("word", "states"),
    [
        ("failed", ["retry_wait", "needs_attention"]),
        ("success", ["succeeded", "skipped"]),
        ("blocked", ["blocked"]),
    ],
)
def test_copies_are_found_by_words_of_both_kinds(
    web: WebServer, word: str, states: list[str]
) -> None:
    web.commands.answers["jobs"] = lambda _: job_replies.jobs(job_replies.a_job())
    with web.client(READER) as client:
        assert client.get("/jobs", params={"status": word}).status_code == 200
    assert web.commands.asked == [("jobs", {"state": states, "limit": 50})]


@pytest.mark.parametrize("query", ["status=done", "limit=0", "limit=1001", "limit=x", "page=2"])
def test_a_query_that_is_not_understood_is_refused(web: WebServer, query: str) -> None:
    with web.client(READER) as client:
        assert client.get(f"/jobs?{query}").status_code == 400
    assert not web.commands.asked


def test_as_many_copies_are_told_as_are_asked_for(web: WebServer) -> None:
    def page(params: Mapping[str, object]) -> Mapping[str, object]:
        first = int(str(params.get("cursor", 0)))
        rows = [job_replies.a_job(n) for n in range(first, first + int(str(params["limit"])))]
        return {"jobs": rows, "next": str(first + len(rows)), "active": 0, "total": 900}

    web.commands.answers["jobs"] = page
    with web.client(READER) as client:
        told = client.get("/jobs?limit=250").json()
    assert [one["id"] for one in told["jobs"]] == [*range(250)]
    assert told["total"] == 900


def test_one_copy_is_told_with_its_attempts(web: WebServer) -> None:
    web.commands.answers["jobs"] = lambda _: job_replies.one_job()
    with web.client(READER) as client:
        told = client.get("/jobs/12").json()
    assert (told["id"], told["status"]) == (12, "failed")
    assert told["attempts"][0]["exit_code"] == 23
    assert web.commands.asked == [("jobs", {"id": 12})]


@pytest.mark.parametrize("number", ["x", "0", "-1", "9" * 40, "1.5", "%C2%B2"])
def test_what_is_no_number_of_a_copy_is_not_found(web: WebServer, number: str) -> None:
    with web.client() as client:
        assert client.get(f"/jobs/{number}").status_code == 404
        assert client.post(f"/jobs/{number}/retry").status_code == 404
    assert not web.commands.asked


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/jobs/12/retry", ("job_retry", {"id": 12})),
        ("/jobs/12/retry/", ("job_retry", {"id": 12})),
        ("/queue/retry-failed", ("jobs_retry_failed", {})),
    ],
)
def test_copies_are_tried_again_by_who_may(
    web: WebServer, path: str, asked: tuple[str, Mapping[str, object]]
) -> None:
    web.commands.answers[asked[0]] = lambda _: job_replies.retried(12)
    with web.client() as client:
        told = client.post(path).json()
    assert told == {
        "success": True,
        "message": "job 12 is queued: The General (1926)",
        "retried": 1,
        "jobs": [12],
    }
    assert web.commands.asked == [asked]
    with web.client(READER) as client:
        assert client.post(path).status_code == 403
    with web.client(None) as client:
        assert client.post(path).status_code == 401
    with web.client() as client:
        assert client.get(path).status_code == 405, "a GET changes nothing"


def test_a_copy_that_is_under_way_is_a_conflict(web: WebServer) -> None:
    web.commands.answers["job_retry"] = lambda _: RefusedCommand(Reason.BUSY, "it is running")
    with web.client() as client:
        assert client.post("/jobs/12/retry").status_code == 409


@pytest.mark.parametrize(("state", "status"), [("sent", 200), ("dead", 502)])
def test_a_test_message_says_whether_it_arrived(web: WebServer, state: str, status: int) -> None:
    looks: list[bool] = []

    def result(_: object) -> Mapping[str, object]:
        looks.append(True)
        answer = {"target": "telegram", "state": state, "answer": "HTTP 200"}
        return {"id": "4f1c", "done": len(looks) > 1, "results": [answer]}

    web.commands.answers |= {
        "notify_test": lambda _: {"id": "4f1c", "targets": ["telegram"]},
        "notify_test_result": result,
    }
    with web.client() as client:
        answer = client.post("/test", json={"chatter": 1})
    assert answer.status_code == status
    assert answer.json()["success"] is (state == "sent")
    assert answer.json()["message"] == "telegram: HTTP 200"
    assert web.commands.asked[0] == ("notify_test", {})


def test_a_target_that_does_not_answer_is_not_waited_for_without_end(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_routes, "_TEST_S", 0.05)
    waits = {"target": "telegram", "state": "waiting", "answer": ""}
    web.commands.answers |= {
        "notify_test": lambda _: {"id": "4f1c", "targets": ["telegram"]},
        "notify_test_result": lambda _: {"id": "4f1c", "done": False, "results": [waits]},
    }
    with web.client() as client:
        answer = client.post("/test/")
    assert (answer.status_code, answer.json()["message"]) == (502, "telegram: waiting")


def test_the_summary_of_a_day_is_sent(web: WebServer) -> None:
    web.commands.answers["summary_send"] = lambda _: {"ok": True, "message": "on its way: Sunday"}
    with web.client() as client:
        told = client.post("/summary/send", json={"date": "2026-03-01"}).json()
        assert client.get("/summary/send").status_code == 405
    assert told == {"success": True, "message": "on its way: Sunday"}
    assert web.commands.asked == [("summary_send", {"date": "2026-03-01"})]


def answer_health(web: WebServer, **changed: object) -> None:
    status = facts.status(**changed)
    web.commands.answers |= {
        "status": lambda _: status,
        "targets": lambda _: {"total": 1, "next": None, "targets": []},
    }


def test_health_has_the_fields_that_programs_know(web: WebServer) -> None:
    answer_health(web, transfers=job_replies.transfers())
    with web.client(READER) as client:
        answer = client.get("/health")
    told = answer.json()
    assert answer.status_code == 200, "a mount that is away is no reason to start the agent anew"
    assert told.pop("timestamp")
    assert told == {
        "status": "degraded",
        "dry_run": False,
        "notifications": True,
        "nfs_status": "error",
        "nfs_issues": ["/mnt/media/Movies: not mounted"],
        "jobs_24h": {"success": 31, "failed": 2},
        "uptime_since": facts.status()["started_at"],
    }


def test_health_is_told_to_everybody_but_paths_only_to_who_may_read(web: WebServer) -> None:
    answer_health(web, transfers=job_replies.transfers())
    with web.client(None) as client:
        told = client.get("/health/").json()
    assert told["nfs_status"] == "error"
    assert told["nfs_issues"] == ["1 of 2 folders: a token shows which"]
    with web.client("a-wrong-token") as client:
        assert client.get("/health").status_code == 401


def test_an_agent_that_copies_nothing_is_healthy(web: WebServer) -> None:
    answer_health(web)
    with web.client(None) as client:
        told = client.get("/health").json()
    assert (told["status"], told["nfs_status"]) == ("healthy", "none")
    assert told["jobs_24h"] == {"success": 0, "failed": 0}


def test_health_is_bad_where_the_agent_cannot_work(web: WebServer) -> None:
    service = {**facts.status()["services"][0], "name": "transfers", "state": "failed"}
    answer_health(web, services=[service], transfers=job_replies.transfers(roots=[]))
    with web.client(None) as client:
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        web.commands.answers["status"] = lambda _: _REFUSED
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")


def test_totals_count_copies_where_there_are_any(web: WebServer) -> None:
    counted = {**facts.stats(), "transfers": job_replies.periods()}
    web.commands.answers["stats"] = lambda _: counted
    with web.client(READER) as client:
        told = client.get("/stats").json()
    assert told == {
        "session": {
            "movies_synced": 7,
            "episodes_synced": 20,
            "failures": 2,
            "bytes_transferred": 14 * 2**30,
            "bytes_transferred_human": "14.0 GB",
        },
        "database": {
            "total_successful": 31,
            "total_failed": 2,
            "today_successful": 31,
            "today_failed": 2,
        },
    }
