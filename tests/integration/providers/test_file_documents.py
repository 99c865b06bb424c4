from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable

import pytest

from listsync.config.values import SERVICES
from listsync.domain.lists import ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import (
    Refusal,
    RefusedError,
    ResponseChangedError,
)
from tests.contract.providers.site import FIXTURES
from tests.integration.providers.reader import Reader


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"id": 603}], ("movie", ExternalIds(tmdb=603))),
        ([{"tmdbId": 603, "title": "A"}], (None, ExternalIds(tmdb=603))),
        ([{"id": 5, "title": "A", "tmdbId": 603}], ("movie", ExternalIds(tmdb=603))),
        ([{"id": 5, "title": "A", "tvdbId": 81189}], ("tv", ExternalIds(tvdb=81189))),
        ([{"TVDBID": "81189"}], ("tv", ExternalIds(tvdb=81189))),
        (
            [{"id": 1396, "mediatype": "show", "tvdb_id": 8}],
            ("tv", ExternalIds(tmdb=1396, tvdb=8)),
        ),
        ([{"id": "tt90000011", "title": "A"}], ("movie", ExternalIds(imdb="tt90000011"))),
        ([{"id": 5, "title": "A", "ratings": {"value": 7}}], ("movie", ExternalIds())),
        ([{"title": "A", "ids": {"imdb": "tt90000011"}}], (None, ExternalIds(imdb="tt90000011"))),
        ([{"title": "A", "poster_url": "x"}], ("movie", ExternalIds())),
        ([{"title": "A", "year": 2019, "type": "tv"}], ("tv", ExternalIds())),
        (["tmdb:movie:603"], ("movie", ExternalIds(tmdb=603))),
    ],
)
def test_json_lists_of_other_programs(
    read: Reader, rows: list[object], expected: tuple[str | None, ExternalIds]
) -> None:
    entry = read(json.dumps(rows), "a.json").entries[0]
    assert (entry.kind, entry.ids) == expected


_ALIEN = {"title": "Alien", "year": 1979, "ids": {"trakt": 4, "slug": "a", "tmdb": 348}}
_DARK = {"title": "Dark", "year": 2017, "ids": {"tvdb": 334824, "tmdb": 70523}}
_EXPECTED = [("Alien (1979)", MediaType.MOVIE, 348), ("Dark (2017)", MediaType.TV, 70523)]


@pytest.mark.parametrize(
    "content",
    [
        [
            {"rank": 1, "id": 9, "type": "movie", "movie": _ALIEN},
            {"rank": 2, "id": 8, "type": "show", "show": _DARK},
        ],
        [{"plays": 3, "movie": _ALIEN}, {"show": _DARK, "seasons": [{"number": 1, "plays": 2}]}],
        {
            "movies": [{"status": "plantowatch", "movie": _ALIEN}],
            "shows": [{"status": "watching", "show": _DARK}],
            "anime": [],
        },
        {"items": [{"item": {**_ALIEN, "type": "movie"}}, {"item": {**_DARK, "type": "tv"}}]},
        {"data": {"movies": [_ALIEN], "series": [_DARK]}, "total": 2},
        {
            "Items": [
                {
                    "Name": "Alien",
                    "ProductionYear": 1979,
                    "Type": "Movie",
                    "ProviderIds": {"Tmdb": "348"},
                },
                {
                    "Name": "Dark",
                    "ProductionYear": 2017,
                    "Type": "Series",
                    "ProviderIds": {"Tmdb": "70523"},
                },
            ]
        },
        {
            "page": 1,
            "results": [
                {"media_type": "movie", "id": 348, "tmdb_id": 348, **_ALIEN, "ids": {}},
                {"media_type": "tv", "id": 70523, "tmdb_id": 70523, **_DARK, "ids": {}},
            ],
        },
    ],
    ids=["trakt", "trakt watched", "simkl", "items", "nested", "jellyfin", "results"],
)
def test_records_and_objects_of_other_programs_hold_titles(read: Reader, content: object) -> None:
    fetched = read(json.dumps(content), "a.json")
    assert [(one.label, one.kind, one.ids.tmdb) for one in fetched.entries] == _EXPECTED
    assert (fetched.skipped, fetched.outcome) == ((), ListOutcome.COMPLETE)
    assert not any(entry.doubt for entry in fetched.entries)


