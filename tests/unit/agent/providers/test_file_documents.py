from __future__ import annotations

import json

import pytest

from listsync.domain.media import ExternalIds
from listsync.errors import (
    Refusal,
    RefusedError,
)
from tests.contract.providers.site import FIXTURES
from tests.unit.agent.providers.reader import Reader


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


def test_the_error_of_a_list_server_is_a_refusal(read: Reader) -> None:
    with pytest.raises(RefusedError, match="no such list") as caught:
        read('{"errors": [{"status": 404, "detail": "no such list"}]}')
    assert caught.value.kind is Refusal.NOT_FOUND


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
