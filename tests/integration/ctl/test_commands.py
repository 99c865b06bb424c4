"""Every command against a scripted agent, in the three ways of output."""

from __future__ import annotations

import json

import pytest

from listsync.protocol import CODES, Exit, Reason, RefusedCommand
from tests.integration.ctl.conftest import Agent, Ctl

RUN = {
    "run_id": "4f1c",
    "origin": "schedule",
    "started_at": "2020-01-01T00:00:00+00:00",
    "ended_at": "2020-01-01T00:01:30+00:00",
    "result": "ok",
    "why": "",
    "requested": 12,
    "calls": 40,
    "message": "all lists read",
}
IDLE = {
    "in_progress": False,
    "phase": "idle",
    "progress": 0,
    "total": 0,
    "percent": 0,
    "last_checkpoint": None,
    "last_result": {"success": True, "message": "12 requested", "result": "ok"},
    "run_id": None,
    "sequence": 1,
    "lists": [],
    "eta_s": None,
    "requested": 0,
}
BUSY = {
    **IDLE,
    "in_progress": True,
    "phase": "add",
    "progress": 5,
    "total": 20,
    "percent": 25,
    "run_id": "4f1c",
    "lists": [{"name": "films", "state": "read", "read": 20, "done": 5, "total": 20}],
    "eta_s": 90,
    "requested": 3,
}
STATUS = {
    "state": "syncing",
    "pid": 4711,
    "version": "1.2.3",
    "uptime_s": 7300,
    "started_at": "2020-01-01T00:00:00+00:00",
    "config": {
        "file": "/etc/listsync/listsync.yaml",
        "valid": False,
        "problems": ["listsync.yaml:3:5: unknown key"],
        "loaded_at": "2020-01-01T00:00:00+00:00",
    },
    "watcher": "active",
    "server": {"product": "Jellyseerr", "version": "2.5.1", "url": "http://seerr:5055"},
    "paused": {"until": None},
    "running": BUSY,
    "pending": {"run_id": "5a", "lists": None, "origins": ["config"]},
    "last_run": RUN,
    "next_due": "2099-01-01T00:00:00+00:00",
    "lists": 2,
    "needs_person": True,
    "notices": [
        {
            "kind": "on_hold",
            "text": "148 titles on hold: Radarr has no tag 'dora'",
            "list": "Dora",
            "since": "2020-01-01T00:00:00+00:00",
            "needs_person": True,
        }
    ],
    "notices_total": 1,
}
LISTS = {
    "lists": [
        {
            "name": name,
            "service": "mdblist",
            "source": "a/b",
            "outcome": "read",
            "why": None,
            "read": 10,
            "declared": 12,
            "last_try": None,
            "last_success": None,
            "next_due": None,
            "exclude": False,
        }
        for name in ("films", "映画 list")
    ]
}
BROUGHT = {
    "brought_by": "films",
    "requested_as": "family",
    "requested_at": "2020-01-01T00:00:00Z",
    "run_id": "4f1c",
}
ITEM = {"title": "Alien\x1b[2J", "kind": "movie", "tmdb_id": 348, "list": "films", **BROUGHT}
ITEMS = {"items": [{**ITEM, "status": "requested", "at": "2020-01-01T00:00:00Z"}], "total": 9}
REQUEST = {
    "title": "Alien",
    "kind": "movie",
    "tmdb_id": 348,
    "seasons": "",
    "four_k": True,
    "answer": "requested",
    "lists": "films, more",
    "requested_as": "family",
    "at": "2020-01-01T00:00:00Z",
    "run_id": "4f1c",
}
LIST = {
    "lists": LISTS["lists"][:1],
    "counts": {"requested": 8, "review": 2},
    "feed": {
        "radarr": 7,
        "sonarr": 0,
        "stevenlu": 7,
        "left_out": {"no number of TMDB": 1},
        "read_at": "2026-11-30T10:00:00+00:00",
    },
    "requests": [REQUEST],
}
DONE = {"ok": True, "message": "That is done."}


