"""Adds to a YAML text without touching anything else of it: comments, order and spelling stay.

Where something is added is found by the places of nodes. What comes out is read again by whoever
calls, and compared with what was meant: a text that cannot be added to safely is left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from listsync.errors import ListsyncError
from listsync.lean_dataclasses import dataclass

Entry = Sequence[tuple[str, object]] | str
"""One entry of a list: a mapping in its order, or a text."""

_PLAIN = re.compile(r"[A-Za-z](?:[\w./-]|:(?=\w|//))*|[1-9]\d*[mhd]?", re.ASCII)
_NOT_PLAIN = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}
_INDENT = 2


class UneditableError(ListsyncError):
    """The text is not of a form that can be added to; whoever wrote it must do it by hand."""


def scalar(text: str) -> str:
    """Write a text so that YAML reads it as it is."""
    if text in {"true", "false", "0"} or (_PLAIN.fullmatch(text) and text not in _NOT_PLAIN):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(one if one.isprintable() else f"\\U{ord(one):08X}" for one in quoted)


def flow(value: object) -> str:
    """Write a value on one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(one)}' for key, one in value.items())}}}"
    return scalar(str(value))


def block(entry: Entry, indent: int) -> str:
    """Write an entry of a list on lines of its own, without the last end of line."""
    pad = " " * indent
    if isinstance(entry, str):
        return f"{pad}- {scalar(entry)}"
    lines = [f"{key}: {flow(value)}" for key, value in entry]
    return f"{pad}- " + f"\n{pad}  ".join(lines)


def _inline(entry: Entry) -> str:
    return scalar(entry) if isinstance(entry, str) else flow(dict(entry))


@dataclass(frozen=True, slots=True)
class _Text:
    """A text with its top-level mapping; `end` of line is that of the text."""

    text: str
    root: MappingNode

    @classmethod
    def of(cls, text: str) -> _Text:
        root = yaml.compose(text, yaml.BaseLoader)
        if not isinstance(root, MappingNode):
            raise UneditableError("it is no mapping (key: value)")
        return cls(text, root)

    def with_lines(self, after: int, added: str) -> str:
        """Insert lines after the line *after*, which counts from 0."""
        lines = self.text.splitlines(keepends=True)
        end = "\r\n" if self.text.count("\r\n") * 2 > len(lines) else "\n"
        if lines and not lines[after].endswith(("\n", "\r")):
            lines[after] += end
        lines[after] += "".join(f"{line}{end}" for line in added.split("\n"))
        return "".join(lines)


def add_entries(text: str, key: str, entries: Sequence[Entry]) -> str:
    """Add *entries* to the end of the list *key* of the top level, which is made if missing.

    Raises:
        UneditableError: it cannot be done in this text.
    """
    if not entries:
        return text
    if not _has_content(text):
        return _made(text, key, entries)
    parsed = _Text.of(text)
    match _value_of(parsed.root, key):
        case None:
            return _appended(parsed, key, entries)
        case (_, SequenceNode(flow_style=True) as node):
            return _with_inline(text, node, [_inline(one) for one in entries])
        case (_, SequenceNode() as node):
            indent = _column_of_dash(text, node)
            lines = "\n".join(block(one, indent) for one in entries)
            return parsed.with_lines(_last_line(node), lines)
        case (place, ScalarNode(value="" | "~" | "null") as node) if not node.style:
            indent = place.start_mark.column + _INDENT
            lines = "\n".join(block(one, indent) for one in entries)
            if node.value:
                text = text[: node.start_mark.index] + text[node.end_mark.index :]
            return _Text.of(text).with_lines(place.start_mark.line, lines)
        case _:
            raise UneditableError(f"{key} is no list of entries")


def _column_of_dash(text: str, node: SequenceNode) -> int:
    """Say where the entries of a list begin; where the list does, an anchor may stand."""
    dash = text.rfind("-", 0, node.value[0].start_mark.index)
    return dash - text.rfind("\n", 0, dash) - 1


