"""Which names are left out; that rsync leaves out the same is tried with rsync."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from listsync.transfers.exclusions import CopyExclusions

CASES = [
    ("@eaDir", "a/@eaDir/x", True),
    ("@eaDir", "a/@eaDir", True),
    ("@eaDir", "a/@eaDirx", False),
    ("#recycle", "#recycle/b", True),
    (".Trash-*", "a/.Trash-1000/b", True),
    ("*.partial~", "a/b.mkv.partial~", True),
    ("*.partial~", "a/b.mkv", False),
    ("*", "a", True),
    ("?.mkv", "a/b.mkv", True),
    ("?.mkv", "a/bb.mkv", False),
    ("[ab].mkv", "x/a.mkv", True),
    ("[!ab].mkv", "x/a.mkv", False),
    ("[!ab].mkv", "x/c.mkv", True),
    ("/a", "a/b", True),
    ("/a", "b/a", False),
    ("a/b", "x/a/b", True),
    ("a/b", "xa/b", False),
    ("a/*/c", "a/b/c", True),
    ("a/*/c", "a/b/b/c", False),
    ("a/**/c", "a/b/b/c", True),
    ("a**c", "x/ab/bc", True),
    ("extras/", "a/extras/b", True),
    ("extras/", "a/extras", False),
    (r"\[a\]*", "[a]b", True),
    (r"a\b", r"a\b", True),
    ("[z-a]", "x", False),
    ("- a", "a", False),
    ("- a", "- a", True),
    ("!", "!", True),
]


@pytest.mark.parametrize(("pattern", "path", "is_out"), CASES)
def test_a_pattern_means_what_rsync_takes_it_for(pattern: str, path: str, is_out: bool) -> None:
    found = CopyExclusions([pattern]).find(PurePosixPath(path))
    assert found == (pattern if is_out else None)


def test_what_an_interrupted_copy_left_is_never_copied() -> None:
    assert CopyExclusions([]).find(PurePosixPath("a/.rsync-partial/b")) == ".rsync-partial"


def test_what_says_nothing_leaves_nothing_out() -> None:
    assert CopyExclusions(["", "/"]).find(PurePosixPath("a")) is None
