from __future__ import annotations

import gzip
import json

import pytest

from listsync.domain.lists import Fetched, ListOutcome, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import ResponseChangedError
from listsync.parsing.anime_ids import AnimeTitle
from listsync.parsing.list_documents import read_list
from listsync.parsing.text import decode
from tests.fakes import AnimeIdsInMemory

TITAN = AnimeTitle(MediaType.TV, ExternalIds(tvdb=267440), season=2)
BEBOP = AnimeTitle(MediaType.TV, ExternalIds(tvdb=76885))


def mal(*rows: tuple[int, str, str, str]) -> str:
    anime = "".join(
        f"<anime>\n<series_animedb_id>{number}</series_animedb_id>\n<series_title><![CDATA[{title}]]>"
        f"</series_title>\n<series_type>{kind}</series_type>\n<my_status>{status}</my_status>\n"
        "</anime>\n"
        for number, title, kind, status in rows
    )
    head = '<?xml version="1.0" ?>\n<!-- made by a machine -->'
    return f"{head}\n<myanimelist>\n{anime}</myanimelist>\n"


ROWS = (
    (1, "Cowboy Bebop", "TV", "Plan to Watch"),
    (25777, "Attack on Titan Season 2", "TV", "Plan to Watch"),
    (5, "Seen & Liked", "Movie", "Completed"),
    (6, "Given Up", "TV", "Dropped"),
    (7, "A Song", "Music", "Plan to Watch"),
    (8, "Unmapped Film", "Movie", "Plan to Watch"),
)


def read(content: str | bytes, name: str, ids: AnimeIdsInMemory) -> Fetched:
    data = content if isinstance(content, bytes) else content.encode()
    return read_list("file", name, decode(data), Validators(), ids.find)


def ids() -> AnimeIdsInMemory:
    return AnimeIdsInMemory({("mal", 1): BEBOP, ("mal", 25777): TITAN, ("anilist", 16498): TITAN})


@pytest.mark.parametrize("is_packed", [False, True])
def test_an_export_of_myanimelist_brings_what_is_planned(is_packed: bool) -> None:
    content = mal(*ROWS).encode()
    fetched = read(gzip.compress(content) if is_packed else content, "a.xml", ids())
    assert [(one.label, one.kind, one.ids.tvdb, one.seasons) for one in fetched.entries] == [
        ("Cowboy Bebop", MediaType.TV, 76885, ()),
        ("Attack on Titan Season 2", MediaType.TV, 267440, (2,)),
        ("Unmapped Film", MediaType.MOVIE, None, ()),
    ]
    assert [row.why for row in fetched.skipped] == [
        "completed, and not planned, as the list says",
        "dropped, as the list says",
        "a music video",
    ]
    assert fetched.outcome is ListOutcome.COMPLETE


def test_all_numbers_are_looked_up_at_once() -> None:
    known = ids()
    read(mal(*ROWS), "a.xml", known)
    assert len(known.asked) == 1


def test_an_export_of_anilist_brings_what_is_planned() -> None:
    media = {"id": 16498, "idMal": 25777, "format": "TV", "startDate": {"year": 2017}}
    titles = {"romaji": "Shingeki no Kyojin", "english": "Attack on Titan", "native": None}
    entries = [
        {"status": status, "media": {**media, "title": titles}}
        for status in ("PLANNING", "COMPLETED", "DROPPED")
    ]
    content = {"data": {"MediaListCollection": {"lists": [{"name": "A", "entries": entries}]}}}
    fetched = read(json.dumps(content), "a.json", ids())
    assert [(one.label, one.ids.tvdb, one.seasons) for one in fetched.entries] == [
        ("Attack on Titan (2017)", 267440, (2,))
    ]
    assert len(fetched.skipped) == 2


def test_without_a_map_anime_are_known_by_their_titles() -> None:
    fetched = read_list("file", "a.xml", decode(mal(*ROWS).encode()), Validators())
    assert [bool(one.ids) for one in fetched.entries] == [False] * 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (mal(*ROWS)[:300], "cut off"),
        ("<myanimelist>\n<manga><a>1</a></manga>\n</myanimelist>", "of manga"),
        ("<rss><channel></channel></rss>", "is XML"),
    ],
)
def test_other_xml_is_refused(content: str, words: str) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        read(content, "a.xml", ids())


def test_a_packed_list_is_bounded() -> None:
    bomb = gzip.compress(b"a" * 40_000_000)
    with pytest.raises(ResponseChangedError, match="more than 16 MiB"):
        read(bomb, "a.csv.gz", ids())
    with pytest.raises(ResponseChangedError, match="damaged"):
        read(gzip.compress(b"Heat (1995)\n")[:-9], "a.txt.gz", ids())
    assert read(gzip.compress(b"Title\nHeat\n"), "a.csv.gz", ids()).read == 1


def test_the_data_that_anilist_gives_out_is_read_by_its_numbers() -> None:
    entries = [
        {"id": 1, "user_id": 9, "series_type": kind, "series_id": number, "status": status}
        for kind, number, status in (
            *((0, 16498, 1), (0, 5, 1), (0, 16498, 2), (0, 7, 3), (1, 30013, 1)),
        )
    ]
    content = {"user": {"id": 9, "name": "anna"}, "lists": entries, "activity": [{"id": 1}]}
    fetched = read(json.dumps(content), "gdpr_data.json", ids())
    assert [(one.ids.tvdb, one.seasons) for one in fetched.entries] == [(267440, (2,))]
    assert [row.why for row in fetched.skipped] == [
        "completed, and not planned, as the list says",
        "dropped, and not planned, as the list says",
        "a comic",
        "no title, and no known ids",
    ]
    assert (fetched.read, fetched.outcome) == (5, ListOutcome.COMPLETE)
