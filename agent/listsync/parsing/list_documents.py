"""A list in any known format: its text tells which, and its name where that is not clear."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING

from listsync.domain.lists import Fetched, Validators
from listsync.errors import ResponseChangedError, UnavailableError
from listsync.http.request import MIB
from listsync.parsing.anime_exports import is_mal_export, mal_rows
from listsync.parsing.documents import is_json_lines, parse_lazily, parse_lines, parse_yaml
from listsync.parsing.kometa_lists import collect_kometa
from listsync.parsing.list_lines import collect_lines
from listsync.parsing.list_shapes import holds_titles
from listsync.parsing.row_collector import RowCollector
from listsync.parsing.structured_lists import collect_json
from listsync.parsing.tables import collect_table, header_of
from listsync.parsing.text import Text, decode
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

    from listsync.files.local_file import Bytes
    from listsync.parsing.anime_ids import FindAnime

_START = 1_000_001
"""Characters that show the format; as many as YAML may have, and one."""
_MARKUP = re.compile(r"<(?!https?:)[!?a-zA-Z]")
_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_JSON = re.compile(r'\[\s*(?:[{"]|\[(?!\s*[^\W\d])|\]\s*$|-?\d+\s*,|$)|\{\s*(?:["}]|$)')
_KOMETA = re.compile(r"(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\n)*+collections[ \t]*:[ \t]*\r?\n")
_TABLE_OF_NOTES = re.compile(
    r"^[ \t]*\|(?:(?:[ \t]*:?-{2,}:?[ \t]*\|)+|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*\r?$)", re.MULTILINE
)
_HEADING = re.compile(r"^#{1,6}[ \t]", re.MULTILINE)
_LINE = 250_000  # characters that show whether there is a value on each line
_OF_KOMETA = {"collections", "metadata", "templates", "dynamic_collections", "playlists"}
_JSON_LINES = (".jsonl", ".ndjson", ".jsonlines")
_GZIP = b"\x1f\x8b"
_ZIP = "PK\x03\x04"
_END_OF_ZIP = b"PK\x05\x06"
_ZIP64 = b"PK\x06\x07"  # of archives of more than 4 GB
_LARGEST_ZIP = 16 * MIB
"""Bytes of an archive, and of what is unpacked of one list in it; they are held in memory."""
_LARGEST_INDEX = 100_000
_METHODS = (0, 8)  # as it is, and deflated: the others can take much memory
_ODD_ZIP = (NotImplementedError, RuntimeError, OSError, EOFError, ValueError, struct.error)
_LIST_NAME = re.compile(
    r"^(?!__MACOSX/)(?:.*/)?[^/.][^/]*\.(?:csv|tsv|jsonl?|ndjson|txt)$", re.IGNORECASE
)
_MOST_WATCHLISTS = 20  # parts of one
_SHOWN = 8
_SHEETS = {  # by what is in it
    "xl/workbook.xml": "a workbook of Excel",
    "content.xml": "a document of LibreOffice or Google",
    "word/document.xml": "a document of Word",
}
_DOCUMENTS = {b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "a workbook or document of an old Office"}
_TEXTS = {  # that hold something else than a list, by how they begin
    "{\\rtf": "rich text (RTF); save it as plain text",
    "begin:vcalendar": "a calendar, not a list",
    "begin:vcard": "a file of contacts, not a list",
}
_ARCHIVES = (  # zip, gzip, 7z, rar; their heads as they look in the old Windows letters
    "PK\x03\x04",
    "\x1f\u2039",
    "7z\xbc\xaf",
    "Rar!",
)


def read_list(
    service: str,
    name: str,
    text: Text,
    validators: Validators,
    find_anime: FindAnime | None = None,
) -> Fetched:
    """Read a list from *text*, which is called *name* in errors of *service*.

    Numbers of AniList and MyAnimeList are looked up by *find_anime*.

    How the name ends counts only where the content is unclear.

    Raises:
        UnavailableError: there is nothing in it, as while somebody writes it.
        ResponseChangedError: it is no list in any known format.
    """
    collector = RowCollector(service, find_anime)
    for part, unpacked in unpacked_lists(service, name, text):
        collect_any(collector, part, unpacked)
    return collector.fetched(validators)


def unpacked_lists(service: str, name: str, text: Text) -> Iterator[tuple[str, Text]]:
    """Yield the lists packed in *text*, each with its name; *text* itself where it is not packed.

    Raises:
        ResponseChangedError: it is damaged, too large, or holds several lists to choose from.
    """
    if text.data[: len(_GZIP)] == _GZIP:
        name, text = name.removesuffix(".gz"), decode(_gunzipped(service, name, text.data))
    if text.data[: len(_ZIP)] == _ZIP.encode():
        for member, data in _lists_in_archive(service, name, text.data):
            yield f"{name}/{member}", decode(data)
    else:
        yield name, text


def collect_any(
    collector: RowCollector, name: str, text: Text, *, suffix: str | None = None
) -> None:
    """Read the rows of *text*; raises what `read_list` raises.

    *suffix*: how the name ends, where it is not told.
    """
    start = demand_list(collector.service, name, text)
    collector.is_cut = collector.is_cut or text.is_cut
    suffix = PurePath(name).suffix.lower() if suffix is None else suffix
    if is_json(start, suffix):
        collect_json(collector, lambda: json_in(collector.service, text, suffix))
    elif is_mal_export(start):
        collect_json(collector, lambda: mal_rows(collector.service, text))
    elif suffix in (".yml", ".yaml") or _KOMETA.match(start):
        _collect_yaml(collector, parse_yaml(collector.service, start))
    else:
        _collect_text(collector, name, text, expect_table=suffix in (".csv", ".tsv"))


def _collect_yaml(collector: RowCollector, content: object) -> None:
    """Read a collection file of Kometa, or titles in the forms that JSON has."""
    if isinstance(content, list):
        collect_json(collector, lambda: iter(content))
    elif isinstance(content, dict) and _OF_KOMETA.isdisjoint(content) and holds_titles(content):
        collect_json(collector, lambda: content)
    else:
        collect_kometa(collector, content)


def _gunzipped(service: str, name: str, data: Bytes) -> bytes:
    """Unpack a list that was packed by itself, within the bounds of one in an archive."""
    import zlib  # noqa: PLC0415 - only for those who have such a file

    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        unpacked = unpacker.decompress(data[: len(data)], _LARGEST_ZIP + 1)
    except zlib.error as error:
        raise ResponseChangedError(service, f"{name} is a damaged archive") from error
    if len(unpacked) > _LARGEST_ZIP:
        why = f"holds a list of more than {_LARGEST_ZIP // MIB} MiB; not read"
        raise ResponseChangedError(service, f"{name} {why}")
    if not unpacker.eof:
        raise ResponseChangedError(service, f"{name} is a damaged archive")
    return unpacked


def json_in(service: str, text: Text, suffix: str) -> object:
    """Read JSON, a value on each line or one document; raises ResponseChangedError."""
    if suffix in _JSON_LINES or is_json_lines(text.start(_LINE)):
        return parse_lines(service, text.pieces())
    return parse_lazily(service, text.pieces())


def _lists_in_archive(service: str, name: str, data: Bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the lists out of a ZIP as services give it: the watchlist, or the only list there is.

    Nothing is written, so a path in it means nothing; how much is unpacked is bounded.

    Raises:
        ResponseChangedError: it is damaged, too large, or holds several lists to choose from.
    """
    import zipfile  # noqa: PLC0415 - only for those who have such a file
    import zlib  # noqa: PLC0415 - see above

    whole = data[: len(data)] if len(data) <= _LARGEST_ZIP else b""
    end = whole.rfind(_END_OF_ZIP)
    index = int.from_bytes(whole[end + 12 : end + 16], "little") if end >= 0 else 0
    if not whole or index > _LARGEST_INDEX or _ZIP64 in whole[max(0, end - 20) : end]:
        raise ResponseChangedError(service, f"{name} is a larger archive than any list; not read")
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            for one in _chosen(service, name, archive.infolist()):
                yield one.filename, _unpacked(service, name, archive, one)
    except (zipfile.BadZipFile, zlib.error, *_ODD_ZIP) as error:
        raise ResponseChangedError(service, f"{name} is a damaged archive") from error


