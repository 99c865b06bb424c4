"""A network that is gone without a word is noticed in time, by who leads and by who only listens.

Who led requests nothing more; who listens makes up for what it has missed. Run as a module, inside
a network namespace of its own, it has a PostgreSQL there and takes the network away.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.domain.fleet import LeaseTimes
from listsync.errors import LeaseLostError, NotSharedError
from listsync.fleet.fence import LeaseFence
from listsync.fleet.lease import FleetLease
from listsync.postgres.connection import PostgresLink, PostgresServerError
from tests.integration.postgres.listener import Listening

_UNSHARE = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "-r", "--net"]
_TIMES = LeaseTimes(2.0, 0.5, 1.0)
_ANSWER_S = 0.3


@pytest.mark.slow
def test_a_network_that_is_gone_is_noticed_before_the_lease_ends_and_by_who_listens(
    postgres_data: Path,
) -> None:
    made = subprocess.run([*_UNSHARE, "ip", "link"], capture_output=True, text=True, check=False)
    if made.returncode:
        assert not os.environ.get("CI"), made.stderr
        pytest.skip(f"no network namespace can be made: {made.stderr}")
    done = subprocess.run(
        [*_UNSHARE, sys.executable, "-m", __name__, postgres_data],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "over\n"), done.stderr


def _network(state: str) -> None:
    subprocess.run(["ip", "link", "set", "lo", state], check=True)


def _leader(dsn: SecretStr) -> tuple[FleetLease, LeaseFence]:
    """Give who leads, with a fence that shares what a fleet's revision is."""
    lease = FleetLease("sync_trigger", "me", "first", _TIMES)

    def push(link: PostgresLink) -> None:
        with link.within(_ANSWER_S) as connection, connection.transaction():
            lease.fenced(connection, _TIMES.post_s)

    link = PostgresLink(dsn, name="a leader")
    with link.within(20) as connection:
        lease.prepare(connection)
        assert lease.acquire(connection) is not None
    link.close()
    return lease, LeaseFence(
        lease, lambda: PostgresLink(dsn, name="a leader"), push, CancelToken()
    )


def _run() -> None:
    from tests.postgres_server import PostgresServer, new_database  # noqa: PLC0415 - in there

    _network("up")
    server = PostgresServer(Path(sys.argv[1]))
    with new_database(server.dsn("postgres")) as dsn:
        hasty = f"{dsn} connect_timeout=2"
        listening = Listening(hasty)
        listening.start(look_s=0.3, answer_s=2.0)
        listening.is_connected()
        before = _listener_at(dsn)
        lease, fence = _leader(SecretStr(hasty))
        fence.share()
        fence.check()
        _network("down")
        began = time.monotonic()
        with pytest.raises((NotSharedError, LeaseLostError)):
            fence.share()
        with pytest.raises(LeaseLostError):
            fence.check()
        # In time to begin nothing that would outlast it, however long a connection took.
        assert time.monotonic() - began < 20
        assert lease.clock.left_s() < _TIMES.post_s
        listening.is_connected(wanted=False)
        assert time.monotonic() - began < 20
        assert listening.jobs.empty()
        _network("up")
        again, fence = _leader_again(SecretStr(dsn))
        fence.share()
        fence.check()
        assert again.epoch == 2
        fence.close()
        listening.is_connected()
        assert _listener_at(dsn) != before
        assert listening.next_job().origins == ("catch-up",)
        listening.stop()
        assert listening.jobs.empty()
    server.close()
    print("over")


def _listener_at(dsn: str) -> int:
    """Give the server's process of who listens: the youngest, as the lost one is still there."""
    with psycopg.connect(dsn) as link:
        row = link.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'listsync'"
            " AND datname = current_database() ORDER BY backend_start DESC"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _leader_again(dsn: SecretStr) -> tuple[FleetLease, LeaseFence]:
    """Lead once more, when the lease has run out."""
    while True:
        try:
            return _leader(dsn)
        except (AssertionError, PostgresServerError):
            time.sleep(0.1)


if __name__ == "__main__":
    _run()
