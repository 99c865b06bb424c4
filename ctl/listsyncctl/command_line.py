"""The command line: the group of all commands, options that each has, and kinds of values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

import listsync
from listsyncctl.client import TroubleError
from listsyncctl.session import session_of

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_SETTINGS = {"help_option_names": ["-h", "--help"]}
_Function = Callable[..., Any]
_C = TypeVar("_C", bound=click.Command)
_COMPLETION_S = 0.3
_LONGEST_S = 3650 * 86400
_SIZES = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_PIECE = re.compile(r"(\d+(?:\.\d+)?)\s*(min|[smhdw])")


def duration(text: str) -> float:
    """Read a duration such as `2h` or `1h30m`, in seconds."""
    small = text.strip().lower()
    seconds = sum(float(number) * _SIZES[unit] for number, unit in _PIECE.findall(small))
    if _PIECE.sub("", small).strip() or not 0 < seconds <= _LONGEST_S:
        raise click.BadParameter(
            f"{text!r} is not a duration; write e.g. 90s, 30m, 2h, 1h30m, 7d (at most 10 years)."
        )
    return seconds


def _set_socket(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        session_of(context).socket = value if value.startswith("/") else _here(value)


def _here(path: str) -> str:
    try:
        here = os.getcwd()  # noqa: PTH109 - pathlib is a tenth of the start-up time
    except OSError:
        raise click.BadParameter("the folder that it is relative to is gone.") from None
    return os.path.join(here, path)  # noqa: PTH118 - the same


def _set_timeout(context: click.Context, _: click.Parameter, value: float | None) -> None:
    if value is not None:
        session_of(context).timeout_s = value


def _set_output(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        session_of(context).output = value


def _set_json(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        session_of(context).output = "json"


# Made once for all commands: no option keeps anything of the command that it belongs to.
_COMMON = (
    click.Option(
        ["--socket"],
        type=click.Path(readable=False),
        expose_value=False,
        callback=_set_socket,
        help="The agent's socket, if it is not in a usual place.",
    ),
    click.Option(
        ["--timeout"],
        type=click.FloatRange(0, 86400, min_open=True),
        expose_value=False,
        callback=_set_timeout,
        metavar="SECONDS",
        help="How long to wait for a response (5).",
    ),
    click.Option(
        ["-o", "--output"],
        type=click.Choice(["text", "json", "plain"]),
        expose_value=False,
        callback=_set_output,
        help="For people, programs, or line by line (text).",
    ),
    click.Option(
        ["--json"],
        is_flag=True,
        expose_value=False,
        callback=_set_json,
        help="Same as -o json.",
    ),
)


def common(command: _C) -> _C:
    """Add the options that every command has."""
    command.params[:0] = _COMMON
    return command


def complete_lists(
    context: click.Context, _: click.Parameter, incomplete: str
) -> Sequence[CompletionItem]:
    """Ask the agent for its lists, briefly; whatever goes wrong, complete nothing."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - start-up time

    try:
        session = session_of(context)
        session.timeout_s = _COMPLETION_S
        found = session.ask("lists")["lists"]
    except TroubleError:
        return []
    names = [str(one.get("name")) for one in found]
    # A shell prints what it is offered as it is.
    return [
        CompletionItem(one) for one in names if one.startswith(incomplete) and one.isprintable()
    ]


@common
@click.group(
    context_settings=_SETTINGS,
    epilog="\b\nExamples:\n  listsyncctl status\n  listsyncctl sync-now --wait\n\n\b\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 not running, 4 no answer, 5 busy, 6 paused,\n"
    "7 not permitted, 8 partly done (status --check: something needs you),\n"
    "78 configuration invalid, 130 interrupted",
)
@click.version_option(listsync.__version__, prog_name="listsyncctl")
def ctl() -> None:
    """Control a running listsync agent."""


def command(
    name: str, *examples: str, under: click.Group = ctl
) -> Callable[[_Function], click.Command]:
    """Register a command that gets the session first."""

    def register(function: _Function) -> click.Command:
        made = under.command(name, epilog=examples_of(*examples or (name,)))
        return common(made(_with_session(function)))

    return register


def examples_of(*examples: str) -> str:
    lines = "".join(f"  listsyncctl {one}\n" for one in examples)
    return f"\b\nExamples:\n{lines}"


def _with_session(function: _Function) -> _Function:
    @click.pass_context
    def call(context: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return function(session_of(context), *args, **kwargs)

    call.__doc__ = function.__doc__
    # Options that decorators below this one have left there for click to find.
    call.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    return call