@pytest.mark.parametrize(
    ("line", "asked", "answered"),
    [
        pytest.param("ping", ("ping", {}), ({"pong": True, "pid": 7}, "pid 7"), id="ping"),
        pytest.param(
            "version", ("version", {}), ({"version": "9.9", "protocol": 1}, "9.9"), id="version"
        ),
        pytest.param("status", ("status", {}), (STATUS, "pid 4711, up 2 h: syncing"), id="status"),
        pytest.param(
            "progress", ("progress", {}), (BUSY, "requesting titles 5/20 (25 %)"), id="progress"
        ),
        pytest.param("lists", ("lists", {}), (LISTS, "films"), id="lists"),
        pytest.param(
            "runs --limit 3", ("runs", {"limit": 3}), ({"runs": [RUN]}, "4f1c"), id="runs"
        ),
        pytest.param(
            "notices --open --limit 5",
            ("notices", {"open": True, "limit": 5}),
            ({"notices": [{"text": "148 titles on hold", "ended_at": None}]}, "open"),
            id="notices",
        ),
        pytest.param(
            "stats",
            ("stats", {}),
            ({"periods": [], "lists": [{"list": "films", "today": 1234}]}, "1,234"),
            id="stats",
        ),
        pytest.param(
            "runs 4f1c",
            ("runs", {"run_id": "4f1c"}),
            ({"run": RUN, "requests": [{"title": "Alien", "outcome": "requested"}]}, "Alien"),
            id="run",
        ),
        pytest.param(
            "items alien --list films --offset 0",
            ("items", {"query": "alien", "list": "films", "offset": 0}),
            (ITEMS, "1 of 9"),
            id="items",
        ),
        pytest.param(
            "sync-now films --dry-run --force --no-queue",
            (
                "trigger",
                {
                    "lists": ["films"],
                    "dry_run": True,
                    "force": True,
                    "no_queue": True,
                    "origin": "listsyncctl",
                },
            ),
            ({"run_id": "4f1c", "state": "started"}, "4f1c started"),
            id="sync-now",
        ),
        pytest.param(
            "pause --for 1h30m",
            ("pause", {"for_s": 5400.0}),
            ({"until": "2099-01-01T00:00:00Z"}, "resumes in"),
            id="pause",
        ),
        pytest.param("resume", ("resume", {}), (DONE, "That is done."), id="resume"),
        pytest.param("cancel", ("cancel", {}), (DONE, "That is done."), id="cancel"),
        pytest.param("reload", ("reload", {}), (DONE, "That is done."), id="reload"),
        pytest.param(
            "exclude x", ("exclude", {"item": "x"}), (DONE, "That is done."), id="exclude"
        ),
        pytest.param("forget x", ("forget", {"item": "x"}), (DONE, "That is done."), id="forget"),
        pytest.param("forget --all", ("forget", {"all": True}), (DONE, "done"), id="forget-all"),
        pytest.param(
            "log-level debug", ("log_level", {"level": "debug"}), (DONE, "done"), id="log-level"
        ),
    ],
)
def test_a_command_asks_and_says(
    agent: Agent,
    ctl: Ctl,
    line: str,
    asked: tuple[str, dict[str, object]],
    answered: tuple[dict[str, object], str],
) -> None:
    answer, said = answered
    agent.script = {asked[0]: answer}
    ran = ctl(*line.split())
    assert (ran.code, ran.err) == (Exit.OK, "")
    assert said in ran.out
    assert "\x1b" not in ran.out
    assert agent.asked == [asked]
    as_json = ctl(*line.split(), "--json").json
    assert as_json.pop("schema_version") == 2
    assert answer.items() <= as_json.items()
    assert all("\t" in one for one in ctl(*line.split(), "-oplain").out.splitlines())


def test_runs_say_why_not_all_was_done(agent: Agent, ctl: Ctl) -> None:
    why = "Dora: 148 titles on hold: Radarr has no tag 'dora'"
    partly = {**RUN, "result": "partly", "message": "0 requested, 148 on hold", "why": why}
    agent.script = {"runs": {"runs": [partly, {**RUN, "message": "failed: x", "why": "x"}]}}
    (_, first, second) = ctl("runs").out.splitlines()
    assert first.endswith(f"0 requested, 148 on hold: {why}")
    assert second.endswith("failed: x")