_MATRIX = {"title": "The Matrix", "year": 1999}


@pytest.mark.parametrize(
    "content",
    [
        {"603": _MATRIX, "348": _ALIEN},
        {"tt0133093": _MATRIX, "tt0078748": {"title": "Alien", "year": 1979}},
        {"0": _MATRIX, "1": _ALIEN},
        {"items": {"tt0133093": _MATRIX, "tt0078748": _ALIEN}},
        {"movies": {"603": _MATRIX, "348": _ALIEN}},
        {"The Matrix": 1999, "Alien": "1979"},
        {"The Matrix": {"year": 1999}, "Alien": {"year": 1979, "imdb": "tt0078748"}},
        {"lists": [{"name": "One", "items": [_MATRIX]}, {"name": "Two", "items": [_ALIEN]}]},
        [{"name": "One", "items": [_MATRIX]}, {"name": "Two", "items": [_ALIEN]}],
        [["The Matrix", 1999], ["Alien", "1979"]],
        [["title", "year"], ["The Matrix", 1999], ["Alien", 1979]],
        {"columns": ["title", "year"], "data": [["The Matrix", 1999], ["Alien", 1979]]},
        {"title": {"0": "The Matrix", "1": "Alien"}, "year": {"0": 1999, "1": 1979}},
        {"title": ["The Matrix", "Alien"], "year": [1999, 1979]},
        {"Mine": [_MATRIX], "Horror": [_ALIEN]},
        {"me": {"to watch": [_MATRIX, _ALIEN]}},
        {"data": {"list": {"edges": [{"node": _MATRIX}, {"node": _ALIEN}]}}},
        {"cards": [{"name": "The Matrix (1999)"}, {"name": "Alien (1979)"}]},
    ],
)
def test_rows_are_found_wherever_a_document_has_them(read: Reader, content: object) -> None:
    fetched = read(json.dumps(content), "a.json")
    labels = [
        entry.label.replace(" (1999)", "").replace(" (1979)", "") for entry in fetched.entries
    ]
    assert labels == ["The Matrix", "Alien"]
    assert all("(19" in entry.label for entry in fetched.entries)
    assert fetched.outcome is ListOutcome.COMPLETE


@pytest.mark.parametrize("inner", [False, True])
def test_titles_of_far_too_many_lists_are_not_dropped_without_a_word(
    read: Reader, *, inner: bool
) -> None:
    groups: dict[str, object] = {f"list {n}": [_MATRIX] for n in range(1001)}
    with pytest.raises(ResponseChangedError, match="more than 1,000 lists in one object; put"):
        read(json.dumps({"data": groups} if inner else groups), "a.json")
    del groups["list 0"]
    assert read(json.dumps(groups), "a.json").read == 1000


@pytest.mark.parametrize(
    ("content", "ids"),
    [
        ({"tt0133093": {"title": "A"}}, ExternalIds(imdb="tt0133093")),
        ({"tt0133093": {"title": "A", "imdb_id": None}}, ExternalIds(imdb="tt0133093")),
        ({"tt0133093": True}, ExternalIds(imdb="tt0133093")),
        ({"A": "tt0133093"}, ExternalIds(imdb="tt0133093")),
        ([{"_id": "tt0133093", "name": "A", "state": {"x": 1}}], ExternalIds(imdb="tt0133093")),
        (
            [
                {
                    "id": {"tvdb": 121361, "imdb": "tt0944947"},
                    "title": "A",
                    "seasons": [{"number": 1}],
                }
            ],
            ExternalIds(imdb="tt0944947", tvdb=121361),
        ),
        (
            {"result": {"movies": [{"label": "A", "movieid": 5, "uniqueid": {"tmdb": "603"}}]}},
            ExternalIds(tmdb=603),
        ),
        (
            {
                "MediaContainer": {
                    "Metadata": [
                        {"guid": "plex://movie/5", "title": "A", "Guid": [{"id": "tmdb://603"}]}
                    ]
                }
            },
            ExternalIds(tmdb=603),
        ),
        (
            [{"id": 5, "name": "A", "type": "Scripted", "externals": {"thetvdb": 8, "tvrage": 9}}],
            ExternalIds(tvdb=8),
        ),
        (
            {"media": [{"lot": "movie", "source": "tmdb", "identifier": "603"}]},
            ExternalIds(tmdb=603),
        ),
    ],
    ids=["key", "true", "name", "stremio", "tv-time", "kodi", "plex", "tvmaze", "ryot"],
)
def test_ids_in_documents_of_other_programs(
    read: Reader, content: object, ids: ExternalIds
) -> None:
    assert read(json.dumps(content), "a.json").entries[0].ids == ids


