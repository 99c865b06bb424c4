from __future__ import annotations

import os
import pathlib
import threading
import time
from pathlib import Path

import pytest

from listsync.cancellation import CancelToken
from listsync.domain.lists import ListOutcome
from listsync.errors import (
    ResponseChangedError,
    UnavailableError,
)
from listsync.providers.file import reader
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource, parse
from tests.integration.providers.reader import FILM, HEADER, Reader


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/sample")
    assert parse("~/lists/a.csv") == FileSource(Path("/home/sample/lists/a.csv"))


def test_a_relative_path_is_meant_from_the_folder_of_the_config() -> None:
    folder = Path("/etc/listsync")
    assert parse(" lists/a.csv ").under(folder).path == Path("/etc/listsync/lists/a.csv")
    assert parse("file:///srv/a.csv").under(folder).path == Path("/srv/a.csv")
    with pytest.raises(ValueError, match="not absolute"):
        ListFile(parse("a.csv"), FileOptions())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no path"),
        ("a\0b", "no path"),
        ("https://example.com/a.csv", "an address, not a path"),
        ("https://trakt.tv/shows/trending", "an address of Trakt"),
        ("letterboxd.com/sample_user/watchlist/", "an address of Letterboxd"),
        ("~nobody-of-this-name/a.csv", "home"),
    ],
)
def test_what_is_no_path_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_encodings(read: Reader, encoding: str) -> None:
    assert read("Blåfjell (2021)\nÖrdög\n".encode(encoding)).entries[0].title == "Blåfjell"


def test_duplicates_stay(read: Reader) -> None:
    assert read("Dune (2021)\nDune (2021)\n").read == 2


RATINGS = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,"
    "Runtime (mins),Year,Genres,Num Votes,Release Date,Directors\r\n"
)
LETTERBOXD = (
    "Letterboxd list export v7\nDate,Name,Tags,URL,Description\n2025-02-03,Mine,,x,\n\n"
    "Position,Name,Year,URL,Description\n"
)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("# nothing yet\n\n# really\n", "a.txt"),
        ("# nothing yet", "a.txt"),
        (HEADER, "a.csv"),
        (RATINGS, "ratings.csv"),
        ("Date,Name,Year,Letterboxd URI\n", "watchlist.csv"),
        (LETTERBOXD, "mine.csv"),
        ("[]", "a.json"),
        (" [ ]\n", "a.txt"),
    ],
)
def test_a_list_that_shows_that_it_is_empty(read: Reader, content: str, name: str) -> None:
    fetched = read(content, name)
    assert (fetched.outcome, fetched.declared) == (ListOutcome.EMPTY, 0)


@pytest.mark.parametrize("content", ["", " \r\n\t\n", "\ufeff", "\ufeff\n"])
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.json", "a.yml"])
def test_a_file_of_nothing_is_not_an_empty_list(read: Reader, content: str, name: str) -> None:
    with pytest.raises(UnavailableError, match="the last good reading is kept"):
        read(content, name)


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        ("<!DOCTYPE html><html>", "a.csv", "a web page"),
        ("\n <html>", "a.txt", "a web page"),
        ("<!DOCTYPE html><html>", "a.json", "a web page"),
        (b"%PDF-1.7\n\x00", "a.csv", "a PDF; save it as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00", "a.csv", "an old Office; save it"),
        ('Title,Date\n"Dark: Season 1: Secrets",1/2/20\n', "a.csv", "history of what was watched"),
        ("Profile Name,Start Time,Title\nA,1,Heat\n", "a.csv", "history of what was watched"),
        ("<?xml version='1.0'?><rss>", "a.csv", "XML"),
        ("a,b\n1,2\n", "a.csv", "known columns are title"),
        ("mood,tone\nx,y\n", "a.csv", "known columns are title"),
        ("year,genre\n2019,x\n", "a.tsv", "known columns are title"),
        (HEADER.strip(), "a.csv", "nothing shows that this is all"),
        ("title,mood\n", "a.csv", "nothing shows that this is all"),
        ('Date,"Name,Year\n2026,A,2019\n', "a.csv", "no column"),
        ('title,"year\nDune",2021\nHeat,1995,\n', "a.csv", "no column"),
        ("Letterboxd list export v7\nDate,Name,Tags,URL,Descr", "a.csv", "no column"),
        ('[{"title": "A"}', "a.json", "cut off"),
        ('[{"title": "A"', "a.txt", "cut off"),
        ("nonsense", "a.json", "not JSON"),
        ('"text"', "a.json", "no list of titles"),
        ('{"title": "A"}', "a.json", "an object without a list"),
        ('[{"name": "Alien"}]', "a.json", "not of the known form"),
        ("[1, 2, 3]", "a.json", "not of the known form"),
        ('[{"id": 5, "movie": {"mood": "A"}}]', "a.json", "not of the known form"),
        ('{"errors": [], "items": 5}', "a.json", "an object without a list"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "a.txt", "not text"),
        (b"PK\x03\x04\x14\0", "a.csv", "a damaged archive"),
        (b"\x1f\x8b\x08\0", "a.csv", "damaged archive"),
        ("metadata:\n  a: b\n", "a.yml", "no titles under"),
        ("collections:\n  a:\n    sync_mode: append\n", "a.yml", "no titles and no lists"),
        ("collections: [", "a.yml", "not YAML"),
        ("- [", "a.yaml", "not YAML"),
    ],
)
def test_what_is_no_list(read: Reader, content: str | bytes, name: str, words: str) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        read(content, name)