def test_one_run_is_told_with_what_stood_in_its_way(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"runs": {"run": RUN, "notices": STATUS["notices"], "requests": []}}
    assert "  Dora: 148 titles on hold: Radarr has no tag 'dora'" in ctl("runs", "4f1c").out


@pytest.mark.parametrize(
    ("line", "needs_person", "code"),
    [
        ("status --check", True, Exit.PARTLY),
        ("status --check", False, Exit.OK),
        ("status", True, Exit.OK),
    ],
    ids=["something", "nothing", "not-asked"],
)
def test_status_can_be_asked_whether_anything_waits_for_a_person(
    agent: Agent, ctl: Ctl, line: str, *, needs_person: bool, code: Exit
) -> None:
    agent.script = {"status": {**STATUS, "needs_person": needs_person}}
    ran = ctl(*line.split())
    assert (ran.code, ran.err) == (code, "")
    assert "pid 4711" in ran.out


def test_status_says_all_that_matters(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"status": STATUS}
    out = ctl("status").out
    for words in (
        "until `listsyncctl resume`",
        "requesting titles 5/20 (25 %), 3 requested, 2 min left",
        "all lists (triggered by config; run 5a)",
        "all lists read",
        "Jellyseerr 2.5.1 at http://seerr:5055",
        "invalid",
        "listsync.yaml:3:5: unknown key",
        "To do     Dora: 148 titles on hold: Radarr has no tag 'dora' (since",
    ):
        assert words in out


def test_plain_is_one_tab_separated_line_a_row(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"items": ITEMS}
    out = ctl("items", "-o", "plain").out
    since = "2020-01-01T00:00:00Z"
    brought = f"films\tfamily\t{since}\t4f1c"
    assert out == f"Alien\ufffd[2J\tmovie\t348\tfilms\trequested\t{since}\t{brought}\t\t\t\t\t\n"


def test_who_brought_a_request_is_shown(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"items": ITEMS, "runs": {"run": RUN, "requests": [REQUEST]}, "lists": LIST}
    assert "  for films, as family\n" in ctl("items").out
    assert ctl("runs", "4f1c").out.splitlines()[2].split() == [
        *("TITLE", "KIND", "TMDB", "4K", "SEASONS", "ANSWER", "FOR", "AS", "WHEN")
    ]
    assert "  films, more  family  " in ctl("runs", "4f1c").out
    told = ctl("lists", "films").out.splitlines()
    assert told[2] == "Entries: 8 requested, 2 review"
    assert told[3].startswith("Feeds: 7 for Radarr, 0 for Sonarr, 7 in the form of StevenLu; ")
    assert told[4] == "  in none of them: 1 no number of TMDB"
    assert told[5].startswith("  Alien: ")
    assert told[5].endswith(" ago for films, more, in 4K, as family: requested (run 4f1c)")


def test_one_list_is_picked(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"lists": LIST}
    assert ctl("lists", "films", "--json").json["counts"] == {"requested": 8, "review": 2}
    assert agent.asked == [("lists", {"name": "films"})]
    agent.script = {"lists": RefusedCommand(Reason.NOT_FOUND, "no list is called 'nix'")}
    missing = ctl("lists", "nix")
    assert (missing.code, missing.out) == (Exit.FAILED, "")
    assert missing.err.count("\n") == 1


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        pytest.param({}, False, id="no-terminal"),
        pytest.param({"FORCE_COLOR": "1"}, True, id="forced"),
        pytest.param({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, id="no-color"),
    ],
)
def test_colours(agent: Agent, ctl: Ctl, env: dict[str, str], coloured: bool) -> None:
    agent.script = {"runs": {"runs": [RUN]}}
    assert ("\x1b[32mok\x1b[0m" in ctl("runs", **env).out) is coloured


