from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from listsync.domain.notices import (
    Judgement,
    Notice,
    NoticeKind,
    StandingNotice,
    standing_after,
)

_AT = datetime(2026, 6, 1, tzinfo=UTC)
_LATER = _AT + timedelta(days=3)


def held(list_name: str | None, text: str = "no such tag") -> Notice:
    return Notice(kind=NoticeKind.ON_HOLD, text=text, list_name=list_name)


def since_before(notice: Notice) -> StandingNotice:
    return StandingNotice(notice=notice, since=_AT, run_id="before")


def a_run(*notices: Notice, lists: tuple[str, ...] = (), is_whole: bool = True) -> Judgement:
    return Judgement(run_id="now", at=_LATER, notices=notices, lists=lists, is_whole=is_whole)


def test_a_notice_is_said_with_its_list() -> None:
    assert (str(held("Dora", "why")), str(held(None, "why"))) == ("Dora: why", "why")


def test_little_is_only_to_know() -> None:
    assert {kind for kind in NoticeKind if not kind.needs_person} == {
        NoticeKind.SERVER_CHANGED,
        NoticeKind.CONFIG_WARNING,
        NoticeKind.LIST_DOUBTED,
        NoticeKind.LOOK_UPS_FAILED,
        NoticeKind.TO_CANCEL,
        NoticeKind.OPEN_TO_OTHERS,
    }


def test_what_a_run_says_stands() -> None:
    (one,) = standing_after((), a_run(held("Dora"), lists=("Dora",)))
    assert one == StandingNotice(notice=held("Dora"), since=_LATER, run_id="now")


def test_what_is_said_again_stands_since_the_first_time() -> None:
    before = (since_before(held("Dora", "148 titles")),)
    (one,) = standing_after(before, a_run(held("Dora", "3 titles"), lists=("Dora",)))
    assert (one.notice.text, one.since, one.run_id) == ("3 titles", _AT, "now")


@pytest.mark.parametrize("list_name", ["Dora", None], ids=["of-a-list", "of-all"])
def test_what_a_run_does_not_say_any_more_is_over(list_name: str | None) -> None:
    before = (since_before(held(list_name)),)
    assert standing_after(before, a_run(lists=("Dora",))) == ()


def test_a_run_of_other_lists_lifts_nothing() -> None:
    before = (since_before(held("Dora")),)
    assert standing_after(before, a_run(lists=("other",))) == before


@pytest.mark.parametrize("list_name", ["Dora", None], ids=["of-a-list", "of-all"])
def test_a_run_that_was_cut_short_lifts_nothing(list_name: str | None) -> None:
    before = (since_before(held(list_name)),)
    assert standing_after(before, a_run(lists=("Dora",), is_whole=False)) == before


def test_a_run_that_was_cut_short_adds_what_it_found() -> None:
    before = (since_before(held("Dora")),)
    after = standing_after(before, a_run(held("other"), lists=("Dora",), is_whole=False))
    assert [one.notice.list_name for one in after] == ["other", "Dora"]
