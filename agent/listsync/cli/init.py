"""`listsync init`: the first configuration, by questions or by options, whole or not at all."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from listsync import interrupts
from listsync.cli.files import read_file
from listsync.cli.options import (
    config_option,
    errors_shown,
    examples,
    find_state,
    is_interactive,
    load_config,
    state_option,
)
from listsync.errors import StateError
from listsync.protocol import Exit

if TYPE_CHECKING:
    from listsync.cli.init_dialogue import Dialogue
    from listsync.cli.init_questions import Answers, Given, GivenKey

# What asks and tries is imported when it is needed, so that --help stays quick.
# ruff: noqa: PLC0415

_HELLO = "This writes {}. Ctrl-C leaves everything as it is, until the very end."
_UNIT, _UNIT_STARTS = "listsync-user.service", "ExecStart=listsync run"
_STOPPED = "listsync: stopped; nothing was written"


@click.command(
    "init",
    epilog=examples(
        "init",
        "init --yes --server sandbox --list ~/lists/watchlist.csv",
        "init --yes --server http://seerr:5055 --key-file /run/secrets/key --list imdb:top",
    ),
)
@config_option
@state_option
@click.option("--server", metavar="URL", help="The request server, or the word sandbox.")
@click.option("--key-env", metavar="NAME", help="Its API key is in this variable, now and later.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="Its API key is in this file, now and later.",
)
@click.option("--key-stdin", is_flag=True, help="Read its API key from standard input; keep it.")
@click.option("--request-as", metavar="USER", help="Whose rights and quota count (name or id).")
@click.option("--list", "lists", multiple=True, metavar="LIST", help="A list to follow; repeat.")
@click.option(
    "--ca-file", type=click.Path(path_type=Path), help="Authorities of your own, for the server."
)
@click.option("--yes", is_flag=True, help="Ask nothing: options, and what is found, are taken.")
@click.option("--no-test", is_flag=True, help="Try neither the server nor the lists.")
@click.option("--force", is_flag=True, help="Replace a configuration; the old one is kept.")
@click.option(
    "--systemd/--no-systemd", default=None, help="Install the unit for the user's own systemd."
)
def init(
    config_path: Path | None,
    state_dir: Path | None,
    *,
    server: str | None,
    key_env: str | None,
    key_file: Path | None,
    key_stdin: bool,
    request_as: str | None,
    lists: tuple[str, ...],
    ca_file: Path | None,
    yes: bool,
    no_test: bool,
    force: bool,
    systemd: bool | None,
) -> None:
    """Write the first configuration, from a few questions.

    They are about the server, its key and your lists; every answer is tried at once.
    """
    from listsync.app.memory_tuning import import_httpcore

    if sum((key_env is not None, key_file is not None, key_stdin)) > 1:
        raise click.UsageError("--key-env, --key-file and --key-stdin are for one key: use one.")
    import_httpcore()
    from listsync.cli.init_dialogue import Dialogue
    from listsync.cli.init_questions import Given

    if not yes and not is_interactive():
        raise click.UsageError(
            "init asks questions, and no terminal is there: use --yes, with --server, --list and "
            "one of --key-env, --key-file, --key-stdin. (In a container: `docker exec -it`.)"
        )
    with errors_shown(), interrupts.raised():
        given = Given(
            server=server,
            key=_key(key_env, key_file, is_on_stdin=key_stdin),
            request_as=request_as,
            lists=lists,
            ca_file=None if ca_file is None else ca_file.absolute(),
            is_tried=not no_test,
        )
        places = (_target(config_path), find_state(state_dir))
        _run(Dialogue(asks=not yes), given, places, force=force, systemd=systemd)


def _target(option: Path | None) -> Path:
    """Find where the configuration is to be: where it is looked for first."""
    from listsync.config.paths import find_config, usual_configs

    named = option or (
        find_config(None, os.environ) if os.environ.get("LISTSYNC_CONFIG") else None
    )
    return (named or usual_configs(os.environ)[0]).absolute()


def _key(env: str | None, file: Path | None, *, is_on_stdin: bool) -> GivenKey | None:
    from listsync.cli.init_dialogue import Unanswered
    from listsync.cli.init_questions import GivenKey, key_of_environment
    from listsync.config.secret_forms import SecretSource
    from listsync.config_types import SecretStr

    form: dict[str, str] | None = None
    if is_on_stdin:
        text = sys.stdin.readline().strip()
        if not text:
            raise Unanswered("--key-stdin: standard input has no key")
        return GivenKey(SecretStr(text), None, "")
    if env is not None:
        form = {"env": env}
    if file is not None:
        form = {"file": str(file.absolute())}
    if form is None:
        return key_of_environment(os.environ)
    try:
        return GivenKey(SecretStr(SecretSource(os.environ, Path()).read(form)), form, "")
    except ValueError as error:
        raise Unanswered(f"the key: {error}") from None


def _run(
    talk: Dialogue,
    given: Given,
    places: tuple[Path, Path],
    *,
    force: bool,
    systemd: bool | None,
) -> None:
    path, state_dir = places
    try:
        with interrupts.raised():
            talk.say(_HELLO.format(path), only_asking=True)
            may_replace = _may_replace(talk, path, force=force)
            answers = _asked(talk, given, path, state_dir)
    except (KeyboardInterrupt, click.Abort):
        click.echo(f"\n{_STOPPED}", err=True)
        sys.exit(Exit.INTERRUPTED)
    older = _write(path, state_dir, answers, given.ca_file, may_replace=may_replace)
    talk.say()
    talk.say(f"Written: {path}" + (f" (the one before: {older})" if older else ""))
    _tell_of_secrets(talk, path, state_dir)
    _check(talk, path, state_dir)
    options = _options_of_places(path, state_dir)
    _offer_unit(talk, options, wanted=systemd)
    _next_steps(talk, options, path)


def _asked(talk: Dialogue, given: Given, path: Path, state_dir: Path) -> Answers:
    from listsync.cli.init_questions import Interview

    answers = Interview(talk, given, os.environ, path.parent, state_dir).run()
    talk.head("4. That is all")
    if not talk.agrees(f"Write {path}?", default=True):
        raise click.Abort
    return answers


def _may_replace(talk: Dialogue, path: Path, *, force: bool) -> bool:
    """Ask before there would be another configuration than now; raises Abort for a no."""
    from listsync.cli.init_dialogue import Unanswered

    if not os.path.lexists(path):
        return False
    if not talk.asks and not force:
        raise Unanswered(f"{path} is there already: --force replaces it, and keeps the old one")
    talk.say("There is a configuration already. It would be kept beside the new one.")
    if not force and not talk.agrees("Write a new one in its place?", default=False):
        raise click.Abort
    return True


def _write(
    path: Path, state_dir: Path, answers: Answers, ca_file: Path | None, *, may_replace: bool
) -> Path | None:
    """Write what was answered; secrets go into the vault, and the file names them."""
    from listsync.config.first_file import FirstConfig, SecretForm, place

    secrets: dict[str, str] = {}

    def kept(name: str, value: str) -> SecretForm:
        secrets[name] = value
        return {"encrypted": name}

    key, form = answers.key, None
    if key is not None:
        form = key.form or kept("server_api_key", key.value.get_secret_value())
    config = FirstConfig(
        url=answers.url,
        api_key=form,
        request_as=answers.request_as,
        ca_file=ca_file,
        lists=answers.lists,
        providers={
            service: {name: kept(f"{service}_{name}", text) for name, text in keys.items()}
            for service, keys in answers.credentials.items()
        },
    )
    with interrupts.held():
        return place(
            path, config.text(), lambda: _keep(path, state_dir, secrets), may_replace=may_replace
        )


def _keep(path: Path, state_dir: Path, secrets: dict[str, str]) -> Callable[[], None]:
    """Put *secrets* into the vault; what is returned puts it back as it was."""
    if not secrets:
        return lambda: None
    from listsync.secrets.vault import open_vault

    vault = open_vault(path, state_dir, os.environ)
    before = {name: vault.get(name) for name in vault.names() if name in secrets}
    places = (
        vault.path,
        vault.path.with_name(f".{vault.path.name}.lock"),
        vault.key_file.place.path,
    )
    made = [one for one in places if not one.exists()]

    def undo() -> None:
        if vault.path not in made:
            for name in secrets.keys() & set(vault.names()):
                vault.set(name, before[name]) if name in before else vault.remove(name)
        for one in made:
            one.unlink(missing_ok=True)
        with suppress(OSError):  # it was there before, or holds more
            state_dir.rmdir()

    try:
        for name, text in secrets.items():
            vault.set(name, text)
    except BaseException:
        undo()
        raise
    return undo


def _tell_of_secrets(talk: Dialogue, path: Path, state_dir: Path) -> None:
    from listsync.secrets.vault import open_vault

    vault = open_vault(path, state_dir, os.environ)
    if vault.exists() and not vault.has_passphrase():
        talk.say(f"Secrets are kept encrypted in {vault.path}. Keep a copy of their key:")
        talk.say(str(vault.key_file.place), 2)


def _check(talk: Dialogue, path: Path, state_dir: Path) -> None:
    """Read the file as every command will; what is in the environment counts, too."""
    from listsync.errors import ConfigError

    try:
        config = load_config(path, state_dir=state_dir)
    except ConfigError as error:
        talk.say("It cannot be used yet:")
        for problem in error.problems:
            talk.say(str(problem), 2)
        return
    for warning in config.warnings:
        talk.say(f"warning: {warning}", 2)


def _options_of_places(path: Path, state_dir: Path) -> tuple[str, ...]:
    """Give what every later command must be told, as it would look elsewhere by itself."""
    from listsync.config.paths import find_config

    found = find_config(None, os.environ)
    config = () if found == path or path == _target(None) else ("--config", str(path))
    state = () if state_dir == find_state(None) else ("--state-dir", str(state_dir))
    return (*config, *state)


def _offer_unit(talk: Dialogue, options: Sequence[str], *, wanted: bool | None) -> None:
    if wanted is None and talk.asks and _has_systemd():
        wanted = talk.agrees(
            "Start it with your systemd, whenever you are logged in?", default=True
        )
    if wanted:
        for line in _install_unit(options):
            talk.say(line)


def _next_steps(talk: Dialogue, options: Sequence[str], path: Path) -> None:
    more = "".join(f" {shlex.quote(one)}" for one in options)
    steps = {
        **_start_of_agent(more, path),
        "listsyncctl status": "asks the agent how it is",
    }
    room = max(map(len, steps))
    talk.say("Next:")
    for command, what in steps.items():
        talk.say(f"{command.ljust(room)}   {what}", 2)


def _start_of_agent(more: str, path: Path) -> dict[str, str]:
    """Say how the agent is started where *path* is."""
    from listsync.cli.container import waits_for_config
    from listsync.config.paths import SYSTEM_CONFIG

    if waits_for_config():
        return {"docker logs -f CONTAINER": "the agent in it, which now starts by itself"}
    look = {f"listsync once --dry-run{more}": "shows what would be requested"}
    if path == SYSTEM_CONFIG:
        return {
            **look,
            "systemctl enable --now listsync": "the service (`listsync files` has its unit)",
        }
    return {**look, f"listsync run{more}": "the agent: syncs now, on schedule and on change"}


def _has_systemd() -> bool:
    """Tell whether the user has a service manager, which root's services are not for."""
    return os.geteuid() != 0 and Path("/run/systemd/system").is_dir()


