"""What people are told of syncs, as they set it up: real programs, real servers."""

from __future__ import annotations

from listsync.domain.messages import MessageKind
from listsync.store.state_folder import opened_state
from tests.acceptance.conftest import Home
from tests.integration.notify.receiver import Answer, Receiver, receiving

_TWO = "kind,tmdb_id,title\nmovie,603,The Matrix\nmovie,27205,Inception\n"


def kinds(receiver: Receiver) -> list[str]:
    return [one.sent["kind"] for one in receiver.taken]


def test_a_sync_without_an_agent_tells_what_it_did_before_it_ends(home: Home) -> None:
    with receiving() as receiver:
        home.write_config(
            [home.write_list("two.csv", _TWO)], notify=[{"webhook": {"url": receiver.url}}]
        )
        assert home.run("once", "--dry-run").code == 0
        assert kinds(receiver) == [], "it would be told of what is not so"
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY]
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY], [one.sent for one in receiver.taken]


def test_what_cannot_be_delivered_is_so_by_the_next_sync(home: Home) -> None:
    with receiving(Answer(status=503)) as receiver:
        home.write_config(
            [home.write_list("two.csv", _TWO)], notify=[{"webhook": {"url": receiver.url}}]
        )
        assert home.run("once").code == 0
        assert len(receiver.taken) == 1
        receiver.usual = Answer(status=200)
        _let_pauses_end(home)
        assert home.run("once").code == 0
        assert kinds(receiver) == [MessageKind.SUMMARY] * 2, [one.sent for one in receiver.taken]


def _let_pauses_end(home: Home) -> None:
    with opened_state(home.state) as state, state.write() as connection:
        connection.execute("UPDATE notify_targets SET paused_until = NULL")
