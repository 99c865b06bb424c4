"""Batches of jobs copied by a real rsync: what each job comes to."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest

from listsync.domain.transfer_rules import (
    RenamePolicy,
    TransferLimits,
    UpgradePolicy,
    VerifyMode,
)
from listsync.domain.transfers import CopyScope, FailureClass, ImportApp, TransferJob
from listsync.process import supervisor
from listsync.transfers import copy_batch, copy_plan
from listsync.transfers.probes import Probes
from listsync.transfers.rsync import PARTIAL_FOLDER
from tests.integration.transfers.copies import (
    A_NIGHT,
    Library,
    counted_children,
    fake_rsync,
    files_of,
)
from tests.integration.transfers.test_rsync import NAMES

SEASON = "Show/Season 01"


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path)


def test_an_episode_arrives_with_what_belongs_to_it(library: Library) -> None:
    library.write(f"{SEASON}/S01E01.mkv", b"film")
    library.write(f"{SEASON}/S01E01.en.srt", b"words")
    library.write(f"{SEASON}/S01E02.mkv", b"other")
    result = library.copy_one(f"{SEASON}/S01E01.mkv")
    assert result.failure is None
    assert (result.bytes, result.exit_code) == (9, 0)
    assert library.copies() == {
        f"{SEASON}/S01E01.mkv": b"film",
        f"{SEASON}/S01E01.en.srt": b"words",
    }
    assert set(map(str, result.files)) == set(library.copies())
    assert result.new_folder == PurePosixPath("Show")
    assert library.progress[-1].done == library.progress[-1].total == 9
    assert library.progress[-1].jobs == (1,)


def test_what_is_there_already_is_not_copied(library: Library) -> None:
    library.write("Show/1.mkv")
    library.copy_one("Show/1.mkv")
    library.progress.clear()
    result = library.copy_one("Show/1.mkv")
    assert (result.failure, result.bytes, result.exit_code) == (None, 0, None)
    assert result.why == "it was there already"
    assert result.files == (PurePosixPath("Show/1.mkv"),)
    assert result.new_folder is None
    assert library.progress == []


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (None, ""),
        (3, ""),
        (5, ""),
        (14 * 2**30, "its source has 5 B, Radarr said 14.0 GB: is it whole?"),
    ],
)
def test_a_copy_is_as_large_as_what_was_found(
    library: Library, said: int | None, why: str
) -> None:
    library.write("Show/1.mkv", b"short")
    library.write("Show/1.srt", b"words that count apart")
    job = library.job("Show/1.mkv")
    wanted = replace(job.wanted, app=ImportApp.RADARR, size=said)
    result = library.copy_one(replace(job, wanted=wanted))
    assert (result.failure, result.size, result.why) == (None, 5, why)


def test_a_new_version_under_the_same_name_takes_the_place_of_the_old_one(
    library: Library,
) -> None:
    library.write("a.mkv", b"old", to=library.destination, at=A_NIGHT)
    library.write("a.mkv", b"new", at=A_NIGHT + 60)
    assert library.copy_one("a.mkv").bytes == 3
    assert library.copies() == {"a.mkv": b"new"}


def test_each_job_of_a_batch_ends_by_itself(library: Library) -> None:
    library.write("Show/1.mkv")
    library.write("Show/3.mkv")
    library.write("Show/4.mkv", to=library.destination)
    library.write("Show/4.mkv")
    found = library.copy("Show/1.mkv", "Show/2.mkv", "Show/3.mkv", "Show/4.mkv")
    missing = FailureClass.SOURCE_MISSING
    assert [one.failure for one in found] == [None, missing, None, None]
    assert [one.number for one in found] == [1, 2, 3, 4]
    assert [one.bytes for one in found] == [7, 0, 7, 0]
    assert "Show/2.mkv is not there" in found[1].why
    assert sum(one.seconds for one in found) > 0


def test_a_season_is_one_rsync_and_few_looks(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(24):
        library.write(f"{SEASON}/S01E{n:02}.mkv")
        library.write(f"{SEASON}/S01E{n:02}.de.srt")
    library.copy_one(f"{SEASON}/S01E00.mkv")
    started = counted_children(lambda _, begin: monkeypatch.setattr(supervisor, "_started", begin))
    found = library.copy(*(f"{SEASON}/S01E{n:02}.mkv" for n in range(24)))
    assert not any(one.failure for one in found)
    assert len(library.copies()) == 48
    assert started["rsync"] == 1
    assert started["probe"] <= 2


def test_a_film_brings_its_folder(library: Library) -> None:
    library.write("Film (2020)/Film.mkv")
    library.write("Film (2020)/Extras/Making of.mkv")
    library.write("Film (2020)/poster.jpg")
    library.write("Film (2020)/@eaDir/thumb.jpg")
    library.write("Film (2020)/.DS_Store")
    library.write("Film (2020)/.rsync-partial/Film.mkv")
    result = library.copy_one(library.job("Film (2020)/Film.mkv", scope=CopyScope.FOLDER))
    assert sorted(library.copies()) == [
        "Film (2020)/Extras/Making of.mkv",
        "Film (2020)/Film.mkv",
        "Film (2020)/poster.jpg",
    ]
    assert len(result.files) == 3


def test_a_folder_is_copied_whole(library: Library) -> None:
    library.write("Show/Season 01/1.mkv")
    library.write("Show/Season 02/1.mkv")
    result = library.copy_one(library.job("Show", scope=CopyScope.FOLDER))
    assert len(result.files) == 2
    assert result.new_folder == PurePosixPath("Show")


def test_what_a_person_excludes_is_no_failure(library: Library) -> None:
    library.set(excludes=("*.iso",))
    library.write("a.iso")
    result = library.copy_one("a.iso")
    assert (result.failure, result.files, result.is_left_out) == (None, (), True)
    assert result.why == "left out, as *.iso is excluded"
    assert library.copies() == {}


def test_links_are_reported_and_not_followed(library: Library) -> None:
    library.write("secret", to=library.place)
    library.write("Film/Film.mkv")
    (library.source / "Film/Film.srt").symlink_to("/etc/passwd")
    (library.source / "Film/other.mkv").symlink_to("Film.mkv")
    found = library.copy(
        library.job("Film/Film.mkv", 1, CopyScope.FOLDER), library.job("Film/other.mkv", 2)
    )
    assert [one.failure for one in found] == [None, FailureClass.PERMANENT]
    assert "symbolic links are not copied: Film.srt and 1 more" in found[0].why
    assert "is a symbolic link" in found[1].why
    assert sorted(library.copies()) == ["Film/Film.mkv"]


def test_a_path_that_leads_out_of_its_root_holds_no_other(library: Library) -> None:
    library.write("secret.mkv", to=library.place / "outside")
    (library.source / "out").symlink_to(library.place / "outside")
    library.write("in.mkv")
    found = library.copy("out/secret.mkv", "in.mkv")
    assert [one.failure for one in found] == [FailureClass.PERMANENT, None]
    assert "leads out of" in found[0].why
    assert sorted(library.copies()) == ["in.mkv"]


def test_a_destination_without_room_is_waited_for_and_what_fits_is_copied(
    library: Library,
) -> None:
    library.write("1.mkv", b"x" * 3_000_000)
    library.write("2.mkv", b"x" * 1_000_000)
    library.write("2.mkv", b"old", to=library.destination)
    library.destination_is(free_bytes=2_000_000)
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.ENVIRONMENT, None]
    assert found[0].blocked_on == str(library.destination)
    assert found[0].why.endswith("has no room: 2.9 MB needed, 1.9 MB free")
    assert len(library.copies()["2.mkv"]) == 1_000_000


def episodes_with_their_folder(library: Library, count: int) -> list[TransferJob]:
    names = [f"Show/{number}.mkv" for number in range(1, count + 1)]
    for name in names:
        library.write(name, b"x" * 1000)
    return [library.job(one, n, CopyScope.FOLDER) for n, one in enumerate(names, start=1)]


def test_a_file_that_several_jobs_bring_along_counts_once(library: Library) -> None:
    jobs = episodes_with_their_folder(library, 3)
    library.write("Show/Show.nfo", b"x" * 50)
    library.destination_is(free_bytes=3050, free_inodes=4)
    found = library.copy(*jobs)
    assert [(one.failure, one.bytes) for one in found] == [
        (None, 1050),
        (None, 1000),
        (None, 1000),
    ]
    assert len(library.copies()) == 4


def test_what_is_kept_of_a_copy_stays_where_several_jobs_want_it_and_there_is_room(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    jobs = episodes_with_their_folder(library, 2)
    library.write(f"Show/{PARTIAL_FOLDER}/1.mkv", b"x" * 900, to=library.destination)
    tried = [replace(one, failure=FailureClass.TRANSIENT) for one in jobs]
    library.destination_is(free_bytes=1050)
    assert [one.failure for one in library.copy(*tried)] == [FailureClass.ENVIRONMENT] * 2
    library.write(f"Show/{PARTIAL_FOLDER}/1.mkv", b"x" * 900, to=library.destination)
    library.destination_is(free_bytes=2000)
    caplog.clear()
    assert [one.failure for one in library.copy(*tried)] == [None, None]
    assert "unfinished" not in caplog.text


def test_a_destination_without_inodes_is_waited_for(library: Library) -> None:
    library.write("1.mkv")
    library.destination_is(free_inodes=0)
    result = library.copy_one("1.mkv")
    assert (result.failure, result.blocked_on) == (
        FailureClass.ENVIRONMENT,
        str(library.destination),
    )


@pytest.mark.parametrize("root", ["source", "destination"])
def test_a_root_that_is_not_well_is_waited_for(library: Library, root: str) -> None:
    library.write("1.mkv")
    library.destination_is(is_healthy=False, why="is not mounted")
    path = library.place / root
    library.health = replace(library.health, root=PurePosixPath(path))  # type: ignore[type-var]  # it is set
    result = library.copy_one("1.mkv")
    assert (result.failure, result.blocked_on) == (FailureClass.ENVIRONMENT, str(path))
    assert result.why == f"{path}: is not mounted"
    assert library.copies() == {}


@pytest.mark.parametrize("root", ["source", "destination"])
def test_a_root_that_is_gone_is_waited_for_and_not_made(library: Library, root: str) -> None:
    library.write("1.mkv")
    path = library.place / root
    path.rename(library.place / "gone")
    result = library.copy_one("1.mkv")
    assert (result.failure, result.blocked_on) == (FailureClass.ENVIRONMENT, str(path))
    assert not path.exists()


def test_a_dry_run_says_what_it_would_do_and_changes_nothing(library: Library) -> None:
    library.set(dry_run=True, superseded=UpgradePolicy.REMOVE)
    library.write("Show/1.mkv", b"x" * 2048)
    library.write("Show/old.mkv", to=library.destination)
    library.ours.add("Show/old.mkv")
    result = library.copy_one(library.job("Show/1.mkv", superseded=["Show/old.mkv"]))
    assert (result.failure, result.is_dry_run, result.bytes, result.files) == (None, True, 0, ())
    assert result.why == "dry run: 1 file (2.0 KB) would be copied"
    assert sorted(library.copies()) == ["Show/old.mkv"]
    library.write("Show/1.mkv", b"x" * 2048, to=library.destination)
    result = library.copy_one("Show/1.mkv")
    assert result.why == "dry run: nothing would be copied"
    assert result.is_dry_run


def test_without_an_rsync_jobs_wait_for_one_and_go_on_when_it_is_there(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("1.mkv")
    path = os.environ["PATH"]
    monkeypatch.setenv("PATH", str(library.place))
    result = library.copy_one("1.mkv")
    assert (result.failure, result.blocked_on) == (FailureClass.ENVIRONMENT, "rsync")
    assert "rsync is not installed" in result.why
    monkeypatch.setenv("PATH", path)
    assert library.copy_one("1.mkv").failure is None


def test_a_source_that_grows_while_it_is_copied_is_copied_again_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    growing = library.write("1.mkv")
    library.write("2.mkv")
    script = f'$RSYNC "$@"; code=$?; echo more >> {growing}; exit $code'
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", script))
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.TRANSIENT, None]
    assert found[0].why == "1.mkv changed while it was copied"


def test_a_source_that_vanishes_while_it_is_copied_is_missing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, along = library.write("1.mkv"), library.write("2.srt")
    library.write("2.mkv")
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", f"rm {gone} {along}"))
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.SOURCE_MISSING, None]
    assert [one.exit_code for one in found] == [23, 23]
    assert found[0].why.endswith("1.mkv is not there any more")
    assert "No such file or directory" in found[0].errors
    assert found[1].files == (PurePosixPath("2.mkv"),)


def test_what_rsync_says_of_one_file_fails_the_job_of_that_file(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("1.mkv")
    library.write("2.mkv")
    line = f'rsync: [sender] send_files failed to open "{library.source}/1.mkv": Permission denied'
    script = f"$RSYNC --exclude=1.mkv \"$@\"; echo '{line} (13)' >&2; exit 23"
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", script))
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.PERMANENT, None]
    assert found[0].why.startswith("permission denied: ")
    assert line in found[0].errors


def test_an_rsync_that_says_all_is_well_is_not_believed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("1.mkv")
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", "cat > /dev/null; exit 0"))
    result = library.copy_one("1.mkv")
    assert (result.failure, result.exit_code) == (FailureClass.TRANSIENT, 0)
    assert result.why == "1.mkv is not at the destination as it is at the source"


def test_a_link_of_somebody_else_on_the_way_is_for_a_person(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As 3.5.0 says it; 3.2.7 follows such a link."""
    library.write("1.mkv")
    said = f"refusing to follow a symlink owned by an untrusted user: {library.destination}"
    script = f"cat > /dev/null; echo 'rsync: {said}' >&2; exit 3"
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", script))
    result = library.copy_one("1.mkv")
    assert (result.failure, result.exit_code) == (FailureClass.PERMANENT, 3)
    assert result.why.startswith("rsync refuses a symbolic link of somebody else")


