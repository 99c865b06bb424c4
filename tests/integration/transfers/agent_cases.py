"""A whole agent that copies, while its disks are taken from it; each case in a namespace."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from listsync.domain.transfers import JobState, RootHealth, TransferJob
from listsync.store.job_history import SqliteJobHistory
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers import mounts
from tests.integration.app.conftest import AgentInProcess
from tests.integration.app.test_added_service import until
from tests.integration.transfers.mount_cases import MEBIBYTE, fill, tmpfs
from tests.integration.transfers.namespace import dead_fuse, unmount
from tests.transfer_jobs import decision, event, movie, put_event

mounts._TROUBLED_S = mounts._USUAL_S = 0.5
mounts._FRESH_S = 0.2
FILM = bytes(MEBIBYTE)


class Household:
    """An agent with one library for each of *names*, and what was asked of it."""

    def __init__(self, folder: Path, *names: str) -> None:
        self.folder = folder
        for name in names:
            (folder / name / "source" / "Film").mkdir(parents=True)
            (folder / name / "source" / "Film" / "Film.mkv").write_bytes(FILM)
        self.agent = AgentInProcess(folder)
        self.agent.write(
            {
                "http.listen": "127.0.0.1:0",
                "lists": [],
                "transfers.mappings": [
                    {
                        "from": f"/{name}",
                        "source": str(folder / name / "source"),
                        "destination": str(self.destination(name)),
                    }
                    for name in names
                ],
            }
        )
        self.agent.reload()
        self.database = self.agent.daemon._database
        self.history = SqliteJobHistory(self.database)

    def destination(self, name: str) -> Path:
        return self.folder / name / "share"

    def found(self, name: str) -> RootHealth:
        root = PurePosixPath(self.destination(name))
        (one,) = [one for one in self.agent.daemon._transfers.mounts.all() if one.root == root]
        return one

    def health(self, name: str) -> str | None:
        one = self.found(name)
        return "well" if one.is_healthy else one.trouble and one.trouble.value

    def await_look(self, name: str) -> None:
        before = self.found(name).checked_at
        until(lambda: self.found(name).checked_at != before)

    def ask(self, name: str) -> int:
        """Let a film have been imported."""
        job = movie(
            "Film",
            source_root=PurePosixPath(self.folder / name / "source"),
            destination_root=PurePosixPath(self.destination(name)),
        )
        (number,) = put_event(
            SqliteWebhookInbox(self.database), event(), decision(job), datetime.now(UTC)
        )
        self.agent.daemon._transfers.wake()
        return number

    def job(self, number: int) -> TransferJob:
        found = self.history.find(number)
        assert found is not None
        return found

    def await_state(self, number: int, state: JobState) -> TransferJob:
        until(lambda: self.job(number).state is state)
        return self.job(number)

    def has_film(self, name: str) -> bool:
        film = self.destination(name) / "Film" / "Film.mkv"
        return film.exists() and film.read_bytes() == FILM


@contextmanager
def household(folder: Path, *names: str) -> Iterator[Household]:
    one = Household(folder, *names)
    try:
        yield one
    finally:
        one.agent.close()


def share(folder: Path, name: str, data: str = "size=4m") -> None:
    (folder / name).mkdir(exist_ok=True)
    tmpfs(folder / name, "share", data)


def a_share_that_goes_and_comes_back(folder: Path) -> None:
    share(folder, "films")
    with household(folder, "films") as house:
        until(lambda: house.health("films") == "well")
        unmount(house.destination("films"))
        number = house.ask("films")
        job = house.await_state(number, JobState.BLOCKED)
        assert "is not mounted at" in job.why
        until(lambda: house.health("films") == "not_mounted")
        house.await_look("films")
        assert not list(house.destination("films").iterdir()), "the folder below was filled"
        share(folder, "films")
        job = house.await_state(number, JobState.SUCCEEDED)
        assert job.attempts <= 1, "waiting has used up an attempt"
        assert house.has_film("films")


def a_share_that_is_full_for_a_while(folder: Path) -> None:
    share(folder, "films")
    with household(folder, "films") as house:
        fill(house.destination("films") / "other.mkv")
        number = house.ask("films")
        house.await_state(number, JobState.BLOCKED)
        until(lambda: house.health("films") == "full")
        (house.destination("films") / "other.mkv").unlink()
        house.await_state(number, JobState.SUCCEEDED)
        assert house.has_film("films")


def a_share_that_never_answers_holds_nobody_else_up(folder: Path) -> None:
    share(folder, "films")
    share(folder, "series")
    with household(folder, "films", "series") as house:
        until(lambda: house.health("series") == "well")
        unmount(house.destination("films"))
        with dead_fuse(house.destination("films"), answers_first=False):
            dead, well = house.ask("films"), house.ask("series")
            house.await_state(well, JobState.SUCCEEDED)
            assert house.has_film("series")
            until(lambda: house.health("films") == "hanging")
            house.await_state(dead, JobState.BLOCKED)
            since = time.monotonic()
            assert house.agent.ask("status")["state"]
            assert time.monotonic() - since < 20, "an answer waited for the mount"
        until(lambda: house.health("films") == "stale")
        unmount(house.destination("films"))
        share(folder, "films")
        house.await_state(dead, JobState.SUCCEEDED)
        assert house.has_film("films")


CASES: tuple[Callable[[Path], None], ...] = (
    a_share_that_goes_and_comes_back,
    a_share_that_is_full_for_a_while,
    a_share_that_never_answers_holds_nobody_else_up,
)
