"""The manual pages: of both programs by their own help, of listsync.yaml by its schema.

`python -m tests.golden` writes them anew, with all other texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from listsync.cli.program import listsync
from listsync.config.json_schema import schema
from listsync.protocol import Exit
from listsyncctl.commands import ctl

FOLDER = Path(__file__).parents[2] / "contrib" / "man"
_EXITS = {
    Exit.OK: "done",
    Exit.FAILED: "failed",
    Exit.USAGE: "wrong usage",
    Exit.NOT_RUNNING: "the agent is not running",
    Exit.NO_ANSWER: "the agent did not answer in time",
    Exit.BUSY: "busy: another listsync works on the same state, or a sync runs",
    Exit.PAUSED: "paused",
    Exit.FORBIDDEN: "not permitted",
    Exit.PARTLY: "partly done; of status --check: something needs your attention",
    Exit.CONFIG: "the configuration is wrong, or a newer listsync wrote the state",
    Exit.INTERRUPTED: "interrupted or cancelled",
}
_FILES = {
    "~/.config/listsync/listsync.yaml": "the configuration, else /etc/listsync/listsync.yaml",
    "~/.local/state/listsync/": "the state, with its backups and history.log",
    "$XDG_RUNTIME_DIR/listsync/agent.sock": "the socket of the agent",
}
_VARIABLES = {
    "LISTSYNC_CONFIG": "the configuration file",
    "LISTSYNC_STATE_DIR": "the folder of the state",
    "LISTSYNC_SOCKET": "the socket of the agent",
    "OVERSEERR_URL, OVERSEERR_API_KEY": "the server and its key; with lists, no file is needed",
    "LISTSYNC_POSTGRES_DSN": "where listsync trigger finds PostgreSQL",
    "NO_COLOR": "no colours",
}


def pages() -> dict[str, str]:
    """Make each page anew, by its file's name."""
    return {
        "listsync.1": _program("listsync", listsync, "listsyncctl(1), listsync.yaml(5)"),
        "listsyncctl.1": _program("listsyncctl", ctl, "listsync(1), listsync.yaml(5)"),
        "listsync.yaml.5": "".join(_configuration()),
    }


def _escaped(text: str) -> str:
    """Write *text* so that roff takes it as it is."""
    text = (
        text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti")
    )
    text = text.replace("^", "\\(ha").replace("`", "\\(ga")
    return "\n".join(
        f"\\&{line}" if line.startswith((".", "'")) else line for line in text.split("\n")
    )


def _head(name: str, section: int, title: str) -> str:
    line = f'.TH {name.upper()} {section} "" "listsync" ""'
    return f"{line}\n.ad l\n.SH NAME\n{_escaped(name)} \\- {_escaped(title)}\n"


def _item(term: str, text: str) -> str:
    return f".TP\n.B {_escaped(term)}\n{_escaped(text)}\n"


def _program(name: str, group: click.Group, see: str) -> str:
    title = (group.help or "").split("\n")[0].rstrip(".")
    parts = [_head(name, 1, title[0].lower() + title[1:])]
    parts.append(f".SH SYNOPSIS\n.B {name}\n[OPTIONS] COMMAND [ARGS]...\n.SH OPTIONS\n")
    with click.Context(group, info_name=name) as context:
        parts += _options(group.get_params(context), context)
        parts.append(".SH COMMANDS\n")
        parts += _commands(group, context, "")
    parts.append(".SH EXIT STATUS\n")
    parts += (_item(str(int(code)), what) for code, what in _EXITS.items())
    parts.append(".SH ENVIRONMENT\n")
    parts += (_item(variable, what) for variable, what in _VARIABLES.items())
    parts.append(".SH FILES\n")
    parts += (_item(file, what) for file, what in _FILES.items())
    return "".join([*parts, f".SH SEE ALSO\n{_escaped(see)}\n"])


def _options(parameters: Iterable[click.Parameter], context: click.Context) -> Iterator[str]:
    for one in parameters:
        record = one.get_help_record(context)
        if record is not None and isinstance(one, click.Option):
            yield _item(*record)


def _commands(group: click.Group, above: click.Context, before: str) -> Iterator[str]:
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        assert command is not None
        with click.Context(command, info_name=name, parent=above) as context:
            pieces = " ".join(command.collect_usage_pieces(context))
            yield f".SS {_escaped(f'{before}{name} {pieces}')}\n"
            yield f"{_escaped(_plain(cleandoc(command.help or '')))}\n"
            options = [one for one in command.params if one not in group.params]
            yield from _options(options, context)
            if command.epilog:
                yield f".PP\n.nf\n{_escaped(_plain(command.epilog))}\n.fi\n"
            if isinstance(command, click.Group):
                yield from _commands(command, context, f"{before}{name} ")


def _plain(text: str | None) -> str:
    """Take click's marks and empty lines out of *text*."""
    lines = (line.rstrip() for line in (text or "").replace("\b\n", "").splitlines())
    return "\n".join(filter(None, lines))


def _configuration() -> Iterator[str]:
    yield _head("listsync.yaml", 5, "configuration of listsync(1)")
    yield ".SH DESCRIPTION\n"
    yield _escaped(
        "YAML. What is left out keeps its default; listsync check says all that is wrong, with "
        "line and column. listsync files listsync.yaml.example prints a file with every key. A "
        "secret is text, or {env: VARIABLE}, {file: PATH}, {credential: NAME} of systemd, or "
        "{encrypted: NAME}, which listsync secret set NAME keeps."
    )
    yield "\n.SH KEYS\n"
    whole = schema()
    yield from _keys(whole, whole, "", ())
    yield ".SH SEE ALSO\nlistsync(1), listsyncctl(1)\n"


def _keys(
    part: Mapping[str, Any], whole: Mapping[str, Any], before: str, seen: tuple[str, ...]
) -> Iterator[str]:
    for name, key in _properties(part, whole, seen).items():
        path = f"{before}{name}"
        text = " ".join(str(key.get("description", "")).split())
        if "default" in key and key["default"] not in (None, [], {}, ""):
            text = f"{text} Default: {_shown(key['default'])}.".strip()
        yield _item(path, text)
        reference = str(key.get("$ref", ""))
        if reference not in seen and path.count(".") < 3:
            yield from _keys(key, whole, f"{path}.", (*seen, reference) if reference else seen)


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _properties(
    part: Mapping[str, Any], whole: Mapping[str, Any], seen: tuple[str, ...]
) -> dict[str, Any]:
    """Gather the keys of *part*, those of what it refers to and of its alternatives included."""
    found: dict[str, Any] = {}
    if part.get("title") == "Secret":  # said once, above
        return found
    reference = str(part.get("$ref", ""))
    if reference and reference not in seen:
        target: Any = whole
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        found.update(_properties(target, whole, (*seen, reference)))
    for several in ("anyOf", "oneOf", "allOf"):
        for one in part.get(several, []):
            found.update(_properties(one, whole, seen))
    if isinstance(items := part.get("items"), dict):
        found.update(_properties(items, whole, seen))
    found.update({k: v for k, v in part.get("properties", {}).items() if isinstance(v, dict)})
    return found


def write() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
