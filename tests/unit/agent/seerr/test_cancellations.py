from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpcore
import httpx
import pytest

from listsync.domain.server import Cancelled
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from tests.unit.agent.seerr.playback import (
    GUARD,
    Playback,
    Reply,
    html_reply,
    json_reply,
    message,
)

DONE = httpx.Response(204)


def found(status: int = 1, by: object = 7) -> httpx.Response:
    return json_reply({"id": 5, "status": status, "requestedBy": {"id": by}})


def server(look: Reply, *deletion: Reply) -> Playback:
    return (
        Playback()
        .on("GET /request/5", look)
        .on("DELETE /request/5", *(deletion or (DONE,)))
        .on("GET /user/7", json_reply({"id": 7, "displayName": "Kids"}))
    )


def test_a_user_takes_back_in_own_name_so_that_what_was_approved_meanwhile_stays() -> None:
    playback = server(found())
    assert playback.seerr(act_as=7).cancel(5) is Cancelled.DONE
    user, look, deletion = playback.asked
    assert deletion.headers["x-api-user"] == "7"
    assert deletion.content == b""
    assert "content-type" not in deletion.headers
    assert not any("x-api-user" in one.headers for one in (user, look))


def test_the_owner_takes_back_with_the_key() -> None:
    playback = server(found(by=1))
    assert playback.seerr().cancel(5) is Cancelled.DONE
    assert "x-api-user" not in playback.asked[-1].headers


def test_it_waits_for_the_request_that_is_being_written() -> None:
    playback = server(found(by=1))
    seerr = playback.seerr()
    with ThreadPoolExecutor(1) as pool:
        with seerr._sender._writes.one_at_a_time():
            cancelled = pool.submit(seerr.cancel, 5)
            time.sleep(0.1)
            assert not playback.asked
        assert cancelled.result(30) is Cancelled.DONE


@pytest.mark.parametrize(
    "look",
    [
        pytest.param(found(status=2), id="approved"),
        pytest.param(found(status=99), id="new-status"),
        pytest.param(found(by=8), id="another-user"),
        pytest.param(json_reply({"status": 1, "requestedBy": None}), id="nobody"),
    ],
)
def test_what_is_not_ours_to_take_back_is_not_touched(look: httpx.Response) -> None:
    playback = server(look)
    assert playback.seerr(act_as=7).cancel(5) is Cancelled.KEPT
    assert "DELETE" not in {one.method for one in playback.asked}


@pytest.mark.parametrize(
    ("deletion", "expected"),
    [
        pytest.param(message(404, "Request not found."), Cancelled.GONE, id="gone-meanwhile"),
        pytest.param(
            message(401, "You do not have permission to delete this request."),
            Cancelled.KEPT,
            id="approved-meanwhile",
        ),
        pytest.param(json_reply(GUARD, 403), Cancelled.KEPT, id="guard"),
    ],
)
def test_the_servers_last_word_counts(deletion: Reply, expected: Cancelled) -> None:
    assert server(found(), deletion).seerr(act_as=7).cancel(5) is expected


@pytest.mark.parametrize(
    ("look", "error"),
    [
        pytest.param(html_reply(404), UnavailableError, id="web-page"),
        pytest.param(message(500, "SQLITE_BUSY"), UnavailableError, id="trouble"),
        pytest.param(json_reply(GUARD, 403), RefusedError, id="key"),
        pytest.param(json_reply({"id": 5}), ResponseChangedError, id="shape"),
        pytest.param(json_reply({"status": 1, "requestedBy": 7}), ResponseChangedError, id="user"),
    ],
)
def test_a_look_that_fails_takes_nothing_back(look: Reply, error: type[Exception]) -> None:
    playback = server(look)
    with pytest.raises(error):
        playback.seerr(act_as=7).cancel(5)
    assert "DELETE" not in {one.method for one in playback.asked}


@pytest.mark.parametrize(
    ("deletion", "error"),
    [
        pytest.param(httpcore.ReadError("reset"), UnavailableError, id="broken"),
        pytest.param(httpcore.ReadTimeout("slow"), UnavailableError, id="slow"),
        pytest.param(html_reply(502), UnavailableError, id="proxy"),
        pytest.param(html_reply(403), RefusedError, id="firewall"),
        pytest.param(html_reply(200), UnavailableError, id="web-page"),
    ],
)
def test_a_lost_deletion_is_raised_and_sent_once(deletion: Reply, error: type[Exception]) -> None:
    playback = server(found(), deletion)
    with pytest.raises(error):
        playback.seerr(act_as=7).cancel(5)
    assert sum(one.method == "DELETE" for one in playback.asked) == 1


def test_csrf_protection_that_cannot_be_passed_is_told() -> None:
    playback = server(found(), message(403, "invalid csrf token"))
    playback.on("GET /settings/public", json_reply({}))
    with pytest.raises(RefusedError, match="CSRF protection"):
        playback.seerr(act_as=7).cancel(5)


def test_what_was_never_sent_is_sent_again() -> None:
    playback = server(found(), httpcore.ConnectError("refused"), DONE)
    assert playback.seerr(act_as=7).cancel(5) is Cancelled.DONE


def test_an_act_as_that_is_gone_is_told() -> None:
    playback = server(found()).on("GET /user/7", message(404, "User not found."))
    with pytest.raises(RefusedError, match=r"server\.request_as: there is no user 7"):
        playback.seerr(act_as=7).cancel(5)
