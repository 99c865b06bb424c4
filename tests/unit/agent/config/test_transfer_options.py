"""The key `transfers`: what it comes to, and what is refused with its place."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from listsync.config.configuration import Config, load, secrets_of
from listsync.domain.transfer_rules import (
    PathMapping,
    RenamePolicy,
    RetryPolicy,
    TransferLimits,
    UpgradePolicy,
    VerifyMode,
)
from listsync.domain.transfers import CopyScope
from listsync.errors import ConfigError
from listsync.transfers.options import PlexOptions
from listsync.transfers.settings import TransferSettings
from tests.unit.agent.config.editors import validator

MOVIES = {
    "from": "/movies",
    "source": "/mnt/synology/rs-movies",
    "destination": "/mnt/unraid/media/Movies",
    "media_server": "/data/movies",
}
PLEX = {"plex": {"url": "http://localhost:32400", "token": "no-plex-token"}}
BASE = {"server": {"url": "sandbox"}, "lists": [{"file": "/a"}], "http": {"listen": "[::1]:0"}}


def loaded(folder: Path, transfers: dict[str, Any], **more: object) -> Config:
    file = folder / "listsync.yaml"
    file.write_text(json.dumps({**BASE, "transfers": transfers, **more}, indent=1))
    return load(file, {"TOKEN": "from-the-environment"})


def settings(folder: Path, **transfers: Any) -> TransferSettings:
    return loaded(folder, transfers).transfers


def test_without_the_key_there_are_no_transfers(tmp_path: Path) -> None:
    assert settings(tmp_path) == TransferSettings()
    assert not TransferSettings().is_on


def test_everything_that_is_said_is_in_the_settings(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        mappings=[{**MOVIES, "instance": "Radarr", "marker": ".here", "require_mount": True}],
        media_servers=[PLEX],
        retry={"every": "15m", "attempts": 3},
        verify="checksum",
        movies="file",
        episodes="folder",
        superseded="remove",
        renamed="rename",
        exclude=["*.tmp"],
        dry_run=True,
        limits={"concurrent": 2, "bandwidth": "40 MB/s", "stall_s": "2m", "nice": 0},
    )
    assert found.is_on
    assert found.mappings == (
        PathMapping(
            sender="/movies",
            source=PurePosixPath("/mnt/synology/rs-movies"),
            destination=PurePosixPath("/mnt/unraid/media/Movies"),
            media_server="/data/movies",
            instance="Radarr",
            marker=PurePosixPath(".here"),
            require_mount=True,
        ),
    )
    assert [(one.name, one.kind) for one in found.media_servers] == [("plex", "plex")]
    assert isinstance(found.media_servers[0].options, PlexOptions)
    assert found.retry == RetryPolicy(every=timedelta(minutes=15), attempts=3)
    assert found.limits == TransferLimits(concurrent=2, bandwidth="40m", stall_s=120, nice=0)
    assert (found.verify, found.excludes, found.dry_run) == (
        VerifyMode.CHECKSUM,
        ("*.tmp",),
        True,
    )
    assert (found.movie_scope, found.episode_scope) == (CopyScope.FILE, CopyScope.FOLDER)
    assert (found.superseded, found.renamed) == (UpgradePolicy.REMOVE, RenamePolicy.RENAME)


def test_a_library_that_all_see_alike_needs_one_path(tmp_path: Path) -> None:
    (mapping,) = settings(tmp_path, mappings=[{"from": "//movies//./4k/"}]).mappings
    assert mapping == PathMapping(sender="/movies/4k", source=PurePosixPath("/movies/4k"))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"D:\Media\Movies" + "\\", r"D:\Media\Movies"),
        ("d:/Media/Movies", r"d:\Media\Movies"),
        (r"\\nas\media\Movies", r"\\nas\media\Movies"),
        ("M:\\", "M:\\"),
    ],
)
def test_a_sender_on_windows_has_paths_of_windows(tmp_path: Path, written: str, read: str) -> None:
    (mapping,) = settings(tmp_path, mappings=[{"from": written, "source": "/m"}]).mappings
    assert mapping.sender == read


def test_a_mount_is_required_somewhere_or_at_a_place(tmp_path: Path) -> None:
    forms = [{"from": f"/{n}", "require_mount": to} for n, to in enumerate([True, "/mnt/nas"])]
    found = [one.require_mount for one in settings(tmp_path, mappings=forms).mappings]
    assert found == [True, PurePosixPath("/mnt/nas")]


@pytest.mark.parametrize(
    ("form", "policy"),
    [
        ({}, RetryPolicy()),
        ({"attempts": 9}, RetryPolicy(attempts=9)),
        ({"every": "30m"}, RetryPolicy(every=timedelta(minutes=30), attempts=3)),
    ],
)
def test_retries_are_a_back_off_or_at_fixed_times(
    tmp_path: Path, form: dict[str, Any], policy: RetryPolicy
) -> None:
    assert settings(tmp_path, retry=form).retry == policy


def test_two_instances_may_have_the_same_path_and_two_servers_names(tmp_path: Path) -> None:
    found = settings(
        tmp_path,
        mappings=[{**MOVIES, "instance": "A"}, {**MOVIES, "instance": "B"}, MOVIES],
        media_servers=[PLEX, {**PLEX, "name": "attic"}],
    )
    assert len(found.mappings) == 3
    assert [one.name for one in found.media_servers] == ["plex", "attic"]


def test_the_tokens_of_media_servers_are_secrets(tmp_path: Path) -> None:
    jellyfin = {"jellyfin": {"url": "http://a:no-pass@h", "api_key": {"env": "TOKEN"}}}
    plex = {"plex": {**PLEX["plex"], "sections": {"/data/movies": 7}}}
    config = loaded(tmp_path, {"mappings": [MOVIES], "media_servers": [plex, jellyfin]})
    secrets = {"no-plex-token", "from-the-environment", "no-pass"}
    assert secrets <= secrets_of(config)
    assert not any(one in repr(config.transfers) for one in secrets - {"no-pass"})


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"mappings": [{**MOVIES, "source": "mnt/a"}]}, "source", "expected an absolute path"),
    ({"mappings": [{**MOVIES, "from": "movies"}]}, "from", "expected an absolute path"),
    ({"mappings": [{**MOVIES, "from": "D:movies"}]}, "from", "expected an absolute path"),
    ({"mappings": [{**MOVIES, "from": r"\\nas"}]}, "from", "expected an absolute path"),
    ({"mappings": [{**MOVIES, "destination": "/"}]}, "destination", "is the whole file system"),
    ({"mappings": [{**MOVIES, "from": "/"}]}, "from", "is the whole file system"),
    ({"mappings": [{**MOVIES, "source": "/a/../b"}]}, "source", "expected a path without .."),
    ({"mappings": [{**MOVIES, "media_server": "data"}]}, "media_server", "an absolute path"),
    ({"mappings": [{"source": "/a"}]}, "- ", 'missing key "from" in transfers.mappings[0]'),
    ({"mappings": [{"from": "D:\\M"}]}, "- ", 'missing key "source"'),
    ({"mappings": [MOVIES, MOVIES]}, "from", "is mapped already, by transfers.mappings[0]"),
    (
        {"mappings": [{**MOVIES, "destination": "/mnt/synology/rs-movies/"}]},
        "destination",
        "is the source itself",
    ),
    (
        {"mappings": [{**MOVIES, "destination": "/mnt/synology/rs-movies/copy"}]},
        "destination",
        "is inside the source /mnt/synology/rs-movies",
    ),
    ({"mappings": [{**MOVIES, "destination": "/mnt"}]}, "destination", "is inside /mnt"),
    ({"mappings": [{"from": "/a", "destination": "/a/b"}]}, "destination", "inside the source"),
    ({"mappings": [{"from": "/a", "marker": "x"}]}, "marker", "at the destination, and there"),
    ({"mappings": [{**MOVIES, "marker": "../x"}]}, "marker", "a file below the destination"),
    ({"mappings": [{**MOVIES, "require_mount": "mnt"}]}, "require", "an absolute path"),
    ({"mappings": [{**MOVIES, "dst": "/b"}]}, "dst", 'unknown key "dst"'),
    ({"media_servers": [{"kodi": {"url": "http://h"}}]}, "kodi", 'unknown key "kodi"'),
    ({"media_servers": [{"name": "x"}]}, "- ", "expected one of the keys plex, jellyfin, emby"),
    (
        {"media_servers": [{**PLEX, "emby": {"url": "http://h", "api_key": "k"}}]},
        "emby",
        "is of a kind already (plex)",
    ),
    ({"media_servers": [PLEX, PLEX]}, "- ", 'the name "plex" is taken'),
    ({"media_servers": [PLEX, {**PLEX, "name": "plex"}]}, "name", 'the name "plex" is taken'),
    ({"media_servers": [{"plex": {"url": "http://h"}}]}, "plex", 'missing key "token"'),
    ({"retry": {"every": "1s"}}, "every", "expected at least 10s"),
    ({"limits": {"bandwidth": "fast"}}, "bandwidth", "expected an amount a second"),
    ({"limits": {"bandwidth": "0"}}, "bandwidth", "expected an amount a second"),
    ({"verify": "md5"}, "verify", "expected 'size' or 'checksum'"),
    ({"exclude": ["a\nb"]}, "a\\nb", "may not hold line breaks"),
]


@pytest.mark.parametrize(("form", "key", "words"), WRONG, ids=lambda one: str(one)[-40:])
def test_what_cannot_be_is_refused_at_its_place(
    tmp_path: Path, form: dict[str, Any], key: str, words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, **form)
    (problem,) = [one for one in caught.value.problems if words in one.what]
    lines = (tmp_path / "listsync.yaml").read_text().splitlines()
    assert problem.line is not None
    assert key in lines[problem.line - 1] or key == "- "


def test_webhooks_need_the_http_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing http\.listen"):
        loaded(tmp_path, {"mappings": [MOVIES]}, http={})
    assert loaded(tmp_path, {"movies": "file"}, http={}).transfers.movie_scope is CopyScope.FILE


def test_what_has_no_effect_is_warned_of(tmp_path: Path) -> None:
    config = loaded(tmp_path, {"mappings": [{"from": "/a"}, MOVIES]})
    found = " ".join(one.what for one in config.warnings)
    assert "nothing is done with it" in found
    assert "media_server has no effect" in found
    assert loaded(tmp_path, {"mappings": [MOVIES], "media_servers": [PLEX]}).warnings == ()


def test_transfers_alone_are_worth_an_agent(tmp_path: Path) -> None:
    config = loaded(tmp_path, {"mappings": [MOVIES], "media_servers": [PLEX]}, lists=[])
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("transfers", "is_right"),
    [
        ({"mappings": [MOVIES], "media_servers": [PLEX]}, True),
        ({"mappings": [{"from": "/a"}]}, True),
        ({"mappings": [{"from": "/a", "marker": "x"}]}, False),
        ({"media_servers": [{"name": "x"}]}, False),
        ({"media_servers": [{**PLEX, "emby": {"url": "http://h", "api_key": "k"}}]}, False),
    ],
)
def test_editors_find_the_same(transfers: dict[str, Any], *, is_right: bool) -> None:
    assert validator().is_valid({**BASE, "transfers": transfers}) == is_right
    without = {**BASE, "http": {}, "transfers": transfers}
    assert not validator().is_valid(without) or not transfers.get("mappings")
