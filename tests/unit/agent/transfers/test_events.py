"""What is read of a webhook: each sample as the index says, and what nobody should send."""

from __future__ import annotations

import json
from typing import Any

import pytest

from listsync.domain.transfers import ImportApp, MediaLabel, WebhookEvent
from listsync.transfers.events import MOST_FILES, WebhookShapeError, read_event
from listsync.transfers.webhook_content import MOST_CONTENT
from tests.webhooks import Sample, sample, samples

_READABLE = [one for one in samples() if one.expect != "bad-request"]


def read(name: str) -> WebhookEvent:
    return read_event(sample(name))


@pytest.mark.parametrize("row", _READABLE, ids=lambda row: row.file)
def test_a_sample_is_read_as_its_row_says(row: Sample) -> None:
    event = read_event(row.body, ImportApp(row.app))
    assert event.app == row.app
    assert event.event_type.casefold() == str(row.event).partition(" ")[0].casefold()
    assert json.loads(event.content)["eventType"] == event.event_type
    files = tuple(one.path for one in event.files)
    match row.expect:
        case "sync":
            assert files == row.paths
        case "scan":
            assert files == row.paths
            assert [new for _, new in event.renamed] == list(row.paths)
            assert all(old and old != new for old, new in event.renamed)
        case "ignore-or-scan":
            assert files == ()
            assert len(event.folders) == 1
            assert row.paths[0].startswith(event.folders[0])
        case "ignore" | "ack" | "ignore-or-notify" | "ack-unusable":
            assert (files, event.folders) == ((), ())
        case _:
            assert len(files) == 1


@pytest.mark.parametrize(
    "body", [{"eventType": ["Download"]}, {"eventType": 1}, {"eventType": {}}]
)
def test_what_neither_program_can_have_sent_is_no_webhook(body: dict[str, Any]) -> None:
    with pytest.raises(WebhookShapeError, match="eventType: expected text"):
        read_event(body)


@pytest.mark.parametrize("spelling", ["download", "DOWNLOAD", "Download "])
def test_the_kind_of_an_event_has_no_case(spelling: str) -> None:
    event = read_event({**sample("radarr-download"), "eventType": spelling})
    assert len(event.files) == 1


def test_a_film_has_its_label() -> None:
    (file,) = read("radarr-download").files
    assert file.size == 15032385536
    assert file.label == MediaLabel(
        title="The General", year=1926, quality="Bluray-1080p", tmdb=961, imdb="tt0017925"
    )


def test_quality_may_be_an_object_as_the_rest_api_has_it() -> None:
    qualities = [
        read(f"original-{one}-download").files[0].label.quality for one in ("radarr", "sonarr")
    ]
    assert qualities == ["Bluray-1080p", "WEBDL-1080p"]


def test_one_file_may_hold_two_episodes() -> None:
    (file,) = read("sonarr-download-multi-episode").files
    assert (file.label.season, file.label.episodes) == (1, (1, 2))
    titles = "The Case of the Cunningham Heritage + The Case of Lady Beryl"
    assert file.label.episode_title == titles


def test_of_a_season_each_file_has_its_own_episode() -> None:
    files = read("sonarr-import-complete-season-pack").files
    assert [one.label.episodes for one in files] == [(n,) for n in range(1, 9)]
    assert files[1].label.episode_title == "The Case of Lady Beryl"
    assert {one.label.tvdb for one in files} == {73871}


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("Show - S01E02 - x.mkv", (2,)),
        ("show.s01e02e03.mkv", (2, 3)),
        ("Show - S01E01-E03.mkv", (1, 2, 3)),
        ("Show - S01E01-03 [WEBDL-1080p].mkv", (1, 2, 3)),
        ("Show - S01E02-1080p.mkv", (2,)),
        ("Show - S02E01.mkv", ()),
        ("Show - 002 - x.mkv", (1,)),
    ],
)
def test_episodes_are_told_by_the_name_of_a_file_or_by_order(
    name: str, numbers: tuple[int, ...]
) -> None:
    files = [{"path": f"/tv/Show/{one}"} for one in (name, "b.mkv", "c.mkv")]
    episodes = [{"seasonNumber": 1, "episodeNumber": n, "title": f"{n}"} for n in (1, 2, 3)]
    body = {"eventType": "Download", "episodes": episodes, "episodeFiles": files}
    assert read_event(body).files[0].label.episodes == numbers


def test_an_upgrade_says_what_it_replaced_and_where_the_download_was() -> None:
    event = read("radarr-download-upgrade")
    assert event.is_upgrade
    assert event.instance == "Radarr-4K"
    assert event.superseded == (
        "/movies-4k/Metropolis (1927)/Metropolis (1927) [WEBDL-1080p]-OLD.mkv",
    )
    assert event.downloads[0].startswith("/downloads/complete/Metropolis")


