"""Text of unknown encoding, and the rows and lines in it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import field, replace
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from listsync.errors import ResponseChangedError
from listsync.lean_dataclasses import dataclass

if TYPE_CHECKING:
    from listsync.files.local_file import Bytes


BLANKS = "\ufeff \t\r\n\f\v"
MOST_OF_LINE = 1_000_000
"""Characters of one line, or of a row of several."""

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_LOOK = 100_000  # characters that show whether it is text
PIECE = 256 * 1024
_UNKNOWN = "unknown"
_RUNS = re.compile(rb"[\x80-\xff]{2,}")
_BEYOND = re.compile(rb"[\x80-\xff]")
_NO_WEST = re.compile(  # what a Mac or DOS has for letters, among those of a word
    rb"[A-Za-z][\x81\x82\x84\x86-\x89\x8b\x8d\x8f\x90\x94\x95\x98\x9b\x9d\xa1-\xa7][a-z]"
    rb"|[a-z][\x8a\x8c\x8e\x9f][a-z]|[A-Za-z][\xb3\xb9\xbf][a-z\x80-\xff]"
)
_CYRILLIC = (
    r"\b[\u0410-\u042f\u0401-\u0407]?[\u0430-\u044f\u0451-\u0457]+\b",
    r"[\u0430\u0435\u0438\u043e\u0443\u044b\u044d-\u044f\u0451\u0454\u0456\u0457]",
)
_KANA = r"[\u3041-\u3096\u30a1-\u30fa]"
_FREQUENT = (  # syllables of Korean; what only looks like it has hardly one of them
    "이의는다가을로에사인지기리아스하나를고한은서도자시라어니그대정해장수마부전상일보여주원으만"
    "있것들과와드트미비제유구조우소러르오동신영안국바거남경관호무화세게성방내레루네피크디터파타카"
    "토프개되차생"
)
_HEBREW = re.compile(rb"[\xe0-\xfa]+")  # lower letters alone in other alphabets
_WORD = re.compile(r"[^\W\d_]*[\xc0-\xff\u0152\u0153\u0160\u0161\u0178\u017d\u017e][^\W\d_]*")
_LANGUAGES = [  # of the west: letters beyond ASCII that stand in one word together
    frozenset(letters)
    for letters in (
        *("àâæçéèêëîïôœùûüÿ", "áéíñóúü", "áâãàçéêíóôõúü", "àèéìíîòóùú", "àçèéíïòóúüñ"),
        *("äöüßéà", "æøåéèêóòôäöü", "åäöéàüšž", "áðéíóúýþæö", "äõöüšž", "áéíóú", "àèìòù"),
        *("âêîôûïëöá", "áéëïóöüèêàâçñû", "äëéüôêèö", "çëöüâîû", "áéíóúýöüäôšž"),
    )
]
_NO_WORD = re.compile(  # letters at a place where no word of the west has them
    r"[a-z][ìù][a-z]|è[aeèiouyáéíóúý]|\bð|[aàeiouyýáéíóúöü]þ(?!r)|ñ[b-df-hj-np-tv-z]|ã[b-df-hj-mp-rtv-y]"
    r"|[aeiouyáéíóúöü][^\W\d_]*õ(?!e)|ø[áíýìèù]|[áíýìèù]ø"
)
_NO_SIGN = re.compile(r"[£¥¯¼¾][a-z]|[a-zà-ÿ][ªº¼¾][a-z]")
_MOST_ODD = 20  # words of the west to one that is none
_ALPHABETS = {  # what words look like in each, and their vowels
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "cp866": _CYRILLIC,
    "cp1253": (
        r"\b[\u0386-\u03ab]?[\u03ac-\u03ce]+\b",
        r"[\u03ac-\u03b1\u03b5\u03b7\u03b9\u03bf\u03c5\u03c9\u03cc-\u03ce]",
    ),
    "cp932": (r"[\u3041-\u3096\u30a1-\u30fc\u3005\u3400-\u9fff]+", _KANA),
    "cp949": (r"[\uac00-\ud7a3]{2,}", f"[{_FREQUENT}]"),
}
_OF_TWO_BYTES = {"cp932": 20, "cp949": 4}  # every so manieth letter at least is such a vowel
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Text as *data* hold it, decoded a piece at a time: whole, it can take four times their size.

    `is_cut` when the bytes end in the middle of a character, `ends_line` when the last line has an
    end. `is_blank`: nothing but white space; `is_binary`: this never was text (a NUL, or many
    control characters). `foreign` counts the letters beyond ASCII, `bad` those that stand for
    bytes which are none. `is_garbled`: it is in an old encoding that cannot be told.
    """

    data: Bytes = field(repr=False)
    encoding: str
    errors: str
    is_cut: bool
    is_blank: bool
    is_binary: bool
    ends_line: bool
    foreign: int
    bad: int
    is_garbled: bool = False

    def pieces(self) -> Iterator[str]:
        return _decoded(self.data, codecs.getincrementaldecoder(self.encoding)(self.errors))

    def start(self, most: int) -> str:
        """Give the first *most* characters, or fewer, after marks and white space."""
        found, size = list[str](), 0
        for piece in self.pieces():
            found.append(piece if found else piece.lstrip(BLANKS))
            size += len(found[-1])
            if not size:
                found.clear()
            elif size >= most:
                break
        return "".join(found)[:most]


