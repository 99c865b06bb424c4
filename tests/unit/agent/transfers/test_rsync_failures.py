"""What happens after each way in which rsync fails: texts as 3.2.7 and 3.5.0 wrote them."""

from __future__ import annotations

import pytest

from listsync.domain.transfers import FailureClass
from listsync.transfers.rsync_failures import RootSide, classify

ENVIRONMENT, PERMANENT = FailureClass.ENVIRONMENT, FailureClass.PERMANENT
TRANSIENT, MISSING = FailureClass.TRANSIENT, FailureClass.SOURCE_MISSING
SOURCE, DESTINATION = RootSide.SOURCE, RootSide.DESTINATION


@pytest.mark.parametrize(
    ("code", "errors", "failure", "side"),
    [
        (1, "", PERMANENT, None),
        (2, "", PERMANENT, None),
        (3, "", ENVIRONMENT, DESTINATION),
        (4, "", PERMANENT, None),
        (5, "", TRANSIENT, None),
        (10, "", TRANSIENT, None),
        (11, "", ENVIRONMENT, DESTINATION),
        (12, "", TRANSIENT, None),
        (13, "", TRANSIENT, None),
        (14, "", TRANSIENT, None),
        (20, "", TRANSIENT, None),
        (22, "", TRANSIENT, None),
        (23, "", TRANSIENT, None),
        (24, "", TRANSIENT, None),
        (25, "", PERMANENT, None),
        (30, "", TRANSIENT, None),
        (35, "", TRANSIENT, None),
        (127, "/usr/bin/rsync: No such file or directory", PERMANENT, None),
        (137, "", TRANSIENT, None),
        (-9, "", TRANSIENT, None),
        (255, "", TRANSIENT, None),
    ],
)
def test_by_the_exit_code(
    code: int, errors: str, failure: FailureClass, side: RootSide | None
) -> None:
    found = classify(code, errors.encode().split(b"\n"))
    assert (found.failure, found.side) == (failure, side)
    assert found.why


@pytest.mark.parametrize(
    ("code", "line", "failure", "side"),
    [
        (11, '[receiver] write failed on "/d/big": No space left on device (28)', ENVIRONMENT,
         DESTINATION),
        (23, '[receiver] mkstemp "/d/.b.tULJEr" failed: No space left on device (28)',
         ENVIRONMENT, DESTINATION),
        (23, '[receiver] write failed on "/d/b": Disk quota exceeded (122)', ENVIRONMENT,
         DESTINATION),
        (23, '[receiver] mkstemp "/d/.b.tULJEr" failed: Read-only file system (30)',
         ENVIRONMENT, DESTINATION),
        (23, '[sender] change_dir "/s" failed: No such file or directory (2)', ENVIRONMENT,
         SOURCE),
        (11, '[Receiver] mkdir "/d/no" failed: No such file or directory (2)', ENVIRONMENT,
         DESTINATION),
        (23, '[sender] link_stat "/s/a" failed: Stale file handle (116)', ENVIRONMENT, SOURCE),
        (3, '[Receiver] change_dir#1 "/d" failed: Transport endpoint is not connected (107)',
         ENVIRONMENT, DESTINATION),
        (23, 'read errors mapping "/s/a": Input/output error (5)', ENVIRONMENT, DESTINATION),
        (23, '[sender] link_stat "/s/a" failed: Host is down (112)', ENVIRONMENT, SOURCE),
        (23, '[sender] link_stat "/s/a" failed: No such file or directory (2)', MISSING, None),
        (23, '[sender] send_files failed to open "/s/a": No such file or directory (2)', MISSING,
         None),
        (23, '[sender] send_files failed to open "/s/a": Permission denied (13)', PERMANENT,
         None),
        (23, '[generator] chown "/d/a" failed: Operation not permitted (1)', PERMANENT, None),
        (23, '[receiver] failed to set times on "/d/a": Operation not permitted (1)', PERMANENT,
         None),
        (23, '[receiver] mkstemp "/d/.a.Ab12Cd" failed: File name too long (36)', PERMANENT, None),
        (11, '[receiver] write failed on "/d/a": File too large (27)', PERMANENT, None),
        (23, '[receiver] mkstemp "/d/.a:b.Ab12Cd" failed: Invalid argument (22)', PERMANENT,
         None),
        (3, 'refusing to follow a symlink owned by an untrusted user: "/d"', PERMANENT, None),
        (24, 'file has vanished: "/s/a"', TRANSIENT, None),
    ],
)  # fmt: skip
def test_by_what_it_says(
    code: int, line: str, failure: FailureClass, side: RootSide | None
) -> None:
    errors = f"rsync: {line}\nrsync error: some text (code {code}) at main.c(1) [sender=3.2.7]"
    found = classify(code, errors.encode().split(b"\n"))
    assert (found.failure, found.side) == (failure, side)
    assert "rsync error" not in found.why


def test_what_is_missing_is_said_before_what_follows_from_it() -> None:
    errors = (
        b'rsync: [sender] link_stat "/s/a" failed: No such file or directory (2)\n'
        b'rsync: [receiver] write failed on "/d/big": No space left on device (28)\n'
        b"rsync: [sender] write error: Broken pipe (32)"
    )
    found = classify(11, errors.split(b"\n"))
    assert (found.failure, found.side) == (ENVIRONMENT, DESTINATION)


def test_what_it_says_is_told_to_people_in_one_clean_line() -> None:
    line = (
        b'rsync: [sender] send_files failed to open "/s/a\\#033[31m\\#377": Permission denied (13)'
    )
    assert classify(23, [line]).why == (
        'permission denied: send_files failed to open "/s/a[31m\N{REPLACEMENT CHARACTER}": '
        "Permission denied"
    )


def test_that_it_may_not_be_nice_is_no_failure() -> None:
    lines = [
        b"nice: cannot set niceness: Operation not permitted",
        b'file has vanished: "/s/a"',
    ]
    assert classify(24, lines).failure is TRANSIENT


def test_what_nobody_has_foreseen_is_said_in_its_own_words() -> None:
    found = classify(77, [b"", b"rsync: [sender] a strange thing (3)"])
    assert found.why == "rsync has failed (exit code 77): a strange thing"
    assert classify(137, []).why == "rsync was killed by signal 9 (exit code 137)"
