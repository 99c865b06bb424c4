"""What stands before each attempt of a write; reads pass freely."""

from __future__ import annotations

import httpcore
import pytest

from listsync.config_types import SecretStr
from listsync.errors import LeaseLostError
from listsync.seerr.client import Seerr
from tests.builders import film_body
from tests.unit.agent.seerr.playback import KEY, URL, Playback, created, json_reply, message

FOUND = json_reply({"id": 603, "title": "Dune", "mediaInfo": None})


class CountingFence:
    """Lets so many attempts pass."""

    post_s = 20.0

    def __init__(self, *, lets: int) -> None:
        self.left = lets

    def share(self) -> None:
        raise AssertionError("the core calls it, not the client")

    def check(self) -> None:
        if not self.left:
            raise LeaseLostError("another agent leads now")
        self.left -= 1


def fenced(playback: Playback, fence: CountingFence) -> Seerr:
    return Seerr(URL, SecretStr(KEY), pool=playback, token=playback.stop, fence=fence)


def posts(playback: Playback) -> int:
    return sum(one.method == "POST" for one in playback.asked)


def test_reads_are_not_held_back() -> None:
    playback = Playback().on("GET /search", json_reply({"page": 1, "results": []}))
    fenced(playback, CountingFence(lets=0)).search("Dune")
    assert len(playback.asked) == 1


def test_no_write_goes_out_without_a_lease() -> None:
    playback = Playback().on("POST /request", created())
    with pytest.raises(LeaseLostError):
        fenced(playback, CountingFence(lets=0)).request(film_body())
    assert playback.asked == []


@pytest.mark.parametrize(
    "first", [message(429, "slow down"), httpcore.ConnectTimeout("x"), httpcore.ConnectError("x")]
)
def test_after_a_pause_it_is_looked_at_again(first: object) -> None:
    playback = Playback().on("POST /request", first, created())  # type: ignore[arg-type]  # a reply
    with pytest.raises(LeaseLostError):
        fenced(playback, CountingFence(lets=1)).request(film_body())
    assert posts(playback) == 1
    assert len(playback.stop.pauses) == 1


def test_a_request_whose_answer_was_lost_is_not_sent_again_without_a_lease() -> None:
    playback = Playback().on("POST /request", httpcore.ReadError("x"), created())
    playback.on("GET /movie/603", FOUND)
    with pytest.raises(LeaseLostError):
        fenced(playback, CountingFence(lets=1)).request(film_body(603))
    assert posts(playback) == 1


def test_what_csrf_protection_stopped_is_not_sent_again_without_a_lease() -> None:
    playback = Playback().on("POST /request", message(403, "invalid csrf token"), created())
    playback.on("GET /settings/public", json_reply({}, set_cookie="XSRF-TOKEN=a"))
    with pytest.raises(LeaseLostError):
        fenced(playback, CountingFence(lets=1)).request(film_body())
    assert posts(playback) == 1


def test_nothing_is_cancelled_without_a_lease() -> None:
    playback = Playback().on(
        "GET /request/5", json_reply({"id": 5, "status": 1, "requestedBy": {"id": 1}})
    )
    with pytest.raises(LeaseLostError):
        fenced(playback, CountingFence(lets=0)).cancel(5)
    assert [one.method for one in playback.asked] == ["GET"]