def decode(data: Bytes) -> Text:
    """Decode by byte order mark, else as UTF-8, else in the old letters of its alphabet."""
    if data[:4] in (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE):
        return _scanned(data, "utf-32", "replace")
    if data[:2] in _UTF16:
        return _scanned(data, "utf-16", "replace")
    if wide := _unmarked_utf16(data[:_LOOK]):
        return _scanned(data, wide, "replace")
    try:
        text = _scanned(data, "utf-8-sig", "strict")
    except UnicodeDecodeError:
        return _by_majority(data)
    return _as_latin(data) if text.is_cut and not text.foreign else text


def decoded(data: bytes, encoding: str) -> Iterator[str]:
    """Yield text piece by piece; raises UnicodeDecodeError where it is not in *encoding*."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    yield from _decoded(data, decoder)
    yield decoder.decode(b"", final=True)


def _decoded(data: Bytes, decoder: codecs.IncrementalDecoder) -> Iterator[str]:
    for at in range(0, len(data), PIECE):
        if piece := decoder.decode(data[at : at + PIECE]):
            yield piece


def _scanned(data: Bytes, encoding: str, errors: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    foreign = bad = controls = looked = 0
    is_blank, has_nul, last = True, False, ""
    for piece in _decoded(data, decoder):
        foreign += len(piece) - len(piece.encode("ascii", "ignore"))
        bad += piece.count("\ufffd")
        has_nul = has_nul or "\0" in piece
        is_blank = is_blank and not piece.strip(BLANKS)
        if looked < _LOOK:
            beginning = piece[: _LOOK - looked]
            looked += len(beginning)
            controls += len(_CONTROL.findall(beginning))
        last = piece[-1]
    return Text(
        data=data,
        encoding=encoding,
        errors=errors,
        is_cut=bool(decoder.getstate()[0]),
        is_blank=is_blank,
        is_binary=has_nul or (controls > 2 and controls * 50 > looked),
        ends_line=last in ("\n", "\r"),
        foreign=foreign,
        bad=bad,
    )


def _by_majority(data: Bytes) -> Text:
    """Choose between damaged UTF-8 and Latin-1: good letters against bad bytes."""
    text = _scanned(data, "utf-8-sig", "replace")
    return text if text.foreign - text.bad > text.bad else _as_latin(data)


def _unmarked_utf16(start: bytes) -> str | None:
    """Recognise UTF-16 without its mark: in letters of the west every second byte is 0."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if min(even, odd) == 0 and max(even, odd) * 3 > len(start) > 3:
        return "utf-16-le" if odd else "utf-16-be"
    return None


def _of_other_alphabet(start: bytes) -> str | None:
    """Name the encoding of an alphabet that is not Latin; `_UNKNOWN` where it is not clear which.

    Words in it are runs of bytes beyond ASCII, which those of the west hardly have. What single
    bytes of old computers stand for cannot be told from one another.
    """
    runs = _RUNS.findall(start)
    if sum(map(len, runs)) < 3 or 2 * sum(map(len, runs)) < len(_BEYOND.findall(start)):
        return _UNKNOWN if _NO_WEST.search(start) else None
    if _HEBREW.fullmatch(b"".join(runs)):
        return _UNKNOWN
    return next((one for one in _ALPHABETS if _is_of(one, start)), _UNKNOWN)