def _chosen(service: str, name: str, members: list[ZipInfo]) -> list[ZipInfo]:
    for sign, what in _SHEETS.items():
        if any(one.filename == sign for one in members):
            raise ResponseChangedError(service, f"{name} is {what}; save it as CSV")
    lists = [one for one in members if _LIST_NAME.search(one.filename) and not one.flag_bits & 1]
    depth = min((one.filename.count("/") for one in lists), default=0)
    lists = [one for one in lists if one.filename.count("/") == depth]
    wanted = [one for one in lists if "watchlist" in one.filename.lower()] or lists
    is_clear = len(wanted) == 1 or (wanted != lists and len(wanted) <= _MOST_WATCHLISTS)
    if is_clear and all(one.compress_type in _METHODS for one in wanted):
        return wanted
    names = ", ".join(one_line(one.filename, 60) for one in lists[:_SHOWN]) or "none"
    why = f"is an archive; name a file out of it (lists in it: {names})"
    raise ResponseChangedError(service, f"{name} {why}")


def _unpacked(service: str, name: str, archive: ZipFile, member: ZipInfo) -> bytes:
    with archive.open(member) as file:
        data = file.read(_LARGEST_ZIP + 1)
    if len(data) > _LARGEST_ZIP:
        why = f"holds a list of more than {_LARGEST_ZIP // MIB} MiB; not read"
        raise ResponseChangedError(service, f"{name} {why}")
    return data


