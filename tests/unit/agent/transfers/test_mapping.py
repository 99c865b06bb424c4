"""From a sender's path to where it lies here: which mapping is taken, and what is refused."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from listsync.domain.transfers import TransferPlace
from listsync.transfers.mapping import (
    PathRefusal,
    as_media_server,
    find_place,
    find_place_here,
    join,
    parent_of,
)
from tests.webhooks import LIBRARIES, Sample, mapping, samples


def place(path: str, *instances: str, of: tuple[str, ...] = ()) -> TransferPlace:
    mappings = LIBRARIES if not of else [mapping(one, f"/src{one}") for one in of]
    found = find_place(path, mappings, instances)
    assert isinstance(found, TransferPlace), found
    return found


@pytest.mark.parametrize("row", samples("sync"), ids=lambda row: row.file)
def test_every_import_of_the_samples_has_its_place(row: Sample) -> None:
    for path in row.paths:
        found = place(path)
        name = path.replace("\\", "/").rpartition("/")[2]
        assert found.relative.name == name
        assert found.source == found.source_root / found.relative
        assert str(found.destination).startswith("/dst/")


@pytest.mark.parametrize("row", samples("reject"), ids=lambda row: row.file)
def test_every_hostile_path_of_the_samples_is_refused(row: Sample) -> None:
    assert isinstance(find_place(row.body["movieFile"]["path"], LIBRARIES), PathRefusal)


@pytest.mark.parametrize(
    ("path", "relative"),
    [
        ("/movies/A/a.mkv", "A/a.mkv"),
        ("//movies//A/./a.mkv/", "A/a.mkv"),
        ("/movies/A\nB/-rf", "A\nB/-rf"),
        ("/movies/A\\B/a:b.mkv", "A\\B/a:b.mkv"),
        (r"D:\Media\Movies\A\a.mkv", "A/a.mkv"),
        (r"d:\media\MOVIES\A\a.mkv", "A/a.mkv"),
        ("D:/Media/Movies/A/a.mkv", "A/a.mkv"),
    ],
)
def test_a_path_is_taken_apart_as_its_system_does(path: str, relative: str) -> None:
    assert place(path).relative == PurePosixPath(relative)


def test_a_share_of_windows_is_mapped_whatever_the_case_of_letters() -> None:
    libraries = [mapping(r"\\NAS\Media\Movies", "/src")]
    found = find_place(r"\\nas\media\movies\A\a.mkv", libraries)
    assert isinstance(found, TransferPlace)
    assert found.relative == PurePosixPath("A/a.mkv")


def test_the_longest_mapping_is_taken_by_whole_components() -> None:
    of = ("/media", "/media/movies", "/media/mov")
    assert place("/media/movies/A/a.mkv", of=of).source_root.name == "movies"
    assert place("/media/movies-4k/A/a.mkv", of=of).source_root.name == "media"


def test_a_mapping_of_an_instance_counts_for_it_alone_and_before_others() -> None:
    libraries = [
        mapping("/movies", "/src/all"),
        mapping("/movies", "/src/4k", instance="Radarr-4K"),
    ]
    for names, root in (([], "all"), (["Radarr"], "all"), (["x", "radarr-4k"], "4k")):
        found = find_place("/movies/A/a.mkv", libraries, names)
        assert isinstance(found, TransferPlace)
        assert found.source_root.name == root


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "is empty"),
        ("movies/A", "is not absolute"),
        ("D:movies", "is not absolute"),
        ("/movies/\0", "holds a NUL"),
        ("/movies/\ud800", "holds half a character"),
        ("/movies/" + "a" * 256, "a name of more than 255 bytes"),
        ("/movies/" + "é" * 128, "a name of more than 255 bytes"),
        ("/movies/" + "a/" * 2500, "is longer than 4,096 bytes"),
        ("/movies/../etc/passwd", "goes up (..)"),
        ("/movies/A/../B", "goes up (..)"),
        (r"D:\Media\Movies\..\x", "goes up (..)"),
        (r"D:\Media\Movies\a.mkv:stream", "has a colon"),
        ("/movies", "is the library itself"),
        ("/movies/./", "is the library itself"),
        ("D:/media/movies", "is the library itself"),
        ("/", "is under no mapping"),
        ("/movies-secret/X/x.mkv", "is under no mapping"),
        ("/Movies/X/x.mkv", "is under no mapping"),
    ],
    ids=lambda one: one[:30].replace("\0", "NUL").encode("ascii", "replace").decode(),
)
def test_what_can_be_no_file_of_a_library_is_refused(path: str, why: str) -> None:
    found = find_place(path, LIBRARIES)
    assert isinstance(found, PathRefusal)
    assert why in found.why


def test_a_name_may_have_255_bytes() -> None:
    assert place("/movies/" + "a" * 255).relative.name == "a" * 255


def test_the_nearest_mapping_is_named() -> None:
    found = find_place("/Movies/A/a.mkv", LIBRARIES)
    assert isinstance(found, PathRefusal)
    assert found.nearest == LIBRARIES[0]
    strange = find_place("/other/A/a.mkv", LIBRARIES)
    assert isinstance(strange, PathRefusal)
    assert strange.nearest is None


def test_a_person_may_give_the_path_as_this_machine_sees_it() -> None:
    for path in ("/movies/A/a.mkv", "/src/movies/A/a.mkv"):
        found = find_place_here(path, LIBRARIES)
        assert isinstance(found, TransferPlace)
        assert found == place("/movies/A/a.mkv")
    assert isinstance(find_place_here("/movies/../x", LIBRARIES), PathRefusal)


@pytest.mark.parametrize(
    ("library", "seen"),
    [
        (LIBRARIES[0], "/data/movies/A/a.mkv"),
        (LIBRARIES[3], "/dst/Anime/A/a.mkv"),
        (LIBRARIES[4], r"P:\Movies\A\a.mkv"),
        (mapping("/x", "/src/x"), "/src/x/A/a.mkv"),
    ],
    ids=["mapped", "as-here", "windows", "not-copied"],
)
def test_the_media_server_has_paths_of_its_own(library: object, seen: str) -> None:
    assert isinstance(library, type(LIBRARIES[0]))
    found = find_place(join(library.sender, PurePosixPath("A/a.mkv")), [library])
    assert isinstance(found, TransferPlace)
    assert as_media_server(found, found.relative) == seen


def test_a_folder_is_named_as_its_system_names_it() -> None:
    assert parent_of("/movies/A/a.mkv") == "/movies/A"
    assert parent_of(r"D:\Movies\A\a.mkv") == r"D:\Movies\A"
    assert [parent_of(one) for one in ("/", "D:\\", "a/b", "")] == [""] * 4