def _is_of(encoding: str, start: bytes) -> bool:
    """Tell whether nearly all letters beyond ASCII make words of that alphabet."""
    letters, vowels = _ALPHABETS[encoding]
    is_wide = encoding in _OF_TWO_BYTES
    decoder = codecs.getincrementaldecoder(encoding)("strict" if is_wide else "replace")
    try:
        text = decoder.decode(start)
    except UnicodeDecodeError:
        return False
    foreign = re.sub(r"[\x00-\xa0]+", "", text)
    words = "".join(re.findall(letters, text))
    sung = len(re.findall(vowels, text, re.IGNORECASE))
    share = _OF_TWO_BYTES.get(encoding, 4)
    return len(words) * 10 >= 8 * len(foreign) and sung * share >= len(words) > 0


def _is_western(start: bytes) -> bool:
    """Tell words of the west from those of Central Europe or Turkey in their letters."""
    text = start.decode("cp1252", "replace").lower()
    words = _WORD.findall(text)
    odd = sum(1 for word in words if _is_odd(word)) + len(_NO_SIGN.findall(text))
    return odd * _MOST_ODD < len(words) + 1 or not odd


def _is_odd(word: str) -> bool:
    if _NO_WORD.search(word):
        return True
    beyond = frozenset(letter for letter in word if not letter.isascii())
    return not any(beyond <= letters for letters in _LANGUAGES)


def _as_latin(data: Bytes) -> Text:
    """Decode as cp1252; the five bytes it does not know are taken from Latin-1."""
    other = _of_other_alphabet(data[:_LOOK])
    if other not in (None, _UNKNOWN):
        return _scanned(data, other, "replace")
    try:
        text = _scanned(data, "cp1252", "strict")
    except UnicodeDecodeError:
        text = _scanned(data, "latin-1", "strict")
    is_garbled = other is not None or not _is_western(data[:_LOOK])
    return replace(text, is_garbled=is_garbled)


def lines_of(pieces: Iterable[str]) -> Iterator[str]:
    r"""Yield the lines of a text, each with its end: \n, \r\n or \r.

    What a line has beyond `MOST_OF_LINE` characters may be left out, so longer ones are no data.
    """
    rest = ""
    for piece in pieces:
        lines = io.StringIO(rest + piece, newline="").readlines()
        rest = lines.pop() if lines else ""
        yield from lines
        if len(rest) > MOST_OF_LINE + 2:
            rest = rest[: MOST_OF_LINE + 1] + rest[-1]  # half of an end may be there
    if rest:
        yield rest


_MOST_LINES = 1_000_000


def lines_of_list(service: str, text: Text) -> Iterator[str]:
    """Yield the lines of a list, comments and empty ones too, each with its end.

    Raises:
        ResponseChangedError: there are far more than a list has.
    """
    for number, line in enumerate(lines_of(text.pieces())):
        if number >= _MOST_LINES:
            raise ResponseChangedError(service, f"has more than {_MOST_LINES:,} lines; not read")
        yield line


_END = "\x1aend of list\x1a"
_RowT = TypeVar("_RowT")


class TableReader:
    """Iterates the rows of a table, given as lines with their ends.

    Afterwards `is_cut` says whether a quote never ended, or a row is longer than any row is.

    A line that cannot be data follows the last one. When it comes back as a row of its own, all
    quotes were closed; when not, the row that swallowed it is the cut one, and `is_cut` is set
    before that row is yielded.
    """

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        source = chain(self._counted(lines), [_END])
        self._reader = csv.reader(source, delimiter=delimiter, skipinitialspace=True)
        self._size_of_row = 0
        self.is_cut = False

    def _counted(self, lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            self._size_of_row += len(line)
            if self._size_of_row > MOST_OF_LINE:
                raise csv.Error
            yield line

    def __iter__(self) -> Iterator[list[str]]:
        """Yield each row; an empty line is an empty row."""
        while (fields := self._next()) != [_END]:
            if fields and fields[-1].endswith(_END):
                self.is_cut = True
                fields[-1] = fields[-1].removesuffix(_END)
            yield fields
            if self.is_cut:
                return

    def _next(self) -> list[str]:
        self._size_of_row = 0
        try:
            return next(self._reader)
        except csv.Error:  # beyond all bounds: a quote never ended
            return ["(a row that does not end)", _END]


def with_is_last(rows: Iterator[_RowT]) -> Iterator[tuple[_RowT, bool]]:
    """Pair each row with whether it is the last one."""
    row = next(rows, None)
    while row is not None:
        following = next(rows, None)
        yield row, following is None
        row = following
