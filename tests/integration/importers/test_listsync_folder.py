from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from listsync.domain.media import MediaType
from listsync.errors import ListsyncError
from listsync.importers import listsync_database
from listsync.importers.listsync_folder import plan_of_listsync
from listsync.importers.plan import MovePlan
from tests.listsync_folders import ListSyncFolder


def plan_of(path: Path, password: str | None = None) -> MovePlan:
    return plan_of_listsync(path, lambda _: password)


def written(tmp_path: Path, folder: ListSyncFolder) -> Path:
    return folder.write(tmp_path / "list-sync")


def secrets_of(plan: MovePlan) -> dict[str, str]:
    return {one.name: one.value.get_secret_value() for one in plan.secrets}


FULL = ListSyncFolder(
    lists=[
        ("imdb", "popular"),
        ("imdb", "ls026785255"),
        ("trakt_special", "trending:movies"),
        ("letterboxd", "dave/best"),
        ("stevenlu", "stevenlu"),
        ("anilist", "dave"),
        ("collections", "Harry Potter"),
    ],
    items=[
        ("The Matrix", "movie", 603, "requested"),
        ("Breaking Bad", "tv", 1396, "already_available"),
        ("Who?", "movie", None, "not_found"),
        ("Heat", "movie", 949, "request_failed"),
    ],
    users={"1": "Owner", "7": "Anna"},
    list_users={"dave/best": "7", "popular": "9"},
    settings={"overseerr_url": "http://seerr:5055", "overseerr_4k": "true", "auto_sync": "true"},
    encrypted={"overseerr_api_key": "keyofsettings", "discord_webhook": "https://discord.com/x"},
    variables={
        "OVERSEERR_URL": "http://other:5055",
        "OVERSEERR_API_KEY": "keyofvariables",
        "OVERSEERR_USER_ID": "7",
        "TRAKT_CLIENT_ID": "your_trakt_client_id_here",
        "IMDB_LISTS": '"top, ls026785255"',
        "SIMKL_LISTS": "x",
        "TZ": "Europe/London   # where you are",
        "FRONTEND_DOMAIN": "http://localhost:3222",
    },
    interval=0.5,
)


def test_all_that_a_folder_says_is_taken_over_or_named(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, FULL))
    assert list(map(str, plan.lists)) == [
        "imdb: moviemeter, request_as: 9",
        "imdb: ls026785255",
        "trakt: trending:movies",
        "letterboxd: dave/list/best, request_as: 7",
        "stevenlu: stevenlu",
        "anilist: dave",
        "tmdb: collection/Harry Potter",
        "imdb: top",
    ]
    assert plan.settings == {
        ("server", "url"): "http://seerr:5055",
        ("server", "request_as"): "7",
        ("sync", "every"): "30m",
        ("sync", "four_k"): "true",
        ("sync", "timezone"): "Europe/London",
    }
    assert secrets_of(plan) == {
        "server_api_key": "keyofsettings",
        "notify_discord_url": "https://discord.com/x",
    }
    assert plan.four_k
    assert [(one.kind, one.tmdb, one.title) for one in plan.handled] == [
        (MediaType.MOVIE, 603, "The Matrix"),
        (MediaType.TV, 1396, "Breaking Bad"),
    ]
    left = "\n".join(plan.left)
    for said in (
        "user 9 of imdb: moviemeter was none of the server's users",
        "1 title not found: looked for, and requested, by the first sync",
        "1 title request failed: looked for, and requested, by the first sync",
        "TRAKT_CLIENT_ID",
        "the list simkl: x",
        "FRONTEND_DOMAIN",
        "logs stay where they are",
    ):
        assert said in left
    assert "keyof" not in left
    assert "there is no list_sync.db" not in left


@pytest.mark.parametrize("part", ["", "data", "data/list_sync.db", ".env"])
def test_a_folder_is_found_from_each_of_its_ends(tmp_path: Path, part: str) -> None:
    plan = plan_of(written(tmp_path, FULL) / part)
    assert len(plan.handled) == 2
    assert len(plan.lists) == 8


def test_variables_alone_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "listsync.env"
    path.write_text("IMDB_LISTS=top\nOVERSEERR_URL=http://seerr:5055\n")
    plan = plan_of(path)
    assert [str(one) for one in plan.lists] == ["imdb: top"]
    assert plan.settings == {("server", "url"): "http://seerr:5055"}
    (said,) = plan.left
    assert f"there is no list_sync.db in {tmp_path} and {tmp_path / 'data'}" in said
    assert "would be requested again" in said


def test_the_oldest_database_is_read_too(tmp_path: Path) -> None:
    folder = ListSyncFolder(
        lists=[("imdb", "ls026785255")],
        items=[("The Matrix", "movie", 603, "requested")],
        interval=24,
        is_first_version=True,
    )
    plan = plan_of(written(tmp_path, folder))
    assert len(plan.lists) == len(plan.handled) == 1
    assert plan.settings == {("sync", "every"): "24h"}