def _collect_text(collector: RowCollector, name: str, text: Text, *, expect_table: bool) -> None:
    header = header_of(collector.service, text, surely=expect_table)
    if header is None or (not expect_table and _is_notes(text.start(_START))):
        collect_lines(collector, text)
    else:
        collect_table(collector, name, text, header)


def _is_notes(start: str) -> bool:
    """Tell a text of Markdown with several tables, or with headings around one, from a table."""
    tables = sum(1 for _ in islice(_TABLE_OF_NOTES.finditer(start), 2))
    return tables > 1 or (tables == 1 and _HEADING.search(start) is not None)


def is_json(start: str, suffix: str) -> bool:
    return suffix in (".json", *_JSON_LINES) or _JSON.match(start) is not None


def demand_list(service: str, name: str, text: Text) -> str:
    """Refuse what can be no list; gives how *text* begins. Raises what `read_list` raises."""
    body = text.start(_START)
    if text.is_blank:
        size = "0 bytes" if not text.data else "nothing but white space"
        raise UnavailableError(service, f"{name} holds {size}; the last good reading is kept")
    for sign, what in _DOCUMENTS.items():
        if text.data[: len(sign)] == sign:
            raise ResponseChangedError(service, f"{name} is {what}; save it as CSV")
    for begin, what in _TEXTS.items():
        if body[: len(begin)].lower() == begin:
            raise ResponseChangedError(service, f"{name} is {what}")
    if body.startswith(_ARCHIVES):
        raise ResponseChangedError(service, f"{name} is an archive; name a file out of it")
    if text.is_binary:
        raise ResponseChangedError(service, f"{name} is not text")
    if text.is_garbled:
        why = "is in letters of an old encoding that cannot be told; save it as UTF-8"
        raise ResponseChangedError(service, f"{name} {why}")
    if _MARKUP.match(body) and not is_mal_export(body):
        what = "a web page" if _PAGE.search(body[:2000]) else "XML"
        sample = " ".join(body[:200].split())
        raise ResponseChangedError(service, f"{name} is {what}, not a list", sample=sample)
    return body
