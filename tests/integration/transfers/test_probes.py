"""Questions about mapped roots, asked of real folders by real children."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import NoReturn

import pytest

from listsync.domain.transfers import CopyScope, RootTrouble
from listsync.process.supervisor import Command
from listsync.transfers.probe_program import USER, VIDEOS
from listsync.transfers.probes import Probes
from listsync.transfers.roots import PathEscapesError, RootRules, RootUnavailableError

NAMES = [
    "Film (2024)/Film (2024).mkv",
    "Film (2024)/Film (2024).en.srt",
    "Film (2024)/Film (2024)-poster.jpg",
    "Film (2024)/Film (2024) extended.mkv",
    "Film (2024)/Subs/2_English.srt",
    "Show/Season 01/Show - S01E01.mkv",
    "Show/Season 01/Show - S01E01.nfo",
    "Show/Season 01/Show - S01E01-E02.mkv",
    "Show/Season 01/Show - S01E01-E02.nfo",
    "Show/Season 01/Show - S01E01.2.mkv",
]


@pytest.fixture(name="root", scope="module")
def _root(tmp_path_factory: pytest.TempPathFactory) -> PurePosixPath:
    root = tmp_path_factory.mktemp("library")
    for name in NAMES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
        os.utime(root / name, (1_700_000_000, 1_700_000_000.5))
    (root / "Show/Season 01/Show - S01E01.link").symlink_to("/etc/passwd")
    (root / "outside").symlink_to("/etc")
    (root / "inside").symlink_to("Film (2024)")
    return PurePosixPath(root)


def listed(root: PurePosixPath, relative: str, scope: CopyScope) -> list[str]:
    (found,) = Probes().list_each(root, [(PurePosixPath(relative), scope)])
    assert found is not None
    return [str(one.relative) for one in found]


def test_a_file_comes_alone_or_with_its_sidecars_or_with_its_folder(root: PurePosixPath) -> None:
    film = "Film (2024)/Film (2024).mkv"
    sidecars = [name for name in NAMES if name.startswith("Film (2024)/Film (2024)")]
    sidecars.remove("Film (2024)/Film (2024) extended.mkv")
    assert listed(root, film, CopyScope.FILE) == [film]
    assert sorted(listed(root, film, CopyScope.SIDECARS)) == sorted(sidecars)
    whole = sorted(name for name in NAMES if name.startswith("Film"))
    assert sorted(listed(root, film, CopyScope.FOLDER)) == whole
    assert sorted(listed(root, "Film (2024)", CopyScope.SIDECARS)) == whole


def test_a_sidecar_belongs_to_the_longest_stem_and_a_video_to_itself(root: PurePosixPath) -> None:
    episode = "Show/Season 01/Show - S01E01.mkv"
    stem = episode.removesuffix(".mkv")
    assert listed(root, episode, CopyScope.SIDECARS) == [f"{stem}.link", episode, f"{stem}.nfo"]


def test_what_a_media_server_shows_is_no_sidecar_of_another_film(tmp_path: Path) -> None:
    for suffix in VIDEOS:
        (tmp_path / f"A{suffix.upper()}").touch()
    (tmp_path / "A.en.srt").touch()
    own = listed(PurePosixPath(tmp_path), "A.MKV", CopyScope.SIDECARS)
    assert own == ["A.MKV", "A.en.srt"]


def test_a_child_that_is_started_early_has_the_rights_of_the_one_that_is_started_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def fail(command: Command) -> NoReturn:
        started.append(command)
        raise OSError("no room for it")

    monkeypatch.setattr("listsync.transfers.probes.start", fail)
    with Probes(as_user=1234).together() as early:
        early.begin()
        with pytest.raises(OSError, match="no room"):
            early.stat_files(PurePosixPath(tmp_path), [])
    assert [one.environment[USER] for one in started] == ["1234", "1234"]


def test_a_link_is_told_and_not_followed(root: PurePosixPath) -> None:
    link = PurePosixPath("Show/Season 01/Show - S01E01.link")
    found = Probes().stat_files(root, [link, PurePosixPath("inside/Film (2024).mkv")])
    assert [one.kind for one in found.values()] == ["link", "file"]


def test_size_and_time_are_those_of_the_file_and_what_is_missing_is_left_out(
    root: PurePosixPath,
) -> None:
    film = PurePosixPath(NAMES[0])
    found = Probes().stat_files(root, [film, PurePosixPath("none"), film / "below a file"])
    assert list(found) == [film]
    assert found[film].size == len(NAMES[0])
    assert found[film].mtime == 1_700_000_000.5


@pytest.mark.parametrize(
    "relative", ["../etc/passwd", "a/../../b", "/etc/passwd", "outside/passwd"]
)
def test_nothing_outside_the_root_is_looked_at(root: PurePosixPath, relative: str) -> None:
    probes, path = Probes(), PurePosixPath(relative)
    with pytest.raises(PathEscapesError):
        probes.list_each(root, [(path, CopyScope.FILE)])
    with pytest.raises(PathEscapesError):
        probes.stat_files(root, [path])
    with pytest.raises(PathEscapesError):
        probes.remove_files(root, [path])
    with pytest.raises(PathEscapesError):
        probes.move_files(root, [(PurePosixPath(NAMES[0]), path)])
    assert Path(root, NAMES[0]).exists()


def test_a_link_that_leads_out_of_the_root_is_not_what_was_asked_for(root: PurePosixPath) -> None:
    with pytest.raises(PathEscapesError):
        listed(root, "Show/Season 01/Show - S01E01.link", CopyScope.FILE)


def test_a_missing_file_and_a_missing_root_are_not_the_same(root: PurePosixPath) -> None:
    missing = (PurePosixPath("Show/none.mkv"), CopyScope.SIDECARS)
    assert Probes().list_each(root, [missing]) == (None,)
    with pytest.raises(RootUnavailableError, match="no such folder") as caught:
        Probes().list_each(root / "none", [missing])
    assert caught.value.trouble is RootTrouble.MISSING


def test_names_of_any_bytes_come_back_as_they_are(tmp_path: Path) -> None:
    names = [b"-rf *", b"a\nb", b"\xff\xfe.mkv", "é😀".encode(), b"x" * 255, b'"\\\x01']
    for name in names:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).touch()
    probes, root = Probes(), PurePosixPath(tmp_path)
    found = listed(root.parent, root.name, CopyScope.FOLDER)
    relatives = [PurePosixPath(one).relative_to(root.name) for one in found]
    assert sorted(map(os.fsencode, relatives)) == sorted(names)
    assert probes.stat_files(root, relatives).keys() == set(relatives)
    assert probes.remove_files(root, relatives) == tuple(relatives)
    assert not list(tmp_path.iterdir())


def test_files_are_moved_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "old.mkv").write_text("old")
    (tmp_path / "other.mkv").write_text("other")
    probes, root = Probes(), PurePosixPath(tmp_path)
    old, new = PurePosixPath("old.mkv"), PurePosixPath("Film/Season/new.mkv")
    with pytest.raises(FileExistsError):
        probes.move_files(root, [(old, PurePosixPath("other.mkv"))])
    with pytest.raises(FileNotFoundError):
        probes.move_files(root, [(PurePosixPath("none"), new)])
    probes.move_files(root, [(old, new)])
    assert (tmp_path / new).read_text() == "old"
    assert (tmp_path / "other.mkv").read_text() == "other"


def test_a_folder_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        Probes().remove_files(PurePosixPath(tmp_path), [PurePosixPath("folder")])
    assert (tmp_path / "folder").is_dir()


def test_a_look_finds_room_links_and_what_may_be_done(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "link").symlink_to(real)
    facts = Probes().facts(PurePosixPath(tmp_path / "link"), RootRules(tries_writing=True))
    room = os.statvfs(tmp_path)
    assert facts.path == PurePosixPath(real)
    assert facts.owned_links[-1] == (PurePosixPath(tmp_path / "link"), os.getuid())
    assert (facts.device, facts.inode) == (real.stat().st_dev, real.stat().st_ino)
    assert facts.is_readable
    assert facts.is_writable
    assert not facts.is_read_only
    assert facts.write_error == 0
    assert facts.free_bytes
    assert abs(facts.free_bytes - room.f_bavail * room.f_frsize) < room.f_blocks * room.f_frsize
    assert not list(real.iterdir())


def test_what_a_killed_look_has_left_is_removed_and_what_others_have_is_not(
    tmp_path: Path,
) -> None:
    rules = RootRules(is_destination=True, tries_writing=True)
    left = tmp_path / ".listsync-write-test"
    left.touch()
    assert Probes().look(PurePosixPath(tmp_path), rules).is_healthy
    assert not list(tmp_path.iterdir())
    left.mkdir()
    assert Probes().look(PurePosixPath(tmp_path), rules).is_healthy
    assert list(tmp_path.iterdir()) == [left]


def test_a_marker_tells_a_mount_that_is_gone(tmp_path: Path) -> None:
    probes, root = Probes(), PurePosixPath(tmp_path)
    rules = RootRules(is_destination=True, marker=PurePosixPath(".listsync-marker"))
    health = probes.look(root, rules)
    assert (health.is_healthy, health.trouble) == (False, RootTrouble.NO_MARKER)
    (tmp_path / ".listsync-marker").touch()
    assert probes.look(root, rules).is_healthy


def test_several_are_listed_at_once_and_what_is_missing_holds_no_other(
    root: PurePosixPath,
) -> None:
    film = "Film (2024)/Film (2024).mkv"
    wanted = [film, "Film (2024)/none.mkv", f"{film}/below", "Show"]
    pairs = [(PurePosixPath(one), CopyScope.SIDECARS) for one in wanted]
    found = Probes().list_each(root, pairs)
    assert found[1:3] == (None, None)
    assert (found[0], found[3]) == Probes().list_each(root, [pairs[0], pairs[3]])


def test_hidden_files_of_a_folder_are_listed_without_those_below(tmp_path: Path) -> None:
    for name in (".a", "b", "x/.c", "x/y/.d", "x/.rsync-partial/e"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    folders = [PurePosixPath(), PurePosixPath("x"), PurePosixPath("none")]
    found = Probes().list_hidden(PurePosixPath(tmp_path), folders)
    assert [(str(one.relative), one.kind) for one in found] == [
        (".a", "file"),
        ("x/.c", "file"),
        ("x/.rsync-partial", "other"),
    ]


def test_where_rsync_keeps_what_is_unfinished_goes_with_the_last_of_it(tmp_path: Path) -> None:
    for name in (".rsync-partial/a", ".rsync-partial/b", "folder/c"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    root, probes = PurePosixPath(tmp_path), Probes()
    probes.remove_files(root, [PurePosixPath(".rsync-partial/a"), PurePosixPath("folder/c")])
    assert (tmp_path / ".rsync-partial/b").exists()
    assert (tmp_path / "folder").is_dir()
    probes.remove_files(root, [PurePosixPath(".rsync-partial/b")])
    assert not (tmp_path / ".rsync-partial").exists()


def test_one_child_answers_several_questions_and_another_once_it_has_failed(
    root: PurePosixPath, tmp_path: Path
) -> None:
    with Probes().together() as probes:
        assert probes.stat_files(root, [PurePosixPath("Show")])
        assert probes._session is not None
        child = probes._session._child
        with pytest.raises(PathEscapesError):
            probes.stat_files(root, [PurePosixPath("outside/passwd")])
        assert probes.list_hidden(PurePosixPath(tmp_path), [PurePosixPath()]) == ()
        assert probes._session._child is child
        assert child is not None
        child.kill()
        child.wait(30)
        with pytest.raises(OSError, match=r"ended without an answer|Broken pipe"):
            probes.stat_files(root, [PurePosixPath("Show")])
    assert not child.is_alive
