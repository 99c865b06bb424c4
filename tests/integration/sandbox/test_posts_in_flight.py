"""What happens to callers that send more than one POST at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.integration.sandbox.conftest import BREAKING_BAD, COPPER_LEDGER, Server

FIRST_FILM = 20_000_001
UNKNOWN_FILM = 999_999_999


def statuses_of(server: Server, numbers: list[int], *, at_once: int) -> list[int]:
    with ThreadPoolExecutor(at_once) as pool:
        answers = list(pool.map(server.film, numbers))
    return [answer.status_code for answer in answers]


def together(server: Server, count: int) -> None:
    """Let POSTs be answered when *count* of them are there."""
    server.admin("settings", {"posts_together": count})


def every_second_fails(count: int) -> list[int]:
    return [FIRST_FILM + n if n % 2 else UNKNOWN_FILM for n in range(count)]


def kept(server: Server) -> int:
    return len(server.read("/request?take=100")["results"])


def test_one_at_a_time_nothing_is_lost(each: Server) -> None:
    statuses = statuses_of(each, every_second_fails(20), at_once=1)
    assert kept(each) == statuses.count(201) == 10
    log = each.admin("log")
    assert (log["max_posts_in_flight"], log["lost"]) == (1, 0)


def test_one_that_fails_takes_others_along_that_were_answered_201(each: Server) -> None:
    together(each, 8)
    statuses = statuses_of(each, every_second_fails(16), at_once=8)
    assert statuses.count(201) == 8
    log = each.admin("log")
    assert log["max_posts_in_flight"] == 8
    assert log["lost"] == 8 - kept(each) > 0


def test_what_is_lost_leaves_no_row(each: Server) -> None:
    together(each, 3)
    each.shelve("movie", FIRST_FILM, status=1)
    numbers = [FIRST_FILM, FIRST_FILM + 1, UNKNOWN_FILM]
    statuses_of(each, numbers, at_once=3)
    assert each.status("movie", FIRST_FILM) == 1
    assert each.status("movie", FIRST_FILM + 1) is None


def test_posts_that_all_succeed_lose_nothing_but_are_counted(each: Server) -> None:
    together(each, 4)
    numbers = [FIRST_FILM + n for n in range(4)]
    assert statuses_of(each, numbers, at_once=4) == [201] * 4
    assert kept(each) == 4
    assert each.admin("log")["max_posts_in_flight"] == 4


def test_a_failed_write_counts_as_much_as_a_failed_check(each: Server) -> None:
    each.series(BREAKING_BAD, [1])
    together(each, 2)
    with ThreadPoolExecutor(2) as pool:
        film = pool.submit(each.film, FIRST_FILM)
        series = pool.submit(each.series, COPPER_LEDGER, [1])
    assert (film.result().status_code, series.result().status_code) == (201, 500)
    assert each.status("movie", FIRST_FILM) is None


def test_reads_beside_a_writer_do_no_harm(each: Server) -> None:
    with ThreadPoolExecutor(5) as pool:
        reads = [pool.submit(each.get, "/media") for _ in range(40)]
        statuses = statuses_of(each, every_second_fails(20), at_once=1)
        assert all(read.result().status_code == 200 for read in reads)
    assert kept(each) == statuses.count(201)
