"""What a service answered, checked against the form that we know.

An error has no cause: that of msgspec can hold a piece of the answer, which may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

_PLACED = re.compile(r"(.*) - at `\$\.?(.*)`", re.DOTALL)

AnswerT = TypeVar("AnswerT")


_MOST_VALUES = 1_000_000
"""In one answer, each of 80 bytes at most; the fullest, a page of the index, has a tenth."""


class Answer(msgspec.Struct, frozen=True):
    """The part of a service's answer that we read; fields that we do not use are ignored.

    Types are kept as JSON allows: a number may come as its text, a whole one as 3.0. What is
    more than a matter of types is checked in `__post_init__`, which raises ValueError.
    """


class UnknownFormError(ValueError):
    """An answer has not the form that we know; the text says where, and what was expected."""


def decode(content: bytes | str, shape: type[AnswerT]) -> AnswerT:
    """Read JSON as *shape*.

    Raises:
        UnknownFormError: it is no JSON, or not of that form.
    """
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if data.count(b",") + data.count(b"[") + data.count(b"{") > _MOST_VALUES:
        raise UnknownFormError(f"it holds more than {_MOST_VALUES:,} values")
    try:
        return msgspec.json.decode(content, type=shape, strict=False)
    except (ValueError, RecursionError) as error:
        raise UnknownFormError(_words(error)) from None


def convert(value: object, shape: type[AnswerT], *, strict: bool = False) -> AnswerT:
    """Read a value that came from JSON as *shape*; with *strict*, a number's text is none.

    Raises:
        UnknownFormError: it is not of that form.
    """
    try:
        return msgspec.convert(value, type=shape, strict=strict)
    except (ValueError, RecursionError) as error:
        raise UnknownFormError(_words(error)) from None


def readable(rows: Iterable[msgspec.Raw] | None, shape: type[AnswerT]) -> tuple[AnswerT, ...]:
    """Read the rows that are of the form *shape*; odd ones are left out, and None has none."""
    found = []
    for row in rows or ():
        try:
            found.append(msgspec.json.decode(row, type=shape, strict=False))
        except (ValueError, RecursionError):
            continue
    return tuple(found)


def _words(error: Exception) -> str:
    """Put msgspec's words in ours: first the place, where there is one."""
    text = str(error)
    placed = _PLACED.fullmatch(text)
    if placed is not None:
        text = f"{placed[2]}: {placed[1][:1].lower()}{placed[1][1:]}"
    return text.replace("`", "")
