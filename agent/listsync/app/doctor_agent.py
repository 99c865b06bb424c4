"""What the doctor asks of a running agent: whether it answers, and whether a trigger works."""

from __future__ import annotations

import json
import os
import socket as sockets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard
from uuid import uuid4

import zmq

from listsync import __version__
from listsync.app.doctor import CheckResult, CheckState, Patient
from listsync.cancellation import CancelToken
from listsync.protocol import Reason, request
from listsync.terminal.output import shown, span

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_SKIPPED = CheckState.SKIPPED
_ANSWER_S = 5.0
TRIGGER_S = 75.0
_FOLLOW_S = 60.0
_LOOK_S = 0.2
Reply = Mapping[str, object]


class NoAnswerError(OSError):
    """The agent takes a connection, and says nothing."""


def ask(place: Path, method: str, params: Reply) -> tuple[Reply | None, str, str]:
    """Ask the agent at *place*; gives its reply, or the reason and the words of a refusal.

    Raises:
        NoAnswerError: there is none in time.
    """
    context = zmq.Context()
    line = context.socket(zmq.REQ)
    try:
        line.setsockopt(zmq.LINGER, 0)
        line.setsockopt(zmq.RCVTIMEO, int(_ANSWER_S * 1000))
        line.connect(f"ipc://{place}")
        asked = request(method, params, id_=uuid4().hex, deadline=time.time() + _ANSWER_S)
        line.send(json.dumps(asked).encode())
        told = json.loads(line.recv())
    except (zmq.ZMQError, ValueError) as error:
        raise NoAnswerError(f"it does not answer within {_ANSWER_S:g} s") from error
    finally:
        line.close()
        context.term()
    result, refusal = told.get("result"), told.get("error") or {}
    return result, (refusal.get("data") or {}).get("reason", ""), refusal.get("message", "")


def agent(patient: Patient, _: CancelToken) -> Iterator[CheckResult]:
    """Tell whether an agent answers where it is looked for, and what it wants of a person."""
    places = [one for one in patient.sockets if _is_there(one)]
    if not places:
        looked = " and ".join(map(str, patient.sockets))
        text = f"no agent is running here: there is no socket at {looked}"
        yield CheckResult("socket", _WARNING, text, "start one: `listsync run`, or its unit")
        return
    for place in places:
        if (trouble := _trouble_at(place)) is not None:
            yield trouble
            continue
        yield from _answering(place, patient)
        return


def _is_there(place: Path) -> bool:
    """Tell whether there is anything, or may be: we may not look everywhere."""
    try:
        place.lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _trouble_at(place: Path) -> CheckResult | None:
    """Say why nobody can be asked there; None: somebody can."""
    with sockets.socket(sockets.AF_UNIX) as probe:
        probe.settimeout(_ANSWER_S)
        try:
            probe.connect(os.fsencode(place))
        except PermissionError:
            text = f"{place} may not be used by us (uid {os.geteuid()})"
            advice = "run this as the agent's user, or add yourself to the group in control.group"
            return CheckResult("socket", _FAILED, text, advice)
        except ConnectionRefusedError:
            text = f"nobody listens at {place}: the agent was killed, or is just starting"
            advice = "start it again: it takes the socket's place"
            return CheckResult("socket", _FAILED, text, advice)
        except OSError as error:
            text = f"{place} cannot be used: {error.strerror or error}"
            return CheckResult("socket", _FAILED, text, "start the agent again")
    return None


def _answering(place: Path, patient: Patient) -> Iterator[CheckResult]:
    try:
        status, reason, words = ask(place, "status", {})
    except NoAnswerError as error:
        advice = "stop and start it: the log says what it hangs in"
        yield CheckResult("socket", _FAILED, f"somebody listens at {place}, but {error}", advice)
        return
    if status is None:
        advice = "run this as the agent's user" if reason == Reason.FORBIDDEN.value else ""
        yield CheckResult("socket", _FAILED, f"the agent at {place} says: {words}", advice)
        return
    patient.agent_place, patient.agent_status = place, status
    up = status.get("uptime_s")
    version = shown(status.get("version"))
    text = f"listsync {version} answers at {place} (pid {status.get('pid')}"
    text += f", up {span(up)})" if isinstance(up, int) else ")"
    if version != __version__:
        advice = "start it again, so that it is what is installed"
        yield CheckResult("socket", _WARNING, f"{text}; this is {__version__}", advice)
    else:
        yield CheckResult("socket", _OK, text)
    yield from _needs(status)