def test_deleted_files_are_a_list_or_a_truth() -> None:
    assert read("radarr-movie-delete").folders == ("/movies/The General (1926)",)
    assert read("radarr-movie-delete-keep-files").folders == ()
    body = {**sample("radarr-download"), "deletedFiles": True}
    assert read_event(body).superseded == ()


def test_old_versions_say_where_a_file_is_below_its_title() -> None:
    file = {"relativePath": "A.mkv", "size": 1}
    for folder, path in (("/movies/A", "/movies/A/A.mkv"), (r"D:\A", r"D:\A\A.mkv")):
        body = {"eventType": "Download", "movie": {"folderPath": folder}, "movieFile": file}
        assert [one.path for one in read_event(body).files] == [path]


def test_who_sends_is_told_by_the_body_then_by_the_address() -> None:
    radarr = sample("radarr-download")
    assert read_event(radarr, ImportApp.SONARR, "sonarr").app is ImportApp.RADARR
    assert read_event({"eventType": "Test"}, ImportApp.SONARR).app is ImportApp.SONARR
    assert read_event({"eventType": "Test"}, None, "my-Sonarr-4k").app is ImportApp.SONARR
    assert read_event({"eventType": "Test"}, None, "films").app is ImportApp.RADARR


@pytest.mark.parametrize("odd", [None, 1, True, "x", [], [1, "x", None, []], {}, {"path": 7}, -1])
@pytest.mark.parametrize(
    "key",
    ["movie", "series", "movieFile", "episodeFile", "episodeFiles", "episodes", "deletedFiles",
     "isUpgrade", "instanceName", "renamedMovieFiles", "remoteMovie", "sourcePath"],
)  # fmt: skip
def test_a_field_of_another_kind_is_as_if_it_were_missing(key: str, odd: object) -> None:
    body = sample("radarr-download")
    for kind in ("Download", "Rename", "MovieDelete", "EpisodeFileDelete"):
        event = read_event({**body, "eventType": kind, key: odd})
        assert all(one.path for one in event.files)
        assert event.instance in {"Radarr", "", "x"}


@pytest.mark.parametrize("size", [-1, 2**63, 1.5, "1", True, None])
def test_a_size_that_can_be_none_is_not_known(size: object) -> None:
    body = {"eventType": "Download", "movieFile": {"path": "/movies/A/a.mkv", "size": size}}
    assert read_event(body).files[0].size is None


def test_texts_for_people_are_cleaned_and_paths_are_not() -> None:
    body = {
        "eventType": "Download",
        "instanceName": "R\u202eadarr\n" + "x" * 500,
        "movie": {"title": "A\x1b[31m\u202eB " + "x" * 500, "imdbId": "tt1; rm"},
        "movieFile": {"path": "/movies/A\u202e/x.mkv"},
    }
    event = read_event(body)
    assert event.instance.startswith("Radarr x")
    assert len(event.instance) <= 100
    label = event.files[0].label
    assert label.title.startswith("A[31mB x")
    assert len(label.title) <= 200
    assert label.imdb == ""
    assert event.files[0].path == "/movies/A\u202e/x.mkv"


def test_more_files_than_any_release_has_are_refused() -> None:
    files = [{"path": f"/tv/A/{n}.mkv"} for n in range(MOST_FILES + 1)]
    body = {"eventType": "Download", "episodeFiles": files}
    with pytest.raises(WebhookShapeError, match="names 5,001 files"):
        read_event(body)
    assert len(read_event({**body, "episodeFiles": files[1:]}).files) == MOST_FILES


def test_what_is_kept_has_no_secret_and_can_be_read_again() -> None:
    body = {
        **sample("radarr-download"),
        "applicationUrl": "http://me:S3cret-pass@radarr.example:7878/?apikey=S3cret-key",
        "apiKey": "S3cret-own",
        "nested": {"password": "S3cret-word", "half": "\ud800"},
    }
    kept = read_event(body).content
    assert "S3cret" not in kept
    assert kept.isascii()
    assert read_event(json.loads(kept)).files == read_event(body).files


def test_what_is_kept_is_bounded_and_stays_json() -> None:
    deep: Any = "x"
    for _ in range(500):
        deep = [deep]
    files = [{"path": f"/tv/A/{n}.mkv", "sceneName": "y" * 1000} for n in range(3000)]
    long = {"k" * 300: "v" * 100_000, "n": 10**400}
    for body in ({"deep": deep}, {"episodeFiles": files}, long, {"a": ["b" * 5000] * 5000}):
        kept = read_event({"eventType": "Download", **body}).content
        assert len(kept) <= MOST_CONTENT
        assert isinstance(json.loads(kept), dict)
