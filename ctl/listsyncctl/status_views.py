"""The agent, its syncs, its lists and what is on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

from listsync.terminal.output import notice_words, relative, shown, span, time_of
from listsync.terminal.progress import progress_words
from listsyncctl.fleet_views import fleet_rows, postgres_rows
from listsyncctl.job_views import transfer_rows
from listsyncctl.title_views import MORE, Display, request_words, showing

if TYPE_CHECKING:
    from listsync.protocol.messages import (
        ConfigReply,
        ListsReply,
        NoticesReply,
        ProgressReply,
        RunReply,
        RunsReply,
        StatusReply,
    )
    from listsync.protocol.notifications import NotifyTestResultReply, TargetShape, TargetsReply
    from listsync.protocol.shapes import (
        ConfigShape,
        FeedShape,
        ListShape,
        NoticeShape,
        RequestShape,
        RunShape,
        ServiceShape,
        SettingShape,
    )


_FACTS_AT = 12


def run_words(run: RunShape, display: Display) -> str:
    words = display.ago(run.get("ended_at") or run.get("started_at"))
    return f"{words}: {shown(run.get('message') or _count(run))}"


def _count(run: RunShape) -> str:
    would = "would be " if run.get("dry_run") else ""
    return f"{run.get('requested') or 0} {would}requested"


def runs(result: RunsReply | RunReply, display: Display) -> Iterator[str]:
    if "run" in result:
        yield from one_run(cast("RunReply", result), display)
    else:
        yield from _many_runs(result, display)


def _many_runs(result: RunsReply, display: Display) -> Iterator[str]:
    rows = result.get("runs") or []
    if not rows and not result.get("total"):
        yield "No syncs yet: `listsyncctl sync-now` starts one."
        return
    yield from display.table(
        ("RUN", "ORIGIN", "STARTED", "TOOK", "RESULT", "REQUESTED", "MESSAGE"),
        [
            (
                run.get("run_id"),
                run.get("origin"),
                display.ago(run.get("started_at")),
                _took(run),
                run.get("result"),
                f"would be {run.get('requested')}" if run.get("dry_run") else run.get("requested"),
                _why_too(run),
            )
            for run in rows
        ],
        status=4,
        names=(1,),
        words=(6,),
    )
    yield from showing(len(rows), result.get("total"), MORE)


def notices(result: NoticesReply, display: Display) -> Iterator[str]:
    rows = result.get("notices") or []
    if not rows and not result.get("total"):
        yield "No notices."
        return
    yield from display.table(
        ("SINCE", "ENDED", "SEVERITY", "KIND", "SUBJECT", "NOTICE"),
        [
            (
                display.ago(one.get("since")),
                display.ago(one["ended_at"]) if one.get("ended_at") else "open",
                one.get("severity"),
                one.get("kind"),
                one.get("subject"),
                one.get("text"),
            )
            for one in rows
        ],
        names=(4,),
        words=(5,),
    )
    yield from showing(len(rows), result.get("total"), MORE)


def targets(result: TargetsReply, display: Display) -> Iterator[str]:
    rows = result.get("targets") or []
    if not rows:
        yield "No target is configured: name one under `notify` in listsync.yaml."
        return
    yield from display.table(
        ("TARGET", "STATE", "WAITING", "GIVEN UP", "LAST SENT", "ANSWERED"),
        [
            (
                one["name"],
                _target_state(one, display),
                one.get("waiting"),
                one.get("dead"),
                display.ago(one["sent_at"]) if one.get("sent_at") else "never",
                one.get("failed_test") or one.get("answer"),
            )
            for one in rows
        ],
        words=(1, 5),
    )


def _target_state(one: TargetShape, display: Display) -> str:
    if one.get("failing_since"):
        return f"fails since {display.ago(one['failing_since'])}"
    if one.get("failed_test"):
        return "the last test failed"
    return "works" if one.get("sent_at") else "not used yet"


def results_of_test(result: NotifyTestResultReply, _: Display) -> Iterator[str]:
    words = {"sent": "arrived", "dead": "failed", "waiting": "has not answered yet"}
    for one in result.get("results") or []:
        answer = f": {shown(one.get('answer'))}" if one.get("answer") else ""
        yield f"{shown(one['target'])}: {words.get(one['state'], one['state'])}{answer}"


def _why_too(run: RunShape) -> str:
    """Say what came of a run, and why not all was done, if so."""
    message, why = shown(run.get("message")), shown(run.get("why"))
    return f"{message}: {why}" if message and why not in message else message or why


def one_run(result: RunReply, display: Display) -> Iterator[str]:
    """Tell one run, and each request of it."""
    run = result["run"]
    name = f"{shown(run.get('run_id'))} ({shown(run.get('origin'))})"
    yield f"Run {name}: {display.status(run.get('result'))}"
    yield f"  {run_words(run, display)}" + (f", took {_took(run)}" if _took(run) else "")
    notices = result.get("notices") or []
    for notice in notices:
        yield f"  {notice_words(notice)}"
    if not notices and shown(run.get("why")) not in shown(run.get("message")):
        yield f"  {shown(run['why'])}"
    requests = result.get("requests") or []
    if requests:
        yield from display.table(
            ("TITLE", "KIND", "TMDB", "4K", "SEASONS", "ANSWER", "FOR", "AS", "WHEN"),
            [_request_row(one, display) for one in requests],
            status=5,
            names=(0, 7),
            words=(4, 6),
        )
    others = "the others are before --offset" + (", or not kept" if run.get("dry_run") else "")
    yield from showing(len(requests), result.get("total"), others)


def _request_row(one: RequestShape, display: Display) -> tuple[object, ...]:
    return (
        one.get("title"),
        one.get("kind"),
        one.get("tmdb_id"),
        "4K" if one.get("four_k") else "",
        one.get("seasons"),
        one.get("answer"),
        one.get("lists"),
        one.get("requested_as"),
        display.ago(one.get("at")),
    )


def _took(run: RunShape) -> str:
    begin, end = time_of(run.get("started_at")), time_of(run.get("ended_at"))
    return span((end - begin).total_seconds()) if begin and end else ""


def status(result: StatusReply, display: Display) -> Iterator[str]:
    up = span(result.get("uptime_s") or 0)
    yield (
        f"listsync {shown(result.get('version'))}, pid {result.get('pid')}, up {up}: "
        f"{display.status(result.get('state'))}"
    )
    for name, words in _status_rows(result, display):
        yield from display.beside(f"  {name}", words, _FACTS_AT)


def _status_rows(result: StatusReply, display: Display) -> Iterator[tuple[str, str]]:
    if paused := result.get("paused"):
        until = paused.get("until")
        yield "Paused", f"resumes {display.ago(until)}" if until else "until `listsyncctl resume`"
    if running := result.get("running"):
        yield "Running", progress_words(running)
    if pending := result.get("pending"):
        lists = pending.get("lists")
        what = "all lists" if lists is None else ", ".join(map(shown, lists))
        origins = ", ".join(map(shown, pending.get("origins") or []))
        if more := pending.get("more_origins"):
            origins += f" and {more} more"
        yield "Queued", f"{what} (triggered by {origins}; run {shown(pending.get('run_id'))})"
    if last := result.get("last_run"):
        yield "Last run", f"{display.status(last.get('result'))}, {run_words(last, display)}"
    if next_run := _next_run(result, display):
        yield "Next run", next_run
    yield "Lists", shown(result.get("lists"))
    yield "Server", _server(result)
    yield from transfer_rows(result.get("transfers"), display)
    yield from fleet_rows(result.get("fleet"), display)
    yield from postgres_rows(result.get("postgres"), display)
    if config := result.get("config"):
        yield from _config_rows(config, display)
    yield "Watcher", shown(result.get("watcher"))
    yield from _service_rows(result.get("services") or [], display)
    notices = result.get("notices") or []
    for notice in notices:
        yield _notice_row(notice, display)
    if more := (result.get("notices_total") or 0) - len(notices):
        yield "", f"and {more} more"


def _notice_row(notice: NoticeShape, display: Display) -> tuple[str, str]:
    """Tell a notice, and since when; what waits for a person stands out."""
    since = f" (since {display.ago(notice['since'])})" if notice.get("since") else ""
    name = "To do" if notice.get("needs_person") else "Note"
    return name, f"{notice_words(notice)}{since}"


def _server(result: StatusReply) -> str:
    if not result.get("has_server", True):
        feeds = ", lists are read for their feeds" if result.get("lists") else ""
        return f"none: nothing is requested{feeds}"
    if server := result.get("server"):
        known = f"{shown(server.get('product'))} {shown(server.get('version'))}"
        return f"{known} at {shown(server.get('url'))}"
    return "connecting" if result.get("running") else "not connected yet"


def _next_run(result: StatusReply, display: Display) -> str:
    due = display.ago(result["next_due"]) if result.get("next_due") else ""
    retry = result.get("retry")
    if not retry:
        return due
    words = f"retry {display.ago(retry.get('at'))}: {shown(retry.get('why'))}"
    return f"{words}; by schedule {due}" if due else words


def _config_rows(config: ConfigShape, display: Display) -> Iterator[tuple[str, str]]:
    word = display.status("ok") if config.get("valid") else display.status("invalid")
    yield (
        "Config",
        f"{shown(config.get('file'))} {word}, loaded {display.ago(config.get('loaded_at'))}",
    )
    for problem in config.get("problems") or []:
        yield "", shown(problem)


def config(result: ConfigReply, display: Display) -> Iterator[str]:
    for _, words in _config_rows(result.get("config") or {}, display):
        yield words
    rows = [
        (one["path"], _value_of(one), one.get("origin") or "default")
        for one in result.get("settings") or []
    ]
    yield from display.table(
        ("KEY", "VALUE", "SET BY"),
        rows,
        names=(),
        words=(1, 2),
    )


def _value_of(one: SettingShape) -> str:
    if one.get("secret"):
        return "is set" if one.get("origin") else "not set"
    return shown(one.get("value") or "-")


def _service_rows(services: Sequence[ServiceShape], display: Display) -> Iterator[tuple[str, str]]:
    """Show which services run, and which have failed; why stands among the notices."""
    running = [_running_service(one) for one in services if one.get("state") == "running"]
    failed = [_failed_service(one, display) for one in services if one.get("state") == "failed"]
    parts = (
        f"running: {', '.join(running)}" if running else "",
        f"{display.status('failed')}: {', '.join(failed)}" if failed else "",
    )
    if words := "; ".join(filter(None, parts)):
        yield "Services", words
    for one in services:
        if note := one.get("note"):
            yield "", f"{shown(one['name'])}: {shown(note)}"


def _running_service(service: ServiceShape) -> str:
    address = service.get("address")
    return shown(service["name"]) + (f" (at {shown(address)})" if address else "")


def _failed_service(service: ServiceShape, display: Display) -> str:
    at = service.get("next_try")
    return shown(service["name"]) + (f" (next try {display.ago(at)})" if at else "")


def progress(result: ProgressReply, display: Display) -> Iterator[str]:
    yield progress_words(result)
    if result.get("in_progress") and (lists := result.get("lists")):
        yield from display.table(
            ("LIST", "STATE", "READ", "DONE", "TOTAL"),
            [
                [
                    one.get("name"),
                    one.get("state"),
                    one.get("read"),
                    one.get("done"),
                    one.get("total"),
                ]
                for one in lists
            ],
            status=1,
        )


def lists(result: ListsReply, display: Display) -> Iterator[str]:
    rows = result.get("lists") or []
    yield from display.table(
        ("LIST", "SERVICE", "OUTCOME", "READ", "LAST SUCCESS", "NEXT", "WHY"),
        [
            (
                one.get("name"),
                one.get("service"),
                one.get("outcome"),
                _read_of(one),
                display.ago(one.get("last_success")),
                _next_of(one, display),
                one.get("why"),
            )
            for one in rows
        ],
        status=2,
        words=(6,),
    )
    for one in rows:
        if one.get("advice"):
            yield f"{shown(one.get('name'))}: what now: {shown(one['advice'])}"
        for notice in one.get("notices") or []:
            yield notice_words(notice)
    if "counts" in result:
        counts = result["counts"].items()
        words = [f"{count} {shown(word.replace('_', ' '))}" for word, count in counts]
        yield f"Entries: {', '.join(words) or 'none'}"
    if "feed" in result:
        yield from _feed(result["feed"], display)
    requests = result.get("requests") or []
    for request in requests:
        yield f"  {shown(request.get('title'))}: {request_words(request, display)}"
    if (more := (result.get("requests_total") or 0) - len(requests)) > 0:
        yield f"  and {more} more before"


def _feed(feed: FeedShape, display: Display) -> Iterator[str]:
    read = display.ago(feed.get("read_at"))
    yield (
        f"Feeds: {feed['radarr']} for Radarr, {feed['sonarr']} for Sonarr, "
        f"{feed['stevenlu']} in the form of StevenLu; read whole {read}"
    )
    left_out = [f"{count} {shown(why)}" for why, count in (feed.get("left_out") or {}).items()]
    if left_out:
        yield f"  in none of them: {', '.join(left_out)}"


def _next_of(one: ListShape, display: Display) -> str:
    if one.get("retry_at"):
        return f"retry {display.ago(one['retry_at'])}"
    return relative(one["next_due"], display.now) if one.get("next_due") else ""


def _read_of(one: ListShape) -> str:
    read, declared = one.get("read"), one.get("declared")
    return shown(read) if declared in {None, read} else f"{read} of {declared}"
