"""The client's reads against a server process."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import MediaStatus, Product
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.sandbox.process import SandboxProcess
from listsync.seerr.client import Seerr
from tests.integration.seerr.conftest import Connect

DUNE = TitleKey(MediaType.MOVIE, 438631)


def order(sandbox: SandboxProcess, kind: str, **more: object) -> None:
    sandbox.admin("faults", {"kind": kind, **more})


def test_the_server_is_identified_in_four_calls(
    seerr: Seerr, sandbox: SandboxProcess, product: str
) -> None:
    info = seerr.identify()
    assert info.product is Product[product.upper()]
    assert seerr.calls == sandbox.admin("log")["total"] == 4
    assert seerr.identify().identity == info.identity


def test_the_acting_user_is_found_by_name(connect: Connect) -> None:
    assert connect(act_as="kids").identify().user == "Kids"
    assert connect(act_as=7).identify().user == "Kids"


def test_a_missing_user_is_refused_and_the_server_lives(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    for act_as in ("kidz", "NaN", 4711):
        with pytest.raises(RefusedError, match="no user"):
            connect(act_as=act_as).identify()
    assert sandbox.exit_code is None


def test_the_index_is_read_and_read_again_for_almost_nothing(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    pages = seerr.read_index(())
    rows = [row for page in pages for row in page.titles]
    assert len(rows) == pages[0].total
    assert len(rows) >= 2500
    again = seerr.read_index(pages)
    assert all(new is old for new, old in zip(again, pages, strict=True))
    assert sandbox.admin("log")["calls"] == {"GET /media": 2 * len(pages)}


def test_the_index_tells_what_the_library_has(seerr: Seerr, sandbox: SandboxProcess) -> None:
    key = TitleKey(MediaType.TV, 1396)
    sandbox.admin("media", {"kind": "tv", "tmdbId": 1396, "status": MediaStatus.AVAILABLE})
    index = dict(row for page in seerr.read_index(()) for row in page.titles)
    assert index[key].status == MediaStatus.AVAILABLE
    assert index[key].tvdb_id == 81189
    assert all(season.covered == (season.number > 0) for season in seerr.series(1396).seasons)


def test_titles_are_found_by_every_id(seerr: Seerr) -> None:
    (film,) = seerr.find_by_imdb("tt1160419").candidates
    assert (film.key, film.title, film.year) == (DUNE, "Dune", 2021)
    by_tvdb = [candidate.key for candidate in seerr.find_by_tvdb(81189).candidates]
    assert TitleKey(MediaType.TV, 1396) in by_tvdb
    both = {candidate.key.kind for candidate in seerr.find_by_tmdb(1396).candidates}
    assert both == {MediaType.MOVIE, MediaType.TV}
    assert seerr.find_by_imdb("tt0000000").candidates == ()


def test_titles_are_found_by_name(seerr: Seerr) -> None:
    found = [candidate.key for candidate in seerr.search("Dune", year=2021).candidates]
    assert DUNE in found
    assert DUNE in [candidate.key for candidate in seerr.search("dune").candidates]


@pytest.mark.parametrize(
    "title",
    [
        "Schindler's List",
        "Airplane!",
        "Face/Off",
        "M*A*S*H",
        "100%41",
        "(#&?=+)",
        "千と千尋",
        "🎬",
    ],
)
def test_no_title_is_refused(seerr: Seerr, sandbox: SandboxProcess, title: str) -> None:
    seerr.search(title)
    seerr.search(title, year=1993)
    assert sandbox.admin("log")["statuses"] == {"200": 2}


def test_four_readers_share_the_client(seerr: Seerr) -> None:
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(seerr.find_by_imdb, ["tt1160419"] * 100))
    assert {page.candidates[0].key for page in pages} == {DUNE}
    assert seerr.calls == 100


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
        {"kind": "html", "status": 502},
        {"kind": "drop_before"},
        {"kind": "drop_after"},
        {"kind": "drop_midway"},
        {"kind": "slow", "seconds": 0.2},
    ],
    ids=lambda fault: "-".join(str(fault[name]) for name in ("kind", "status") if name in fault),
)
def test_a_passing_fault_is_outlived(
    seerr: Seerr, sandbox: SandboxProcess, fault: dict[str, object]
) -> None:
    sandbox.admin("faults", fault)
    assert seerr.find_by_imdb("tt1160419").candidates[0].key == DUNE


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ({"kind": "login_page"}, UnavailableError, "web page"),
        ({"kind": "html", "status": 403}, RefusedError, "in front of the server"),
        ({"kind": "garbage"}, ResponseChangedError, "not of the known shape"),
        ({"kind": "hang"}, UnavailableError, "no answer within 0.5 s"),
        ({"kind": "hang_after"}, UnavailableError, "no answer within 0.5 s"),
        ({"kind": "status", "status": 404}, UnavailableError, "base path"),
        (
            {"kind": "status", "status": 429, "headers": {"Retry-After": "900"}},
            UnavailableError,
            "slow down",
        ),
    ],
    ids=["login", "firewall", "garbage", "hang", "hang-after", "404", "429"],
)
def test_what_does_not_pass_is_said_at_once(
    connect: Connect,
    sandbox: SandboxProcess,
    fault: dict[str, object],
    error: type[Exception],
    words: str,
) -> None:
    sandbox.admin("faults", {"times": None, **fault})
    client = connect(timeout_s=0.5)
    with pytest.raises(error, match=words) as caught:
        client.find_by_imdb("tt1160419")
    assert sandbox.url in str(caught.value)
    assert sandbox.api_key not in str(caught.value)
    assert client.calls == 1


@pytest.mark.parametrize("path", ["imdb", "tvdb"])
def test_an_id_search_tells_an_outage_of_tmdb(
    seerr: Seerr, sandbox: SandboxProcess, path: str
) -> None:
    order(sandbox, "tmdb_down", times=None)
    with pytest.raises(UnavailableError, match="500"):
        seerr.find_by_imdb("tt1160419") if path == "imdb" else seerr.find_by_tvdb(81189)


def test_a_title_search_hides_an_outage_of_tmdb(seerr: Seerr, sandbox: SandboxProcess) -> None:
    order(sandbox, "tmdb_down", times=None)
    assert seerr.search("Dune").candidates == ()


def test_a_series_that_does_not_exist_is_told(seerr: Seerr) -> None:
    with pytest.raises(UnavailableError, match="or knows no such series"):
        seerr.series(2_000_000_000)


def test_a_key_without_its_end_is_told(connect: Connect, sandbox: SandboxProcess) -> None:
    with pytest.raises(RefusedError, match="often ends in '='") as caught:
        connect(key=sandbox.api_key[:-1]).identify()
    assert caught.value.kind is Refusal.CREDENTIAL


def test_a_wrong_base_path_is_told(connect: Connect, sandbox: SandboxProcess) -> None:
    with pytest.raises(UnavailableError, match=r"is server\.url right, without a page"):
        connect(url=f"{sandbox.url}/seerr").identify()


def test_nobody_there_is_told(connect: Connect) -> None:
    with pytest.raises(UnavailableError, match="connection refused: is the server running"):
        connect(url="http://127.0.0.1:1").identify()


def test_an_unknown_name_is_told(connect: Connect) -> None:
    with pytest.raises(UnavailableError, match=r"the name seerr\.invalid is not known"):
        connect(url="http://seerr.invalid").identify()


def test_encryption_where_there_is_none_is_told(connect: Connect, sandbox: SandboxProcess) -> None:
    with pytest.raises(UnavailableError, match="start with http:// instead"):
        connect(url=sandbox.url.replace("http:", "https:")).identify()


@pytest.mark.slow
def test_a_connection_that_idled_too_long_is_not_used_again(
    seerr: Seerr, sandbox: SandboxProcess
) -> None:
    seerr.find_by_imdb("tt1160419")
    time.sleep(5.5)  # the server closes idle connections after 5 s
    seerr.find_by_imdb("tt1160419")
    assert seerr.calls == sandbox.admin("log")["calls"]["GET /search"] == 2
