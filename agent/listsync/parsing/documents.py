"""JSON text to plain values, or `ResponseChangedError`; for web answers and for files."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from listsync.errors import ResponseChangedError
from listsync.http.response import Response
from listsync.parsing.text import BLANKS, PIECE, decoded, lines_of
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    import yaml

_GAP = re.compile(r"[ \t\r\n]*")
_NEXT = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_DECODER = json.JSONDecoder()
_LARGEST_ITEM = 250_000
"""Characters of one element of an array that is read element by element."""
_LARGEST_VALUE = 8_000_000
_MOST_VALUES = 300_000
"""In a document that is held whole, ten times what the fullest page of a list has.

The smallest takes 70 bytes of memory, and three in the text.
"""
_LARGEST_YAML = 1_000_000
_MOST_YAML_VALUES = 100_000
_DEEPEST_YAML = 32
_END_OF_CUT = 16  # what of a word or an escape that is cut may stand before the end


def parse_json(service: str, text: str) -> object:
    """Parse a JSON document.

    An array is taken element by element: one C call over a whole big answer would hold the
    interpreter, and every other thread, for as long as it takes.

    Raises:
        ResponseChangedError: it is cut off, it is not JSON, or it holds too much.
    """
    if text.count(",") + text.count("[") + text.count("{") > _MOST_VALUES:
        why = f"the JSON holds more than {_MOST_VALUES:,} values; not read"
        raise ResponseChangedError(service, why)
    value = parse_lazily(service, [text])
    return list(value) if isinstance(value, Iterator) else value


def parse_lazily(service: str, pieces: Iterable[str]) -> object:
    """Parse a JSON document that comes in *pieces*.

    An array is an iterator, which raises what `parse_json` raises; what has been read of the text
    is not kept. No element may be long, nor any other value.
    """
    window = _Window(service, pieces)
    with window.readable():
        if window.has("["):
            return _array(window)
        return window.whole()


_FIRST_LINE = re.compile(r"\{[^\r\n]*\}[ \t]*\r?\n\s*\{")
"""What a file of one object a line begins with; within one object, no line ends so."""


def is_json_lines(start: str) -> bool:
    """Recognise JSON Lines: an object on each line, which is none of one document."""
    return _FIRST_LINE.match(start) is not None


def parse_lines(service: str, pieces: Iterable[str]) -> Iterator[object]:
    """Parse JSON Lines: a value on each line.

    Raises:
        ResponseChangedError: a line is not JSON.
    """
    for number, line in enumerate(lines_of(pieces), start=1):
        text = line.strip(BLANKS)
        if not text:
            continue
        try:
            yield json.loads(text)
        except (ValueError, RecursionError) as error:
            why = f"line {number} is not JSON"
            raise ResponseChangedError(service, why, sample=one_line(text[:120])) from error


class _Window:
    """The part of a text that is being read; `at` is where."""

    def __init__(self, service: str, pieces: Iterable[str]) -> None:
        self._service = service
        self._pieces = iter(pieces)
        self._text = ""
        self._at = 0
        self._lines = self._column = 0  # where the text begins

    def _more(self) -> bool:
        """Take in one more piece; False at the end."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        lines = self._text.count("\n", 0, self._at)
        begins = self._text.rfind("\n", 0, self._at) + 1
        self._column = self._at - begins + (0 if lines else self._column)
        self._lines += lines
        self._text = self._text[self._at :] + piece
        self._at = 0
        return True

    def has(self, sign: str) -> bool:
        """Go past white space, and past *sign* if that is what follows."""
        while True:
            self._at = _end_of_gap(self._text, self._at)
            if self._at < len(self._text) or not self._more():
                break
        is_there = self._text.startswith(sign, self._at)
        self._at += len(sign) * is_there
        return is_there

    def whole(self) -> object:
        """Read the one value that the whole text is."""
        while self._more():
            self._demand_less_than(_LARGEST_VALUE)
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        self.demand_end()
        return value

    def item(self) -> tuple[object, bool]:
        """Read an element and what follows it; say also whether that ends the array."""
        self.has("")
        while True:
            try:
                return self._next_item()
            except json.JSONDecodeError as error:
                if not self._may_be_cut(error) or not self._more():
                    raise
            self._demand_less_than(_LARGEST_ITEM)

    def _next_item(self) -> tuple[object, bool]:
        item, end = _DECODER.raw_decode(self._text, self._at)
        following = _NEXT.match(self._text, end)
        if following is None:
            place = _end_of_gap(self._text, end)
            raise json.JSONDecodeError("no comma between two elements", self._text, place)
        self._at = following.end()
        return item, following[1] == "]"

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        """Tell whether the error may come from the end of what has been taken in."""
        is_within = error.msg.startswith(("Unterminated string", "Invalid \\"))
        return is_within or error.pos >= len(self._text) - _END_OF_CUT

    def _demand_less_than(self, most: int) -> None:
        if len(self._text) - self._at > most + PIECE:
            why = f"one value of the JSON has more than {most:,} characters; not read"
            raise ResponseChangedError(self._service, why)

    def demand_end(self) -> None:
        self.has("")
        if self._at != len(self._text):
            raise json.JSONDecodeError("more text after its end", self._text, self._at)

    @contextmanager
    def readable(self) -> Iterator[None]:
        try:
            yield
        except json.JSONDecodeError as error:
            raise self._not_readable(error) from error
        except (ValueError, RecursionError) as error:  # 5000 digits, 5000 brackets deep
            raise ResponseChangedError(self._service, "the JSON is out of all bounds") from error

    def _not_readable(self, error: json.JSONDecodeError) -> ResponseChangedError:
        text, place = self._text, error.pos
        at_end = place >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        what = "the JSON is cut off" if at_end else "this is not JSON"
        column = error.colno + (self._column if error.lineno == 1 else 0)
        where = f"line {self._lines + error.lineno}, column {column}"
        sample = one_line(text[max(0, place - 60) : place + 60])
        return ResponseChangedError(self._service, f"{what} ({where})", sample=sample)


