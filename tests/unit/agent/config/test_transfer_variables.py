"""The variables of the original transfer service do what they did."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.config.paths import find_state_dir
from listsync.transfers.options import PlexOptions

MAPPINGS = """
http: {listen: "127.0.0.1:0"}
transfers:
  mappings:
    - {from: /movies, source: /nas/movies, destination: /media/movies, media_server: /data/movies}
    - {from: /tv, source: /nas/tv, destination: /media/tv}
"""
PLEX = {"PLEX_URL": "http://plex:32400/", "PLEX_TOKEN": "no-token-of-anybody"}


def loaded(folder: Path, environ: dict[str, str], text: str = MAPPINGS) -> Config:
    path = folder / "listsync.yaml"
    path.write_text(f"server: {{url: sandbox}}\n{text}")
    path.chmod(0o600)
    return load(path, environ)


def plex_in(config: Config) -> list[PlexOptions]:
    named = (one.options for one in config.transfers.media_servers)
    return [one for one in named if isinstance(one, PlexOptions)]


def remarks(config: Config) -> str:
    return " ".join(str(one) for one in config.warnings)


def test_plex_is_told_with_the_sections_of_its_folders(tmp_path: Path) -> None:
    sections = {"PLEX_SECTION_MOVIES": "1", "PLEX_SECTION_TV": "12"}
    (plex,) = plex_in(loaded(tmp_path, PLEX | sections))
    assert plex.url == "http://plex:32400/"
    assert plex.token.get_secret_value() == PLEX["PLEX_TOKEN"]
    assert plex.sections == {"/data/movies": 1, "/media/tv": 12}


def test_a_plex_that_the_file_names_is_not_told_twice(tmp_path: Path) -> None:
    own = MAPPINGS + "  media_servers: [{plex: {url: 'http://plex:32400', token: another-one}}]\n"
    (plex,) = plex_in(loaded(tmp_path, PLEX, own))
    assert plex.token.get_secret_value() == "another-one"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PLEX_URL": "http://plex:32400"}, "PLEX_URL: does nothing without PLEX_TOKEN"),
        ({"PLEX_TOKEN": "no-token-of-anybody"}, "PLEX_TOKEN: does nothing without PLEX_URL"),
        (PLEX | {"PLEX_SECTION_TV": "tv"}, "PLEX_SECTION_TV: has no effect: expected the number"),
        (PLEX | {"PLEX_SECTION_TV_4K": "4"}, "PLEX_SECTION_TV_4K: has no effect: no mapping is"),
    ],
)
def test_what_does_nothing_is_said(tmp_path: Path, environ: dict[str, str], words: str) -> None:
    assert words in remarks(loaded(tmp_path, environ))


def test_without_libraries_nothing_is_told_and_that_is_said(tmp_path: Path) -> None:
    config = loaded(tmp_path, PLEX, "")
    assert plex_in(config) == []
    assert "PLEX_URL: has no effect: no library is named" in remarks(config)


@pytest.mark.parametrize(("text", "is_dry"), [("true", True), ("false", False), ("", False)])
def test_copies_are_only_tried(tmp_path: Path, text: str, is_dry: bool) -> None:
    assert loaded(tmp_path, {"SYNC_DRY_RUN": text}).transfers.dry_run is is_dry


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"SYNC_DB_PATH": "/data/sync_jobs.db"}, "/data"),
        ({"SYNC_DB_PATH": "jobs.db"}, "/home/me/.local/state/listsync"),
        ({"SYNC_DB_PATH": "/data/a.db", "LISTSYNC_STATE_DIR": "/state"}, "/state"),
    ],
)
def test_the_state_lies_where_the_jobs_lay(environ: dict[str, str], folder: str) -> None:
    assert find_state_dir(None, {"HOME": "/home/me", **environ}) == Path(folder)
