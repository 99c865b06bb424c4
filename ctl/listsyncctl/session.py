"""What every command shares: its options, where the agent is, how to show the result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

import click

import listsync
from listsync.protocol import client_places
from listsync.terminal.output import say
from listsyncctl import pages
from listsyncctl.client import ClientError, Line, ask, not_understood, with_all_problems
from listsyncctl.title_views import Display
from listsyncctl.views import MESSAGE, VIEWS, as_json, plain

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from listsync.protocol import messages, notifications, transfers

Params = Mapping[str, object]
_NONE: Params = MappingProxyType({})
DEFAULT_TIMEOUT_S = 5.0
_PAGE = 200
"""How many rows are asked for at once."""
_Done = Literal["resume", "exclude", "summary_send", "job_cancel", "scan_retry"]
_Retry = Literal["job_retry", "jobs_retry_failed"]
_Backup = Literal["backup", "backup_result"]


class Session:
    """Filled by the options, wherever on the line they stand; *timeout_s* None: not given."""

    def __init__(self) -> None:
        self.socket: str | None = None
        self.timeout_s: float | None = None
        self.output = "text"

    @property
    def places(self) -> tuple[str, ...]:
        """Where our agent's socket may be, in this order."""
        return client_places(self.socket, os.environ)

    @property
    def chosen_socket(self) -> str | None:
        """The one socket that the user named, if any."""
        if self.socket is None and not os.environ.get("LISTSYNC_SOCKET"):
            return None
        return self.places[0]

    @overload
    def ask(self, method: Literal["ping"], params: Params = ...) -> messages.PingReply: ...
    @overload
    def ask(self, method: Literal["version"], params: Params = ...) -> messages.VersionReply: ...
    @overload
    def ask(self, method: Literal["describe"], params: Params = ...) -> messages.DescribeReply: ...
    @overload
    def ask(self, method: Literal["status"], params: Params = ...) -> messages.StatusReply: ...
    @overload
    def ask(self, method: Literal["config"], params: Params = ...) -> messages.ConfigReply: ...
    @overload
    def ask(self, method: Literal["progress"], params: Params = ...) -> messages.ProgressReply: ...
    @overload
    def ask(self, method: Literal["lists"], params: Params = ...) -> messages.ListsReply: ...
    @overload
    def ask(
        self, method: Literal["targets"], params: Params = ...
    ) -> notifications.TargetsReply: ...
    @overload
    def ask(
        self, method: Literal["notify_test"], params: Params = ...
    ) -> notifications.NotifyTestReply: ...
    @overload
    def ask(
        self, method: Literal["notify_test_result"], params: Params = ...
    ) -> notifications.NotifyTestResultReply: ...
    @overload
    def ask(self, method: Literal["stats"], params: Params = ...) -> messages.StatsReply: ...
    @overload
    def ask(
        self, method: Literal["summary"], params: Params = ...
    ) -> notifications.SummaryReply: ...
    @overload
    def ask(self, method: Literal["review"], params: Params = ...) -> messages.ReviewReply: ...
    @overload
    def ask(
        self, method: Literal["review_decide"], params: Params = ...
    ) -> messages.ReviewDecideReply: ...
    @overload
    def ask(
        self, method: Literal["plan_result"], params: Params = ...
    ) -> messages.PlanReply | messages.PlanWaitsReply: ...
    @overload
    def ask(self, method: Literal["pause"], params: Params = ...) -> messages.PauseReply: ...
    @overload
    def ask(self, method: Literal["cancel"], params: Params = ...) -> messages.CancelReply: ...
    @overload
    def ask(self, method: Literal["reload"], params: Params = ...) -> messages.ReloadReply: ...
    @overload
    def ask(self, method: _Done, params: Params = ...) -> messages.DoneReply: ...
    @overload
    def ask(self, method: _Retry, params: Params = ...) -> transfers.JobsRetryReply: ...

    @overload
    def ask(self, method: Literal["jobs"], params: Params = ...) -> transfers.JobsReply: ...
    @overload
    def ask(self, method: Literal["mapping"], params: Params = ...) -> transfers.MappingReply: ...
    @overload
    def ask(self, method: Literal["forget"], params: Params = ...) -> messages.ForgetReply: ...
    @overload
    def ask(
        self, method: Literal["log_level"], params: Params = ...
    ) -> messages.LogLevelReply: ...
    @overload
    def ask(
        self, method: Literal["trigger", "plan"], params: Params = ...
    ) -> messages.OrderReply: ...
    @overload
    def ask(self, method: _Backup, params: Params = ...) -> messages.BackupReply: ...
    def ask(self, method: str, params: Params = _NONE) -> object:
        """Ask the agent for all there is, page by page; raises ClientError.

        So it does for a reply that is not understood.
        """
        return self._all(method, params)

    def run(self, run_id: str, *, skip: int = 0) -> messages.RunReply:
        """Ask for all of one run, but its first *skip* requests; raises ClientError."""
        params = {"run_id": run_id, **({"offset": skip} if skip else {})}
        return cast("messages.RunReply", self._all("runs", params))

    def run_now(self, run_id: str) -> messages.RunReply:
        """Ask how one run is, with a few of its rows only; raises ClientError."""
        return cast("messages.RunReply", self._ask("runs", {"run_id": run_id, "limit": 1}))

    def one_job(self, number: int) -> transfers.JobReply:
        """Ask for one copy; raises ClientError."""
        return cast("transfers.JobReply", self._ask("jobs", {"id": number}))

    def _all(self, method: str, params: Params) -> dict[str, object]:
        whole = self._ask(method, params)
        for page in self._later_pages(method, params, whole):
            pages.append_page(whole, page)
        whole.pop("next", None)
        return whole

    def reload(self) -> messages.ReloadReply:
        """Reload; raises ClientError, with all that is wrong with the configuration."""
        try:
            return self.ask("reload")
        except ClientError as refused:
            raise with_all_problems(refused, lambda more: self._ask("reload", more)) from None

    def one_list(self, name: str) -> dict[str, object]:
        """Ask for one list with all of its requests; raises ClientError."""
        result = self._all("lists", {"name": name})
        self._add_requests(result, {"list": name})
        for one in pages.rows_of(result, "lists"):
            if self.output == "plain" and isinstance(one, dict):  # all is said in its one line
                one["requests"] = result.get("requests")
        return result

    def explain(self, params: Params) -> dict[str, object]:
        """Ask for as many titles as `limit` says, each with all of its requests."""
        result = self.ask_some("explain", params, rows="titles", usual=5)
        for title in pages.rows_of(result, "titles"):
            if isinstance(title, dict):
                self._add_requests(title, {"title": f"{title.get('kind')}/{title.get('tmdb_id')}"})
        return result

    def _add_requests(self, told: dict[str, object], which: Params) -> None:
        """Ask for the requests of a title or list that it was not *told* with."""
        if cursor := told.pop("requests_next", None):
            others = self._all("requests", {**which, "cursor": cursor})
            told["requests"] = [
                *pages.rows_of(told, "requests"),
                *pages.rows_of(others, "requests"),
            ]
            if "more_requests" in told:
                told["more_requests"] = 0

    def ask_some(self, method: str, params: Params, *, rows: str, usual: int) -> dict[str, object]:
        """Ask for as many *rows* as `limit` says; `next` is text where there are more."""
        limit = params.get("limit")
        wanted = limit if isinstance(limit, int) else usual
        first = params if limit is None else {**params, "limit": min(wanted, _PAGE)}
        whole = self._ask(method, first)
        found = pages.rows_of(whole, rows)
        after = whole.get("next")
        with closing(self._line()) as line:
            while after and (left := wanted - len(found)) > 0:
                line.send(method, pages.behind({**params, "limit": min(left, _PAGE)}, after))
                page = pages.understood(method, line.result())
                if not pages.rows_of(page, rows) or page.get("next") == after:
                    raise not_understood(method, "next")
                found += pages.rows_of(page, rows)
                whole["next"] = after = page.get("next")
        return whole

    def items(self, params: Params) -> Iterator[messages.ItemsReply]:
        """Ask for items page by page; raises ClientError."""
        first = self._ask("items", params)
        yield cast("messages.ItemsReply", first)
        for page in self._later_pages("items", params, first):
            yield cast("messages.ItemsReply", page)

    def _later_pages(
        self, method: str, params: Params, first: Mapping[str, object]
    ) -> Iterator[dict[str, object]]:
        return pages.later_pages(self._line(), method, params, first.get("next"))

    def _line(self) -> Line:
        return Line(self.places, timeout_s=self.timeout_s or DEFAULT_TIMEOUT_S)

    def _ask(self, method: str, params: Params) -> dict[str, object]:
        timeout_s = self.timeout_s or DEFAULT_TIMEOUT_S
        return pages.understood(method, ask(self.places, method, params, timeout_s=timeout_s))

    @property
    def display(self) -> Display:
        return Display.on(sys.stdout, os.environ)

    def show(self, method: str, result: Mapping[str, object]) -> None:
        """Print *result* to stdout as it was asked for."""
        view = VIEWS.get(method, MESSAGE)
        match self.output:
            case "json":
                lines = [as_json(result)]
            case "plain":
                rows = view.rows if view.rows is not None and view.rows in result else None
                lines = list(plain(result, rows, view.columns))
            case _:
                lines = list(view.text(result, self.display))
        for line in lines:
            say(line)


def session_of(context: click.Context) -> Session:
    """Find the one session of this command line."""
    return context.find_root().ensure_object(Session)


_SETTINGS = {"help_option_names": ["-h", "--help"]}
_Function = Callable[..., Any]
_C = TypeVar("_C", bound=click.Command)
COMPLETION_S = 0.3


def duration(text: str) -> float:
    """Read a duration such as `2h` or `1h30m`, in seconds."""
    from listsync.terminal.durations import FORMS, parse_duration  # noqa: PLC0415 - start-up time

    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as error:
        raise click.BadParameter(f"{text!r} {error}.") from None
    if not seconds:
        raise click.BadParameter(f"{text!r} is no time at all, expected a duration {FORMS}.")
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
        session.timeout_s = COMPLETION_S
        found = session.ask("lists")["lists"]
    except ClientError:
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


def given(params: dict[str, object]) -> dict[str, object]:
    """Leave out what was not given."""
    return {name: value for name, value in params.items() if value is not None}
