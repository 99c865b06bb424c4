"""Commands by their types: what each takes is checked and described, what it replies described.

The types are those of `protocol.messages`; whoever adds a field there need do nothing here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, NamedTuple, Required, get_args, get_origin, get_type_hints

from listsync.protocol import METHODS, Reason, RefusedCommand
from listsync.protocol.messages import About, NoParams
from listsync.protocol.shapes import CommandShape, ParameterShape
from listsync.text_cleaning import cut

_WORDS: Mapping[object, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    list: "a list of texts",
}
_SCHEMAS: Mapping[object, Mapping[str, object]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    list: {"type": "array", "items": {"type": "string"}},
}
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character, which no file, database or log can hold."""
_ANY_COMMAND = (Reason.FORBIDDEN, Reason.INVALID, Reason.UNAVAILABLE, Reason.FAILED)
"""Reasons for which each may be refused, beside its own."""


class CommandParameter(NamedTuple):
    """One parameter; *kind* is a key of `_WORDS`."""

    name: str
    kind: object
    is_required: bool
    about: About

    @property
    def schema(self) -> Mapping[str, object]:
        """Give the JSON Schema of its values."""
        bounds = {
            "minimum": self.about.least,
            "exclusiveMinimum": self.about.more_than,
            "maximum": self.about.most,
        }
        given = {name: bound for name, bound in bounds.items() if bound is not None}
        return {**_SCHEMAS[self.kind], **given}


class CommandEntry(NamedTuple):
    """A row of the table of commands: who carries it out, and what there is to know of it.

    *carry_out* gets what the agent consists of, and parameters that have been checked against
    *takes*. It replies one of *replies*, or raises RefusedCommand for one of *reasons*.
    *changes_memory*: where several agents share the work, all of them must know what it writes.
    """

    carry_out: Callable[..., Mapping[str, object]]
    summary: str
    replies: tuple[type, ...]
    takes: type = NoParams
    reasons: tuple[Reason, ...] = ()
    changes_memory: bool = False


def check(method: str, takes: type, params: Mapping[str, object]) -> None:
    """Check names and values of *params*; raises RefusedCommand, which names the wrong one."""
    known = {one.name: one for one in parameters_of(takes)}
    if unknown := sorted(set(params) - set(known)):
        named = ", ".join(cut(name, 64) for name in unknown[:5])
        more = f" (and {len(unknown) - 5} more)" if unknown[5:] else ""
        raise RefusedCommand(
            Reason.INVALID,
            f"{method} does not take {named}{more}; it takes {', '.join(known) or 'nothing'}",
        )
    for one in known.values():
        wanted = _wanted(one, params)
        if wanted is not None:
            raise RefusedCommand(
                Reason.INVALID, f"{method}: {one.name} {wanted}", {"parameter": one.name}
            )


def _wanted(one: CommandParameter, params: Mapping[str, object]) -> str | None:
    """Say what is wrong with a parameter, if anything is."""
    if one.name not in params:
        return f"is missing: {one.about.words}" if one.is_required else None
    value = params[one.name]
    if not _is(value, one.kind):
        return f"must be {_WORDS[one.kind]}"
    if isinstance(value, (int, float)) and not _is_within(value, one.about):
        return f"must be {_bounds(one.about)}"
    return None


def _is(value: object, kind: object) -> bool:
    if isinstance(value, bool):
        return kind is bool
    if kind is list:
        return isinstance(value, list) and all(_is(one, str) for one in value)
    if kind is str:
        return isinstance(value, str) and not _SURROGATE.search(value)
    if kind is float:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind) if isinstance(kind, type) else False


def _is_within(value: float, about: About) -> bool:
    return (
        (about.least is None or value >= about.least)
        and (about.more_than is None or value > about.more_than)
        and (about.most is None or value <= about.most)
    )


def _bounds(about: About) -> str:
    given = ("at least", about.least), ("more than", about.more_than), ("at most", about.most)
    return " and ".join(f"{words} {bound}" for words, bound in given if bound is not None)


@cache
def parameters_of(takes: type) -> tuple[CommandParameter, ...]:
    """Read from a TypedDict which parameters there are."""
    hints = get_type_hints(takes, include_extras=True)
    required = getattr(takes, "__total__", True)
    return tuple(_parameter(name, hint, is_required=required) for name, hint in hints.items())


def _parameter(name: str, hint: Any, *, is_required: bool) -> CommandParameter:
    if get_origin(hint) is Required:
        (hint,), is_required = get_args(hint), True
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name} says not what it is about")
    kind, about = get_args(hint)
    return CommandParameter(name, get_origin(kind) or kind, is_required, about)


def described(name: str, entry: CommandEntry) -> CommandShape:
    """Describe a command for programs that make requests, forms or documents of it."""
    parameters = [_parameter_shape(one) for one in parameters_of(entry.takes)]
    return {
        "name": name,
        "access": METHODS[name].value,
        "summary": entry.summary,
        "parameters": parameters,
        "pages": any(one["name"] == "cursor" for one in parameters),
        "reasons": [one.value for one in reasons_of(entry)],
        "reply": reply_schema(entry.replies),
    }


def reasons_of(entry: CommandEntry) -> tuple[Reason, ...]:
    """Name all reasons for which a command may be refused, by whatever transport it comes."""
    return tuple(dict.fromkeys((*entry.reasons, *_ANY_COMMAND)))


def _parameter_shape(one: CommandParameter) -> ParameterShape:
    return {
        "name": one.name,
        "required": one.is_required,
        "about": one.about.words,
        "schema": dict(one.schema),
    }


def reply_schema(replies: Sequence[type]) -> dict[str, object]:
    """Give the JSON Schema of a reply that is one of *replies*."""
    # Nothing but a description needs it.
    from msgspec.json import schema_components  # noqa: PLC0415

    found, definitions = schema_components(
        replies, schema_hook=lambda _: {"description": "anything"}, ref_template="#/$defs/{name}"
    )
    whole: dict[str, object] = {"anyOf": list(found)} if found[1:] else dict(found[0])
    return {**whole, "$defs": definitions}
