from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.lists import ListOutcome
from listsync.domain.notices import (
    Notice,
    NoticeChanges,
    NoticeKind,
    NoticeRecord,
    Severity,
    SyncFindings,
    changes,
    kind_of_outcome,
    open_after,
    renewed,
)

_AT = datetime(2026, 6, 1, tzinfo=UTC)
_LATER = _AT + timedelta(days=3)


def held(list_name: str | None, text: str = "no such tag") -> Notice:
    return Notice(kind=NoticeKind.ON_HOLD, text=text, list_name=list_name)


def since_before(notice: Notice) -> NoticeRecord:
    return NoticeRecord(notice=notice, since=_AT, run_id="before")


def a_run(*notices: Notice, lists: tuple[str, ...] = (), is_whole: bool = True) -> SyncFindings:
    return SyncFindings(run_id="now", at=_LATER, notices=notices, lists=lists, is_whole=is_whole)


def test_a_notice_is_said_with_its_list() -> None:
    assert (str(held("Dora", "why")), str(held(None, "why"))) == ("Dora: why", "why")


def test_little_is_only_to_know() -> None:
    assert {kind for kind in NoticeKind if not kind.needs_person} == {
        NoticeKind.SERVER_CHANGED,
        NoticeKind.CONFIG_WARNING,
        NoticeKind.LIST_DOUBTED,
        NoticeKind.LOOK_UPS_FAILED,
        NoticeKind.TO_CANCEL,
        NoticeKind.REQUESTS_UNCHECKED,
        NoticeKind.OPEN_TO_OTHERS,
        NoticeKind.WATCHER_DEGRADED,
        NoticeKind.FLEET_LISTS,
    }


def test_what_a_run_says_stands() -> None:
    (one,) = open_after((), a_run(held("Dora"), lists=("Dora",)))
    assert one == NoticeRecord(notice=held("Dora"), since=_LATER, run_id="now")


def test_what_is_said_again_stands_since_the_first_time() -> None:
    before = (since_before(held("Dora", "148 titles")),)
    (one,) = open_after(before, a_run(held("Dora", "3 titles"), lists=("Dora",)))
    assert (one.notice.text, one.since, one.run_id) == ("3 titles", _AT, "now")


@pytest.mark.parametrize("list_name", ["Dora", None], ids=["of-a-list", "of-all"])
def test_what_a_run_does_not_say_any_more_is_over(list_name: str | None) -> None:
    before = (since_before(held(list_name)),)
    assert open_after(before, a_run(lists=("Dora",))) == ()


def test_a_run_of_other_lists_lifts_nothing() -> None:
    before = (since_before(held("Dora")),)
    assert open_after(before, a_run(lists=("other",))) == before


@pytest.mark.parametrize("is_whole", [True, False], ids=["whole", "cut-short"])
def test_what_stands_of_a_list_that_is_not_followed_is_over(*, is_whole: bool) -> None:
    before = (since_before(held("Dora")), since_before(held("old name")))
    after = open_after(before, a_run(is_whole=is_whole), {"Dora", "other"})
    assert after == before[:1]


@pytest.mark.parametrize("list_name", ["Dora", None], ids=["of-a-list", "of-all"])
def test_a_run_that_was_cut_short_lifts_nothing(list_name: str | None) -> None:
    before = (since_before(held(list_name)),)
    assert open_after(before, a_run(lists=("Dora",), is_whole=False)) == before


def test_a_run_that_was_cut_short_adds_what_it_found() -> None:
    before = (since_before(held("Dora")),)
    after = open_after(before, a_run(held("other"), lists=("Dora",), is_whole=False))
    assert [one.notice.list_name for one in after] == ["other", "Dora"]


def failed(kind: NoticeKind) -> Notice:
    return Notice(kind=kind, text="the last sync failed: why")


def test_why_the_last_sync_failed_is_said_once() -> None:
    before = (since_before(failed(NoticeKind.SERVER_UNREACHABLE)), since_before(held("Dora")))
    after = open_after(before, a_run(failed(NoticeKind.KEY_REFUSED), is_whole=False))
    assert [one.notice.kind for one in after] == [NoticeKind.KEY_REFUSED, NoticeKind.ON_HOLD]


def test_the_key_of_a_list_is_not_that_of_the_server() -> None:
    of_list = Notice(kind=NoticeKind.KEY_REFUSED, text="why", list_name="Dora")
    after = open_after(
        (since_before(of_list),), a_run(failed(NoticeKind.SYNC_FAILED), is_whole=False)
    )
    assert [one.notice.subject for one in after] == ["sync", "Dora"]


def test_of_several_notices_about_the_same_each_has_the_time_of_its_own_words() -> None:
    later = replace(since_before(held("Dora", "2")), since=_LATER)
    before = (since_before(held("Dora", "1")), later)
    again = renewed(before, [held("Dora", "1"), held("Dora", "2")], _LATER + timedelta(days=1))
    assert [one.since for one in again] == [_AT, _LATER]


def test_what_an_emission_changes_is_what_opens_goes_on_and_ends() -> None:
    before = (
        replace(since_before(held("Dora", "148 titles")), number=1),
        replace(since_before(held("Emma")), number=2),
    )
    now = (since_before(held("Fred")), since_before(held("Dora", "3 titles")))
    found = changes(before, now)
    assert found == NoticeChanges(opened=now[:1], renewed=now[1:], ended=before[1:])
    assert [one.number for one in found.renewed] == [1]


def test_several_notices_about_the_same_go_by_their_order() -> None:
    before = tuple(
        replace(since_before(held("Dora", f"{number}")), number=number) for number in (1, 2, 3)
    )
    found = changes(before, [since_before(held("Dora", text)) for text in ("4", "5")])
    assert [one.number for one in (*found.renewed, *found.ended)] == [1, 2, 3]
    assert (len(found.renewed), found.opened) == (2, ())


def test_of_several_notices_about_the_same_those_of_the_same_words_are_the_same() -> None:
    before = tuple(
        replace(since_before(held("Dora", f"{number}")), number=number) for number in (1, 2, 3)
    )
    found = changes(before, [since_before(held("Dora", text)) for text in ("4", "3")])
    assert {one.number: one.notice.text for one in found.renewed} == {3: "3", 1: "4"}
    assert [one.number for one in found.ended] == [2]


def test_what_passes_by_itself_is_a_warning() -> None:
    assert held(None).severity is Severity.ERROR
    assert Notice(kind=NoticeKind.LIST_FAILED, text="", passes=True).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (ListOutcome.BLOCKED, NoticeKind.LIST_BLOCKED),
        (ListOutcome.PRIVATE, NoticeKind.LIST_PRIVATE),
        (ListOutcome.NOT_FOUND, NoticeKind.LIST_GONE),
        (ListOutcome.DRIFT, NoticeKind.LIST_DRIFT),
        (ListOutcome.CREDENTIAL, NoticeKind.KEY_REFUSED),
        (ListOutcome.UNAVAILABLE, NoticeKind.LIST_FAILED),
    ],
)
def test_a_list_that_could_not_be_read_has_a_kind_of_its_own(
    outcome: ListOutcome, kind: NoticeKind
) -> None:
    assert kind_of_outcome(outcome) is kind
    assert kind.is_unread_list
