from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from listsync.commands.serializers import iso
from listsync.domain.lists import ListEntry
from listsync.domain.media import Exclusion, ExternalIds, MediaType, TitleKey
from listsync.domain.notices import Notice, NoticeKind, NoticeRecord
from listsync.domain.report import Plan, PlanItem, Verdict
from listsync.domain.server import RequestBody
from listsync.protocol import Reason, RefusedCommand
from listsync.terminal.output import PLAIN
from listsyncctl.title_views import Display
from listsyncctl.views import VIEWS
from tests.unit.agent.commands.world import (
    AT,
    FILM,
    ISO,
    World,
    a_list,
    a_request,
    a_run,
    an_item,
    rules,
)

_SERIES = TitleKey(MediaType.TV, 1396)


def shown(view: str, result: Any) -> str:
    return "\n".join(VIEWS[view].text(result, Display(AT, PLAIN)))


# -- runs --------------------------------------------------------------------------------------


def test_runs_are_told_with_all_that_the_client_reads(world: World) -> None:
    world.state.kept.told_runs = [a_run("new"), a_run("old")]
    runs = world.ask("runs")["runs"]
    assert [run["run_id"] for run in runs] == ["new", "old"]
    assert set(VIEWS["runs"].columns) <= set(runs[0])


def test_a_run_without_an_end_is_told(world: World) -> None:
    world.state.kept.told_runs = [a_run(ended_at=None, result=None, message="")]
    (run,) = world.ask("runs")["runs"]
    assert (run["ended_at"], run["result"]) == (None, None)


@pytest.mark.parametrize(
    ("params", "ids"),
    [
        pytest.param({}, range(20), id="twenty-if-not-said"),
        pytest.param({"limit": 3}, range(3), id="fewer"),
        pytest.param({"limit": 3, "offset": 10}, range(10, 13), id="from-the-middle"),
        pytest.param({"offset": 299}, [299], id="the-last-one"),
        pytest.param({"offset": 300}, [], id="beyond-the-end"),
    ],
)
def test_runs_are_paged(world: World, params: dict[str, int], ids: Any) -> None:
    world.state.kept.told_runs = [a_run(str(number), message="") for number in range(300)]
    assert [int(run["run_id"]) for run in world.ask("runs", **params)["runs"]] == list(ids)


@pytest.mark.parametrize("method", ["runs", "items"])
def test_nobody_gets_more_than_200_rows(world: World, method: str) -> None:
    world.state.kept.told_runs = [a_run(str(number), message="") for number in range(300)]
    world.state.kept.told_items = [an_item("A")] * 300
    assert len(world.ask(method, limit=10_000)[method]) == 200


@pytest.mark.parametrize("method", ["runs", "items", "review", "lists", "status", "explain"])
@pytest.mark.parametrize(
    "cursor",
    ["", "x", "W10", "WzFd", "bnVsbA", "é", "WzEsLTEsLTEsIngiXQ", "WyJ4IiwxLDEsIngiXQ", "[" * 9],
)
def test_a_cursor_that_no_reply_gave_is_refused(world: World, method: str, cursor: str) -> None:
    params = {"query": "x"} if method == "explain" else {}
    assert world.refusal(method, cursor=cursor, **params).reason is Reason.INVALID


def test_all_runs_are_told_page_by_page(world: World) -> None:
    world.state.kept.told_runs = [a_run(f"{number:03}", message="") for number in range(300)]
    page = world.ask("runs", limit=200)
    assert page["total"] == 300
    world.state.kept.told_runs.insert(0, a_run("new"))
    later = world.ask("runs", limit=200, cursor=page["next"])
    told = [run["run_id"] for run in (*page["runs"], *later["runs"])]
    assert told == [f"{number:03}" for number in range(300)]
    assert (later["total"], later["next"]) == (300, None)


@pytest.mark.parametrize("method", ["runs", "items"])
@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": -1}, {"offset": -1}, {"offset": 2**62}], ids=str
)
def test_a_page_that_makes_no_sense_is_refused(
    world: World, method: str, params: dict[str, int]
) -> None:
    assert world.refusal(method, **params).reason is Reason.INVALID