@pytest.mark.parametrize(
    ("reason", "exit_", "advice"),
    [
        (
            Reason.PAUSED,
            Exit.PAUSED,
            ": use `listsyncctl resume`, or --force to sync anyway",
        ),
        (Reason.BUSY, Exit.BUSY, ""),
        (Reason.FORBIDDEN, Exit.FORBIDDEN, ""),
        (Reason.CONFIG_INVALID, Exit.CONFIG, ""),
        (Reason.NOT_FOUND, Exit.FAILED, ": see `listsyncctl lists`"),
        (Reason.UNAVAILABLE, Exit.FAILED, ""),
        (Reason.INVALID, Exit.USAGE, ""),
        (Reason.EXPIRED, Exit.NO_ANSWER, ""),
    ],
)
def test_a_refusal_is_one_line_and_its_exit_code(
    agent: Agent, ctl: Ctl, reason: Reason, exit_: Exit, advice: str
) -> None:
    agent.script = {"trigger": RefusedCommand(reason, "not\nnow")}
    ran = ctl("sync-now")
    assert (ran.code, ran.out, ran.err) == (exit_, "", f"listsyncctl: not now{advice}\n")
    error = json.loads(ctl("sync-now", "--json").err)["error"]
    assert error == {"exit": exit_, "code": CODES[reason], "message": f"not now{advice}"}


def test_an_older_agent_says_what_it_knows(agent: Agent, ctl: Ctl) -> None:
    words = "this agent has no command 'cancel'; it knows ping, status"
    agent.script = {"cancel": RefusedCommand(Reason.UNKNOWN_METHOD, words)}
    ran = ctl("cancel")
    assert ran.code == Exit.FAILED
    assert "it knows ping, status" in ran.err


@pytest.mark.parametrize(
    "line",
    [
        "forget",
        "forget x --all",
        "pause --for soon",
        "nonsense",
        "sync-now --signal --wait",
        "sync-now --signal --pid 1 --all",
        "sync-now --pid 1",
        "sync-now --all",
        "ping x",
    ],
)
def test_wrong_usage_is_one_line(ctl: Ctl, line: str) -> None:
    ran = ctl(*line.split())
    assert (ran.code, ran.out) == (Exit.USAGE, "")
    assert ran.err.count("\n") == 1


def test_options_may_stand_before_the_command(agent: Agent, ctl: Ctl, path: object) -> None:
    agent.script = {"ping": {"pong": True, "pid": 1}}
    ran = ctl("--socket", str(path), "-o", "json", "ping", LISTSYNC_SOCKET="/nowhere")
    assert ran.json["pong"] is True


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("exclude tmdb:movie/348", "x. `listsyncctl forget tmdb:movie/348` undoes that.\n"),
        ("review reject 4f1c9a", "x. `listsyncctl review undo 4f1c9a` undoes that.\n"),
    ],
)
def test_how_to_take_it_back_is_said_by_the_client(
    agent: Agent, ctl: Ctl, line: str, words: str
) -> None:
    done = {"ok": True, "message": "x."}
    agent.script = {"exclude": done, "review_decide": done}
    assert ctl(*line.split()).out == words


@pytest.mark.parametrize(
    ("line", "method", "data", "advice"),
    [
        ("lists x", "lists", {}, ": see `listsyncctl lists`"),
        ("lists x", "lists", {"meant": "xy"}, ""),
        ("runs x", "runs", {}, ": see `listsyncctl runs`"),
        ("plan --id x", "plan_result", {}, ": make a new one with `listsyncctl plan`"),
        ("plan --id x", "plan_result", {"run_id": "xyz"}, ": see `listsyncctl runs xyz`"),
        ("review reject x", "review_decide", {}, ": see `listsyncctl review`"),
        ("review accept x 1", "review_decide", {}, ": see `listsyncctl review`"),
    ],
)
def test_what_can_be_done_about_a_refusal_is_said_by_the_client(
    agent: Agent, ctl: Ctl, *, line: str, method: str, data: dict[str, str], advice: str
) -> None:
    agent.script = {method: RefusedCommand(Reason.NOT_FOUND, "no", data)}
    assert ctl(*line.split()).err == f"listsyncctl: no{advice}\n"


def problems(*numbers: int, after: str | None) -> RefusedCommand:
    told = [f"f:{number}:1: no" for number in numbers]
    data = {"problems": told, "problems_total": 5, "next": after}
    return RefusedCommand(Reason.CONFIG_INVALID, "f:1:1: no (and 4 more)", data)