def test_skipped_hides_what_came_before_unless_the_history_tells(tmp_path: Path) -> None:
    items = [("A", "movie", 1, "skipped"), ("B", "movie", 2, "skipped"), ("C", "x", 3, "skipped")]
    folder = written(tmp_path, ListSyncFolder(items=items))
    with closing(sqlite3.connect(folder / "data/list_sync.db")) as connection:
        connection.executemany(
            "INSERT INTO sync_items (sync_id, item_id, status) VALUES (1, ?, ?)",
            [(1, "requested"), (2, "request_failed"), (2, "skipped"), (1, "skipped")],
        )
        connection.commit()
    plan = plan_of(folder)
    assert [(one.kind, one.tmdb) for one in plan.handled] == [(MediaType.MOVIE, 1), (None, 3)]
    (unknown,) = (one for one in plan.handled if one.kind is None)
    assert [str(one.key) for one in unknown.editions(four_k=False)] == ["movie/3", "tv/3"]


def test_odd_rows_are_named_and_break_nothing(tmp_path: Path) -> None:
    items = [
        ("\x1b[31mRed\u202e\n", "movie", 1, "requested"),
        ("", "movie", 2, "requested"),
        ("Zero", "movie", 0, "requested"),
        ("Huge", "movie", 1 << 62, "requested"),
        ("New status", "movie", 4, "postponed"),
        ("T" * 5000, "tv", 5, "Already_Requested"),
    ]
    folder = written(tmp_path, ListSyncFolder(items=items, lists=[("imdb", ""), ("", "\x00")]))
    with closing(sqlite3.connect(folder / "data/list_sync.db")) as connection:
        connection.execute("UPDATE synced_items SET title = x'ff41' WHERE overseerr_id = 1")
        connection.execute("UPDATE synced_items SET last_synced = 'once' WHERE overseerr_id = 1")
        connection.execute(
            "UPDATE synced_items SET last_synced = '2999-01-01' WHERE overseerr_id = 2"
        )
        connection.commit()
    plan = plan_of(folder)
    assert [(one.tmdb, len(one.title) < 301) for one in plan.handled] == [
        (1, True),
        (2, True),
        (5, True),
    ]
    assert all(one.at <= datetime.now(UTC) for one in plan.handled)
    left = "\n".join(plan.left)
    assert "2 titles without a number" in left
    assert "1 title with the status postponed" in left
    assert not plan.lists


def test_a_log_that_was_left_behind_is_read_and_left_alone(tmp_path: Path) -> None:
    folder = written(tmp_path, ListSyncFolder())
    database = folder / "data/list_sync.db"
    writer = sqlite3.connect(database, isolation_level=None)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute(
        "INSERT INTO synced_items (title, media_type, overseerr_id, status)"
        " VALUES ('Late', 'movie', 603, 'requested')"
    )
    killed = tmp_path / "killed"
    shutil.copytree(folder / "data", killed)
    writer.close()
    (killed / "list_sync.db-shm").unlink()
    before = {one.name: one.read_bytes() for one in killed.iterdir()}
    assert [one.title for one in plan_of(killed).handled] == ["Late"]
    assert {one.name: one.read_bytes() for one in killed.iterdir()} == before


def test_a_database_in_use_is_read_as_it_was_before(tmp_path: Path) -> None:
    folder = written(tmp_path, ListSyncFolder(items=[("A", "movie", 1, "requested")]))
    writer = sqlite3.connect(folder / "data/list_sync.db", isolation_level=None)
    with closing(writer):
        writer.execute("BEGIN EXCLUSIVE")
        writer.execute("UPDATE synced_items SET overseerr_id = 2")
        assert [one.tmdb for one in plan_of(folder).handled] == [1]
        writer.execute("ROLLBACK")


def test_a_database_that_is_written_all_the_time_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path, ListSyncFolder())
    monkeypatch.setattr(listsync_database, "_PAUSE_S", 0)
    copy = shutil.copyfile

    def copy_and_change(source: str, target: Path) -> None:
        copy(source, target)
        os.utime(source)

    monkeypatch.setattr(shutil, "copyfile", copy_and_change)
    with pytest.raises(ListsyncError, match="is being written: stop ListSync first"):
        plan_of(folder)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Drop root's rights, under which nothing is read-only."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_that_is_read_only_is_read() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to others
        place = Path(name)
        folder = written(place, FULL)
        plan_of(folder)  # nobody can import what is imported late
        for one in (*folder.rglob("*"), folder, place):
            one.chmod(0o555 if one.is_dir() else 0o444)
        with _as_nobody():
            assert len(plan_of(folder).handled) == 2
        for one in (place, folder, *folder.rglob("*")):
            one.chmod(0o755)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _scramble(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:12288] = b"\xa5" * 8192
    path.write_bytes(data)


