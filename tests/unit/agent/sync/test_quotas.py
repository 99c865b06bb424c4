"""Permissions and quotas are known before anything is requested, and counted down."""

from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import ListEntry
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.report import Result, SyncReport, Verdict
from listsync.domain.server import Asking, RequestBody, RequestResponse, ResponseKind
from listsync.domain.server_knowledge import Allowance, Quota
from listsync.errors import ResponseChangedError
from listsync.sync.limits import Allowances
from tests.builders import DRY_RUN, MOVIE, RUN, TV, entry, rules
from tests.fakes import DOWN, a_series
from tests.unit.agent.sync.test_run import House

ALL = frozenset((kind, four_k) for kind in MediaType for four_k in (False, True))
LONG = a_series(50, "Long", 2001, tvdb=50, seasons=(1, 2, 3, 4, 5))
SHORT = a_series(51, "Short", 2002, tvdb=51, seasons=(1, 2))


def family(films: int | None = None, seasons: int | None = None, user_id: int = 7) -> Allowance:
    limits = {MOVIE: films, TV: seasons}
    quotas = {
        kind: Quota(limit=left, remaining=left, days=7)
        for kind, left in limits.items()
        if left is not None
    }
    return Allowance(user_id=user_id, name="family", permitted=ALL, quotas=quotas)


def by(user: str | None, name: str = "mine", **more: object) -> ListRules:
    one = replace(rules(name), **more)  # type: ignore[arg-type]  # a test knows them
    return replace(one, asking=Asking(user=user))


def films(count: int, first: int = 1) -> list[ListEntry]:
    return [
        entry(f"Film {number}", kind=MOVIE, tmdb=number) for number in range(first, first + count)
    ]


def house(**allowances: Allowance) -> House:
    one = House()
    one.server.titles += [LONG, SHORT]
    one.server.allowances.update(allowances)
    return one


def asked(one: House) -> list[int]:
    return [body.key.tmdb_id for body in one.server.posted]


def whys(report: SyncReport) -> list[str]:
    """Say why what was not requested was not."""
    return [item.why for item in report.items if item.verdict is not Verdict.REQUESTED]


def test_what_exceeds_a_quota_is_on_hold_and_not_sent() -> None:
    one = house(family=family(5))
    one.follow(*films(35), of=by("family"))
    report = one.sync()
    assert asked(one) == [1, 2, 3, 4, 5]
    assert set(whys(report)) == {"on hold: quota of family used up: 5 films in 7 days"}
    assert len(whys(report)) == 30


def test_a_dry_run_promises_what_the_quota_lets_through() -> None:
    one = house(family=family(5))
    one.follow(*films(35), of=by("family"))
    planned = one.sync(DRY_RUN)
    assert [body.key.tmdb_id for body in planned.requested] == [1, 2, 3, 4, 5]
    one = house(family=family(0))
    one.follow(*films(35), of=by("family"))
    assert one.sync(DRY_RUN).requested == ()


def test_a_user_is_looked_at_once_however_much_is_requested_as_whomever() -> None:
    one = house(family=family(50), guests=family(50, user_id=8))
    one.follow(*films(10), of=by("family"))
    one.follow(*films(10, 11), of=by("guests", "theirs"))
    one.sync()
    assert one.server.counts["allowance_of"] == 2


def test_a_steady_sync_asks_for_no_allowance() -> None:
    one = house(family=family(50))
    one.follow(*films(10), of=by("family"))
    one.sync()
    one.sync()
    assert one.server.counts["allowance_of"] == 1


def test_one_user_by_two_names_has_one_quota() -> None:
    one = House()
    one.server.allowances = {None: family(3), "family": family(3), "7": family(3)}
    one.follow(*films(2), of=by(None, "a"))
    one.follow(*films(2, 11), of=by("family", "b"))
    one.follow(*films(2, 21), of=by("7", "c"))
    one.sync()
    assert asked(one) == [1, 2, 11]


def test_4k_counts_for_the_same_quota() -> None:
    one = house(family=family(3))
    one.follow(*films(2), of=by("family", "hd"))
    one.follow(*films(2), of=by("family", "uhd", four_k=True))
    one.sync()
    assert [(body.key.tmdb_id, body.four_k) for body in one.server.posted] == [
        (1, False),
        (2, False),
        (1, True),
    ]


def test_a_quota_of_series_counts_seasons_and_takes_all_or_none() -> None:
    one = house(family=family(seasons=3))
    one.follow(entry(kind=TV, tmdb=50), entry(kind=TV, tmdb=51), of=by("family"))
    report = one.sync()
    assert [(body.key.tmdb_id, body.seasons) for body in one.server.posted] == [(51, (1, 2))]
    assert whys(report) == [
        "on hold: quota of family: 3 seasons left of 3 seasons in 7 days, 5 are needed"
    ]


def test_where_a_quota_is_too_small_the_next_list_asks_for_what_it_wants() -> None:
    one = house(family=family(seasons=3), guests=family(seasons=2, user_id=8))
    first = by("family", "all of it")
    second = by("guests", "the second")
    one.follow(entry(kind=TV, tmdb=50), of=first)
    one.follow(entry(kind=TV, tmdb=50, season=2), of=second)
    one.sync()
    assert [(body.asking.user, body.seasons) for body in one.server.posted] == [("guests", (2,))]


def test_where_a_quota_is_too_small_for_all_that_is_wanted_the_first_list_gets_its_own() -> None:
    one = house(family=family(seasons=1))
    one.follow(entry(kind=TV, tmdb=50, season=4), of=by("family", "the fourth"))
    one.follow(entry(kind=TV, tmdb=50), of=by("family", "all of it"))
    one.sync()
    assert [body.seasons for body in one.server.posted] == [(4,)]