def test_one_run_is_told_with_its_requests(world: World) -> None:
    world.state.kept.told_runs = [a_run("abc123")]
    series = a_request("Breaking Bad", key=_SERIES, seasons=(1, 2), lists=("one",))
    world.state.kept.requests = {"abc123": (series,)}
    found = world.ask("runs", run_id="abc")
    assert found["run"]["run_id"] == "abc123"
    assert found["requests"] == [
        {
            "title": "Breaking Bad",
            "kind": "tv",
            "tmdb_id": 1396,
            "seasons": "1, 2",
            "four_k": False,
            "answer": "requested",
            "lists": "one",
            "requested_as": None,
            "at": ISO,
        }
    ]


def test_the_client_shows_one_run(world: World) -> None:
    world.state.kept.told_runs = [a_run("abc123")]
    world.state.kept.requests = {"abc123": (a_request(),)}
    text = shown("runs", world.ask("runs", run_id="abc"))
    assert "Run abc123 (schedule): ok" in text
    assert "The Matrix (1999)" in text


def test_requests_are_left_out_though_notices_fill_the_first_page(world: World) -> None:
    notice = Notice(kind=NoticeKind.ON_HOLD, text="on hold")
    world.state.kept.told_runs = [a_run("abc", notices=(notice,) * 2)]
    world.state.kept.requests = {"abc": tuple(a_request(f"Film {n}") for n in range(4))}
    page = world.ask("runs", run_id="abc", limit=2, offset=1)
    assert len(page["notices"]) == 2
    titles = []
    while page["next"]:
        page = world.ask("runs", run_id="abc", limit=2, cursor=page["next"])
        titles += [one["title"] for one in page["requests"]]
    assert titles == ["Film 1", "Film 2", "Film 3"]


def test_a_dry_run_is_told_from_memory(world: World) -> None:
    body = RequestBody(key=FILM, four_k=False)
    item = PlanItem(verdict=Verdict.REQUESTED, label="The Matrix", lists=("one",), body=body)
    world.end(a_run("dry1", dry_run=True), plan=Plan(items=(item,), counts={}))
    found = world.ask("runs", run_id="dry")
    assert found["run"]["dry_run"]
    assert [one["answer"] for one in found["requests"]] == ["would be requested"]


def test_of_a_dry_run_whose_plan_is_gone_it_is_told_how_many_requests_it_had(
    world: World,
) -> None:
    world.end(a_run("dry1", dry_run=True, requested=7))
    found = world.ask("runs", run_id="dry")
    assert (found["requests"], found["total"], found["next"]) == ([], 7, None)


def test_the_end_of_a_run_is_told_though_it_could_not_be_noted(world: World) -> None:
    world.state.kept.told_runs = [a_run("abc", ended_at=None, result=None)]
    world.state.kept.requests = {"abc": (a_request(),)}
    world.end(a_run("abc", result="failed"))
    found = world.ask("runs", run_id="abc")
    assert found["run"]["result"] == "failed"
    assert len(found["requests"]) == 1


def test_a_run_that_is_in_no_book_is_told_from_memory(world: World) -> None:
    world.end(a_run("abc", result="failed"))
    assert world.ask("runs", run_id="abc")["requests"] == []


@pytest.mark.parametrize("run_id", ["zzz", "a"], ids=["of-none", "of-two"])
def test_an_id_that_is_not_of_one_run_is_refused(world: World, run_id: str) -> None:
    world.state.kept.told_runs = [a_run("ab"), a_run("ac")]
    refused = world.refusal("runs", run_id=run_id)
    assert refused.reason is Reason.NOT_FOUND


# -- items -------------------------------------------------------------------------------------


def test_items_are_told_with_all_that_the_client_reads(world: World) -> None:
    request = a_request(requested_as="family", run_id="abc123")
    world.state.kept.told_items = [
        an_item(request=request),
        an_item(
            "Unknown", status="excluded", excluded="by command", key=None, entry=ListEntry(rank=2)
        ),
    ]
    found = world.ask("items")
    assert found == {
        "total": 2,
        "next": None,
        "items": [
            {
                "title": "The Matrix (1999)",
                "kind": "movie",
                "tmdb_id": 603,
                "list": "one",
                "status": "requested",
                "excluded_by": None,
                "at": ISO,
                "list_on_hold": None,
                "brought_by": "one, two",
                "requested_as": "family",
                "requested_at": ISO,
                "run_id": "abc123",
                "year": 1999,
                "imdb_id": "tt0133093",
                "tvdb_id": None,
            },
            {
                "title": "Unknown",
                "kind": None,
                "tmdb_id": None,
                "list": "one",
                "status": "excluded",
                "excluded_by": "by command",
                "at": ISO,
                "list_on_hold": None,
                "brought_by": None,
                "requested_as": None,
                "requested_at": None,
                "run_id": None,
                "year": None,
                "imdb_id": None,
                "tvdb_id": None,
            },
        ],
    }
    assert set(VIEWS["items"].columns) == set(found["items"][0])