def test_half_a_letter_is_partial(read: Reader) -> None:
    fetched = read("Blåfjell (2021)\nÖrdög å".encode()[:-1])
    assert fetched.outcome is ListOutcome.PARTIAL
    assert [entry.title for entry in fetched.entries] == ["Blåfjell"]


def test_the_same_bytes_are_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(HEADER + FILM)
    provider = ListFile(FileSource(path), FileOptions())
    first = provider.fetch(None)
    os.utime(path, (0, 0))
    assert provider.fetch(first.validators).is_unchanged
    path.write_text(HEADER + FILM + FILM)
    second = provider.fetch(first.validators)
    assert (second.is_unchanged, second.read) == (False, 2)


def test_a_file_that_is_still_being_written_is_read_as_it_is_and_so_marked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    provider = ListFile(FileSource(path), FileOptions())
    with path.open("w") as file:
        file.write(HEADER + FILM)
        file.flush()
        os.utime(path, (0, 0))
        first = provider.fetch(None)
        again = provider.fetch(first.validators)
    assert (first.read, first.is_unfinished, first.is_sure) == (1, True, False)
    assert (again.is_unchanged, again.is_unfinished) == (True, True)
    assert not provider.fetch(None).is_unfinished


def test_a_reader_that_is_stopped_gives_up_what_is_being_written(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    token = CancelToken()
    token.set()
    with path.open("w"), pytest.raises(UnavailableError, match="being written"):
        ListFile(FileSource(path), FileOptions(), token).fetch(None)


def test_the_limit_is_the_users(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"A\n" * (1024 * 1024))
    with pytest.raises(ResponseChangedError, match="larger than 1 MiB"):
        ListFile(FileSource(path), FileOptions(limit_mib=1)).fetch(None)


@pytest.mark.parametrize("call", ["load_file", "Path.stat"])
@pytest.mark.parametrize("is_cut", [True, False], ids=["cut", "deadline"])
def test_a_share_that_does_not_answer_is_not_waited_for_without_an_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_cut: bool, call: str
) -> None:
    back, token = threading.Event(), CancelToken()
    module = reader if call == "load_file" else pathlib
    monkeypatch.setattr(f"{module.__name__}.{call}", lambda *_, **__: back.wait(50))
    monkeypatch.setattr(reader, "LONGEST_S", 50.0 if is_cut else 0.05)
    if is_cut:
        threading.Timer(0.05, token.cut).start()
    began = time.monotonic()
    with pytest.raises(UnavailableError, match="does its share still answer"):
        ListFile(FileSource(tmp_path / "a.csv"), FileOptions(), token).fetch(None)
    assert time.monotonic() - began < 30
    back.set()