def _install_unit(options: Sequence[str]) -> Iterator[str]:
    """Write the unit where the user's systemd looks, and say what starts it.

    Raises:
        StateError: it cannot be written, or is not installed with us.
    """
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd/user"
    target = folder / "listsync.service"
    text = (
        read_file(_UNIT).decode().replace(_UNIT_STARTS, f"ExecStart={_command_of_unit(options)}")
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if target.exists() and target.read_text(encoding="utf-8") != text:
            yield f"{target} is there already, and is another one: it was left as it is."
            return
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StateError(f"{target} cannot be written: {error.strerror}") from error
    yield f"Written: {target}. To start it now, and at each login:"
    yield "  systemctl --user daemon-reload && systemctl --user enable --now listsync"
    yield "  loginctl enable-linger    lets it run while you are not logged in, too"


def _command_of_unit(options: Sequence[str]) -> str:
    """Name our program by its path: the unit looks in the usual folders only."""
    beside = Path(sys.executable).parent / "listsync"
    program = str(beside) if beside.is_file() else "listsync"
    return " ".join(map(_quoted, (program, "run", *options)))


def _quoted(word: str) -> str:
    """Quote for systemd, to which % and $ mean something."""
    word = word.replace("%", "%%").replace("$", "$$")
    if not any(one in word for one in " \"'\\;"):
        return word
    return '"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"'
