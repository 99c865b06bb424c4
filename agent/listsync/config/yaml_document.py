"""A YAML file read with a cap, as plain data, with the place of every key and value.

Scalars stay text: `0050083`, `1917`, `on` and `2024-01-01` reach the models as they were
written, and a field's type decides what they mean. Only an empty value, `~` and `null` are None.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import Protocol

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from listsync.errors import ConfigError, Problem
from listsync.files.local_file import WriterWait, read_whole
from listsync.lean_dataclasses import dataclass


class UnreadableFileError(ValueError):
    """The file cannot be used; the message says why, without its name."""


def load_bytes(path: Path, cap: int, patience: WriterWait) -> tuple[bytes, os.stat_result]:
    """Read a regular file of at most *cap* bytes, together with its owner and mode.

    A program that is writing it is waited for, with *patience*.

    Raises:
        UnreadableFileError: it is missing, not allowed, no regular file, or too large.
        BeingWrittenError: see `WriterWait`.
    """
    try:
        found = read_whole(path, cap, _check_kind, patience)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(_why(error)) from None
    if found.is_too_large:
        raise UnreadableFileError(f"is larger than {cap // 1024} KiB")
    return found.data[:], found.facts


def _check_kind(facts: os.stat_result) -> None:
    if stat.S_ISDIR(facts.st_mode):
        raise UnreadableFileError("is a directory, expected a file")
    if not stat.S_ISREG(facts.st_mode):
        raise UnreadableFileError("is not a regular file")


def _why(error: OSError | ValueError) -> str:
    match error:
        case UnreadableFileError():
            return str(error)
        case FileNotFoundError() | NotADirectoryError():
            return "does not exist"
        case PermissionError():
            return f"may not be read by this user (uid {os.geteuid()})"
        case OSError():
            return f"cannot be read: {error.strerror or 'unknown trouble'}"
        case _:
            return "is not a usable file name"


Place = tuple[int, int]
KeyPath = tuple[str | int, ...]

MAX_BYTES = 1 << 20
MAX_DEPTH = 32
MAX_VALUES = 100_000  # an alias counts as often as it is used
_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"
_TOO_MANY = f"holds more than {MAX_VALUES} values"

# The base loader resolves nothing, so scalars stay text; the C one is ten times as fast.
_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_FORBIDDEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_SYNTAX = (  # what the parser says -> what it means; the first that fits
    ("mapping values are not allowed", 'no ":" is expected here; is the line indented rightly?'),
    ("unexpected end of stream", "a quoted text has no closing quote"),
    ("undefined alias", "*name is used without &name before; a text with * belongs in quotes"),
    ("another document", "a second document begins here, expected one"),
    ("duplicate anchor", "the same &name is given twice"),
    ("expected ':'", 'expected "key: value"'),
    ("expected '-' indicator", 'expected an entry that begins with "- "'),
    ("expected key", "expected a key here; is the line indented rightly?"),
    ("<block end>", "expected a key or an entry here; is the line indented rightly?"),
    ("expected ',' or", "a comma or a closing bracket is missing before this place"),
    ("node content", "expected a value here"),
    ("cannot start any token", "no value can begin with this character; put the text in quotes"),
    ("document start", "expected the end of the file; is a bracket or quote too many before?"),
)
_OF_TABS = ("cannot start any token", "tab character")  # PyYAML and libyaml
_UNSPACED = re.compile(r"\w+:[^\s/]")  # `limit:5`, but no address
_NO_SPACE = 'a space is missing behind the ":" here'


class _Mark(Protocol):
    """A place, counted from 0; libyaml and PyYAML each have a class of their own for it."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlDocument:
    """What the file says. `values` and `keys` tell where each value and its key begin.

    Places are (line, column), both from 1. `problems` are those after which reading could go on.
    """

    file: str
    data: object
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def load_document(path: Path, patience: WriterWait | None = None) -> YamlDocument:
    """Read *path*; a program that is writing it is waited for.

    Raises:
        ConfigError: it cannot be read, or is no YAML.
        BeingWrittenError: see `WriterWait`.
    """
    file = str(path)
    try:
        content, _ = load_bytes(path, MAX_BYTES, patience or WriterWait())
    except UnreadableFileError as error:
        raise ConfigError((Problem(file=file, what=str(error)),)) from None
    return parse_document(_decode(content, file), file)


def parse_document(text: str, file: str) -> YamlDocument:
    """Read YAML from *text*; *file* is its name in front of people.

    Raises:
        ConfigError: it is no YAML, empty, or too large or deep.
    """
    _check_characters(text, file)
    try:
        _check_size(text, file)
        root = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as error:
        raise _stop(file, *_syntax(error, text.splitlines())) from None
    except yaml.YAMLError:
        raise _stop(file, "is not valid YAML") from None
    if root is None or _is_null(root):
        raise _stop(file, "is empty; expected at least server: with a url")
    reader = _Reader(file)
    data = reader.read(root, ())
    return YamlDocument(
        file=file,
        data=data,
        values=reader.values,
        keys=reader.keys,
        problems=tuple(dict.fromkeys(reader.problems)),
    )


