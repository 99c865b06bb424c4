"""What the commands of `listsync` share: options, where things lie, errors in words."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from listsync import interrupts
from listsync.errors import (
    BusyError,
    ConfigError,
    ListsyncError,
    NewerStateError,
    NoConfigurationError,
    StateError,
)
from listsync.protocol import Exit
from listsync.terminal.output import is_terminal, say

if TYPE_CHECKING:
    from listsync.config.configuration import Config
    from listsync.config_types import SecretStr

# Each command imports what it needs when it runs, so that --help and completion stay quick.
# ruff: noqa: PLC0415

_CommandT = TypeVar("_CommandT", bound=Callable[..., Any])

config_option = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, readable=False),
    help="Configuration file.  [default: ~/.config/listsync/listsync.yaml, "
    "else /etc/listsync/listsync.yaml; LISTSYNC_CONFIG]",
)
state_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, readable=False),
    help="Where listsync keeps its state.  [default: ~/.local/state/listsync; LISTSYNC_STATE_DIR]",
)
socket_option = click.option(
    "--socket",
    type=click.Path(path_type=Path, readable=False),
    help="Socket for listsyncctl.  "
    "[default: $XDG_RUNTIME_DIR/listsync/agent.sock; LISTSYNC_SOCKET]",
)

_EXPOSED = (
    "A key on a command line can be read by every user of the machine, and stays in the history "
    "of the shell: use a file, standard input or a variable (--help), or leave it out to be asked."
)


def examples(*lines: str) -> str:
    return "\b\nExamples:\n" + "".join(f"  listsync {one}\n" for one in lines)


_IF_OF_ITS_OWN = (
    " for what that agent follows; another configuration, at another server, wants a --socket of "
    "its own"
)


def refuse_beside_agent(
    sockets: Iterable[Path], instead: str, *, is_of_its_own: bool = False
) -> None:
    """Leave the work to an agent that runs: never two writers at one server from one machine.

    *instead* is the command of `listsyncctl` that does it. `is_of_its_own`: it was said which
    configuration or state is meant, which may be another than the agent's.

    Raises:
        BusyError: an agent listens at one of *sockets*.
    """
    import socket

    for path in sockets:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, suppress(OSError):
            probe.settimeout(1)
            probe.connect(os.fsencode(path))
            more = _IF_OF_ITS_OWN if is_of_its_own else ""
            raise BusyError(
                f"an agent runs already (at {path}): use `listsyncctl {instead}`{more}"
            )


def is_interactive() -> bool:
    """Tell whether somebody is there to be asked."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def ask_hidden(words: str) -> str:
    """Ask for what is not to be seen while it is typed; raises click.Abort."""
    with interrupts.raised():
        return prompt_hidden(words)


def prompt_hidden(words: str, default: str | None = None) -> str:
    """Ask until it is text that is typed: a terminal of another encoding may send none."""
    while True:
        try:
            answer: str = click.prompt(
                words, default=default, show_default=False, hide_input=True, err=True, type=str
            )
        except UnicodeDecodeError:
            say("That is no UTF-8 text; type it again.", err=True)
        else:
            return answer


def secret_options(what: str, *refused: str) -> Callable[[_CommandT], _CommandT]:
    """Give the ways to hand over a secret, none of which is the command line.

    Options that hold it are *refused*, and it is said why: people try them.
    """

    def add(command: _CommandT) -> _CommandT:
        path = click.Path(path_type=Path, readable=False)
        for option in (
            click.option(f"--{what}", *refused, hidden=True, expose_value=False, callback=_refuse),
            click.option(f"--{what}-env", metavar="NAME", help=f"Variable that holds the {what}."),
            click.option(f"--{what}-stdin", is_flag=True, help=f"Read the {what} from stdin."),
            click.option(f"--{what}-file", type=path, help=f"File that holds the {what}."),
        ):
            command = option(command)
        return command

    return add


def _refuse(_context: click.Context, _option: click.Parameter, value: str | None) -> None:
    if value is not None:
        raise click.UsageError(_EXPOSED)


def read_secret(
    what: str, file: Path | None, variable: str | None, *, is_on_stdin: bool
) -> str | None:
    """Read a secret from where it is said to be, or ask for it; None: nobody can be asked."""
    from listsync.file_access import load_small

    if file is not None:
        try:
            text = load_small(file, 64 * 1024)[0].decode()
        except (OSError, ValueError) as error:
            raise ListsyncError(f"{file}: {getattr(error, 'strerror', None) or error}") from None
    elif is_on_stdin:
        text = sys.stdin.readline()
    elif variable is not None:
        if variable not in os.environ:
            raise ListsyncError(f"the variable {variable} is not set")
        text = os.environ[variable]
    elif is_interactive():
        text = ask_hidden(what)
    else:
        return None
    text = text.strip("\r\n")
    if not text.strip() or not text.isprintable():
        raise ListsyncError(f"{what}: is empty, or no line of text")
    return text


def arr_key(app: str, file: Path | None, variable: str | None, *, is_on_stdin: bool) -> SecretStr:
    """Read the API key of Radarr or Sonarr, from the usual variable where nothing is named."""
    from listsync.config_types import SecretStr

    usual = f"{app.upper()}_API_KEY"
    named = variable or (usual if os.environ.get(usual) else None)
    key = read_secret(f"API key of {app.capitalize()}", file, named, is_on_stdin=is_on_stdin)
    if not key:
        raise ListsyncError(f"no key: give it by --key-file, --key-stdin, --key-env or {usual}")
    return SecretStr(key)