@pytest.mark.parametrize("output", ["text", "plain"])
def test_everything_that_is_wrong_with_the_configuration_is_shown(
    agent: Agent, ctl: Ctl, output: str
) -> None:
    agent.script = {"reload": [problems(1, 2, after="a"), problems(3, 4, 5, after=None)]}
    ran = ctl("reload", "-o", output)
    first, *others = ran.err.splitlines()
    assert (ran.code, first) == (Exit.CONFIG, "listsyncctl: f:1:1: no (and 4 more)")
    assert others == [f"  f:{number}:1: no" for number in range(1, 6)]
    assert agent.asked == [("reload", {}), ("reload", {"cursor": "a"})]


def test_everything_that_is_wrong_with_the_configuration_is_in_json(
    agent: Agent, ctl: Ctl
) -> None:
    agent.script = {"reload": [problems(1, 2, after="a"), problems(3, 4, 5, after="a")]}
    told = json.loads(ctl("reload", "--json").err)["error"]
    assert told["problems"] == [f"f:{number}:1: no" for number in range(1, 6)]
    assert told["message"] == "f:1:1: no (and 4 more)"


def test_what_was_wrong_is_shown_also_when_it_was_mended_meanwhile(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"reload": [problems(1, 2, after="a"), {"ok": True, "message": "good"}]}
    ran = ctl("reload")
    assert (ran.code, len(ran.err.splitlines())) == (Exit.CONFIG, 3)


_OLD_REQUEST = {**REQUEST, "title": "Old", "run_id": "old"}
_OTHERS = [
    {"requests": [_OLD_REQUEST], "total": 9, "next": "b"},
    {"requests": [_OLD_REQUEST], "total": 9, "next": None},
]


@pytest.mark.parametrize("output", ["text", "plain", "json"])
def test_a_list_is_told_with_all_of_its_requests(agent: Agent, ctl: Ctl, output: str) -> None:
    first = {**LIST, "requests_total": 3, "requests": [REQUEST], "requests_next": "a"}
    agent.script = {"lists": first, "requests": [*_OTHERS]}
    out = ctl("lists", "films", "-o", output).out
    assert out.count("Old") == 2
    assert "more before" not in out
    assert "requests_next" not in out
    asked = [params for method, params in agent.asked if method == "requests"]
    assert asked == [{"list": "films", "cursor": "a"}, {"list": "films", "cursor": "b"}]


@pytest.mark.parametrize("output", ["text", "plain", "json"])
def test_a_title_is_explained_with_all_of_its_requests(
    agent: Agent, ctl: Ctl, output: str
) -> None:
    title = {
        "title": "Alien",
        "kind": "movie",
        "tmdb_id": 348,
        "decision": {"verdict": "skipped", "why": "it is there"},
        "requests": [REQUEST],
        "more_requests": 2,
        "requests_next": "a",
    }
    agent.script = {"explain": {"titles": [title], "total": 1}, "requests": [*_OTHERS]}
    out = ctl("explain", "dune", "-o", output).out
    assert out.count("Old" if output != "text" else "(run old)") == 2
    assert "more before" not in out
    assert "requests_next" not in out
    (_, first), *_ = (one for one in agent.asked if one[0] == "requests")
    assert first == {"title": "movie/348", "cursor": "a"}


def test_requests_are_listed(agent: Agent, ctl: Ctl) -> None:
    agent.script = {"requests": {"requests": [REQUEST], "total": 7, "next": None}}
    first, last = ctl("requests", "movie/438631").out.splitlines()
    assert first.startswith(f"{REQUEST['title']}: ")
    assert last == "Showing 1 of 7: use --limit and --offset for more"
    assert ctl("requests", "--list", "films", "--limit", "1", "-o", "plain").code == Exit.OK
    assert agent.asked == [
        ("requests", {"title": "movie/438631"}),
        ("requests", {"list": "films", "limit": 1}),
    ]


def test_where_all_problems_of_a_configuration_are_is_said_by_the_client(
    agent: Agent, ctl: Ctl
) -> None:
    several = {"problems_total": 3}
    agent.script = {"reload": RefusedCommand(Reason.CONFIG_INVALID, "no", several)}
    assert ctl("reload").err == "listsyncctl: no: `listsyncctl status` has all\n"
