"""What is passed on arrives as it was asked for, whatever else comes over the channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from listsync.domain.runs import SyncJob
from listsync.fleet.passing import PassedOn, Taken, job_of, payloads_of


def arrived(job: SyncJob) -> list[SyncJob]:
    found = [job_of(one) for one in payloads_of(job, "box")]
    return [one for one in found if one is not None]


@pytest.mark.parametrize("flag", ["dry_run", "forced", "confirmed", "eager"])
def test_how_it_was_asked_for_is_kept(flag: str) -> None:
    scope = frozenset({"trakt:one", "file:/lists/zwei ü.txt"})
    plain = replace(SyncJob.new(scope, "listsyncctl", eager=False), more_origins=3)
    changes: dict[str, Any] = {flag: True}
    (one,) = arrived(replace(plain, **changes))
    assert one.scope == scope
    assert (one.origins, one.more_origins) == (("listsyncctl at box",), 3)
    said = [name for name in ("dry_run", "forced", "confirmed", "eager") if getattr(one, name)]
    assert said == [flag]
    assert not one.is_own


def test_all_lists_stay_all_lists() -> None:
    (one,) = arrived(SyncJob.new(None, "SIGUSR1"))
    assert one.scope is None


def test_a_name_that_is_too_long_alone_means_all_lists() -> None:
    (one,) = arrived(SyncJob.new(frozenset({"a" * 9000}), "test"))
    assert one.scope is None


@pytest.mark.parametrize(
    "payload",
    [
        *("", "free", "changed", "null", "[]", "{}", "[" * 5000, '"text"'),
        '{"origins": 3, "lists": null}',
        '{"origins": [], "lists": "trakt:one"}',
    ],
)
def test_what_is_no_job_is_none(payload: str) -> None:
    assert job_of(payload) is None


def test_what_is_of_the_wrong_kind_counts_as_not_given() -> None:
    content = {"origins": [1, "\x1b[2Jx"], "lists": [2, "a"], "forced": "yes", "more_origins": -1}
    job = job_of(json.dumps(content))
    assert job is not None
    assert (job.scope, job.forced, job.more_origins) == (frozenset({"a"}), False, 0)
    assert len(job.origins) == 1
    assert job.origins[0].isprintable()


def id_of(payload: str) -> str:
    return str(json.loads(payload)["id"])


def sent_of(passed: PassedOn) -> list[str]:
    """Send what waits."""
    found = []
    while (payload := passed.next) is not None:
        passed.sent(is_taken=False)
        found.append(payload)
    return found


def test_what_nobody_takes_is_sent_again_a_few_times_and_to_each_new_leader() -> None:
    now = [0.0]
    passed = PassedOn(10.0, lambda: now[0])
    asked = list(payloads_of(SyncJob.new(None, "somebody"), "box"))
    passed.add(asked)
    rounds = []
    for is_new_leader in (False, False, False, False, True, False):
        rounds.append(len(sent_of(passed)))
        now[0] += 10
        passed.again(is_new_leader=is_new_leader)
    assert rounds == [1, 1, 1, 0, 0, 1]
    assert sent_of(passed) == asked
    assert passed.hear(f"taken {id_of(asked[0])}")
    passed.again(is_new_leader=True)
    assert (sent_of(passed), passed.is_kept) == ([], False)


def test_what_nobody_takes_for_long_is_told_and_done_by_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    passed = PassedOn(10.0, lambda: now[0])
    passed.add(payloads_of(SyncJob.new(None, "somebody"), "box"))
    sent_of(passed)
    now[0] = 601
    passed.again(is_new_leader=True)
    assert (passed.next, passed.is_kept) == (None, False)
    assert "what somebody at box asked for was passed on, and no agent has taken it" in caplog.text


def test_what_was_told_to_be_lost_while_nothing_could_be_sent_is_not_sent_later() -> None:
    now = [0.0]
    passed = PassedOn(10.0, lambda: now[0])
    passed.add(payloads_of(SyncJob.new(None, "somebody"), "box"))
    sent_of(passed)
    for now[0] in (10.0, 601.0):
        passed.again()
    assert sent_of(passed) == []


def test_what_says_to_go_on_is_out_of_date_also_where_it_was_never_sent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    passed, plain = PassedOn(10.0, lambda: now[0]), payloads_of(SyncJob.new(None, "ann"), "box")
    passed.add([confirmed(), *plain])
    now[0] = 601
    passed.again(is_new_leader=True)
    assert sent_of(passed) == [*plain], "a sync is as good later"
    assert "what somebody at box asked for could not be passed on in time" in caplog.text
    now[0] = 1200
    passed.again(is_new_leader=True)
    assert sent_of(passed) == [*plain]


def test_what_is_sent_late_is_out_of_date_as_early_as_what_was_sent_at_once() -> None:
    now = [0.0]
    passed, asked = PassedOn(10.0, lambda: now[0]), confirmed()
    passed.add([asked])
    now[0] = 500
    assert sent_of(passed) == [asked]
    now[0] = 601
    passed.again(is_new_leader=True)
    assert sent_of(passed) == []


def confirmed() -> str:
    """What is more than a sync of all, with which each new leader begins anyway."""
    return payloads_of(replace(SyncJob.new(None, "somebody"), confirmed=True), "box")[0]


@pytest.mark.parametrize("is_asked_here", [True, False], ids=["asked-here", "overheard"])
def test_what_is_more_than_a_sync_goes_to_each_new_leader_until_it_is_done(
    *, is_asked_here: bool
) -> None:
    passed, asked = PassedOn(10.0, lambda: 0.0), confirmed()
    if is_asked_here:
        passed.add([asked])
        assert sent_of(passed) == [asked]
    else:
        passed.overhear(asked)
    for _ in range(2):
        passed.hear(f"taken {id_of(asked)}")
        passed.again()
        assert sent_of(passed) == []
        passed.again(is_new_leader=True)
        assert sent_of(passed) == [asked]
    passed.hear(f"done {id_of(asked)}")
    passed.again(is_new_leader=True)
    assert sent_of(passed) == []


def test_what_a_takeover_does_anyway_is_kept_by_nobody_once_it_is_taken() -> None:
    passed = PassedOn(10.0, lambda: 0.0)
    plain = payloads_of(SyncJob.new(None, "somebody"), "box")[0]
    passed.overhear(plain)
    passed.add([plain])
    sent_of(passed)
    passed.hear(f"taken {id_of(plain)}")
    passed.again(is_new_leader=True)
    assert sent_of(passed) == []


def test_what_was_taken_long_before_its_leader_died_is_told_and_not_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    passed = PassedOn(10.0, lambda: now[0])
    passed.overhear(confirmed())
    now[0] = 601
    passed.again()
    assert caplog.text == ""
    passed.again(is_new_leader=True)
    assert sent_of(passed) == []
    assert "what somebody at box asked for was taken by an agent that is gone" in caplog.text


def test_no_more_is_kept_of_others_than_fits() -> None:
    passed = PassedOn(10.0, lambda: 0.0)
    asked = [confirmed() for _ in range(110)]
    for one in asked:
        passed.overhear(one)
    passed.again(is_new_leader=True)
    assert sent_of(passed) == asked[10:]


def test_what_comes_twice_is_taken_once_and_its_sender_learns_what_became_of_it() -> None:
    taken, found, open_runs = Taken(), list[str](), {"run 1"}

    def ask(payload: str) -> str:
        found.append(payload)
        return f"run {len(found)}"

    one, another = (payloads_of(SyncJob.new(None, "somebody"), "box")[0] for _ in range(2))
    names = [id_of(one), id_of(another)]
    assert list(taken.take(one, ask)) == [f"taken {names[0]}"]
    assert list(taken.take(another, ask)) == [f"taken {names[1]}"]
    assert list(taken.done(open_runs.__contains__)) == [f"done {names[1]}"]
    assert list(taken.take(another, ask)) == [f"taken {names[1]}", f"done {names[1]}"]
    assert list(taken.take(one, ask)) == [f"taken {names[0]}"]
    assert found == [one, another]
    taken.begin()
    assert list(taken.take(one, ask)) == [f"taken {names[0]}"], "another has led meanwhile"
    assert [list(taken.take("no job", ask)) for _ in range(2)] == [[], []]


def fail_to_send(payloads: Iterator[str]) -> None:
    """Take the first, and ask for no more: as who sends it when the connection is gone."""
    next(payloads)


def test_what_could_not_be_told_is_told_again() -> None:
    taken, asked = Taken(), [confirmed() for _ in range(2)]
    taken.take_here(asked, "a run")
    fail_to_send(taken.told())
    assert list(taken.told()) == asked
    fail_to_send(taken.done(lambda _: False))
    assert list(taken.done(lambda _: False)) == [f"done {id_of(one)}" for one in asked]
    assert list(taken.done(lambda _: False)) == []


def test_what_is_asked_of_who_leads_is_told_once_and_is_no_news_to_it() -> None:
    taken, asked = Taken(), confirmed()
    taken.take_here([asked], "a run")
    assert list(taken.told()) == [asked]
    assert list(taken.told()) == []
    assert list(taken.take(asked, pytest.fail)) == [f"taken {id_of(asked)}"]
    assert list(taken.done(lambda run: run == "a run")) == []
    assert list(taken.done(lambda _: False)) == [f"done {id_of(asked)}"]
    assert list(taken.done(lambda _: False)) == []
