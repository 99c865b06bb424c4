"""Text from outside: decoded from bytes of unknown encoding, and made harmless for one line."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LOOK = 100_000  # characters that show whether it is text
# What steers a terminal or turns the direction of writing; joiners stay, scripts need them.
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u206f\ufeff\ud800-\udfff]+"
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def one_line(text: str, limit: int = 200) -> str:
    """Make text from outside harmless in one line of a list, a log or a terminal.

    Gaps become one space; control characters, marks of writing direction and half surrogates go.
    """
    if len(text) <= limit and "  " not in text and text.isprintable():
        return text.strip()  # nearly all
    text = " ".join(_HARMFUL.sub("", text[: 4 * limit]).split())
    return text[:limit].rstrip()


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded text; `is_cut` when the bytes end in the middle of a character."""

    body: str
    is_cut: bool = False

    @property
    def is_binary(self) -> bool:
        """True when this never was text: a NUL, or many control characters."""
        if "\0" in self.body:
            return True
        beginning = self.body[:_LOOK]
        controls = len(_CONTROL.findall(beginning))
        return controls > 2 and controls * 50 > len(beginning)


def decode(data: bytes) -> Text:
    """Decode by byte order mark, else as UTF-8, else as the old Windows and Latin-1 letters."""
    if data.startswith(_UTF16):
        return _until_cut(data, "utf-16", "replace")
    try:
        text = _until_cut(data, "utf-8-sig", "strict")
    except UnicodeDecodeError:
        return _by_majority(data)
    return _as_latin(data) if text.is_cut and text.body.isascii() else text


def _until_cut(data: bytes, encoding: str, errors: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    body = decoder.decode(data)
    return Text(body, is_cut=bool(decoder.getstate()[0]))


def _by_majority(data: bytes) -> Text:
    """Choose between damaged UTF-8 and Latin-1: good letters against bad bytes."""
    text = _until_cut(data, "utf-8-sig", "replace")
    bad = text.body.count("\ufffd")
    good = sum(1 for letter in text.body if letter > "\x7f") - bad
    return text if good > bad else _as_latin(data)


def _as_latin(data: bytes) -> Text:
    """Decode as cp1252; the five bytes it does not know are taken from Latin-1."""
    try:
        return Text(data.decode("cp1252"))
    except UnicodeDecodeError:
        return Text(data.decode("latin-1"))
