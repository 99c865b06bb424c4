"""What a run came to as a whole, and what it tells a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from listsync.domain.decisions import SkipReason
from listsync.domain.lists import ListOutcome
from listsync.domain.notices import Notice, NoticeKind
from listsync.domain.report import ItemReport, ListReport, Result, Verdict
from listsync.domain.server_knowledge import CONFIRM
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.sync.run_recorder import failure_kind, notices_of, result_of

_HELD = "on hold: Radarr has no tag 'dora'"
_DOUBT = Notice(kind=NoticeKind.SERVER_REPLACED, text="this is another server")
_PUT_OFF = SkipReason.SETBACK.value


def item(
    verdict: Verdict, why: str = "why", label: str = "Dune", name: str = "Dora"
) -> ItemReport:
    return ItemReport(list_name=name, label=label, verdict=verdict, why=why)


def a_list(
    *items: ItemReport,
    name: str = "Dora",
    outcome: ListOutcome = ListOutcome.COMPLETE,
    is_exclusion: bool = False,
    departed: Sequence[ItemReport] = (),
) -> ListReport:
    return ListReport(
        name=name,
        service="file",
        outcome=outcome,
        read=len(items),
        declared=None,
        new=0,
        verdicts=Counter(one.verdict for one in items),
        departed=Counter(one.verdict for one in departed),
        is_exclusion=is_exclusion,
    )


def told(*items: ItemReport, doubts: Sequence[Notice] = ()) -> list[tuple[NoticeKind, str]]:
    notices = notices_of([a_list(*items)], items, doubts)
    return [(one.kind, one.text) for one in notices if one.list_name == "Dora"]


# -- notices -----------------------------------------------------------------------------------


def test_what_is_on_hold_is_one_line_a_list() -> None:
    items = [item(Verdict.ON_HOLD, _HELD) for _ in range(148)]
    (one,) = notices_of([a_list(*items), a_list(name="other")], items)
    assert (one.kind, one.list_name) == (NoticeKind.ON_HOLD, "Dora")
    assert str(one) == "Dora: 148 titles on hold: Radarr has no tag 'dora'"


def test_several_reasons_are_told_with_their_numbers_the_most_first() -> None:
    items = [item(Verdict.ON_HOLD, f"on hold: {why}") for why in "abbccc"]
    assert told(*items) == [(NoticeKind.ON_HOLD, "6 titles on hold: c (3); b (2); a (1)")]


def test_of_many_reasons_only_the_first_are_told() -> None:
    items = [item(Verdict.ON_HOLD, f"on hold: {why}") for why in "abcde"]
    ((_, text),) = told(*items)
    assert text.endswith("; and 2 more")


def test_a_doubt_about_the_server_is_told_once_and_each_list_says_what_to_do() -> None:
    items = [item(Verdict.ON_HOLD, f"on hold: {_DOUBT.text}")]
    notices = notices_of([a_list(*items)], items, [_DOUBT])
    assert notices[0] == _DOUBT
    assert _DOUBT.text not in notices[1].text
    assert CONFIRM in notices[1].text


def test_titles_that_failed_are_named() -> None:
    items = [item(Verdict.FAILED, "no answer", label) for label in ("Dune", "Heat")]
    assert told(*items) == [(NoticeKind.REQUEST_FAILED, "2 titles failed (Dune, Heat): no answer")]


def test_what_fails_now_and_what_failed_before_are_one_notice_of_all_the_titles() -> None:
    now = item(Verdict.FAILED, "no answer", "Dune")
    before = item(Verdict.SKIPPED, f"{_PUT_OFF}: {SkipReason.NO_TVDB_ID.value}", "Heat")
    (notice,) = notices_of([a_list(now, before)], [now, before])
    assert notice.titles == frozenset({"Dune", "Heat"})
    assert notice.text == (
        "1 title failed (Dune): no answer; 1 title postponed after a failure (Heat): no TVDB id"
    )


def test_where_hundreds_fail_single_ones_are_no_news() -> None:
    items = [item(Verdict.FAILED, "no answer", f"Film {number}") for number in range(501)]
    (notice,) = notices_of([a_list(*items)], items)
    assert notice.titles is None


def test_a_title_that_failed_before_is_told_while_it_waits_for_its_time() -> None:
    one = item(Verdict.SKIPPED, f"{_PUT_OFF}: {SkipReason.NO_TVDB_ID.value}: so it is")
    assert told(one) == [
        (
            NoticeKind.REQUEST_FAILED,
            "1 title postponed after a failure (Dune): no TVDB id: so it is",
        )
    ]


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        (Verdict.SKIPPED, f"{_PUT_OFF}: {SkipReason.NO_SEASONS.value}: nothing but specials"),
        (Verdict.SKIPPED, SkipReason.FILTERED.value),
        (Verdict.SKIPPED, SkipReason.CAPPED.value),
        (Verdict.EXCLUDED, SkipReason.EXCLUDED.value),
        (Verdict.HANDLED, SkipReason.HANDLED.value),
        (Verdict.REVIEW, SkipReason.REVIEW.value),
        (Verdict.NOT_FOUND, SkipReason.NOT_FOUND.value),
    ],
)
def test_what_is_as_the_user_wants_it_or_waits_for_review_is_no_notice(
    verdict: Verdict, why: str
) -> None:
    one = item(verdict, why)
    assert told(one) == []
    assert result_of([a_list(one)], []) == (Result.OK, "")


def test_a_list_that_failed_is_told_with_what_can_be_done() -> None:
    (one,) = notices_of([a_list(outcome=ListOutcome.NOT_FOUND)], [])
    assert (one.kind, one.list_name) == (NoticeKind.LIST_GONE, "Dora")
    assert "check the path" in one.text


# -- the result --------------------------------------------------------------------------------


def judged(*lists: ListReport, notices: Sequence[Notice] = ()) -> Result:
    return result_of(lists, notices)[0]


@pytest.mark.parametrize("verdict", [Verdict.ON_HOLD, Verdict.FAILED])
def test_what_could_not_be_requested_makes_a_run_partly_done(verdict: Verdict) -> None:
    assert judged(a_list(item(verdict))) is Result.PARTLY
    assert judged(a_list(departed=[item(verdict)])) is Result.PARTLY


def test_what_was_put_off_makes_no_later_run_partly_done() -> None:
    one = item(Verdict.SKIPPED, f"{_PUT_OFF}: no TVDB id")
    assert result_of([a_list(one)], notices_of([a_list(one)], [one])) == (Result.OK, "")


def test_a_doubt_makes_a_run_partly_done_although_nothing_was_wanted() -> None:
    assert judged(a_list(), notices=[_DOUBT]) is Result.PARTLY


def test_a_new_server_alone_is_well() -> None:
    changed = Notice(kind=NoticeKind.SERVER_CHANGED, text="a new server")
    assert judged(a_list(), notices=[changed]) is Result.OK


def test_a_partly_done_run_says_why() -> None:
    items = [item(Verdict.ON_HOLD, _HELD)]
    lists = [a_list(*items)]
    _, why = result_of(lists, notices_of(lists, items))
    assert why == "Dora: 1 title on hold: Radarr has no tag 'dora'"


def test_one_list_of_two_that_failed_is_partly_done() -> None:
    lists = [a_list(), a_list(name="other", outcome=ListOutcome.BLOCKED)]
    assert judged(*lists) is Result.PARTLY


@pytest.mark.parametrize("outcome", [one for one in ListOutcome if not one.whole])
def test_a_run_of_which_every_list_failed_has_failed(outcome: ListOutcome) -> None:
    is_read_in_part = outcome is ListOutcome.PARTIAL
    expected = Result.PARTLY if is_read_in_part else Result.FAILED
    lists = [a_list(outcome=outcome), a_list(outcome=outcome, name="other")]
    assert judged(*lists) is expected


def test_an_exclusion_list_that_can_be_read_saves_no_run() -> None:
    excluded = a_list(name="not these", is_exclusion=True)
    assert judged(a_list(outcome=ListOutcome.BLOCKED), excluded) is Result.FAILED
    assert judged(excluded) is Result.OK


def test_a_run_of_no_lists_is_well() -> None:
    assert judged() is Result.OK


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (UnavailableError("server", "no answer"), NoticeKind.SERVER_UNREACHABLE),
        (RefusedError("server", Refusal.CREDENTIAL, "wrong key"), NoticeKind.KEY_REFUSED),
        (RefusedError("server", Refusal.PERMISSION, "not allowed"), NoticeKind.SYNC_FAILED),
        (ResponseChangedError("server", "no JSON"), NoticeKind.SYNC_FAILED),
    ],
    ids=str,
)
def test_how_the_server_was_in_the_way_is_told(error: ListsyncError, kind: NoticeKind) -> None:
    assert failure_kind(error) is kind
