"""What is made of a webhook: jobs, scans, or why there are none."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import pytest

from listsync.domain.transfer_rules import RenamePolicy
from listsync.domain.transfers import (
    CopyScope,
    EventDecision,
    EventOutcome,
    ImportApp,
    JobKind,
)
from listsync.transfers.events import WebhookShapeError, read_event
from listsync.transfers.intake import IntakeReply, WebhookIntake, decide
from listsync.transfers.settings import TransferSettings
from tests.webhooks import (
    NOW,
    FakeWebhookInbox,
    Sample,
    mapping,
    relatives,
    request,
    sample,
    samples,
    scans,
    transfer_settings,
)

SCANNED = (mapping("/movies", "/src/movies"), mapping("/tv", "/src/tv"))
"""Libraries that are not copied."""


def decision(name: str, settings: TransferSettings | None = None) -> EventDecision:
    return decide(read_event(sample(name)), settings or transfer_settings())


@pytest.mark.parametrize(
    "row", [one for one in samples() if one.expect != "bad-request"], ids=lambda row: row.file
)
def test_a_sample_is_decided_as_its_row_says(row: Sample) -> None:
    found = decide(read_event(row.body), transfer_settings())
    match row.expect:
        case "sync" | "sync-escaped":
            assert found.outcome is EventOutcome.ACCEPTED
            assert len(found.jobs) == max(1, len(row.paths))
            assert (found.scans, found.why) == ((), "")
        case "reject":
            assert found.outcome is EventOutcome.REFUSED
            assert found.why
        case "ack-unusable":
            assert found.outcome is EventOutcome.UNUSABLE
            assert found.why == "names no file"
        case _:  # renames and deletes, where all is copied, too
            assert found.outcome is EventOutcome.IGNORED
            assert found.why
    if row.expect not in {"sync", "sync-escaped"}:
        assert (found.jobs, found.scans) == ((), ())


@pytest.mark.parametrize("row", samples("scan", "ignore-or-scan"), ids=lambda row: row.file)
def test_where_nothing_is_copied_renames_and_deletes_are_scanned(row: Sample) -> None:
    found = decide(read_event(row.body), transfer_settings(*SCANNED))
    assert found.outcome is EventOutcome.ACCEPTED
    assert found.jobs == ()
    assert all(one.startswith(("/src/movies/", "/src/tv/")) for one in scans(found))


def test_a_film_is_copied_with_its_folder_and_an_episode_with_what_is_named_like_it() -> None:
    (film,), (episode,) = decision("radarr-download").jobs, decision("sonarr-download").jobs
    assert (film.kind, film.scope, film.app) == (JobKind.MOVIE, CopyScope.FOLDER, ImportApp.RADARR)
    assert (episode.kind, episode.scope) == (JobKind.EPISODE, CopyScope.SIDECARS)
    assert film.place.destination is not None
    assert film.place.destination.parent == PurePosixPath("/dst/Movies/The General (1926)")
    assert (film.instance, film.size, film.label.title) == ("Radarr", 15032385536, "The General")
    own = transfer_settings(movie_scope=CopyScope.FILE)
    assert decision("radarr-download", own).jobs[0].scope is CopyScope.FILE


def test_an_upgrade_says_which_copy_it_replaces() -> None:
    (job,) = decision("radarr-download-upgrade").jobs
    assert job.is_upgrade
    old = PurePosixPath("Metropolis (1927)/Metropolis (1927) [WEBDL-1080p]-OLD.mkv")
    assert job.superseded == (old,)


def test_an_upgrade_of_the_same_name_replaces_nothing_else() -> None:
    body = sample("radarr-download-upgrade")
    body["deletedFiles"] = [{"path": body["movieFile"]["path"]}, {"path": "/tv/x/y.mkv"}, {}]
    (job,) = decide(read_event(body), transfer_settings()).jobs
    assert job.superseded == ()


def test_a_season_in_one_event_has_a_job_for_each_file() -> None:
    found = decision("sonarr-import-complete-season-pack")
    assert len({*relatives(found)}) == 8


def test_import_complete_joins_what_the_single_imports_made() -> None:
    inbox = FakeWebhookInbox()
    intake = WebhookIntake(inbox, transfer_settings, lambda: None)
    single = sample("sonarr-download")
    (first,) = intake.take(ImportApp.SONARR, "sonarr", single, NOW).jobs
    pack = intake.take(None, "x", sample("sonarr-import-complete-single"), NOW)
    assert pack.jobs == (first,)


def test_a_library_that_is_not_copied_is_scanned_by_folder() -> None:
    found = decision("sonarr-import-complete-season-pack", transfer_settings(*SCANNED))
    ((folder, files),) = scans(found).items()
    assert folder == "/src/tv/Sherlock Holmes (1954) {tvdb-73871}/Season 01"
    assert len(files) == 8
    assert all(one.startswith(f"{folder}/") for one in files)
    assert found.scans[0].health_root == PurePosixPath("/src/tv")


def test_scans_are_of_folders_as_the_media_server_sees_them() -> None:
    own = mapping("/movies", "/src/movies", media_server=r"P:\Movies")
    assert [*scans(decision("radarr-download", transfer_settings(own)))] == [
        r"P:\Movies\The General (1926)"
    ]


def test_a_file_beside_all_titles_has_the_library_scanned() -> None:
    body = {"eventType": "Download", "movieFile": {"path": "/movies/a.mkv"}}
    found = decide(read_event(body), transfer_settings(*SCANNED))
    assert scans(found) == {"/src/movies": ("/src/movies/a.mkv",)}


def test_without_media_servers_nothing_is_scanned() -> None:
    found = decision("radarr-download", transfer_settings(*SCANNED, servers=False))
    assert found.outcome is EventOutcome.IGNORED
    assert "no destination" in found.why


def test_of_several_files_those_that_can_be_are_copied_and_the_others_named() -> None:
    files = [{"path": f"/{one}/A/{n}.mkv"} for n, one in enumerate(("tv", "x", "tv", "y"))]
    body = {"eventType": "Download", "episodeFiles": files}
    found = decide(read_event(body), transfer_settings())
    assert found.outcome is EventOutcome.ACCEPTED
    assert relatives(found) == ["A/0.mkv", "A/2.mkv"]
    assert found.why.startswith("/x/A/1.mkv is under no mapping")
    assert found.why.endswith("(and 1 more)")


def test_a_rename_is_passed_on_where_that_is_wanted() -> None:
    own = transfer_settings(renamed=RenamePolicy.RENAME)
    first, second = decision("sonarr-rename", own).jobs
    assert [old.name for old in first.superseded] == ["sherlock.holmes.s01e05.mkv"]
    assert second.place.relative.parent.name == "Season 01"
    assert first.label.title == "Sherlock Holmes"
    found = decision("sonarr-rename")
    assert found.jobs == ()
    assert "transfers.renamed" in found.why


def test_the_name_in_the_address_is_an_instance_too() -> None:
    own = transfer_settings(mapping("/movies", "/src/a", "/dst/a", instance="attic"))
    event = read_event(sample("radarr-download"))
    assert decide(event, own).outcome is EventOutcome.REFUSED
    (job,) = decide(event, own, "Attic").jobs
    assert job.instance == "Radarr"


def test_who_waits_is_woken_when_there_is_something_to_do() -> None:
    woken: list[int] = []
    inbox = FakeWebhookInbox()
    intake = WebhookIntake(inbox, transfer_settings, lambda: woken.append(len(inbox.events)))
    for name, times in (("radarr-test", 0), ("radarr-download", 1), ("sonarr-grab", 1)):
        intake.take(None, "x", sample(name), NOW)
        assert len(woken) == times
    assert woken == [2]
    assert len(inbox.events) == 3


def test_ten_times_the_same_is_one_job() -> None:
    intake = WebhookIntake(FakeWebhookInbox(), transfer_settings, lambda: None)
    replies = [intake.take(None, "x", sample("radarr-download"), NOW) for _ in range(10)]
    assert {one.jobs for one in replies} == {(1,)}


@pytest.mark.parametrize(
    ("kind", "job_kind", "scope"),
    [
        ("movie", JobKind.MOVIE, CopyScope.FOLDER),
        (" TV ", JobKind.EPISODE, CopyScope.SIDECARS),
        ("folder", JobKind.MANUAL, CopyScope.FOLDER),
        ("file", JobKind.MANUAL, CopyScope.FILE),
        ("", JobKind.MANUAL, CopyScope.SIDECARS),
    ],
)
def test_a_person_says_what_is_copied(kind: str, job_kind: JobKind, scope: CopyScope) -> None:
    inbox = FakeWebhookInbox()
    intake = WebhookIntake(inbox, transfer_settings, lambda: None)
    reply = intake.manual("/src/movies/A (2024)/a.mkv", kind, NOW)
    ((event, found),) = inbox.events
    assert reply.outcome is EventOutcome.ACCEPTED
    (job,) = found.jobs
    assert (job.kind, job.scope, job.app) == (job_kind, scope, ImportApp.MANUAL)
    assert job.label.title == "a"
    assert event.files[0].path == "/src/movies/A (2024)/a.mkv"


def test_what_comes_together_is_written_together_and_each_is_answered() -> None:
    inbox = FakeWebhookInbox()
    intake = WebhookIntake(inbox, transfer_settings, lambda: None)
    bodies: list[bytes | dict[str, Any]] = [
        b"no",
        sample("radarr-download"),
        {"eventType": 1},
        sample("sonarr-download"),
    ]
    replies = intake.take_all([request(one) for one in bodies], NOW)
    shapes = [isinstance(one, WebhookShapeError) for one in replies]
    assert shapes == [True, False, True, False]
    assert [one.jobs for one in replies if isinstance(one, IntakeReply)] == [(1,), (2,)]
    assert len(inbox.events) == 2


def test_a_person_is_told_what_is_wrong() -> None:
    intake = WebhookIntake(FakeWebhookInbox(), transfer_settings, lambda: None)
    with pytest.raises(WebhookShapeError, match="type: expected one of movie"):
        intake.manual("/movies/A", "book", NOW)
    assert intake.manual("/movies", "movie", NOW).outcome is EventOutcome.REFUSED
    assert "under no mapping" in intake.manual("/x/y", "", NOW).why


def test_why_is_harmless_to_show() -> None:
    body: dict[str, Any] = {
        "eventType": "Download",
        "movieFile": {"path": "/x\n\x1b[31m\ud800/" + "y" * 900},
    }
    why = decide(read_event(body), transfer_settings()).why
    assert why.isprintable()
    assert len(why) < 1000