def _needs(status: Reply) -> Iterator[CheckResult]:
    """Repeat what the agent wants a person to do."""
    for notice in _rows(status.get("notices")):
        if notice.get("needs_person"):
            name = shown(notice.get("list"))
            text = shown(notice.get("text"))
            yield CheckResult("agent", _WARNING, text, "see `listsyncctl status`", name)


def trigger(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Have the agent make a dry run of one list, and follow it through its queue.

    A dry run requests nothing and remembers nothing. It is asked for only where it begins at once,
    so that it is folded into no sync; and of the list that costs the least.
    """
    place = patient.agent_place
    if place is None:
        yield CheckResult("trigger", _SKIPPED, "not tried: there is no agent that answers")
        return
    told, _, words = ask(place, "lists", {"limit": 200})
    name = _cheapest([*_rows((told or {}).get("lists"))])
    if name is None:
        yield CheckResult("trigger", _SKIPPED, f"not tried: the agent follows no list{words}")
        return
    begun = time.monotonic()
    params = {"lists": [name], "dry_run": True, "no_queue": True, "origin": "doctor"}
    ordered, reason, words = ask(place, "trigger", params)
    if ordered is None:
        yield _refused(reason, words)
        return
    run_id = shown(ordered.get("run_id"))
    run = _followed(place, run_id, begun + _FOLLOW_S, token)
    spent = span(time.monotonic() - begun)
    if run is None:
        text = f"the dry run {run_id} of {name} began, and has not ended after {spent}"
        yield CheckResult("trigger", _FAILED, text, "see `listsyncctl progress`", name)
        return
    text = f"a dry run was taken from the socket, ran and ended: {shown(run.get('message'))}"
    if run.get("result") in {"ok", "partly"}:
        yield CheckResult("trigger", _OK, text, subject=name)
    else:
        advice = f"see `listsyncctl runs {run_id}`"
        yield CheckResult("trigger", _FAILED, f"{text} ({shown(run.get('result'))})", advice, name)


def _refused(reason: str, words: str) -> CheckResult:
    if reason == Reason.BUSY.value:
        return CheckResult("trigger", _OK, f"the queue answers: {words}; so no dry run was made")
    if reason == Reason.FORBIDDEN.value:
        advice = "run this as the agent's user to try it"
        return CheckResult("trigger", _WARNING, f"not tried: {words}", advice)
    return CheckResult("trigger", _FAILED, f"the agent refuses a dry run: {words}")


def _followed(place: Path, run_id: str, until: float, token: CancelToken) -> Reply | None:
    """Wait for the end of a run; None: it does not come."""
    while time.monotonic() < until and not token.is_set():
        told, _, _ = ask(place, "runs", {"run_id": run_id, "limit": 1})
        run = (told or {}).get("run")
        if _is_reply(run) and run.get("ended_at") and run.get("result"):
            return run
        token.wait(_LOOK_S)
    return None


def _cheapest(rows: list[Reply]) -> str | None:
    """Name a list that is a file of ours, else the shortest; none of what is excluded."""
    rows = [one for one in rows if not one.get("exclude")]
    best = min(rows, key=lambda one: (one.get("service") != "file", _size(one)), default=None)
    return None if best is None else str(best.get("name"))


def _size(row: Reply) -> int:
    read = row.get("read")
    return read if isinstance(read, int) else 0


def _rows(found: object) -> Iterator[Reply]:
    yield from (one for one in found if _is_reply(one)) if isinstance(found, list) else ()


def _is_reply(value: object) -> TypeGuard[Reply]:
    return isinstance(value, dict)