def test_one_that_hangs_is_ended_and_tried_again_later(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.set(limits=TransferLimits(stall_s=0.5))
    library.write("1.mkv")
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", "exec sleep 600"))
    result = library.copy_one("1.mkv")
    assert result.failure is FailureClass.TRANSIENT
    assert result.why == "nothing was copied any more (limits.stall_s)"


def test_a_comparison_by_content_finds_and_mends_what_size_and_time_hide(
    library: Library,
) -> None:
    library.set(verify=VerifyMode.CHECKSUM)
    library.write("1.mkv", b"good")
    library.write("2.mkv", b"good")
    library.write("1.mkv", b"bad!", to=library.destination)
    library.write("2.mkv", b"good", to=library.destination)
    found = library.copy("1.mkv", "2.mkv")
    assert [(one.failure, one.bytes) for one in found] == [(None, 4), (None, 0)]
    assert library.copies()["1.mkv"] == b"good"


def test_a_copy_that_differs_however_often_it_is_copied_has_failed(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.set(verify=VerifyMode.CHECKSUM)
    for name in ("1.mkv", "2.mkv"):
        library.write(name, b"good")
    copy = library.destination / "1.mkv"
    spoil = f"printf 'bad!' > {copy}; touch -d @{A_NIGHT} {copy}"
    script = f'case "$*" in *--dry-run*) ;; *) $RSYNC "$@"; code=$?; {spoil}; exit $code;; esac'
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", script))
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.TRANSIENT, None]
    assert "1.mkv differs from its source" in found[0].why


@pytest.mark.parametrize(
    ("mount", "failure"),
    [("ext4 /dev/vda", FailureClass.TRANSIENT), ("vfat /dev/sdb1", None), ("cifs //nas/m", None)],
)
def test_times_may_differ_by_two_seconds_where_the_file_system_counts_in_them(
    library: Library, monkeypatch: pytest.MonkeyPatch, mount: str, failure: FailureClass | None
) -> None:
    library.destination_is(mount=mount)
    library.write("1.mkv", at=A_NIGHT + 1)
    copy = library.destination / "1.mkv"
    script = f'$RSYNC "$@"; code=$?; touch -d @{A_NIGHT + 3} {copy}; exit $code'
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", script))
    assert library.copy_one("1.mkv").failure is failure


def test_a_cancelled_job_leaves_nothing_unfinished_and_the_others_are_copied(
    library: Library,
) -> None:
    library.write("1.mkv", os.urandom(6_000_000))
    library.write("2.mkv", b"small")
    library.set(limits=TransferLimits(bandwidth="2m"))
    library.on_progress = lambda _: setattr(library, "cancelled", frozenset({1}))
    found = library.copy("1.mkv", "2.mkv")
    assert [one.failure for one in found] == [FailureClass.CANCELLED, None]
    assert library.copies() == {"2.mkv": b"small"}
    assert not (library.destination / PARTIAL_FOLDER).exists()


def test_a_cancelled_job_leaves_what_is_unfinished_of_a_file_that_another_brings_along(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    jobs = episodes_with_their_folder(library, 2)
    library.write("Show/1.mkv", os.urandom(2_000_000))
    library.write(f"Show/{PARTIAL_FOLDER}/2.mkv", b"x" * 900, to=library.destination)
    library.set(limits=TransferLimits(bandwidth="2m"))
    library.on_progress = lambda _: setattr(library, "cancelled", frozenset({1}))
    found = library.copy(*jobs)
    assert [one.failure for one in found] == [FailureClass.CANCELLED, None]
    assert sorted(library.copies()) == ["Show/1.mkv", "Show/2.mkv"]
    assert "unfinished" not in caplog.text


def test_a_batch_that_was_cancelled_before_it_began_starts_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("1.mkv")
    library.cancelled = frozenset({1})
    started = counted_children(lambda _, begin: monkeypatch.setattr(supervisor, "_started", begin))
    assert library.copy_one("1.mkv").failure is FailureClass.CANCELLED
    assert not started["probe"]


def test_an_agent_that_ends_keeps_what_it_has_and_goes_on_from_there(library: Library) -> None:
    library.write("1.mkv", os.urandom(6_000_000))
    library.set(limits=TransferLimits(bandwidth="2m"))
    library.on_progress = lambda now: library.token.set() if now.done else None
    result = library.copy_one("1.mkv")
    assert (result.failure, result.exit_code) == (FailureClass.STOPPED, 20)
    assert list(library.copies()) == [f"{PARTIAL_FOLDER}/1.mkv"]
    library.token.clear()
    library.set(limits=TransferLimits())
    library.on_progress = lambda _: None
    assert library.copy_one("1.mkv").failure is None
    assert list(library.copies()) == ["1.mkv"]


def test_what_a_killed_rsync_left_is_removed_and_nothing_else(library: Library) -> None:
    library.write("Show/1.mkv")
    old, new = time.time() - 60, time.time() + 3600
    kept = {".1.mkv.short", ".2.mkv.Ab12Cd", "1.mkv.Ab12Cd", ".hidden", ".1.mkv.Zz9999"}
    for name in (*kept, ".1.mkv.Ab12Cd", ".1.mkv.xyz123"):
        at = new if name.endswith("9999") else old
        library.write(f"Show/{name}", to=library.destination, at=at)
    library.write(".1.mkv.Ab12Cd", to=library.destination, at=old)
    assert library.copy_one("Show/1.mkv").failure is None
    assert len(library.copies()) == len(kept) + 4
    interrupted = library.job("Show/1.mkv", failure=FailureClass.INTERRUPTED)
    assert library.copy_one(interrupted).failure is None
    found = {path for path in library.copies() if path.startswith("Show/")}
    assert found == {"Show/1.mkv", *(f"Show/{name}" for name in kept)}


def test_what_is_kept_of_a_copy_is_given_up_where_there_is_no_room_without(
    library: Library,
) -> None:
    library.write("1.mkv", b"x" * 3000)
    library.write(f"{PARTIAL_FOLDER}/1.mkv", b"x" * 2500, to=library.destination)
    library.destination_is(free_bytes=1000)
    result = library.copy_one(library.job("1.mkv", failure=FailureClass.TRANSIENT))
    assert result.failure is None
    assert list(library.copies()) == ["1.mkv"]


def test_what_there_is_of_a_large_file_is_used_again(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.write("1.mkv", b"x" * 3000)
    library.write("2.mkv", b"x" * 300)
    log = library.place / "log"
    monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", f'echo "$@" >> {log}'))
    for module in (copy_batch, copy_plan):
        monkeypatch.setattr(module, "LARGE", 1000)
    for name, size in (("1.mkv", 2000), ("2.mkv", 200)):
        library.write(f"{PARTIAL_FOLDER}/{name}", b"x" * size, to=library.destination)
        assert library.copy_one(name).failure is None
    assert ["--no-whole-file" in line for line in log.read_text().splitlines()] == [True, False]


def test_what_no_mapping_names_any_more_ends_with_a_person(library: Library) -> None:
    """It would be tried every few minutes for ever as a disk that is not there."""
    library.write("Film/film.mkv")
    library.destination_is(is_healthy=False, is_mapped=False, why="nobody's")
    result = library.copy_one("Film/film.mkv")
    assert result.failure is FailureClass.TRANSIENT
    assert result.why == (
        f"{library.destination} is no source and no destination of a mapping any more"
    )


def test_names_of_all_kinds_are_copied_by_one_rsync(library: Library) -> None:
    names = [os.fsdecode(name) for name in NAMES.values()]
    for name in names:
        library.write(f"Show/{name}", name.encode("utf-8", "surrogateescape"))
    result = library.copy_one(library.job("Show", scope=CopyScope.FOLDER))
    assert result.failure is None
    assert library.copies() == files_of(library.source)
    assert len(result.files) == len(names)
    again = library.copy(*(f"Show/{name}" for name in names))
    assert [(one.failure, one.why) for one in again] == [(None, "it was there already")] * len(
        names
    )


def fails(*_: object) -> None:
    raise OSError("the disk is full")


class TestAnUpgrade:
    """One file takes the place of another, which has another name."""

    @pytest.fixture
    def library(self, tmp_path: Path) -> Library:
        library = Library(tmp_path)
        library.set(superseded=UpgradePolicy.REMOVE)
        library.ours.add("Film/old.mkv")
        library.write("Film/new.mkv", b"new")
        library.write("Film/old.mkv", b"old", to=library.destination)
        return library

    def test_removes_what_it_replaces(self, library: Library) -> None:
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film/old.mkv"]))
        assert library.copies() == {"Film/new.mkv": b"new"}
        assert result.why == "removed what it replaces: old.mkv"
        assert not library.ours

    def test_remembers_what_is_ours_where_that_cannot_be_removed(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Probes, "remove_files", fails)
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film/old.mkv"]))
        assert result.why == "the copy that it replaces cannot be removed: the disk is full"
        assert library.ours == {"Film/old.mkv"}

    def test_keeps_what_it_replaces_unless_one_asks_for_it(self, library: Library) -> None:
        library.set(superseded=UpgradePolicy.KEEP)
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film/old.mkv"]))
        assert len(library.copies()) == 2
        assert result.why == "the copy that it replaces is kept: old.mkv"

    def test_keeps_what_no_job_has_copied(self, library: Library) -> None:
        library.ours.clear()
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film/old.mkv"]))
        assert len(library.copies()) == 2
        assert result.why == "kept, as no job has copied it: old.mkv"

    def test_keeps_what_it_replaces_when_it_fails(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", fake_rsync(library.place / "bin", "cat > /dev/null; exit 0"))
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film/old.mkv"]))
        assert result.failure is FailureClass.TRANSIENT
        assert sorted(library.copies()) == ["Film/old.mkv"]

    @pytest.mark.parametrize("old", ["Film/new.mkv", "Film/NEW.mkv"])
    def test_never_removes_itself(self, library: Library, old: str) -> None:
        library.ours.add(old)
        library.write(old, b"new", to=library.destination)
        library.copy_one(library.job("Film/new.mkv", superseded=[old]))
        assert "Film/new.mkv" in library.copies()
        assert old in library.copies()

    def test_never_removes_a_folder(self, library: Library) -> None:
        library.ours.add("Film")
        result = library.copy_one(library.job("Film/new.mkv", superseded=["Film"]))
        assert result.failure is None
        assert len(library.copies()) == 2

    def test_of_a_path_that_leads_out_removes_nothing(self, library: Library) -> None:
        outside = library.write("outside/old.mkv", to=library.place)
        (library.destination / "out").symlink_to(outside.parent)
        library.ours.add("out/old.mkv")
        result = library.copy_one(library.job("Film/new.mkv", superseded=["out/old.mkv"]))
        assert result.failure is FailureClass.PERMANENT
        assert outside.exists()


class TestARename:
    """A source has another name than its copy."""

    @pytest.fixture
    def library(self, tmp_path: Path) -> Library:
        library = Library(tmp_path)
        library.set(renamed=RenamePolicy.RENAME)
        library.ours.add("Film/old.mkv")
        library.write("Film (2020)/new.mkv", b"content")
        library.write("Film/old.mkv", b"content", to=library.destination)
        return library

    def test_renames_the_copy(self, library: Library) -> None:
        inode = (library.destination / "Film/old.mkv").stat().st_ino
        result = library.copy_one(library.job("Film (2020)/new.mkv", superseded=["Film/old.mkv"]))
        assert (result.failure, result.bytes) == (None, 0)
        assert result.why == "renamed from Film/old.mkv"
        assert library.copies() == {"Film (2020)/new.mkv": b"content"}
        assert (library.destination / "Film (2020)/new.mkv").stat().st_ino == inode
        assert library.ours == {"Film (2020)/new.mkv"}

    def test_leaves_its_old_name_to_others(self, library: Library) -> None:
        library.set(superseded=UpgradePolicy.REMOVE)
        library.copy_one(library.job("Film (2020)/new.mkv", superseded=["Film/old.mkv"]))
        library.write("Film/old.mkv", b"of somebody else", to=library.destination)
        library.write("Film (2020)/better.mkv", b"better")
        old = ["Film/old.mkv", "Film (2020)/new.mkv"]
        library.copy_one(library.job("Film (2020)/better.mkv", superseded=old))
        assert sorted(library.copies()) == ["Film (2020)/better.mkv", "Film/old.mkv"]

    def test_remembers_what_is_ours_where_that_cannot_be_renamed(
        self, library: Library, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Probes, "move_files", fails)
        library.copy_one(library.job("Film (2020)/new.mkv", superseded=["Film/old.mkv"]))
        assert sorted(library.copies()) == ["Film (2020)/new.mkv", "Film/old.mkv"]
        assert library.ours == {"Film/old.mkv"}

    @pytest.mark.parametrize("why", ["reported-only", "another-file", "not-ours", "taken"])
    def test_is_a_copy_otherwise(self, library: Library, why: str) -> None:
        if why == "reported-only":
            library.set(renamed=RenamePolicy.REPORT)
        if why == "another-file":
            library.write("Film/old.mkv", b"longer content", to=library.destination)
        if why == "not-ours":
            library.ours.clear()
        if why == "taken":
            library.write("Film (2020)/new.mkv", b"other", to=library.destination)
        old = library.copies()["Film/old.mkv"]
        result = library.copy_one(library.job("Film (2020)/new.mkv", superseded=["Film/old.mkv"]))
        assert (result.failure, result.bytes) == (None, 7)
        assert library.copies() == {"Film (2020)/new.mkv": b"content", "Film/old.mkv": old}
