"""What one agent of a fleet remembers, the others do, too; on a real PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from listsync.domain.fleet import SharedRow
from listsync.domain.media import Edition
from listsync.domain.report import SyncRun
from listsync.domain.run_notes import Handling, Intent, Notes, Sent
from listsync.domain.server import RequestResponse, ResponseKind
from listsync.errors import LeaseLostError, UnavailableError
from listsync.fleet import exchange
from listsync.fleet import rows as fleet_rows
from listsync.fleet.lease import _elapsed_s
from listsync.postgres.connection import PostgresLink
from listsync.store.backup import write_backup
from listsync.store.database import FILE_NAME
from listsync.store.imported_titles import import_titles
from listsync.store.key_value import Doubt, load_doubt, note_doubt
from listsync.store.state_folder import close_state, open_state
from listsync.sync.deduplication import members_of
from tests.builders import entry, film_body
from tests.integration.fleet.sharing import (
    LONG,
    FleetAgent,
    agents,
    changes_in,
    led_fleet,
    memory_of,
)
from tests.integration.store.state import AT, rules
from tests.postgres_server import PostgresServer, new_database, set_for_all


def requested(agent: FleetAgent, number: int, run: str = "run-1") -> None:
    """Have a title of the list `mine` requested, as a sync writes it down."""
    one, body = entry(tmdb=number), film_body(number)
    agent.file.read("mine", one)
    (member,) = members_of(rules("mine"), [one])
    key = body.key
    agent.memory.record(Notes(), [Intent(f"Film {number}", ("mine",), body)])
    answered = RequestResponse(kind=ResponseKind.REQUESTED, request_id=7)
    sent = Sent(run, f"Film {number}", ("mine",), body, answered)
    agent.memory.record(Notes(handled=[Handling(member, Edition(key, four_k=False))], sent=[sent]))


def test_what_the_leader_writes_the_others_know(postgres_dsn: str, tmp_path: Path) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        one.push()
        assert not changes_in(one.database)
        assert two.pull() > 0
        assert memory_of(one.database) == memory_of(two.database)
        assert two.memory.requests.requested() == one.memory.requests.requested()
        assert not changes_in(two.database)
        assert one.pull() == two.pull() == 0


def test_requests_that_are_equal_come_in_their_order_part_by_part(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fleet_rows, "_NEXT", fleet_rows._NEXT.replace("1000", "3"))
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.join()
        one.lead()
        for _ in range(12):
            requested(one, 603)
        with one.database.write() as connection:
            connection.execute("UPDATE requests SET detail = 'answer ' || id")
        one.push()
        two.join()
        assert len(memory_of(two.database)["requests"]) == 12
        assert memory_of(one.database) == memory_of(two.database)


@pytest.mark.parametrize(("counts", "most"), [((2, 8), 3), ((0, 8), 2), ((8, 2), 3)])
def test_equal_requests_that_are_brought_a_few_at_a_time_while_more_come_are_the_same_for_all(
    postgres_dsn: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    counts: tuple[int, int],
    most: int,
) -> None:
    monkeypatch.setattr(exchange, "MOST_ROWS", most)
    monkeypatch.setattr(fleet_rows, "_NEXT", fleet_rows._NEXT.replace("1000", str(most)))
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        for agent, count in zip((one, two), counts, strict=True):
            for number in range(count):
                requested(agent, 603 if number % 4 else 700 + number)
            with agent.database.write() as connection:
                connection.execute("UPDATE requests SET detail = ? || id", (agent.path.stem,))
        one.join()
        one.lead()
        note, more = two.rows.note_shared, iter(range(3))

        def note_while_more_come(rows: Collection[SharedRow], revision: int) -> None:
            note(rows, revision)
            if any(row.at.noun == "requests" for row in rows) and next(more, None) is not None:
                requested(one, 603)
                one.push()

        monkeypatch.setattr(two.rows, "note_shared", note_while_more_come)
        two.join()
        for agent in (one, two, one):
            agent.pull()
        assert memory_of(one.database) == memory_of(two.database)
        assert not changes_in(two.database)


def test_who_joins_brings_what_the_fleet_lacks(postgres_dsn: str, tmp_path: Path) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        requested(two, 604, "run-2")
        one.join()
        two.join()
        one.pull()
        assert memory_of(one.database) == memory_of(two.database)
        assert len(memory_of(one.database)["requests"]) == 2


def test_what_was_never_shared_gives_way_when_another_has_led(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        two.lead()
        requested(two, 604, "run-2")
        two.push()
        with pytest.raises(LeaseLostError):
            one.push()
        assert changes_in(one.database)
        one.stand_by()
        one.pull()
        assert not changes_in(one.database)
        assert memory_of(one.database) == memory_of(two.database)
        assert len(memory_of(one.database)["requests"]) == 1


def test_what_was_not_shared_stays_where_nobody_else_has_led(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        one.lead()
        one.push()
        two.pull()
        assert len(memory_of(two.database)["requests"]) == 1


def test_who_leads_next_knows_that_the_run_of_who_led_goes_on_no_more(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.memory.runs.begin(SyncRun(run_id="run-1", origin="test", started_at=AT))
        one.push()
        two.lead()
        two.push()
        one.stand_by()
        one.pull()
        for agent in (one, two):
            run = agent.state.runs.find("run-1")
            assert run is not None
            assert run.result == "cut_off"
            assert run.message == "cut off: its agent ended, or led no more"


def test_who_leads_again_knows_that_its_run_goes_on_no_more_though_the_fleet_does_not(
    postgres_dsn: str, tmp_path: Path
) -> None:
    """That it was closed as the agent was started gives way to what the fleet has of it."""
    with led_fleet(postgres_dsn, tmp_path, "one") as (one,):
        one.memory.runs.begin(SyncRun(run_id="run-1", origin="test", started_at=AT))
        one.push()
        one.state.runs.close_cut_off(AT)
        one.lead(is_noted=False)
        one.lead()
        run = one.state.runs.find("run-1")
        assert run is not None
        assert run.result == "cut_off"


def test_a_restored_backup_takes_up_what_the_fleet_remembers(
    postgres_dsn: str, tmp_path: Path
) -> None:
    place, backup = tmp_path / "place", tmp_path / "backup.db"
    place.mkdir()
    with agents(postgres_dsn, tmp_path, "one") as (one,):
        two = FleetAgent(postgres_dsn, place / FILE_NAME)
        two.join()
        one.join()
        one.lead()
        write_backup(backup, two.database.copy_to)
        requested(one, 603)
        one.push()
        two.pull()
        two.close()
        (place / FILE_NAME).write_bytes(backup.read_bytes())
        close_state(open_state(place), place)
        two = FleetAgent(postgres_dsn, place / FILE_NAME)
        try:
            assert load_doubt(two.database) is not None
            assert two.rows.fleet() == ""
            two.join()
            one.pull()
            assert memory_of(two.database) == memory_of(one.database)
            assert load_doubt(two.database) is None
        finally:
            two.close()


def test_a_doubt_about_what_the_fleet_never_had_stays(postgres_dsn: str, tmp_path: Path) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        one.join()
        note_doubt(two.database, Doubt.of("it was gone"))
        two.join()
        assert load_doubt(two.database) is not None


def test_what_is_imported_while_no_agent_works_is_brought_along(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        import_titles(two.database, [(Edition(film_body(11).key, four_k=False), "Old", AT)])
        two.stand_by()
        two.join()
        one.pull()
        assert '["movie",11,0]' in memory_of(one.database)["imported"]


def test_an_intent_is_as_old_as_postgresql_says(postgres_dsn: str, tmp_path: Path) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.memory.record(Notes(), [Intent("Film", ("mine",), film_body(603))])
        one.push()
        one.link.connection.execute("UPDATE listsync_rows SET at = at - interval '1 hour'")
        two.pull()
        (intent,) = two.memory.requests.open_intents()
        age = datetime.now(UTC) - intent.at
        assert timedelta(minutes=59) < age < timedelta(minutes=70)


def test_rows_that_cannot_be_used_are_told_and_left_out(
    postgres_dsn: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        one.push()
        connection = one.link.connection
        good = ("choices", '["good"]', '{"title": "A", "at": "2026-01-01", "newer": 1}')
        for number, (noun, key, content) in enumerate([*_BAD, good]):
            connection.execute(
                "INSERT INTO listsync_rows (fleet, noun, digest, key, content, revision, epoch,"
                " owner, number) SELECT name, %s, %s, %s, %s, revision + 1, 0, 'x', 0"
                " FROM listsync_fleets",
                (noun, str(number).encode(), key, content),
            )
        connection.execute("UPDATE listsync_fleets SET revision = revision + 1")
        before = memory_of(one.database)
        two.pull()
        after = dict(memory_of(two.database))
        assert list(after["choices"]) == ['["good"]']
        assert after | {"choices": {}} == before
        known = len(_BAD) - 1  # what is no noun here is one of a newer version
        assert f"{known} rows of the fleet cannot be used" in caplog.text


def test_rows_that_are_huge_are_told_and_left_out_and_all_others_read_a_few_at_a_time(
    postgres_dsn: str,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        for number, key, content in _HUGE:
            one.link.connection.execute(
                "INSERT INTO listsync_rows (fleet, noun, digest, key, content, revision, epoch,"
                f" owner, number) SELECT name, 'choices', decode(md5({key}), 'hex'), {key},"
                f" ({content})::json, revision + 1, 0, 'x', 0"
                " FROM listsync_fleets, generate_series(1, %s) n",
                (number,),
            )
        one.link.connection.execute("UPDATE listsync_fleets SET revision = revision + 1")
        taken, apply = [0], two.rows.apply

        def note(rows: Sequence[SharedRow], revision: int) -> None:
            taken.append(sum(len(str(row.content)) for row in rows))
            apply(rows, revision)

        monkeypatch.setattr(two.rows, "apply", note)
        two.pull()
        assert len(memory_of(two.database)["choices"]) == 5
        assert "2 rows of the fleet are larger than 1000000 bytes" in caplog.text
        assert max(taken) < 2_100_000


def test_a_row_that_was_shared_at_a_made_up_time_is_taken(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        for number in (603, 604):
            one.memory.record(Notes(), [Intent("Film", ("mine",), film_body(number))])
        one.push()
        one.link.connection.execute(
            "UPDATE listsync_rows SET at = CASE WHEN key LIKE '%603%' THEN 'infinity'"
            " ELSE timestamptz '4000-01-01 BC' END WHERE noun = 'intents'"
        )
        two.pull()
        assert len(two.memory.requests.open_intents()) == 2


def forget(agent: FleetAgent, number: int) -> None:
    """Forget an imported title, as a person does."""
    with agent.exchange.command(agent.link), agent.database.write() as connection:
        connection.execute("DELETE FROM imported WHERE tmdb = ?", (number,))


def imported_by(agent: FleetAgent, *numbers: int) -> None:
    titles = [(Edition(film_body(one).key, four_k=False), f"Film {one}", AT) for one in numbers]
    import_titles(agent.database, titles)


def known_to(agent: FleetAgent) -> list[int]:
    return [row[0] for row in agent.database.read("SELECT tmdb FROM imported ORDER BY 1")]


def let_it_be_long_ago(agent: FleetAgent) -> None:
    """Have the fleet forget which rows are gone."""
    agent.link.connection.execute("UPDATE listsync_rows SET at = at - interval '31 days'")
    agent.exchange.prune(agent.link)


def gone_rows(agent: FleetAgent) -> int:
    (found,) = agent.link.connection.execute(
        "SELECT count(*) FROM listsync_rows WHERE content IS NULL"
    ).fetchall()
    return int(found[0])


def test_which_rows_are_gone_is_forgotten_after_a_month(postgres_dsn: str, tmp_path: Path) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one") as (one,):
        imported_by(one, 1, 2)
        one.push()
        forget(one, 1)
        one.exchange.prune(one.link)
        assert gone_rows(one) == 1
        one.link.connection.execute("UPDATE listsync_rows SET at = at - interval '31 days'")
        one.exchange.prune(one.link)
        assert gone_rows(one) == 1, "it was looked for already today"
        one.lease.clock.elapsed_s = lambda: 25 * 3600.0 + _elapsed_s()
        one.lead()
        one.exchange.prune(one.link)
        assert gone_rows(one) == 0
        assert known_to(one) == [2]


def test_who_was_away_for_longer_joins_anew_and_brings_back_nothing_that_is_gone(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two", "three") as (one, two, three):
        one.join()
        one.lead()
        imported_by(one, 1, 2, 3)
        requested(one, 603)
        one.push()
        two.join()
        three.join()
        forget(one, 1)
        one.file.read("mine")
        one.push()
        three.pull()
        let_it_be_long_ago(one)
        imported_by(two, 4)
        with pytest.raises(UnavailableError, match="joins anew"):
            two.pull()
        two.join()
        one.pull()
        three.pull()
        assert known_to(one) == known_to(two) == known_to(three) == [2, 3, 4]
        assert memory_of(one.database) == memory_of(two.database) == memory_of(three.database)
        assert not changes_in(two.database)


def test_who_is_cut_off_while_it_joins_anew_brings_back_nothing_that_is_gone(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.join()
        one.lead()
        imported_by(one, *range(1, 1600))
        one.push()
        two.join()
        forget(one, 1)
        let_it_be_long_ago(one)
        with monkeypatch.context() as patched:
            cut_off_after(two, patched)
            with pytest.raises(UnavailableError):
                two.join()
        two.join()
        one.pull()
        assert known_to(two) == known_to(one) == list(range(2, 1600))


def cut_off_after(agent: FleetAgent, patched: pytest.MonkeyPatch) -> None:
    """Let the connection end when one part of what is new was taken."""
    apply = agent.rows.apply

    def cut(rows: Sequence[SharedRow], revision: int) -> None:
        apply(rows, revision)
        raise UnavailableError("PostgreSQL", "it is gone")

    patched.setattr(agent.rows, "apply", cut)


def test_a_state_that_was_copied_undoes_nothing_of_what_the_other_says(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one") as (one,):
        imported_by(one, 1, 2)
        one.push()
    copied = (tmp_path / "one.db").read_bytes()
    (tmp_path / "two.db").write_bytes(copied)
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.push()  # what came as it was opened
        one.pull()
        two.pull()
        assert one.rows.owner() != two.rows.owner()
        with one.database.write() as connection:
            for title in ("A", "B", "C"):
                connection.execute("UPDATE imported SET title = ?", (title,))
        forget(two, 1)
        one.pull()
        one.push()
        two.pull()
        assert known_to(one) == known_to(two) == [2]


def test_a_state_in_which_something_waits_to_be_shared_keeps_its_name_until_it_is(
    postgres_dsn: str, tmp_path: Path
) -> None:
    """Else what it may have shared in its last moment would count as another's, and so more."""
    with led_fleet(postgres_dsn, tmp_path, "one") as (one,):
        imported_by(one, 1)
        with one.database.write() as connection:
            connection.execute("UPDATE imported SET title = 'A'")
        name = one.rows.owner()
    with agents(postgres_dsn, tmp_path, "one") as (one,):
        with one.database.write() as connection:
            connection.execute("UPDATE fleet_changes SET is_said = 0")
        one.join()
        assert one.rows.owner() == name
        one.lead()
        one.push()
        one.pull()
        assert one.rows.owner() != name


