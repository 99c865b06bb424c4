from __future__ import annotations

import json
import logging
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import UnavailableError
from listsync.http import anime_ids
from listsync.http.anime_ids import FILE_NAME, AnimeIdMap
from listsync.parsing.anime_ids import AnimeIdsOptions, AnimeTitle
from tests.contract.providers.site import FIXTURES, Site, answer, client

SAMPLE = (FIXTURES / "anilist" / "id-map.mixed-shapes.json").read_bytes()
OPTIONS = AnimeIdsOptions(base_url="http://map.example/map.json")
FILM = AnimeTitle(MediaType.MOVIE, ExternalIds("tt90000042", 9000042))
DOWN = answer(status=503)


def map_of(folder: Path, site: Site, options: AnimeIdsOptions = OPTIONS) -> AnimeIdMap:
    """Give the map as the next sync has it."""
    return AnimeIdMap(options, folder, lambda: client(options, site))


def site_of(*answers: httpx.Response) -> Site:
    return Site.of({"*": answers})


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let the time that the map goes by be now and so many days."""
    passed = [0.0]
    real = time.time

    class Clock:
        @staticmethod
        def time() -> float:
            return real() + passed[0] * 86400

    monkeypatch.setattr(anime_ids, "time", Clock)
    return passed


def test_titles_are_found_by_the_numbers_of_both_services(tmp_path: Path) -> None:
    found = map_of(tmp_path, site_of(answer(SAMPLE)))
    assert found.find("anilist", [990102, 990103, 5]).keys() == {990102, 990103}
    assert found.find("mal", [990002]) == {990002: FILM}
    assert found.find("mal", [990102]) == {}


def test_it_is_asked_for_once_a_week_and_then_only_if_it_has_changed(
    tmp_path: Path, days: list[float]
) -> None:
    site = site_of(answer(SAMPLE, etag='"one"'), answer(status=304, content_type=None))
    for day in (0.0, 0.1, 6.9):
        days[0] = day
        assert map_of(tmp_path, site).find("anilist", [990102]) == {990102: FILM}
    assert len(site.seen) == 1
    for day in (7.1, 7.2, 14):
        days[0] = day
        assert map_of(tmp_path, site).find("anilist", [990102]) == {990102: FILM}
    assert [request.headers.get("if-none-match") for request in site.seen] == [None, '"one"']


def test_a_clock_that_was_set_back_does_not_keep_an_old_map(
    tmp_path: Path, days: list[float]
) -> None:
    site = site_of(answer(SAMPLE))
    days[0] = 100
    map_of(tmp_path, site).find("mal", [1])
    days[0] = 0
    map_of(tmp_path, site).find("mal", [1])
    assert len(site.seen) == 2


def test_without_a_map_the_list_cannot_be_read_and_says_why(tmp_path: Path) -> None:
    site = site_of(answer(status=404))
    found = map_of(tmp_path, site)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"cannot be had: .* 404.*ids\.file"):
            found.find("anilist", [1])
    assert len(site.seen) == 1, "the lists of one sync ask once together"


def test_a_map_that_cannot_be_had_anew_goes_on_and_is_asked_for_after_an_hour(
    tmp_path: Path, days: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    site = site_of(answer(SAMPLE), answer(b"<html>no</html>", content_type="text/html"))
    map_of(tmp_path, site).find("mal", [1])
    days[0] = 8
    with caplog.at_level(logging.WARNING):
        assert map_of(tmp_path, site).find("anilist", [990102]) == {990102: FILM}
    assert "the map of anime ids stays as it was: anime_ids: a web page" in caplog.text
    map_of(tmp_path, site).find("mal", [1])
    assert len(site.seen) == 2
    days[0] = 8 + 1.1 / 24
    map_of(tmp_path, site).find("mal", [1])
    assert len(site.seen) == 3


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'"no list"',
        b"[1, 2, 3]",
        b'[{"type": "TV"}]',
        b'[{"anilist_id": 1},',
        b'[{"anilist_id": 1}, 2, 3]',
    ],
)
def test_what_is_no_map_takes_the_place_of_none(
    tmp_path: Path, days: list[float], body: bytes
) -> None:
    site = site_of(answer(SAMPLE), answer(body))
    map_of(tmp_path, site).find("mal", [1])
    days[0] = 8
    assert map_of(tmp_path, site).find("anilist", [990102]) == {990102: FILM}
    with pytest.raises(UnavailableError):
        map_of(tmp_path / "new", site_of(answer(body))).find("mal", [1])
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [FILE_NAME]


def test_a_damaged_file_is_had_anew(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    site = site_of(answer(SAMPLE))
    assert map_of(tmp_path, site).find("anilist", [990102]) == {990102: FILM}


def _damage_rows(path: Path) -> None:
    """Leave what the file says of itself as it is, as a bad sector does."""
    content = bytearray(path.read_bytes())
    content[8192:] = b"\x5a" * (len(content) - 8192)
    path.write_bytes(content)


def _damage_kinds(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("UPDATE titles SET kind = 'movi\x7f'")
    file.close()


def _damage_facts(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("DELETE FROM kept")
    file.close()


@pytest.mark.parametrize("damage", [_damage_rows, _damage_kinds, _damage_facts])
@pytest.mark.parametrize("is_own_file", [False, True])
def test_a_map_whose_rows_are_damaged_is_had_anew(
    tmp_path: Path, damage: Callable[[Path], None], is_own_file: bool
) -> None:
    own = tmp_path / "map.json"
    own.write_bytes(SAMPLE)
    options = AnimeIdsOptions(file=own) if is_own_file else OPTIONS
    site = site_of(answer(SAMPLE))
    map_of(tmp_path, site, options).find("mal", [1])
    damage(tmp_path / FILE_NAME)
    for _ in range(2):
        found = map_of(tmp_path, site, options).find("anilist", [990102])
        assert found == {990102: FILM}
    assert len(site.seen) == (0 if is_own_file else 2)


def test_a_damaged_map_that_cannot_be_had_anew_is_told_as_such(tmp_path: Path) -> None:
    site = site_of(answer(SAMPLE), DOWN)
    map_of(tmp_path, site).find("mal", [1])
    _damage_rows(tmp_path / FILE_NAME)
    found = map_of(tmp_path, site)
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"cannot be had: .*503"):
            found.find("anilist", [990102])


def test_another_address_has_another_map(tmp_path: Path) -> None:
    map_of(tmp_path, site_of(answer(SAMPLE))).find("mal", [1])
    other = AnimeIdsOptions(base_url="http://other.example/map.json")
    site = site_of(answer(b'[{"mal_id": 1, "type": "TV"}]'))
    assert map_of(tmp_path, site, other).find("mal", [1]) == {1: AnimeTitle(MediaType.TV)}


def test_a_file_of_ones_own_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path, site = tmp_path / "map.json", site_of(DOWN)
    options = AnimeIdsOptions(file=path)
    path.write_bytes(SAMPLE)
    assert map_of(tmp_path, site, options).find("anilist", [990102]) == {990102: FILM}
    path.write_text(json.dumps([{"anilist_id": 990102, "type": "TV", "tvdb_id": 5}]))
    os.utime(path, (1, 1))
    assert map_of(tmp_path, site, options).find("anilist", [990102]) == {
        990102: AnimeTitle(MediaType.TV, ExternalIds(tvdb=5))
    }
    path.unlink()
    with pytest.raises(UnavailableError, match=r"map\.json does not exist"):
        map_of(tmp_path, site, options).find("anilist", [990102])
    assert not site.seen


def test_only_its_owner_can_read_it_and_no_address_is_in_it(tmp_path: Path) -> None:
    options = AnimeIdsOptions(base_url="http://anna:of-the-map@map.example/map.json")
    map_of(tmp_path, site_of(answer(SAMPLE)), options).find("mal", [1])
    path = tmp_path / FILE_NAME
    assert path.stat().st_mode & 0o077 == 0
    assert b"of-the-map" not in path.read_bytes()


def test_a_folder_that_takes_nothing_is_said(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(UnavailableError, match="cannot be written"):
        map_of(tmp_path, site_of(answer(SAMPLE))).find("mal", [1])


def test_a_file_that_may_not_be_looked_at_is_told(tmp_path: Path) -> None:
    options = AnimeIdsOptions(file=tmp_path / "no-folder" / "map.json")
    with pytest.raises(UnavailableError, match=r"map\.json does not exist$"):
        map_of(tmp_path, site_of(DOWN), options).find("mal", [1])