def test_what_is_no_film_or_is_removed_is_skipped_in_groups(read: Reader) -> None:
    content = {"books": [{"title": "Dune", "year": 1965}], "films": [{**_MATRIX, "removed": True}]}
    assert read(json.dumps(content["films"]), "a.json").skipped[0].why.startswith("removed")
    fetched = read(json.dumps({"books": content["books"], "Films": []}), "b.json")
    assert [row.why for row in fetched.skipped] == ["a book"]


@pytest.mark.parametrize("content", [{"a": 1}, {"a": "b"}, {"x": {"y": []}}, {"cast": ["A", "B"]}])
def test_an_object_that_holds_no_titles_is_refused(read: Reader, content: object) -> None:
    with pytest.raises(ResponseChangedError, match="without a list of titles"):
        read(json.dumps(content), "a.json")


def test_a_page_of_a_longer_list_is_partial(read: Reader) -> None:
    page = {"records": [_MATRIX], "totalRecords": 5}
    assert read(json.dumps(page), "a.json").outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.txt", "a.json"])
def test_json_lines_are_read(read: Reader, name: str) -> None:
    lines = json.dumps(_MATRIX) + "\r\n\n" + json.dumps(_ALIEN)
    fetched = read(lines, name)
    assert [entry.label for entry in fetched.entries] == ["The Matrix (1999)", "Alien (1979)"]


def test_a_broken_line_of_json_lines_is_named(read: Reader) -> None:
    with pytest.raises(ResponseChangedError, match="line 2 is not JSON"):
        read(json.dumps(_MATRIX) + '\n{"title": "Al', "a.jsonl")


def test_a_season_of_a_record_has_the_ids_of_its_series(read: Reader) -> None:
    season = {"type": "season", "season": {"number": 2, "ids": {"tmdb": 5}}, "show": _DARK}
    episode = {"type": "episode", "episode": {"season": 1, "number": 3}, "show": _DARK}
    fetched = read(json.dumps([season, episode]), "a.json")
    (entry,) = fetched.entries
    assert (entry.seasons, entry.ids.tmdb) == ((2,), 70523)
    assert [row.why for row in fetched.skipped] == ["an episode"]


def test_what_the_user_has_dropped_is_not_wanted(read: Reader) -> None:
    fetched = read(json.dumps({"shows": [{"status": "dropped", "show": _DARK}]}), "a.json")
    assert [row.why for row in fetched.skipped] == ["dropped, as the list says"]
    fetched = read("Title,Year,Watchlist,IMDB\nDark,2017,dropped,\nAlien,1979,hold,\n", "a.csv")
    assert [entry.label for entry in fetched.entries] == ["Alien (1979)"]


def test_series_of_sonarr_are_no_films(read: Reader) -> None:
    row = {"title": "Dark", "year": 2017, "tvdbId": 334824, "cleanTitle": "dark", "id": 3}
    (entry,) = read(json.dumps([{**row, "seasons": [{"seasonNumber": 1, "a": 1}]}])).entries
    assert (entry.kind, entry.ids.tvdb, entry.seasons) == (MediaType.TV, 334824, ())


@pytest.mark.parametrize(
    "row",
    [
        {"name": "Alien", "year": 1979},
        {"Film_title": "Alien", "Release_year": "1979"},
        {"movie": "Alien", "year": "(1979)"},
        {"primaryTitle": "Alien", "startYear": 1979},
        {"name": "Alien", "datePublished": "1979-05-25", "url": "/title/tt0078748/"},
        {"title": "Alien", "release_date": "1979-05-25"},
    ],
)
def test_titles_and_years_have_many_names(read: Reader, row: dict[str, object]) -> None:
    (entry,) = read(json.dumps([row]), "a.json").entries
    assert entry.label == "Alien (1979)"
    assert entry.ids.imdb == ("tt0078748" if "url" in row else None)