def test_a_database_of_any_encoding_will_do(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    server = postgres_server.dsn("postgres")
    with new_database(server, encoding="SQL_ASCII") as dsn, agents(dsn, tmp_path, "one") as (one,):
        one.join()
        one.lead()
        requested(one, 603)
        one.push()
        with agents(dsn, tmp_path, "two") as (two,):
            two.join()
            assert memory_of(two.database) == memory_of(one.database)


def test_what_holds_for_all_sessions_at_a_database_does_not_keep_a_fleet_from_working(
    postgres_dsn: str, tmp_path: Path
) -> None:
    set_for_all(
        postgres_dsn,
        DateStyle="SQL, DMY",
        IntervalStyle="sql_standard",
        TimeZone="Asia/Kathmandu",
        bytea_output="escape",
        array_nulls="off",
        default_transaction_isolation="repeatable read",
        lock_timeout="1ms",
    )
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        requested(one, 603)
        locked = one.link.another()
        with locked.connection.transaction():
            one.lease.unfenced(locked.connection)
            with ThreadPoolExecutor() as pool:
                pushed = pool.submit(one.push)
                until_it_waits_for_a_lock(two.link)
                locked.connection.execute("COMMIT")
                pushed.result()
        locked.close()
        two.pull()
        assert memory_of(one.database) == memory_of(two.database)


def test_what_a_full_disk_did_not_take_is_told_and_shared_when_there_is_room(
    postgres_dsn: str, tmp_path: Path
) -> None:
    with led_fleet(postgres_dsn, tmp_path, "one", "two") as (one, two):
        two.link.connection.execute(_FULL)
        requested(one, 603)
        with pytest.raises(UnavailableError, match=r"No space left on device.*; make room there"):
            one.push()
        with (
            pytest.raises(UnavailableError, match="make room there"),
            one.exchange.command(one.link),
        ):
            requested(one, 604, "run-2")
        two.link.connection.execute("DROP TRIGGER full_disk ON listsync_rows")
        one.push()
        two.pull()
        assert memory_of(one.database) == memory_of(two.database)
        assert len(memory_of(two.database)["requests"]) == 1


_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device'
    USING ERRCODE = 'disk_full';
END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON listsync_rows
FOR EACH STATEMENT EXECUTE FUNCTION no_room();
"""


def until_it_waits_for_a_lock(link: PostgresLink) -> None:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    end = time.monotonic() + 30
    while link.connection.execute(waiting).fetchone() == (0,):
        assert time.monotonic() < end


def test_a_pull_that_takes_longer_than_the_lease_costs_no_lead(
    postgres_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    with agents(postgres_dsn, tmp_path, "one", "two") as (one, two):
        one.lease.clock.elapsed_s = lambda: now[0]
        one.join()
        one.lead()
        import_titles(
            two.database,
            [(Edition(film_body(at).key, four_k=False), "Old", AT) for at in range(1, 3500)],
        )
        two.join()
        taken = one.rows.apply

        def apply(rows: Sequence[SharedRow], revision: int) -> None:
            now[0] += LONG.lease_s / 3
            taken(rows, revision)

        monkeypatch.setattr(one.rows, "apply", apply)
        assert one.pull() > 3000
        one.lease.clock.check()


_HUGE = [
    (1, """'["' || repeat('k', 3000000) || '"]'""", "'{}'"),
    (1, """'["huge"]'""", "to_json(repeat('x', 3000000))"),
    (
        5,
        """'["good ' || n || '"]'""",
        "json_build_object('title', repeat('x', 900000), 'at', '2026-01-01')",
    ),
]
"""How many, and the expressions of their keys and contents."""
_DEEP = "[" * 4000 + "]" * 4000
_BAD = [
    ("nothing", "[1]", "{}"),
    ("choices", '["no title"]', '{"at": "2026-01-01"}'),
    ("choices", '["no time"]', '{"title": "A", "at": "yesterday"}'),
    ("choices", '["no object"]', "[1, 2]"),
    ("choices", '["a number"]', '{"title": "A", "at": "2026-01-01", "tmdb": "603"}'),
    ("choices", '["too large"]', '{"title": "A", "at": "2026-01-01", "tmdb": 1e30}'),
    ("choices", "no key", '{"title": "A", "at": "2026-01-01"}'),
    ("choices", '["a", "b"]', '{"title": "A", "at": "2026-01-01"}'),
    ("choices", '["deep"]', f'{{"title": {_DEEP}, "at": "2026-01-01"}}'),
    ("choices", _DEEP, '{"title": "A", "at": "2026-01-01"}'),
    ("excluded", '["half \\ud800"]', '{"at": "2026-01-01"}'),
    ("excluded", "[null]", '{"at": "2026-01-01"}'),
    ("setbacks", '["nobody", "movie", 1, 0, 0]', '{"why": "", "tries": 1, "retry_at": ""}'),
    ("imported", '["book", 1, 0]', '{"title": "A", "at": "2026-01-01"}'),
    ("imported", '["movie", 1, 2]', '{"title": "A", "at": "2026-01-01"}'),
    ("entries", '["file:/gone", "a"]', '{"rank": 1, "first_seen": "2026-01-01"}'),
    (
        "matches",
        '["fake-1", "x"]',
        """{"found": "found", "how": "title", "title": "", "score": 1, "reasons": "{}",
        "candidates": "[]", "tries": 1, "at": "2026-01-01"}""",
    ),
]
