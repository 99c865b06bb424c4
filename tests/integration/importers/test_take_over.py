from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.config.secret_forms import SecretKeeper
from listsync.config.yaml_document import MAX_BYTES
from listsync.config_types import SecretStr
from listsync.domain.media import MediaType
from listsync.errors import BusyError, ConfigError, ListsyncError
from listsync.importers import take_over as module
from listsync.importers.plan import (
    NOTIFY_DISCORD,
    HandledTitle,
    MovedList,
    MovedSecret,
    MovePlan,
)
from listsync.importers.take_over import Done, Places, change_of, take_over
from listsync.importers.yaml_edit import UneditableError
from listsync.store.state_folder import locked

HOOK = "https://discord.com/api/webhooks/1/abcdefghijklmnop"
PLAN = MovePlan(
    lists=(
        MovedList("imdb", "top"),
        MovedList("trakt", "trending:movies"),
        MovedList("letterboxd", "dave/list/best", (("user", "7"),)),
    ),
    settings={
        ("server", "url"): "http://seerr:5055",
        ("sync", "every"): "30m",
        ("providers", "trakt", "special_items_limit"): "50",
    },
    secrets=(
        MovedSecret(("server", "api_key"), SecretStr("keyofseerr")),
        MovedSecret(NOTIFY_DISCORD, SecretStr(HOOK)),
    ),
    exclude=("tmdb:movie/603", "tvdb:81189"),
    handled=(
        HandledTitle(MediaType.MOVIE, 603, "The Matrix", datetime(2026, 1, 1, tzinfo=UTC)),
        HandledTitle(None, 5, "?", datetime(2026, 1, 1, tzinfo=UTC)),
    ),
)
OWN = """\
# My lists.
server:
  url: http://mine:5055   # at home
  api_key: abc
lists:
  # The best.
  - imdb: top
sync: {cron: "0 4 * * *"}
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(tmp_path / "config" / "listsync.yaml", tmp_path / "state", {})


def own(places: Places, text: str = OWN) -> Path:
    places.config.parent.mkdir()
    places.config.write_text(text)
    places.config.chmod(0o640)
    return places.config


def applied(places: Places, plan: MovePlan = PLAN) -> Done:
    return take_over(change_of(plan, places), places)


def loaded(places: Places) -> Config:
    return load(places.config, places.environ, keeper=SecretKeeper(places.vault))


def imported(places: Places) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(places.state / "listsync.db")) as database:
        return database.execute("SELECT kind, tmdb, four_k FROM imported").fetchall()


def test_a_first_configuration_is_written_and_good(places: Places) -> None:
    done = applied(places)
    assert done == Done(titles=3, secrets=2, wrote_file=True)
    config = loaded(places)
    assert config.server.api_key == SecretStr("keyofseerr")
    assert [one.rules.source for one in config.lists] == [one.source for one in PLAN.lists]
    assert config.lists[2].rules.asking.user == "7"
    assert len(config.exclude) == 2
    assert all("Trakt" in one.what for one in config.warnings)  # it has no client id yet
    assert imported(places) == [("movie", 5, 0), ("movie", 603, 0), ("tv", 5, 0)]
    text = places.config.read_text()
    assert "keyofseerr" not in text
    assert HOOK not in text
    assert places.config.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "{}\n",
        "lists: []\n",
        "server: {url: http://seerr:5055}\n",
        "server:\n  url: http://mine:5055\n",
    ],
)
def test_what_the_configuration_lacks_of_the_server_is_brought(places: Places, text: str) -> None:
    own(places, text)
    applied(places)
    assert loaded(places).server.api_key == SecretStr("keyofseerr")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give something away")
@pytest.mark.parametrize("text", [None, OWN], ids=["new", "there"])
def test_what_root_takes_over_for_another_user_is_that_users(
    places: Places, text: str | None
) -> None:
    """As after `sudo listsync import`: whose folder it is runs the agent."""
    if text is not None:
        own(places, text)
    top = places.config.parent.parent
    for one in (top, *top.rglob("*")):
        os.chown(one, 4444, 4445)
    applied(places)
    found = [*top.rglob("*")]
    assert {one.name for one in found} >= {"listsync.yaml", "listsync.db", "listsync.secrets"}
    owners = {(one.stat().st_uid, one.stat().st_gid) for one in found}
    assert owners == {(4444, 4445)}


def test_what_somebody_else_has_put_beside_it_is_not_written_into(
    places: Places, tmp_path: Path
) -> None:
    """A file that is open in other hands, or another name of a file elsewhere."""
    path = own(places)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("theirs")
    path.with_name(".listsync.yaml.import").hardlink_to(elsewhere)
    applied(places)
    assert (elsewhere.read_text(), path.stat().st_nlink) == ("theirs", 1)


def test_what_was_there_stays_and_is_kept(places: Places) -> None:
    path = own(places)
    done = applied(places)
    text = path.read_text()
    rest = iter(text.splitlines())
    assert all(line in rest for line in OWN.splitlines())
    assert done.kept is not None
    assert done.kept.read_text() == OWN
    assert path.stat().st_mode & 0o777 == done.kept.stat().st_mode & 0o777 == 0o640
    config = loaded(places)
    assert config.server.url == "http://mine:5055"
    assert config.server.api_key == SecretStr("abc")
    assert len(config.lists) == 3


def test_what_is_said_otherwise_is_named_and_left(places: Places) -> None:
    own(places)
    change = change_of(PLAN, places)
    assert change.left == (
        "server.url: http://seerr:5055 (your file says something else)",
        "sync.every: 30m (your file says something else)",
    )
    assert [str(one) for one in change.known] == ["imdb: top"]
    assert [one.name for one in change.secrets] == ["notify_discord_url"]


def test_a_second_time_changes_nothing(places: Places) -> None:
    applied(places)
    before = {one: one.stat().st_mtime_ns for one in places.config.parent.iterdir()}
    assert applied(places) == Done()
    assert {one: one.stat().st_mtime_ns for one in places.config.parent.iterdir()} == before


def test_a_secret_of_the_same_name_stays_and_the_other_gets_a_name_of_its_own(
    places: Places,
) -> None:
    vault = places.vault()
    vault.set("server_api_key", "of another server")
    vault.set("server_api_key_2", "and of one more")
    applied(places)
    assert vault.get("server_api_key") == "of another server"
    assert loaded(places).server.api_key == SecretStr("keyofseerr")
    assert "api_key: {encrypted: server_api_key_3}" in places.config.read_text()
    assert not applied(places).changed


def test_a_list_of_the_environment_is_taken_over_all_the_same(places: Places) -> None:
    own(places)
    environ = {"TRAKT_SPECIAL_LISTS": "trending:movies"}
    change = change_of(PLAN, replace(places, environ=environ))
    assert next(one.source for one in change.lists) == "trakt:trending:movies"


def test_without_an_address_the_key_is_left_and_it_is_said(places: Places) -> None:
    plan = replace(PLAN, settings={})
    change = change_of(plan, places)
    assert "the server's address is not known" in change.left[0]
    assert [one.name for one in change.secrets] == ["notify_discord_url"]
    take_over(change, places)
    with pytest.raises(ConfigError, match="server"):
        loaded(places)


@pytest.mark.parametrize("text", ["lists: text\n", "a: [\n", "server: {}\nx: 1\n"])
def test_a_configuration_that_is_wrong_is_not_touched(places: Places, text: str) -> None:
    path = own(places, text)
    with pytest.raises(ConfigError):
        change_of(PLAN, places)
    assert path.read_text() == text


def test_what_would_be_wrong_is_not_written(places: Places) -> None:
    path = own(places)
    plan = replace(PLAN, settings={("log", "level"): "loud"})
    with pytest.raises(ConfigError, match="level"):
        applied(places, plan)
    assert path.read_text() == OWN
    assert not places.state.joinpath("listsync.db").exists()


def test_a_file_that_cannot_be_added_to_is_left_with_what_to_add(places: Places) -> None:
    text = OWN.replace("lists:", "lists: &mine") + "exclude: [ # none\n]\n"
    path = own(places, text)
    with pytest.raises(UneditableError, match="add this yourself:\n") as caught:
        applied(places)
    assert "exclude:\n  - tmdb:movie/603" in str(caught.value)
    assert path.read_text() == text


def test_what_would_change_something_else_as_well_is_left(places: Places) -> None:
    text = OWN + "providers:\n  imdb: &slow {pace_s: 1}\n  trakt: *slow\n"
    path = own(places, text)
    with pytest.raises(UneditableError, match="special_items_limit: 50"):
        applied(places)
    assert path.read_text() == text


def test_a_file_that_would_be_too_large_to_read_is_left(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vars(module)["MAX_BYTES"] == MAX_BYTES  # of what is read; so much takes long
    monkeypatch.setattr(module, "MAX_BYTES", 16 * 1024)
    path = own(places)
    plan = replace(PLAN, exclude=tuple(f"tmdb:movie/{n}" for n in range(1, 1_000)))
    with pytest.raises(UneditableError, match="would be larger than 16 KiB") as caught:
        applied(places, plan)
    assert len(str(caught.value).splitlines()) < 110
    assert path.read_text() == OWN


def test_a_link_is_followed(places: Places, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.yaml"
    target.write_text(OWN)
    places.config.parent.mkdir()
    places.config.symlink_to(target)
    applied(places)
    assert places.config.is_symlink()
    assert "trending:movies" in target.read_text()


def test_while_an_agent_works_nothing_is_done(places: Places) -> None:
    with locked(places.state), pytest.raises(BusyError, match="stop it first"):
        applied(places)
    assert not places.config.exists()


def test_a_file_that_changes_meanwhile_is_left_alone(places: Places) -> None:
    path = own(places)
    change = change_of(PLAN, places)
    path.write_text(OWN + "# new\n")
    with pytest.raises(ListsyncError, match="has been changed meanwhile"):
        take_over(change, places)
    assert path.read_text() == OWN + "# new\n"


class Killed(BaseException):
    """In place of a signal that cannot be caught."""


_STEPS = ("_keep_secrets", "_keep_titles", "write_config", "_keep", "_replace", "write_new")


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", _STEPS)
def test_who_is_killed_at_a_step_loses_nothing_and_can_do_it_again(
    places: Places, monkeypatch: pytest.MonkeyPatch, step: str, is_after: bool
) -> None:
    path = own(places)
    work = getattr(module, step)

    def killed(*args: object, **more: object) -> None:
        if is_after:
            work(*args, **more)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(module, step, killed)
        # What a dead process cannot do any more.
        patched.setattr(Path, "unlink", lambda *_, **__: None)
        with pytest.raises(Killed):
            applied(places)
    assert path.read_text() in {OWN, change_of(PLAN, places).text}
    loaded(places)
    applied(places)
    assert applied(places) == Done()
    assert len(loaded(places).lists) == 3
    assert len(imported(places)) == 3
    kept = [one for one in path.parent.iterdir() if "before-import" in one.name]
    assert [one.read_text() for one in kept] == [OWN]


def test_a_full_disk_is_told_and_leaves_the_file(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = own(places)
    change = change_of(PLAN, places)
    with monkeypatch.context() as patched:

        def full(*_: object) -> None:
            raise OSError(28, os.strerror(28))

        patched.setattr(os, "fsync", full)
        with pytest.raises(ListsyncError):
            take_over(replace(change, plan=replace(PLAN, handled=()), secrets=()), places)
    assert path.read_text() == OWN
    assert applied(places).wrote_file
