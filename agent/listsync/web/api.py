"""`/api/v1`: every command that `describe` names, a path each; looking is GET, doing is POST."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from starlette.responses import Response

from listsync.commands.dispatch import COMMANDS
from listsync.commands.schema import CommandEntry, CommandParameter, parameters_of, reasons_of
from listsync.protocol import METHODS, Access, Reason
from listsync.web.application import Backend
from listsync.web.routes import (
    STATUSES,
    HttpError,
    HttpRoute,
    ResponseSpec,
    WebRequest,
    json_response,
)
from listsync.web.settings import TokenScope

PREFIX = "/api/v1"
_NOT_OVER_HTTP = {"backup": {"file"}}
"""Parameters that name a place on the agent's machine: nobody elsewhere has a say in that."""
_SET_HERE: Mapping[str, Mapping[str, object]] = {"trigger": {"origin": "HTTP"}}
_SCOPES = {Access.READ: TokenScope.READ, Access.CONTROL: TokenScope.CONTROL}


def routes(backend: Backend) -> tuple[HttpRoute, ...]:
    """Make a route of each command."""
    return tuple(_route(backend, name, entry) for name, entry in COMMANDS.items())


def taken(name: str, entry: CommandEntry) -> tuple[CommandParameter, ...]:
    """Give the parameters that a command takes over HTTP."""
    hidden = _NOT_OVER_HTTP.get(name, set())
    return tuple(one for one in parameters_of(entry.takes) if one.name not in hidden)


def _route(backend: Backend, name: str, entry: CommandEntry) -> HttpRoute:
    access = METHODS[name]
    return HttpRoute(
        method="GET" if access is Access.READ else "POST",
        path=f"{PREFIX}/{name.replace('_', '-')}",
        scope=_SCOPES[access],
        handler=partial(_answer, backend, name, taken(name, entry)),
        summary=f"{entry.summary}.",
        takes=taken(name, entry),
        answers=(
            ResponseSpec(status=200, what="Done.", shapes=entry.replies),
            *_refusals(reasons_of(entry)),
        ),
    )


def _refusals(reasons: Iterable[Reason]) -> Iterable[ResponseSpec]:
    by_status: dict[int, list[str]] = {}
    for reason in reasons:
        by_status.setdefault(STATUSES[reason], []).append(reason.value)
    return [
        ResponseSpec(status=status, what=f"Refused: {', '.join(names)}.", is_refusal=True)
        for status, names in by_status.items()
    ]


async def _answer(
    backend: Backend,
    name: str,
    parameters: tuple[CommandParameter, ...],
    request: WebRequest,
) -> Response:
    is_read = METHODS[name] is Access.READ
    params = read_query(parameters, request) if is_read else _read_body(parameters, request)
    reply = await backend.ask(name, {**_SET_HERE.get(name, {}), **params}, request.identity)
    return json_response(reply)


def _read_body(
    parameters: tuple[CommandParameter, ...], request: WebRequest
) -> Mapping[str, object]:
    body = request.json()
    _check_names(body, parameters)
    return body


def read_query(
    parameters: tuple[CommandParameter, ...], request: WebRequest
) -> Mapping[str, object]:
    """Read the parameters of a command from a query; raises HttpError."""
    given = request.request.query_params
    _check_names(given, parameters)
    return {
        one.name: _read_value(one, given.getlist(one.name))
        for one in parameters
        if one.name in given
    }


def _check_names(given: Iterable[str], parameters: tuple[CommandParameter, ...]) -> None:
    known = [one.name for one in parameters]
    if unknown := sorted(set(given) - set(known)):
        words = f"unknown: {', '.join(unknown)[:200]}; known: {', '.join(known) or 'nothing'}"
        raise HttpError(400, Reason.INVALID, words)


def _read_value(one: CommandParameter, texts: list[str]) -> object:
    if one.kind is list:
        return texts
    read = _READERS[one.kind]
    try:
        value = read(texts[-1])
    except (ValueError, OverflowError):
        value = None
    if value is None or len(texts) > 1:
        raise HttpError(400, Reason.INVALID, f"{one.name} must be one {_KINDS[one.kind]}")
    return value


_READERS: Mapping[object, Callable[[str], object]] = {
    str: str,
    int: int,
    float: float,
    bool: lambda text: {"true": True, "1": True, "false": False, "0": False}.get(text.lower()),
}
_KINDS: Mapping[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
}