def _decode(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"is not UTF-8 text (byte 0x{content[error.start]:02x})"
        raise ConfigError((Problem(file=file, what=what, line=line, column=1),)) from None


def _check_characters(text: str, file: str) -> None:
    if found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        place = (before.count("\n") + 1, found.start() - before.rfind("\n"))
        what = f"holds the character U+{ord(found.group()):04X}; is this a text file?"
        raise ConfigError((Problem(file=file, what=what, line=place[0], column=place[1]),))


def _check_size(text: str, file: str) -> None:
    """Stop before the composer would recurse too deep or build too much."""
    depth = count = 0
    for event in yaml.parse(text, _LOADER):
        count += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise _stop(file, _TOO_DEEP, event.start_mark)
        if count > MAX_VALUES:
            raise _stop(file, _TOO_MANY, event.start_mark)


class _Reader:
    """Turns nodes into plain data and notes the places; aliases become copies."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._count = 0
        self.values: dict[KeyPath, Place] = {}
        self.keys: dict[KeyPath, Place] = {}
        self.problems: list[Problem] = []

    def read(self, node: Node, path: KeyPath) -> object:
        self.values[path] = _place(node.start_mark)
        self._check(node, len(path))
        match node:
            case MappingNode():
                return self._read_mapping(node, path)
            case SequenceNode():
                return [self.read(item, (*path, n)) for n, item in enumerate(node.value)]
            case _:
                return None if _is_null(node) else node.value

    def _read_mapping(self, node: MappingNode, path: KeyPath) -> dict[str, object]:
        found: dict[str, object] = {}
        for key, value in self._pairs(node, len(path)):
            inner = (*path, key.value)
            self.keys[inner] = _place(key.start_mark)
            found[key.value] = self.read(value, inner)
        return found

    def _pairs(self, node: MappingNode, depth: int) -> Iterator[tuple[ScalarNode, Node]]:
        """Give each key once: the mapping's own, then what it takes over with `<<`."""
        self._add(len(node.value), node)
        seen: dict[str, ScalarNode] = {}
        taken_over: list[Node] = []
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                self._note("a key must be a plain text", key)
            elif key.value == "<<" and not key.style:
                taken_over += value.value if isinstance(value, SequenceNode) else [value]
            elif key.value in seen:
                line = _place(seen[key.value].start_mark)[0]
                self._note(f"the key {quote(key.value)} is given twice, first in line {line}", key)
            else:
                seen[key.value] = key
                yield key, value
        for other in taken_over:
            yield from self._pairs_of(other, seen, depth + 1)

    def _pairs_of(
        self, node: Node, seen: dict[str, ScalarNode], depth: int
    ) -> Iterator[tuple[ScalarNode, Node]]:
        self._check(node, depth)
        if not isinstance(node, MappingNode):
            self._note("<< expects a mapping to take over", node)
            return
        for key, value in self._pairs(node, depth):
            if key.value not in seen:
                seen[key.value] = key
                yield key, value

    def _check(self, node: Node, depth: int) -> None:
        self._add(1, node)
        if depth > MAX_DEPTH:
            raise _stop(self._file, _TOO_DEEP, node.start_mark)
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            self._note("tags such as !name have no meaning here", node)

    def _add(self, count: int, node: Node) -> None:
        self._count += count
        if self._count > MAX_VALUES:
            raise _stop(self._file, f"{_TOO_MANY} once aliases are filled in", node.start_mark)

    def _note(self, what: str, node: Node) -> None:
        self.problems.append(_problem(self._file, what, node.start_mark))


def quote(text: str, width: int = 40) -> str:
    """Show *text* from outside: in quotes, control characters escaped, trimmed."""
    shown = text if len(text) <= width else text[: width - 1] + "…"
    return '"' + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in shown) + '"'


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and not node.style and node.value in _NULLS


def _place(mark: _Mark) -> Place:
    return mark.line + 1, mark.column + 1


def _problem(file: str, what: str, mark: _Mark | None = None) -> Problem:
    line, column = (None, None) if mark is None else _place(mark)
    return Problem(file=file, what=what, line=line, column=column)


def _stop(file: str, what: str, mark: _Mark | None = None) -> ConfigError:
    return ConfigError((_problem(file, what, mark),))


def _syntax(error: yaml.MarkedYAMLError, lines: Sequence[str]) -> tuple[str, _Mark | None]:
    """Say what the parser means, and where; its own words may repeat the text, maybe a secret."""
    mark, problem = error.problem_mark, error.problem or ""
    if any(words in problem for words in _OF_TABS) and _at(lines, mark).startswith("\t"):
        return "a tab stands here; indent with spaces", mark
    if "expected ':'" in problem:
        mark = error.context_mark or mark  # the key, not what was read in vain behind it
        if _UNSPACED.match(_at(lines, mark)):
            return f"is not valid YAML: {_NO_SPACE}", mark
    if "mapping values are not allowed" in problem and (line := _unspaced_before(lines, mark)):
        return f"is not valid YAML: {_NO_SPACE.replace('here', f'in line {line}')}", mark
    fitting = (meaning for words, meaning in _SYNTAX if words in f"{error.context} {problem}")
    return f"is not valid YAML: {next(fitting, 'something is wrong here')}", mark


def _at(lines: Sequence[str], mark: _Mark | None) -> str:
    """Give the rest of the line that begins at *mark*."""
    if mark is None or mark.line >= len(lines):
        return ""
    return lines[mark.line][mark.column :]


def _unspaced_before(lines: Sequence[str], mark: _Mark | None) -> int | None:
    """Name the line before *mark* if it is read as text, with this one, for want of a space."""
    if mark is None or not 0 < mark.line <= len(lines):
        return None
    before = lines[mark.line - 1].lstrip(" -")
    return mark.line if _UNSPACED.match(before) else None