def test_one_page_of_several_is_not_the_whole_list(read: Reader) -> None:
    for more in ({"pagination": {"has_more": True}}, {"total_pages": 5}):
        fetched = read(json.dumps({"results": [{"title": "A"}], **more}), "a.json")
        assert fetched.outcome is ListOutcome.PARTIAL


def test_the_error_of_a_list_server_is_a_refusal(read: Reader) -> None:
    with pytest.raises(RefusedError, match="no such list") as caught:
        read('{"errors": [{"status": 404, "detail": "no such list"}]}')
    assert caught.value.kind is Refusal.NOT_FOUND


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return packed.getvalue()


_WATCHLIST = b"Date,Name,Year,Letterboxd URI\n2026-01-01,Alien,1979,https://boxd.it/a\n"
_RECORD = json.dumps([{"type": "movie", "movie": _ALIEN}]).encode()


@pytest.mark.parametrize(
    "members",
    [
        {
            "watchlist.csv": _WATCHLIST,
            "ratings.csv": b"Name\nHeat\n",
            "deleted/watchlist.csv": b"x",
        },
        {"export/lists-watchlist.json": _RECORD, "export/watched-movies.json": b"[]"},
        {"SimklBackup.json": json.dumps({"movies": [{"movie": _ALIEN}]}).encode()},
        {"../../etc/watchlist.csv": _WATCHLIST, "__MACOSX/a.csv": b"x"},
    ],
    ids=["letterboxd", "trakt", "simkl", "paths"],
)
def test_the_watchlist_of_a_zip_is_read_as_it_was_downloaded(
    read: Reader, members: dict[str, bytes]
) -> None:
    fetched = read(archive(members), "export.zip")
    assert [entry.label for entry in fetched.entries] == ["Alien (1979)"]
    assert [path.name for path in read.folder.iterdir()] == ["export.zip"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: archive({"a.csv": _WATCHLIST, "b.csv": _WATCHLIST}), r"in it: a\.csv, b\.csv"),
        (lambda: archive({"photo.png": b"x"}), "in it: none"),
        (lambda: archive({"watchlist.csv": _WATCHLIST})[:-30], "a damaged archive"),
        (
            lambda: archive({"watchlist.csv": _WATCHLIST}, zipfile.ZIP_LZMA),
            "name a file out of it",
        ),
        (lambda: archive({f"{n}.csv": b"" for n in range(2500)}), "larger archive"),
        (lambda: archive({"watchlist.csv": bytes(17 * 1024 * 1024)}), "more than 16 MiB"),
        (lambda: archive({"watchlist.csv": archive({"a.csv": _WATCHLIST})}), "an archive"),
    ],
    ids=["several", "none", "cut", "lzma", "many", "bomb", "nested"],
)
def test_a_zip_that_is_no_list_is_refused_in_words(
    read: Reader, content: Callable[[], bytes], words: str
) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        read(content(), "export.zip")


def test_kometa_names_titles_and_points_at_lists(read: Reader) -> None:
    fetched = read((FIXTURES / "file/kometa-collections.yml").read_bytes())
    assert [entry.label for entry in fetched.entries] == [
        "imdb:tt90000011",
        "imdb:tt90000012",
        "tmdb:movie/9000011",
        "tmdb:movie/9000012",
        "tmdb:tv/9000021",
        "tvdb:800021",
    ]
    notes = {row.what: row.why for row in fetched.skipped}
    assert "`- imdb: ls990000001`" in notes["imdb_list: ls990000001"]
    assert "`- stevenlu: popular`" in notes["stevenlu_popular: true"]
    assert "under `lists:`" in notes["text_file: /config/lists/plain.txt"]