def _end_of_gap(text: str, at: int) -> int:
    gap = _GAP.match(text, at)
    return gap.end() if gap else at


def _array(window: _Window) -> Iterator[object]:
    """Yield the elements of an array that has begun and is all of the text."""
    with window.readable():
        is_over = window.has("]")
    while not is_over:
        with window.readable():
            item, is_over = window.item()
        yield item
    with window.readable():
        window.demand_end()


def text_of(response: Response) -> str:
    """Decode an answer: UTF-8 or UTF-16 by its mark, else as its header says, else UTF-8."""
    return "".join(pieces_of(response))


def pieces_of(response: Response) -> Iterator[str]:
    """Decode an answer as `text_of` does, piece by piece."""
    body = response.body
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = _charset(response) or "utf-8-sig"
    try:
        yield from decoded(body, encoding)
    except UnicodeDecodeError as error:
        raise ResponseChangedError(
            response.service, f"the answer is not in {encoding}", sample=response.sample
        ) from error


def _charset(response: Response) -> str | None:
    """Name the encoding that the header claims; None for UTF-8 and for unknown ones."""
    named = response.headers.get("content-type", "").lower().partition("charset=")[2]
    try:
        name = codecs.lookup(named.partition(";")[0].strip(" \"'")).name
    except LookupError:
        return None
    return name if name.startswith(("iso8859", "cp125", "utf-16")) else None


def parse_yaml(service: str, text: str) -> object:
    """Parse a YAML document; every scalar stays a string, so that `on` and `2019-01-01` do too.

    Raises:
        ResponseChangedError: it is not YAML, or holds too much (YAML is slow to read).
    """
    import yaml  # noqa: PLC0415 - only for those who have such a file

    if len(text) > _LARGEST_YAML:
        raise ResponseChangedError(
            service, "the YAML is larger than a million characters; not read"
        )
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _demand_sane_yaml(service, yaml.parse(text, loader))
        return yaml.load(text, Loader=loader)  # noqa: S506 - makes strings, lists, mappings
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ResponseChangedError(service, f"this is not YAML: {one_line(str(error))}") from error


def _demand_sane_yaml(service: str, events: Iterable[yaml.Event]) -> None:
    """Stop before the loader would recurse too deep, which ends the process, or build too much."""
    import yaml  # noqa: PLC0415 - see above

    count = depth = 0
    for event in events:
        count += isinstance(event, yaml.NodeEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            why = f"this is not YAML of a list: it is nested more than {_DEEPEST_YAML} levels deep"
            raise ResponseChangedError(service, why)
        if count > _MOST_YAML_VALUES:
            why = f"the YAML holds more than {_MOST_YAML_VALUES:,} values; not read"
            raise ResponseChangedError(service, why)
