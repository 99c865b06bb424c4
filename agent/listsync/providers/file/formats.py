"""Which format a file is in, by its content first and its name second."""

from __future__ import annotations

import re
from pathlib import Path

from listsync.domain.lists import Fetched, Validators
from listsync.errors import AnswerChangedError, UnavailableError
from listsync.http.text import Text
from listsync.parsing.documents import parse_lazily, parse_yaml
from listsync.providers.file.json_list import gather_json
from listsync.providers.file.kometa import gather_kometa
from listsync.providers.file.row_collector import Gathering
from listsync.providers.file.source import SERVICE
from listsync.providers.file.tables import gather_table, header_of
from listsync.providers.file.text_lines import gather_lines

_START = 1_000_001
"""Characters that show the format; as many as YAML may have, and one."""
_MARKUP = re.compile(r"<[!?a-zA-Z]")
_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.IGNORECASE)
_JSON = re.compile(r'\[\s*(?:[{"\[\]]|$)|\{\s*(?:["}]|$)')
_KOMETA = re.compile(r"(?:[ \t]*(?:#[^\n]*|---[^\n]*)?\n)*+collections[ \t]*:[ \t]*\r?\n")
_ARCHIVES = (  # zip, gzip, 7z, rar; their heads as they look in the old Windows letters
    "PK\x03\x04",
    "\x1f\u2039",
    "7z\xbc\xaf",
    "Rar!",
)


def read_list(path: Path, text: Text, validators: Validators) -> Fetched:
    """Read a list from the *text* of *path*; the name counts only where the content is unclear.

    Raises:
        UnavailableError: there is nothing in it, as while somebody writes it.
        AnswerChangedError: it is no list in any known format.
    """
    start = text.start(_START)
    _demand_list(path, text, start)
    gathering = Gathering()
    gathering.is_cut = text.is_cut
    suffix = path.suffix.lower()
    if suffix == ".json" or _JSON.match(start):
        gather_json(gathering, lambda: parse_lazily(SERVICE, text.pieces()))
    elif suffix in (".yml", ".yaml") or _KOMETA.match(start):
        gather_kometa(gathering, parse_yaml(SERVICE, start))
    else:
        _gather_text(gathering, path, text, expect_table=suffix in (".csv", ".tsv"))
    return gathering.fetched(validators)


def _gather_text(gathering: Gathering, path: Path, text: Text, *, expect_table: bool) -> None:
    header = header_of(text, surely=expect_table)
    if header is None:
        gather_lines(gathering, text)
    else:
        gather_table(gathering, path, text, header)


def _demand_list(path: Path, text: Text, body: str) -> None:
    if text.is_blank:
        size = "0 bytes" if not text.data else "nothing but white space"
        raise UnavailableError(SERVICE, f"{path} holds {size}; the last good reading is kept")
    if body.startswith(_ARCHIVES):
        raise AnswerChangedError(SERVICE, f"{path} is an archive; name a file out of it")
    if text.is_binary:
        raise AnswerChangedError(SERVICE, f"{path} is not text")
    if _MARKUP.match(body):
        what = "a web page" if _PAGE.search(body[:2000]) else "XML"
        sample = " ".join(body[:200].split())
        raise AnswerChangedError(SERVICE, f"{path} is {what}, not a list", sample=sample)