def load_config(
    path: Path | None,
    *,
    state_dir: Path | None = None,
    closely: bool = False,
    asks: bool = False,
) -> Config:
    """Load it; with *asks*, what nobody gave is asked for where somebody is there."""
    from listsync.config.configuration import load
    from listsync.config.paths import find_config
    from listsync.config.secret_forms import SecretKeeper
    from listsync.secrets.vault import open_vault

    found = find_config(path, os.environ)
    ask = ask_hidden if is_interactive() else None
    keeper = SecretKeeper(
        lambda: open_vault(found, find_state(state_dir), os.environ, ask), ask if asks else None
    )
    if not closely:
        return load(found, os.environ, keeper=keeper)
    from listsync.app.notifications import look_closer

    return load(found, os.environ, look_closer=look_closer, keeper=keeper)


def environment_with_told(
    config: Path | None, state_dir: Path, environ: MutableMapping[str, str]
) -> MutableMapping[str, str]:
    """Ask, where somebody is there, what an agent will need that nobody gave: before it starts.

    What is told is in the environment that is returned, and in no other.

    Raises:
        ConfigError: the configuration is invalid.
    """
    if not is_interactive():
        return environ
    from listsync.config.configuration import load
    from listsync.config.environment import SERVER_KEY
    from listsync.config.secret_forms import SecretKeeper
    from listsync.secrets.vault import open_vault

    told = dict(environ)

    def ask(words: str) -> str:
        told[SERVER_KEY] = ask_hidden(words)
        return told[SERVER_KEY]

    keeper = SecretKeeper(lambda: open_vault(config, state_dir, environ, ask_hidden), ask)
    load(config, environ, keeper=keeper)
    return told


def find_state(option: Path | None) -> Path:
    from listsync.config.paths import find_state_dir

    return find_state_dir(option, os.environ)


def warnings_of_places(config_path: Path | None, state_dir: Path | None) -> tuple[str, ...]:
    """Say what others may change of the places that an agent would use."""
    from listsync.config.paths import find_config, permission_warnings
    from listsync.protocol import agent_socket

    try:
        state: Path | None = find_state(state_dir)
    except StateError:  # who needs one says so
        state = None
    socket = agent_socket(None, os.environ)
    return permission_warnings(find_config(config_path, os.environ), state, socket)


def warnings_of_logins(config: Config, state_dir: Path | None) -> Iterator[str]:
    """Say which lists are read with a login alone that is not there, a service once."""
    from listsync.config.list_access import needs_login

    wanting = {
        one.service: one.name
        for one in reversed(config.lists)
        if one.rules.is_enabled
        and needs_login(one.source, getattr(config.providers, one.service, None))
    }
    if not wanting:
        return
    from listsync.app.provider_table import login_path
    from listsync.http.login_store import log_in_words

    for service, name in wanting.items():
        if not login_path(find_state(state_dir), service).exists():
            yield f"{name} cannot be read: {service} wants a login: {log_in_words(service)}"


_FIRST_STEPS = """\
What you can do:
  listsync init   answer a few questions, and have the file written
  listsync demo   see a whole sync first; needs no server, and leaves nothing behind
Or set OVERSEERR_URL, OVERSEERR_API_KEY and lists, such as IMDB_LISTS=top, in the environment."""


def lines_of_no_configuration(error: NoConfigurationError) -> list[str]:
    """Say where a configuration was looked for, and how to come to one."""
    if len(error.places) == 1:  # somebody named it
        path = error.places[0][0]
        from shlex import quote

        advice = f"correct the path, or have it written: listsync init --config {quote(path)}"
        return [str(error.problems[0]), f"What you can do: {advice}"]
    room = max(len(place) for place, _ in error.places)
    return [
        "listsync: there is no configuration yet. This is where it was looked for:",
        *(f"  {place.ljust(room)}  {what}" for place, what in error.places),
        *_FIRST_STEPS.splitlines(),
    ]


@contextmanager
def errors_shown() -> Iterator[None]:
    """Turn our errors into words for people and an exit code."""
    try:
        yield
    except NoConfigurationError as error:
        for line in lines_of_no_configuration(error):
            say(line, err=True)
        sys.exit(Exit.CONFIG)
    except ConfigError as error:
        for problem in error.problems:
            say(str(problem), err=True)
        sys.exit(Exit.CONFIG)
    except NewerStateError as error:
        say(f"listsync: {error}", err=True)
        sys.exit(Exit.CONFIG)
    except BusyError as error:
        say(f"listsync: {error}", err=True)
        sys.exit(Exit.BUSY)
    except ListsyncError as error:
        say(f"listsync: {error}", err=True)
        sys.exit(Exit.FAILED)
    except (KeyboardInterrupt, click.Abort):
        sys.exit(Exit.INTERRUPTED)


def log_to_stderr(level: int | str, config: Config) -> None:
    """Set up logs; *level* by its name where nothing else of `logging` is needed."""
    import logging

    from listsync import logs
    from listsync.config.configuration import secrets_of

    number = level if isinstance(level, int) else logging.getLevelNamesMapping()[level]
    logs.set_up_plainly(number, secrets_of(config))


def warn(warning: object) -> None:
    """Log it, once logs are set up."""
    import logging

    logging.getLogger(__name__).warning("%s", warning)
