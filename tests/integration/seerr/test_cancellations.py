"""The client takes requests back, against a server process."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Asking, Cancelled, RequestBody
from listsync.errors import UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from tests.integration.seerr.conftest import Connect

_numbers = count(987_000_001)
KIDS = Asking(user="kids")


def ask(sandbox: SandboxProcess, client: Seerr, asking: Asking = KIDS) -> int:
    """Ask for a new film; gives the number of the request."""
    number = next(_numbers)
    sandbox.admin("titles", {"media_type": "movie", "tmdb_id": number, "title": "Film"})
    key = TitleKey(MediaType.MOVIE, number)
    answer = client.request(RequestBody(key=key, four_k=False, asking=asking))
    assert answer.request_id is not None
    return answer.request_id


def deletions(sandbox: SandboxProcess) -> int:
    calls: dict[str, Any] = sandbox.admin("log")["calls"]
    return int(calls.get("DELETE /request/{requestId}", 0))


def test_a_pending_request_is_taken_back_in_two_calls(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    number = ask(sandbox, seerr)
    before = seerr.calls
    assert seerr.cancel(number) is Cancelled.DONE
    assert seerr.calls == before + 2
    assert seerr.cancel(number) is Cancelled.GONE
    assert deletions(sandbox) == 1


def test_what_act_as_asked_for_is_taken_back_by_another_client(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    number = ask(sandbox, connect(act_as="kids"), Asking())
    assert connect(act_as="kids").cancel(number) is Cancelled.DONE


def test_what_a_user_asked_for_is_taken_back_once_we_ask_as_that_user(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    number, client = ask(sandbox, connect()), connect()
    assert client.cancel(number) is Cancelled.KEPT
    assert client.problem_with_user("kids") is None
    assert client.cancel(number) is Cancelled.DONE


def test_what_somebody_else_asked_for_is_kept(connect: Connect, sandbox: SandboxProcess) -> None:
    number = ask(sandbox, connect())
    assert connect(act_as="family").cancel(number) is Cancelled.KEPT
    assert deletions(sandbox) == 0


@pytest.mark.parametrize("status", [2, 3, 4, 5])
def test_what_is_decided_is_kept(seerr: Seerr, sandbox: SandboxProcess, status: int) -> None:
    number = ask(sandbox, seerr)
    sandbox.admin("requests", {"id": number, "status": status})
    assert seerr.cancel(number) is Cancelled.KEPT
    assert deletions(sandbox) == 0


def test_what_the_owner_asked_for_is_taken_back_if_it_is_pending(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    number = ask(sandbox, seerr, Asking())
    assert seerr.cancel(number) is Cancelled.KEPT
    sandbox.admin("requests", {"id": number, "status": 1})
    assert seerr.cancel(number) is Cancelled.DONE


def test_csrf_protection_is_passed(seerr: Seerr, sandbox: SandboxProcess) -> None:
    number = ask(sandbox, seerr)
    sandbox.admin("settings", {"csrf": True})
    assert seerr.cancel(number) is Cancelled.DONE


@pytest.mark.parametrize("kind", ["drop_before", "drop_after"])
def test_a_lost_answer_shows_at_the_next_try(
    seerr: Seerr, sandbox: SandboxProcess, kind: str
) -> None:
    number = ask(sandbox, seerr)
    sandbox.admin("faults", {"kind": kind, "method": "DELETE"})
    with pytest.raises(UnavailableError, match="connection broke"):
        seerr.cancel(number)
    assert deletions(sandbox) == 1
    expected = Cancelled.DONE if kind == "drop_before" else Cancelled.GONE
    assert seerr.cancel(number) is expected


def test_a_web_page_is_not_taken_for_a_request_that_is_gone(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    number = ask(sandbox, seerr)
    sandbox.admin("faults", {"kind": "html", "status": 404, "method": "GET"})
    with pytest.raises(UnavailableError):
        seerr.cancel(number)