@pytest.mark.parametrize("microsecond", [0, 1, 1000, 999_999])
@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=-3, minutes=-30)), None])
def test_points_in_time_are_told_to_the_millisecond(
    microsecond: int, zone: timezone | None
) -> None:
    at = datetime(2026, 11, 29, 20, 7, 59, microsecond, zone)
    assert iso(at) == at.isoformat(timespec="milliseconds")


def test_names_of_lists_that_are_too_many_say_so(world: World) -> None:
    request = a_request(lists=tuple(f"list number {one}" for one in range(30)))
    world.state.kept.told_runs = [a_run("abc")]
    world.state.kept.requests = {"abc": (request,)}
    world.state.kept.told_items = [an_item(request=request)]
    (told,) = world.ask("runs", run_id="abc")["requests"]
    (item,) = world.ask("items")["items"]
    assert told["lists"] == item["brought_by"]
    assert len(told["lists"]) <= 200
    assert told["lists"].endswith("…")


def test_an_item_that_was_not_acted_on_has_the_ids_that_its_list_gives(world: World) -> None:
    said = ListEntry(rank=1, kind=MediaType.TV, ids=ExternalIds(tmdb=1396, tvdb=81189))
    world.state.kept.told_items = [an_item(key=None, entry=said)]
    (item,) = world.ask("items")["items"]
    assert (item["kind"], item["tmdb_id"], item["tvdb_id"]) == ("tv", 1396, 81189)


def test_an_open_item_says_what_its_list_has_on_hold(world: World) -> None:
    text = "2 titles on hold: quota of Anna used up"
    notice = Notice(kind=NoticeKind.ON_HOLD, text=text, list_name="one")
    world.standing = (NoticeRecord(notice=notice, since=AT, run_id="abc"),)
    world.state.kept.told_items = [
        an_item("Gladiator (2000)", status="open"),
        an_item("Heat (1995)", status="requested"),
        an_item("Dune (2021)", status="open", list_name="two"),
    ]
    told = world.ask("items")
    assert [one["list_on_hold"] for one in told["items"]] == [text, None, None]
    assert f"the list has {text}" in shown("items", told)


@pytest.mark.parametrize(
    ("params", "titles"),
    [
        pytest.param({"query": " matrix "}, ["Matrix"], id="a-title"),
        pytest.param({"list": "two"}, ["Alien"], id="a-list"),
        pytest.param({"query": "", "limit": 1}, ["Matrix"], id="a-page"),
        pytest.param({"query": "zzz"}, [], id="nothing"),
    ],
)
def test_items_are_looked_for(world: World, params: dict[str, Any], titles: list[str]) -> None:
    world.state.kept.told_items = [an_item("Matrix"), an_item("Alien", list_name="two")]
    assert [one["title"] for one in world.ask("items", **params)["items"]] == titles


def test_a_list_that_nobody_knows_has_no_items(world: World) -> None:
    world.follow(rules("kids"))
    with pytest.raises(RefusedCommand, match="'kidz': did you mean 'kids'") as refused:
        world.ask("items", list="kidz")
    assert refused.value.reason is Reason.NOT_FOUND


@pytest.mark.parametrize("name", ["followed", "left", "disabled"])
def test_a_list_that_is_read_no_more_is_known_by_its_name(world: World, name: str) -> None:
    world.follow(rules("followed"), rules("disabled", is_enabled=False))
    world.state.kept.told_lists = [a_list("left")]
    assert world.ask("items", list=name)["items"] == []


def test_the_client_says_that_there_is_more(world: World) -> None:
    world.state.kept.told_items = [an_item("Matrix")] * 60
    assert "50 of 60" in shown("items", world.ask("items"))


# -- lists -------------------------------------------------------------------------------------


