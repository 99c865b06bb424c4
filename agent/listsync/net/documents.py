"""JSON text to plain values, or `AnswerChangedError`; for web answers and for files."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from listsync.errors import AnswerChangedError
from listsync.net.texts import one_line
from listsync.net.verdicts import Reply

_GAP = re.compile(r"[ \t\r\n]*")
_NEXT = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_LARGEST_YAML = 1_000_000


def parse_json(service: str, text: str) -> object:
    """Parse a JSON document.

    An array is taken element by element: one C call over a whole big answer would hold the
    interpreter, and every other thread, for as long as it takes.

    Raises:
        AnswerChangedError: it is cut off, or it is not JSON.
    """
    value = parse_lazily(service, text)
    return list(value) if isinstance(value, Iterator) else value


def parse_lazily(service: str, text: str) -> object:
    """Parse a JSON document, an array as an iterator that raises what `parse_json` raises."""
    start = _end_of_gap(text, 0)
    if text.startswith("[", start):
        return _array(service, text, start + 1)
    with _readable(service, text):
        value, end = _DECODER.raw_decode(text, start)
        _demand_end(text, end)
    return value


@contextmanager
def _readable(service: str, text: str) -> Iterator[None]:
    try:
        yield
    except json.JSONDecodeError as error:
        raise _not_readable(service, text, error) from error
    except (ValueError, RecursionError) as error:  # a number of 5000 digits, 5000 brackets deep
        raise AnswerChangedError(service, "the JSON is out of all bounds") from error


def _end_of_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _demand_end(text: str, at: int) -> None:
    end = _end_of_gap(text, at)
    if end != len(text):
        raise json.JSONDecodeError("more text after its end", text, end)


def _array(service: str, text: str, at: int) -> Iterator[object]:
    """Yield the elements of an array that begins before *at* and is all of the text."""
    at = _end_of_gap(text, at)
    is_over = text.startswith("]", at)
    if is_over:
        at += 1
    with _readable(service, text):
        while not is_over:
            item, at = _DECODER.raw_decode(text, at)
            following = _NEXT.match(text, at)
            if following is None:
                raise json.JSONDecodeError(
                    "no comma between two elements", text, _end_of_gap(text, at)
                )
            at, is_over = following.end(), following[1] == "]"
            yield item
        _demand_end(text, at)


def _not_readable(service: str, text: str, error: json.JSONDecodeError) -> AnswerChangedError:
    at_end = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
    what = "the JSON is cut off" if at_end else "this is not JSON"
    sample = one_line(text[max(0, error.pos - 60) : error.pos + 60])
    return AnswerChangedError(
        service, f"{what} (line {error.lineno}, column {error.colno})", sample=sample
    )


def text_of(reply: Reply) -> str:
    """Decode an answer: UTF-8 or UTF-16 by its mark, else as its header says, else UTF-8."""
    body = reply.body
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = _charset(reply) or "utf-8-sig"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        raise AnswerChangedError(
            reply.service, f"the answer is not in {encoding}", sample=reply.sample
        ) from error


def _charset(reply: Reply) -> str | None:
    """Name the encoding that the header claims; None for UTF-8 and for unknown ones."""
    named = reply.headers.get("content-type", "").lower().partition("charset=")[2]
    try:
        name = codecs.lookup(named.partition(";")[0].strip(" \"'")).name
    except LookupError:
        return None
    return name if name.startswith(("iso8859", "cp125", "utf-16")) else None


def parse_yaml(service: str, text: str) -> object:
    """Parse a YAML document; every scalar stays a string, so that `on` and `2019-01-01` do too.

    Raises:
        AnswerChangedError: it is not YAML, or too large (YAML is slow to read).
    """
    import yaml  # noqa: PLC0415 - only for those who have such a file

    if len(text) > _LARGEST_YAML:
        raise AnswerChangedError(service, "the YAML is larger than a million characters; not read")
    try:  # not CBaseLoader: deep nesting crashes the whole process in C, here it is an error
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes strings, lists, mappings
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise AnswerChangedError(service, f"this is not YAML: {one_line(str(error))}") from error