@pytest.mark.parametrize(
    ("builder", "advice"),
    [
        ("tmdb_collection: 1241", "tmdb: collection/1241"),
        ("tmdb_collection_details: 1241", "tmdb: collection/1241"),
        ("tmdb_list: 8136", "tmdb: list/8136"),
        ("tmdb_actor: 6384", "tmdb: person/6384/cast"),
        ("tmdb_director_details: 1", "tmdb: person/1/director"),
        ("tmdb_writer: 1", "tmdb: person/1/writer"),
        ("tmdb_producer: 1", "tmdb: person/1/producer"),
        ("tmdb_crew: 1", "tmdb: person/1/crew"),
        ("imdb_chart: top_movies", "imdb: top"),
        ("trakt_watchlist: me", "trakt: me/watchlist"),
        (
            "trakt_list: https://trakt.tv/users/a/lists/b?sort=rank,asc",
            "trakt: https://trakt.tv/users/a/lists/b?sort=rank,asc",
        ),
        (
            "imdb_list: https://www.imdb.com/search/title/?title_type=feature&user_rating=7.0,",
            "imdb: https://www.imdb.com/search/title/?title_type=feature&user_rating=7.0,",
        ),
        (
            "mdblist_list: {url: https://mdblist.com/lists/a/b}",
            "mdblist: https://mdblist.com/lists/a/b",
        ),
    ],
)
def test_kometa_is_pointed_at_lists_that_are_accepted(
    read: Reader, builder: str, advice: str
) -> None:
    (row,) = read(f"collections:\n  A:\n    {builder}\n", "a.yml").skipped
    assert row.why == f"another list; put it under `lists:` as `- {advice}`"
    service, _, text = advice.partition(": ")
    assert SERVICES[service](text)


def test_a_search_of_kometa_is_no_list_and_says_what_is(read: Reader) -> None:
    text = "collections:\n  A:\n    imdb_search: {type: movie, genre: horror}\n"
    (row,) = read(text, "a.yml").skipped
    assert "copy its address" in row.why


def test_kometa_with_aliases_of_aliases_is_read_at_once(read: Reader) -> None:
    """Written out, the last one would be of 10^12 words."""
    lines = [f"    l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 10)}]\n" for n in range(1, 13)]
    text = f"collections:\n  levels:\n    l0: &l0 tt0133093\n{''.join(lines)}"
    text += "  one: {imdb_id: tt90000011, trakt_list: {url: *l12}}\n"
    fetched = read(text)
    assert [entry.label for entry in fetched.entries] == ["imdb:tt90000011"]


@pytest.mark.parametrize("builder", ["tmdb_show: 1396", "tvdb_show: 81189", "imdb_id: tt0903747"])
def test_kometa_collections_of_parts_of_series_ask_for_no_whole_one(
    read: Reader, builder: str
) -> None:
    text = (
        "collections:\n"
        "  Parts:\n    {}\n    Builder_Level: {}\n"
        "  Whole:\n    imdb_id: tt90000011\n"
    )
    fetched = read(text.format(builder, "Season"))
    assert [bool(entry.doubt) for entry in fetched.entries] == [True, False]
    fetched = read(text.format(builder, "episode"))
    assert [entry.label for entry in fetched.entries] == ["imdb:tt90000011"]
    assert [row.why for row in fetched.skipped] == ["an episode"]
    fetched = read(text.format(builder, "show"))
    assert [bool(entry.doubt) for entry in fetched.entries] == [False, False]


def test_kometa_settings_and_odd_values_are_passed_by(read: Reader) -> None:
    fetched = read(
        "---\n# mine\ncollections:\n"
        "  Odd: text\n"
        "  Mine:\n    imdb_id: [tt90000011, [nested], nm90000011]\n    tvdb_movie: 5\n"
        "    imdb_list_details: {url: ls990000001}\n    sort_title: x\n"
    )
    assert [entry.label for entry in fetched.entries] == ["imdb:tt90000011"]
    assert [row.what for row in fetched.skipped] == ["nm90000011", "5", "imdb_list: ls990000001"]


def test_a_collection_of_films_is_those_films_and_not_a_film_of_its_number(read: Reader) -> None:
    films = [{"title": "A", "year": 1999, "tmdbId": 603}, {"title": "B", "tmdbId": 604}]
    content = [{"title": "The A Collection", "tmdbId": 2344, "monitored": True, "movies": films}]
    fetched = read(json.dumps(content), "a.json")
    assert [(one.title, one.kind, one.ids.tmdb) for one in fetched.entries] == [
        ("A", MediaType.MOVIE, 603),
        ("B", MediaType.MOVIE, 604),
    ]


def test_what_a_film_says_of_others_makes_it_no_list(read: Reader) -> None:
    row = {
        "title": "A",
        "year": 1999,
        "titles": [{"type": "Default", "title": "A"}],
        "parts": [{"name": "Part 1", "type": "disc"}],
        "shows": [{"time": "20:00"}],
    }
    assert [one.title for one in read(json.dumps([row]), "a.json").entries] == ["A"]


