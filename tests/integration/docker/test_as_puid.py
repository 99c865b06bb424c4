"""What an image that starts as root puts before listsync: it becomes PUID, or says why not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[3] / "contrib" / "docker" / "as-puid"
_TELLS = """#!/bin/sh
echo "$(id -u):$(id -g) groups=$(id -G) umask=$(umask) $*"
grep -E '^(CapEff|NoNewPrivs)' /proc/self/status
"""
_WAITS = "#!/bin/sh\ntrap 'echo told; exit 5' USR1\necho ready\nwhile :; do sleep 0.05; done\n"

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="only root becomes another user")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, with `config` and `program` in it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        found = Path(made)
        found.chmod(0o755)
        (found / "config").mkdir(mode=0o700)
        _program(found, _TELLS)
        yield found


def _program(place: Path, text: str) -> None:
    (place / "program").write_text(text, encoding="utf-8")
    (place / "program").chmod(0o755)


def _environment(place: Path, **more: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LISTSYNC_PROGRAM": str(place / "program"),
        "LISTSYNC_CONFIG_DIR": str(place / "config"),
        **more,
    }


def started(
    place: Path, *arguments: str, before: str = "", **more: str
) -> subprocess.CompletedProcess[str]:
    """Run the script with *arguments*, or as the command *before* does."""
    return subprocess.run(
        [*before.split(), "sh", _SCRIPT, *(arguments or ("run",))],
        env=_environment(place, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    ("more", "who"),
    [
        pytest.param({}, "1000:1000 groups=1000 umask=0077", id="nothing"),
        pytest.param({"PUID": "99", "PGID": "100"}, "99:100 groups=100 umask=0077", id="unraid"),
        pytest.param(
            {"PUID": "1000", "UMASK": "022"}, "1000:1000 groups=1000 umask=0022", id="mask"
        ),
    ],
)
def test_it_becomes_the_user_that_is_named(place: Path, more: dict[str, str], who: str) -> None:
    ran = started(place, "run", "--interval", "0", **more)
    assert (ran.returncode, ran.stderr) == (0, "")
    said = ran.stdout.splitlines()
    assert said[0] == f"{who} run --interval 0"
    assert {line.split()[1] for line in said[1:]} == {"0000000000000000", "1"}


def test_root_of_a_rootless_engine_stays_root(place: Path) -> None:
    ran = started(place, PUID="0", PGID="0")
    assert ran.stdout.startswith("0:0 ")


def test_only_what_belongs_to_others_is_given_away(place: Path) -> None:
    config = place / "config"
    for name, owner in (("root's", 0), ("own", 99)):
        (config / name).touch(mode=0o600)
        os.chown(config / name, owner, 100)
    (place / "elsewhere").touch()
    (config / "link").symlink_to(place / "elsewhere")
    before = (config / "own").stat().st_ctime_ns
    assert started(place, PUID="99", PGID="100").returncode == 0
    owners = {(one.lstat().st_uid, one.lstat().st_gid) for one in (config, *config.iterdir())}
    assert owners == {(99, 100)}
    assert (config / "own").stat().st_ctime_ns == before
    assert (place / "elsewhere").stat().st_uid == 0


@pytest.mark.skipif(
    os.getuid() != 0 or subprocess.call(["unshare", "-m", "true"], stderr=subprocess.DEVNULL) != 0,
    reason="needs mounts of its own",
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_what_is_mounted_below_keeps_its_owners(place: Path, slash: str) -> None:
    """Of the same file system and not, with names that the kernel and `find` write otherwise."""
    names = ("films of [two]*", "disk", "key")
    for name in ("films of [two]*", "disk", "films of t"):
        (place / "config" / name).mkdir()
    (place / "config" / "key").touch()
    (place / "else").mkdir()
    (place / "else" / "film").touch()
    (place / "mounts").write_text(
        'cd "${0%/*}" && mount --bind else "config/films of [two]*" && mount --bind else/film '
        'config/key && mount -t tmpfs none config/disk && "$@" && stat -c "%u" config/*\n',
        encoding="utf-8",
    )
    folder = f"{place / 'config'}{slash}"
    before = f"unshare -m sh {place / 'mounts'}"
    ran = started(place, before=before, LISTSYNC_CONFIG_DIR=folder)
    assert ran.returncode == 0, ran.stderr
    owners = dict(zip(sorted((*names, "films of t")), ran.stdout.splitlines()[-4:], strict=True))
    assert owners == {**dict.fromkeys(names, "0"), "films of t": "1000"}
    assert (place / "else" / "film").stat().st_uid == 0


def test_other_commands_give_nothing_away(place: Path) -> None:
    ran = started(place, "check", PUID="99")
    assert ran.stdout.startswith("99:99 ")
    assert (place / "config").stat().st_uid == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"PUID": "nobody"}, "PUID=nobody is not the number"),
        ({"PUID": "-1"}, "PUID=-1 is not the number"),
        ({"PGID": "4294967295"}, "PGID=4294967295 is more than the largest"),
        ({"PUID": "99999999999"}, "PUID=99999999999 is not the number"),
        ({"UMASK": "u=rwx"}, "UMASK=u=rwx is not a mask"),
    ],
)
def test_a_wrong_value_is_told_in_words(place: Path, more: dict[str, str], says: str) -> None:
    ran = started(place, **more)
    assert (ran.returncode, ran.stdout) == (78, "")
    assert f"listsync: {says}" in ran.stderr


def test_without_the_capabilities_it_says_what_to_do(place: Path) -> None:
    ran = started(place, before="setpriv --bounding-set=-all", PUID="99")
    assert ran.returncode == 78
    assert "SETUID and SETGID" in ran.stderr


def test_a_folder_that_the_user_may_not_write_to_is_told(place: Path) -> None:
    os.chown(place / "config", 0, 99)
    # As on a share that knows no owners.
    ran = started(place, before="setpriv --bounding-set=-all,+setuid,+setgid", PUID="99")
    assert ran.returncode == 78
    assert "user 99 may not write" in ran.stderr


def test_who_is_not_root_stays_who_it_is_and_is_told_so(place: Path) -> None:
    as_user = "setpriv --reuid=1000 --regid=1000 --clear-groups"
    quiet = started(place, before=as_user)
    assert (quiet.stderr, quiet.stdout.split()[0]) == ("", "1000:1000")
    told = started(place, before=as_user, PUID="99")
    assert told.stdout.startswith("1000:1000 ")
    assert "PUID=99 has no effect" in told.stderr


def test_signals_reach_the_program(place: Path) -> None:
    _program(place, _WAITS)
    with subprocess.Popen(
        ["sh", _SCRIPT, "run"], env=_environment(place, PUID="99"), stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.SIGUSR1)
        assert running.wait(30) == 5


def test_it_is_written_for_every_shell() -> None:
    for shell in filter(shutil.which, ("dash", "bash", "zsh")):
        subprocess.run([shell, "-n", _SCRIPT], check=True)
    assert _SCRIPT.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