def _made(text: str, key: str, entries: Iterable[Entry]) -> str:
    lines = "\n".join(block(one, _INDENT) for one in entries)
    before = f"{text.rstrip()}\n" if text.strip() else ""
    return f"{before}{key}:\n{lines}\n"


def _has_content(text: str) -> bool:
    return yaml.compose(text, yaml.BaseLoader) is not None


def _appended(parsed: _Text, key: str, entries: Iterable[Entry]) -> str:
    if parsed.root.flow_style:
        inner = f"{key}: [{', '.join(map(_inline, entries))}]"
        return _with_inline(parsed.text, parsed.root, [inner])
    pad = " " * parsed.root.start_mark.column
    lines = "\n".join(block(one, parsed.root.start_mark.column + _INDENT) for one in entries)
    return parsed.with_lines(_last_line(parsed.root), f"{pad}{key}:\n{lines}")


def add_key(text: str, keys: Sequence[str], value: object) -> str:
    """Add a key, and the sections above it that are missing; one that is there stays as it is.

    Raises:
        UneditableError: it cannot be done in this text.
    """
    if not _has_content(text):
        before = f"{text.rstrip()}\n" if text.strip() else ""
        return f"{before}{_nested(keys, value, 0)}\n"
    parsed = _Text.of(text)
    node, depth, place = parsed.root, 0, None
    while depth < len(keys) - 1 and (found := _value_of(node, keys[depth])) is not None:
        place, inner = found
        if isinstance(inner, ScalarNode) and not inner.style and inner.value == "":
            indent = place.start_mark.column + _INDENT
            lines = _nested(keys[depth + 1 :], value, indent)
            return parsed.with_lines(place.start_mark.line, lines)
        if not isinstance(inner, MappingNode):
            raise UneditableError(f"{'.'.join(keys[: depth + 1])} is no mapping (key: value)")
        node, depth = inner, depth + 1
    if _value_of(node, keys[depth]) is not None:
        return text
    if node.flow_style:
        return _with_inline(text, node, [_inline_nested(keys[depth:], value)])
    lines = _nested(keys[depth:], value, node.start_mark.column)
    return parsed.with_lines(_last_line(node), lines)


def _nested(keys: Sequence[str], value: object, indent: int) -> str:
    *sections, last = keys
    lines = [f"{' ' * (indent + n * _INDENT)}{key}:" for n, key in enumerate(sections)]
    return "\n".join([*lines, f"{' ' * (indent + len(sections) * _INDENT)}{last}: {flow(value)}"])


def _inline_nested(keys: Sequence[str], value: object) -> str:
    first, *rest = keys
    return f"{first}: {{{_inline_nested(rest, value)}}}" if rest else f"{first}: {flow(value)}"


def _value_of(node: MappingNode, key: str) -> tuple[Node, Node] | None:
    for name, value in node.value:
        if name.value == key:
            return name, value
    return None


def _with_inline(text: str, node: Node, added: Sequence[str]) -> str:
    """Add to what stands in brackets."""
    end = node.end_mark.index - 1
    before = text[:end].rstrip()
    is_open = before.endswith(("[", "{", ","))
    if "#" in before.rsplit("\n", 1)[-1]:
        raise UneditableError("a comment stands before a closing bracket")
    separator = "" if before.endswith(("[", "{")) else " " if is_open else ", "
    return f"{before}{separator}{', '.join(added)}{text[end:]}"


def _last_line(node: Node) -> int:
    """Find the last line that belongs to a node; comments after it do not."""
    if isinstance(node, ScalarNode) or getattr(node, "flow_style", False) or not node.value:
        mark = node.end_mark
        is_before = mark.column == 0 and mark.line > node.start_mark.line
        line: int = mark.line - is_before
        return line
    last = node.value[-1]
    parts = last if isinstance(last, tuple) else (last,)
    return max(map(_last_line, parts))