def _replace(path: Path) -> None:
    path.write_text("no database at all\n" * 100)


def _of_another_program(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE lists (id, name)")


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _no_file(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_cut, "is damaged, or no database"),
        (_scramble, "is damaged, or no database"),
        (_replace, "is damaged, or no database"),
        (_of_another_program, "is no database of ListSync: it has no table lists as"),
        (_empty, "is no database of ListSync"),
        (_no_file, "nothing of ListSync is in"),
    ],
)
def test_a_damaged_or_foreign_folder_is_told_in_words(
    tmp_path: Path, damage: Callable[[Path], None], said: str
) -> None:
    items = [(f"Title {n}", "movie", n, "requested") for n in range(1, 500)]
    folder = written(tmp_path, ListSyncFolder(items=items))
    damage(folder / "data/list_sync.db")
    with pytest.raises(ListsyncError, match=said):
        plan_of(folder)


def test_a_view_in_the_place_of_a_table_is_not_run(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "list_sync.db")) as database:
        database.execute("CREATE TABLE synced_items (title, media_type, status)")
        database.execute(
            "CREATE VIEW Lists AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
            "SELECT 'imdb' AS list_type, 'top' AS list_id FROM n WHERE i < 0"
        )
    with pytest.raises(ListsyncError, match="is no database of ListSync: Lists is a view"):
        plan_of(tmp_path)


def test_a_folder_that_is_not_there_or_has_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(ListsyncError, match="does not exist"):
        plan_of(tmp_path / "nowhere")
    with pytest.raises(ListsyncError, match="nothing of ListSync is in"):
        plan_of(tmp_path)


def test_a_file_without_text_is_no_env_file(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(ListsyncError, match="is no text file with variables"):
        plan_of(tmp_path / "picture.png")


PASSWORD = "correct horse"


def test_the_encrypted_configuration_is_opened_with_its_password(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, ListSyncFolder(password=PASSWORD)), PASSWORD)
    assert secrets_of(plan) == {"server_api_key": "keyofconfigenc"}
    assert plan.settings == {("server", "url"): "http://seerr:5055"}


def test_without_its_password_the_encrypted_configuration_is_named(tmp_path: Path) -> None:
    plan = plan_of(written(tmp_path, ListSyncFolder(password=PASSWORD)))
    assert any("config.enc: is encrypted" in one for one in plan.left)
    assert not plan.secrets


def test_a_wrong_password_and_a_damaged_file_are_told(tmp_path: Path) -> None:
    folder = written(tmp_path, ListSyncFolder(password=PASSWORD))
    with pytest.raises(ListsyncError, match="the password is wrong, or the file is damaged"):
        plan_of(folder, "wrong")
    (folder / "data/config.enc").write_bytes(b"\0\xff")
    with pytest.raises(ListsyncError, match="the password is wrong, or the file is damaged"):
        plan_of(folder, PASSWORD)


def test_nobody_is_asked_for_what_is_known_already(tmp_path: Path) -> None:
    folder = ListSyncFolder(
        password=PASSWORD,
        variables={"OVERSEERR_URL": "http://a", "OVERSEERR_API_KEY": "keyofvariables"},
    )

    def ask(_: Path) -> str:
        raise AssertionError("asked")

    plan = plan_of_listsync(written(tmp_path, folder), ask)
    assert secrets_of(plan) == {"server_api_key": "keyofvariables"}


@pytest.mark.parametrize("is_there", [True, False], ids=["wrong-key", "no-key"])
def test_a_setting_that_cannot_be_decrypted_is_named(tmp_path: Path, is_there: bool) -> None:
    folder = written(tmp_path, ListSyncFolder(encrypted={"overseerr_api_key": "secret"}))
    key = folder / "data/.encryption_key"
    if is_there:
        key.write_bytes(b"wrong")
    else:
        key.unlink()
    plan = plan_of(folder)
    assert any("the setting overseerr_api_key: is encrypted" in one for one in plan.left)
    assert not plan.secrets


@pytest.mark.parametrize("interval", [-1, 1e300, "NaN", ""])
def test_an_interval_that_is_none_is_named(tmp_path: Path, interval: object) -> None:
    folder = written(tmp_path, ListSyncFolder())
    with closing(sqlite3.connect(folder / "data/list_sync.db")) as connection:
        connection.execute("INSERT INTO sync_interval (interval_hours) VALUES (?)", (interval,))
        connection.commit()
    plan = plan_of(folder)
    assert any("the interval" in one for one in plan.left)
    assert ("sync", "every") not in plan.settings
