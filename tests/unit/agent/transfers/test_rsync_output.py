"""What rsync writes, as 3.2.7 and 3.5.0 have written it."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from listsync.transfers.rsync_output import (
    OutputLines,
    RsyncProgress,
    is_draft_of,
    lines_about,
    parse_item,
    parse_progress,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(
            b"     32,768   0%    0.00kB/s    0:00:00", RsyncProgress(32768, 0), id="commas"
        ),
        pytest.param(
            b"  314572800 100%  297.62MB/s    0:00:01 (xfr#3, to-chk=0/7)",
            RsyncProgress(314572800, 297.62 * 1024**2),
            id="a-file-is-done",
        ),
        pytest.param(
            b" 12 3%  1.50GB/s  12:00:01 (xfr#1, ir-chk=1000/2000)",
            RsyncProgress(12, 1.5 * 1024**3),
            id="list-still-grows",
        ),
        pytest.param(b"Total file size: 10 bytes", None, id="statistics"),
        pytest.param(b'skipping non-regular file "a 100% 1kB/s"', None, id="a-name-like-it"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_progress_is_understood(line: bytes, expected: RsyncProgress | None) -> None:
    assert parse_progress(line) == expected


def test_lines_end_in_both_ways_and_come_in_pieces() -> None:
    lines = OutputLines()
    assert lines.take(b"one\rtw") == [b"one"]
    assert lines.take(b"o\n\rthree") == [b"two", b""]
    assert lines.take(b"\n") == [b"three"]


def test_a_line_that_never_ends_takes_little_room() -> None:
    lines = OutputLines()
    for _ in range(10):
        assert lines.take(b"x" * 65536) == []
    assert len(lines.take(b"\n")[0]) == 65536


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b">f..t...... a/b c.mkv", "a/b c.mkv"),
        (b">fc........ nl\\#012x", "nl\nx"),
        (b">f+++++++++ \\#377", "\udcff"),
        (b">f+++++++++ a\\#134#012", "a\\#012"),
        (b">f+++++++++ a\\#b", "a\\#b"),
        (b".d..t...... a/", None),
        (b"Number of files: 6 (reg: 2)", None),
    ],
)
def test_names_are_what_they_are(line: bytes, expected: str | None) -> None:
    assert parse_item(line) == (None if expected is None else PurePosixPath(expected))


def test_errors_are_found_by_the_file_they_are_about() -> None:
    errors = (
        b'rsync: [sender] link_stat "/s/a" failed: No such file or directory (2)\n'
        b'rsync: [receiver] mkstemp "/d/.b.tULJEr" failed: Read-only file system (30)\n'
        b'rsync: [sender] link_stat "/s/nl\\#012x" failed: No such file or directory (2)\n'
        b"rsync error: some files/attrs were not transferred (code 23)\n"
    )
    lines = errors.split(b"\n")
    assert list(lines_about(errors, [PurePosixPath("/s/a")])) == lines[:1]
    assert list(lines_about(errors, [PurePosixPath("/d/b")])) == lines[1:2]
    assert list(lines_about(errors, [PurePosixPath("/s/nl\nx")])) == lines[2:3]
    assert list(lines_about(errors, [PurePosixPath("/s/aa"), PurePosixPath("/s")])) == []


@pytest.mark.parametrize(
    ("name", "of", "is_one"),
    [
        (".a.mkv.Ab12Cd", "a.mkv", True),
        (".a\n.mkv.Ab12Cd", "a\n.mkv", True),
        (".hidden.Ab12Cd", ".hidden", True),
        (f".{'x' * 247}.Ab12Cd", "x" * 255, True),
        (".a.mkv.Ab12C", "a.mkv", False),
        (".a.mkv.Ab12C-", "a.mkv", False),
        (".a.mkv.Ab12Cd", "a.mkv2", False),
        (".a.mkv.Ab12Cd", "a.mkv.b", False),
        ("a.mkv.Ab12Cd", "a.mkv", False),
        (".Ab12Cd", "", False),
    ],
)
def test_what_a_killed_rsync_leaves_is_known_by_its_name(name: str, of: str, is_one: bool) -> None:
    assert is_draft_of(name, of) is is_one