@pytest.mark.parametrize(
    ("content", "whose"),
    [
        (
            {
                "main": {"applicationTitle": "Seerr"},
                "plex": {"libraries": [{"id": "1", "name": "Movies", "type": "movie"}]},
                "radarr": [],
                "sonarr": [],
            },
            "a request server",
        ),
        ([{"name": "Popular", "id": 1, "implementation": "X", "fields": []}], "Radarr or Sonarr"),
    ],
    ids=["seerr", "radarr"],
)
def test_settings_are_no_list(read: Reader, content: object, whose: str) -> None:
    with pytest.raises(ResponseChangedError, match=f"settings of {whose}, and no list"):
        read(json.dumps(content), "a.json")


@pytest.mark.parametrize(
    "text",
    [
        "- title: Heat\n  year: 1995\n- title: Dark\n  type: tv\n  seasons: [1, 2]\n",
        "movies:\n  - Heat (1995)\nshows:\n  - Dark S1-S2\nbooks:\n  - Dune\n",
        "movies: [Heat (1995)]\nanime:\n  - {title: Dark, season: 1-2}\n",
        "watchlist:\n  - {name: Heat, year: 1995}\n  - {name: Dark, kind: series, season: 1-2}\n",
    ],
    ids=["array", "kinds", "anime", "one list"],
)
def test_titles_in_yaml_are_read_as_in_json(read: Reader, text: str) -> None:
    film, show = read(text, "list.yml").entries
    assert (film.title, film.year) == ("Heat", 1995)
    assert (show.title, show.kind, show.seasons) == ("Dark", MediaType.TV, (1, 2))


@pytest.mark.parametrize(
    "text", ["tasks:\n  a:\n    trakt_list: {list: x}\n", "metadata:\n  A: {}\n"]
)
def test_other_yaml_is_refused(read: Reader, text: str) -> None:
    with pytest.raises(ResponseChangedError, match="YAML has no titles"):
        read(text, "a.yml")


def test_a_builder_of_kometa_that_is_no_list_here_is_told(read: Reader) -> None:
    text = "collections:\n  A:\n    mal_season: {season: fall}\n"
    text += "    tmdb_summary: 5\n    tmdb_movie: 603\n"
    fetched = read(text, "a.yml")
    assert [(row.what, len(fetched.entries)) for row in fetched.skipped] == [
        ("mal_season: (a search)", 1)
    ]


def test_records_of_trackers_name_what_they_are_about(read: Reader) -> None:
    content = [
        {"id": 1, "content": {"id": 5, "tmdbId": 949, "title": "Heat", "type": "movie"}},
        {"id": 2, "game": {"id": 7, "name": "Hades"}, "status": "PLANNED"},
        {
            "id": "3",
            "type": "anime",
            "attributes": {"canonicalTitle": "Akira", "subtype": "movie"},
        },
    ]
    fetched = read(json.dumps(content), "a.json")
    assert [(one.title, one.ids.tmdb) for one in fetched.entries] == [
        ("Heat", 949),
        ("Akira", None),
    ]
    assert [(row.what, row.why) for row in fetched.skipped] == [("Hades", "a game")]


def test_a_name_that_says_what_it_names_makes_a_row_a_title(read: Reader) -> None:
    fetched = read(
        json.dumps([{"movie": "Heat", "addedBy": "a"}, {"film_name": "Alien"}]), "a.json"
    )
    assert [(one.title, one.kind) for one in fetched.entries] == [
        ("Heat", MediaType.MOVIE),
        ("Alien", MediaType.MOVIE),
    ]
    with pytest.raises(ResponseChangedError, match="no title and no id"):
        read(
            json.dumps([{"series": "Sales", "value": 5}, {"series": "Costs", "value": 6}]),
            "b.json",
        )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{\\rtf1\\ansi\n\\f0 Heat (1995)\\\n}\n", "rich text .RTF.; save it as plain text"),
        ("BEGIN:VCALENDAR\nSUMMARY:Heat (1995)\n", "a calendar, not a list"),
        ("\ufeffBEGIN:VCARD\nFN:Heat\n", "a file of contacts"),
    ],
)
@pytest.mark.parametrize("name", ["a.rtf", "a.txt", "a.csv", "a.json"])
def test_text_that_holds_something_else_is_refused_in_words(
    read: Reader, content: str, words: str, name: str
) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        read(content, name)