def test_one_list_is_told_with_what_became_of_its_entries(world: World) -> None:
    world.show(a_list("one"), a_list("two"))
    world.state.kept.told_items = [
        *[an_item()] * 2,
        an_item(status="review"),
        an_item(list_name="two"),
    ]
    world.state.kept.requests = {"abc123": (a_request(requested_as="family", run_id="abc123"),)}
    found = world.ask("lists", name="one")
    assert [one["name"] for one in found["lists"]] == ["one"]
    assert found["lists"] == world.ask("lists")["lists"][:1]
    assert found["counts"] == {"requested": 2, "review": 1}
    (request,) = found["requests"]
    assert (request["lists"], request["requested_as"]) == ("one, two", "family")
    text = shown("lists", found)
    assert "Entries: 2 requested, 1 review" in text
    assert "  The Matrix (1999): now for one, two, as family: requested (run abc123)" in text


def test_a_list_that_was_never_read_has_no_entries(world: World) -> None:
    found = world.ask("lists", name="two")
    assert (found["counts"], found["requests"]) == ({}, [])
    assert "Entries: none" in shown("lists", found)


def test_a_list_that_is_not_followed_is_refused_with_what_was_meant(world: World) -> None:
    refused = world.refusal("lists", name="trending movies")
    assert refused.reason is Reason.NOT_FOUND
    assert "did you mean 'Trending Movies'?" in refused.message


# -- exclude and forget ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "item", ["tmdb:movie/603", "tmdb:tv/1396", "imdb:tt0133093", "tvdb:81189"]
)
def test_a_title_is_excluded(world: World, item: str) -> None:
    reply = world.ask("exclude", item=f" {item.upper()} ")
    assert world.state.kept.noted == [item]
    assert reply["ok"]
    assert reply["message"] == f"{item} is excluded from now on."


@pytest.mark.parametrize(
    ("shown", "item"),
    [
        ("movie/603", "tmdb:movie/603"),
        ("tv/1396", "tmdb:tv/1396"),
        ("TT0133093", "imdb:tt0133093"),
    ],
)
def test_a_title_is_excluded_as_it_is_shown(world: World, shown: str, item: str) -> None:
    world.ask("exclude", item=shown)
    assert world.state.kept.noted == [item]


def test_what_names_no_title_is_told_as_it_was_typed(world: World) -> None:
    assert world.refusal("exclude", item="Heat").message.startswith("'Heat' names no title")


@pytest.mark.parametrize("method", ["exclude", "forget"])
@pytest.mark.parametrize(
    "params", [{"item": ""}, {"item": "The Matrix"}, {"item": "tmdb:603"}], ids=str
)
def test_what_names_no_title_is_refused(world: World, method: str, params: dict[str, str]) -> None:
    refused = world.refusal(method, **params)
    assert refused.reason is Reason.INVALID
    assert "expected tmdb:movie/603" in refused.message
    assert (world.state.kept.noted, world.state.kept.forgotten) == ([], [])


def test_what_names_no_title_is_not_repeated_at_length(world: World) -> None:
    assert len(world.refusal("exclude", item="x" * 60_000).message) < 300


@pytest.mark.parametrize(
    ("params", "what"),
    [({"item": "tmdb:movie/603"}, "tmdb:movie/603"), ({"all": True}, "everything that was done")],
    ids=["one", "all"],
)
def test_what_was_forgotten_is_counted(world: World, params: dict[str, Any], what: str) -> None:
    world.state.kept.remembers = 3
    reply = world.ask("forget", **params)
    assert (reply["ok"], reply["count"]) == (True, 3)
    assert reply["message"].startswith(f"Forgot {what}")
    assert "(3 records)" in reply["message"]


@pytest.mark.parametrize("params", [{"item": "tmdb:movie/603"}, {"all": True}], ids=["one", "all"])
def test_what_was_not_remembered_cannot_be_forgotten(world: World, params: dict[str, Any]) -> None:
    world.state.kept.remembers = 0
    reply = world.ask("forget", **params)
    assert (reply["ok"], reply["count"]) == (True, 0)
    assert "Nothing is stored" in reply["message"]


def test_what_is_to_be_forgotten_is_named_to_the_books(world: World) -> None:
    world.ask("forget", item="TMDB:movie/603")
    assert world.state.kept.forgotten == [("tmdb:movie/603", Exclusion(key=FILM))]


def test_times_are_told_in_utc_to_the_millisecond(world: World) -> None:
    world.state.kept.told_runs = [a_run(ended_at=AT + timedelta(microseconds=1))]
    assert world.ask("runs")["runs"][0]["ended_at"] == ISO[:-9] + "251+00:00"