def test_where_a_quota_is_too_small_for_all_that_is_wanted_its_rows_go_together() -> None:
    one = house(family=family(seasons=3))
    rows = [entry(kind=TV, tmdb=50, season=number) for number in (2, 3)]
    one.follow(*rows, of=by("family", "rows"))
    one.follow(entry(kind=TV, tmdb=50), of=by("guests", "all of it"))
    one.sync()
    assert [(body.asking.user, body.seasons) for body in one.server.posted] == [("family", (2, 3))]


def test_who_wants_more_seasons_than_are_requested_is_on_hold() -> None:
    one = house(family=family(seasons=3), guests=replace(family(user_id=8), permitted=frozenset()))
    one.follow(entry(kind=TV, tmdb=50, season=2), of=by("family", "the second"))
    one.follow(entry(kind=TV, tmdb=50), of=by("guests", "all of it"))
    one.follow(entry(kind=TV, tmdb=50, season=2), of=by("guests", "the same"))
    report = one.sync()
    assert [dict(each.verdicts) for each in report.lists[1:]] == [
        {Verdict.REQUESTED: 1},
        {Verdict.ON_HOLD: 1},
        {Verdict.SHARED: 1},
    ]
    assert report.result is Result.PARTLY


def test_the_list_that_asks_is_the_one_that_requested_a_title() -> None:
    one = house(guests=replace(family(user_id=8), permitted=frozenset()))
    one.follow(*films(1), of=by("guests", "may not"))
    one.follow(*films(1), of=by(None, "asks"))
    assert [dict(each.verdicts) for each in one.sync(DRY_RUN).lists[1:]] == [
        {Verdict.SHARED: 1},
        {Verdict.REQUESTED: 1},
    ]


def test_each_list_is_told_what_keeps_itself_from_asking() -> None:
    one = house(family=family(0), guests=replace(family(user_id=8), permitted=frozenset()))
    one.follow(*films(1), of=by("family", "a"))
    one.follow(*films(1), of=by("guests", "b"))
    report = one.sync()
    assert [(notice.list_name, notice.text) for notice in report.notices] == [
        ("a", "1 title on hold: quota of family used up: 0 films in 7 days"),
        ("b", "1 title on hold: family has no permission to request films"),
    ]


def test_who_has_the_seasons_that_it_wants_is_not_on_hold_for_who_has_not() -> None:
    one = house(guests=replace(family(user_id=8), permitted=frozenset()))
    one.follow(entry(kind=TV, tmdb=50, season=2), of=by(None, "the second"))
    one.sync()
    one.follow(entry(kind=TV, tmdb=50), of=by("guests", "all of it"))
    report = one.sync()
    assert [dict(each.verdicts) for each in report.lists[1:]] == [
        {Verdict.ALREADY: 1},
        {Verdict.ON_HOLD: 1},
    ]


def test_a_used_up_quota_of_one_user_lets_the_next_list_ask() -> None:
    one = house(family=family(0), guests=family(1, user_id=8))
    one.follow(*films(1), of=by("family", "a"))
    one.follow(*films(1), of=by("guests", "b"))
    one.sync()
    assert [body.asking.user for body in one.server.posted] == ["guests"]


@pytest.mark.parametrize(
    ("kind", "four_k", "why"),
    [
        (MOVIE, False, "family has no permission to request films"),
        (MOVIE, True, "family has no permission to request films in 4K"),
        (TV, False, "family has no permission to request series"),
        (TV, True, "family has no permission to request series in 4K"),
    ],
)
def test_what_a_user_has_no_permission_for_is_on_hold(
    kind: MediaType, why: str, *, four_k: bool
) -> None:
    lacking = replace(family(), permitted=ALL - {(kind, four_k)})
    one = house(family=lacking)
    one.follow(entry(kind=kind, tmdb=50), of=by("family", four_k=four_k))
    report = one.sync()
    assert one.server.posted == []
    assert whys(report) == [f"on hold: {why}"]


def test_the_last_word_is_the_servers() -> None:
    """A quota that another client uses up meanwhile: the answer ends it for both editions."""
    one = house(family=family(5))
    one.server.on("request", None, RequestResponse(kind=ResponseKind.QUOTA))
    one.follow(*films(3), of=by("family", "hd"))
    one.follow(*films(3), of=by("family", "uhd", four_k=True))
    report = one.sync()
    assert asked(one) == [1, 2]
    assert len(report.requested) == 1


def test_a_server_that_does_not_say_what_a_user_may_do_is_asked_for_titles() -> None:
    one = house(family=family(5))
    one.server.on("allowance_of", ResponseChangedError("server", "the answer is no quota"))
    one.follow(*films(2), of=by("family"))
    assert one.sync().result is Result.OK
    assert asked(one) == [1, 2]


def test_a_server_that_does_not_answer_for_a_user_is_asked_again_for_the_next_title() -> None:
    one = house(family=family(5))
    one.server.on("allowance_of", DOWN)
    one.follow(*films(2), of=by("family"))
    assert one.sync().result is Result.PARTLY
    assert asked(one) == [2]


def test_no_intent_is_left_of_what_turned_out_to_exceed_the_quota() -> None:
    one = house(family=family(2))
    one.follow(*films(9), of=by("family"))
    one.sync(RUN)
    assert one.memory.requests.open_intents() == ()


def test_what_is_left_is_told_and_never_less_than_nothing() -> None:
    known = Allowances({"family": family(1)})
    body = RequestBody(key=SHORT.key, four_k=False, seasons=(1, 2), asking=Asking(user="family"))
    film = replace(body, key=TitleKey(MOVIE, 1), seasons=())
    for one in (body, film, film):
        known.count(one)
    assert known.left["family"].quotas[MOVIE].remaining == 0
    assert TV not in known.left["family"].quotas
