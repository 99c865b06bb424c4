"""What media servers are asked, what they show, and what is said where they do not work."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.transfers.media_servers import open_media_server
from listsync.transfers.media_servers.base import MediaServer, depth_of
from listsync.transfers.options import (
    EmbyOptions,
    JellyfinOptions,
    MediaServerOptions,
    PlexOptions,
)
from tests.media_servers import (
    TOKEN,
    EmbyFake,
    Fault,
    JellyfinFake,
    Library,
    MediaServerFake,
    PlexFake,
    serving,
    two_libraries,
)

KINDS: list[type[MediaServerFake]] = [PlexFake, JellyfinFake, EmbyFake]
FILE = "/data/movies/Alien (1979)/Alien.mkv"
FOLDER = "/data/movies/Alien (1979)"


class OlderJellyfin(JellyfinFake):
    version = "10.11.4"


def options_for(
    fake: MediaServerFake, token: str = TOKEN, timeout_s: float = 20.0
) -> MediaServerOptions:
    secret = SecretStr(token)
    if isinstance(fake, PlexFake):
        return PlexOptions(url=fake.url, token=secret, timeout_s=timeout_s)
    if isinstance(fake, EmbyFake):
        return EmbyOptions(url=fake.url, api_key=secret, timeout_s=timeout_s)
    return JellyfinOptions(url=fake.url + "/", api_key=secret, timeout_s=timeout_s)


@contextmanager
def asking(
    kind: type[MediaServerFake], disk: Path, **more: object
) -> Iterator[tuple[MediaServerFake, MediaServer]]:
    with serving(kind, *two_libraries(disk)) as fake:
        options = msgspec.structs.replace(options_for(fake), **more)
        server = open_media_server("den", options, CancelToken())
        with closing(server):
            yield fake, server


def put(disk: Path, *paths: str) -> None:
    for path in paths:
        file = disk / path.removeprefix("/data/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"film")


def a_while_ago() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)


@pytest.mark.parametrize("kind", [*KINDS, OlderJellyfin])
def test_a_folder_is_scanned_and_its_file_is_shown(
    kind: type[MediaServerFake], tmp_path: Path
) -> None:
    other = "/data/tv/Dark/Season 01/Dark - S01E01.mkv"
    put(tmp_path, FILE, other)
    since = a_while_ago()
    with asking(kind, tmp_path) as (fake, server):
        assert server.shows([FILE, other], since).shown == frozenset()
        server.scan(FOLDER)
        assert fake.scans == [FOLDER]
        found = server.shows([FILE, other], since)
        assert found.shown == {FILE}
        assert found.unknown == frozenset()


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_goes_into_a_header_and_into_no_address(
    kind: type[MediaServerFake], tmp_path: Path
) -> None:
    put(tmp_path, FILE)
    with asking(kind, tmp_path) as (fake, server):
        server.scan(FOLDER)
        server.shows([FILE], a_while_ago())
        server.check()
    assert fake.asked
    for one in fake.asked:
        assert TOKEN not in f"{one.path}{one.query}"
        assert "force" not in one.query


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PlexFake, "token"),
        (JellyfinFake, "X-Emby-Token"),
        (EmbyFake, "Advanced, API Keys"),
    ],
)
def test_a_key_that_is_refused_is_for_a_person_and_its_causes_are_named(
    kind: type[MediaServerFake], words: str, tmp_path: Path
) -> None:
    with serving(kind, *two_libraries(tmp_path)) as fake:
        options = options_for(fake, "anotherTokenAltogether")
        with closing(open_media_server("den", options, CancelToken())) as server:
            for ask in (lambda: server.scan(FOLDER), server.check):
                with pytest.raises(RefusedError, match=words) as error:
                    ask()
                assert error.value.kind is Refusal.CREDENTIAL
                assert "anotherTokenAltogether" not in str(error.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Fault(status=403), RefusedError, "HTTP 403"),
        (Fault(status=500), UnavailableError, "HTTP 500"),
        (
            Fault(status=524, body=b"<html><title>A timeout occurred</title>"),
            UnavailableError,
            "timeout",
        ),
        (Fault(status=302), UnavailableError, "sends us on"),
        (Fault(status=200, body=b"<html><title>Sign in"), ResponseChangedError, "web page"),
        (Fault(status=200, body=b'{"MediaContainer": 7}'), ResponseChangedError, "otherwise"),
        (Fault(status=200, body=b"{"), ResponseChangedError, "otherwise"),
        (Fault(status=200, body=b"null"), ResponseChangedError, "otherwise"),
    ],
)
def test_what_is_wrong_is_said(
    kind: type[MediaServerFake],
    fault: Fault,
    error: type[ListsyncError],
    words: str,
    tmp_path: Path,
) -> None:
    with asking(kind, tmp_path) as (fake, server):
        fake.faults.append(fault)
        with pytest.raises(error, match=words):
            server.scan(FOLDER)
        assert not fake.scans
        server.scan(FOLDER)
        assert fake.scans == [FOLDER]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("drips", [False, True])
def test_one_that_never_ends_its_answer_is_left_in_time(
    kind: type[MediaServerFake], drips: bool, tmp_path: Path
) -> None:
    over = threading.Event()
    with serving(kind, *two_libraries(tmp_path)) as fake:
        server = open_media_server("den", options_for(fake, timeout_s=0.3), CancelToken())
        with closing(server), ExitStack() as stack:
            stack.callback(over.set)
            fake.faults.append(Fault(status=200, hold=None if drips else over, drips=drips))
            began = time.monotonic()
            with pytest.raises(UnavailableError):
                server.scan(FOLDER)
            assert time.monotonic() - began < 15


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_no_library_is_said_with_those_that_there_are(
    kind: type[MediaServerFake], tmp_path: Path
) -> None:
    with asking(kind, tmp_path) as (fake, server):
        with pytest.raises(RefusedError, match="Films: /data/movies; Series: /data/tv") as error:
            server.scan("/movies/Alien (1979)")
        assert error.value.kind is Refusal.NOT_FOUND
        fake.libraries = (
            *fake.libraries,
            Library(key="3", type="movie", title="New", locations=("/movies",)),
        )
        server.scan("/movies/Alien (1979)")
        assert fake.scans == ["/movies/Alien (1979)"]


@pytest.mark.parametrize("sections", [{}, {"/data/movies": 1}])
def test_plex_is_asked_for_its_sections_once_in_some_minutes(
    sections: dict[str, int], tmp_path: Path
) -> None:
    paths = [f"{FOLDER}/{number}.mkv" for number in range(5)]
    with asking(PlexFake, tmp_path, sections=sections) as (fake, server):
        for _ in range(3):
            server.scan(FOLDER)
        assert server.shows(paths, a_while_ago()).shown == frozenset()
        assert [one.path for one in fake.asked].count("/library/sections") == 1


def test_a_section_that_is_new_is_found_by_its_number_at_once(tmp_path: Path) -> None:
    with asking(PlexFake, tmp_path, sections={"/data/movies": 1, "/mnt": 9}) as (fake, server):
        server.scan(FOLDER)
        new = Library(key="9", type="movie", title="New", locations=("/mnt",))
        fake.libraries = (*fake.libraries, new)
        server.scan("/mnt/films")
        assert fake.scans == [FOLDER, "/mnt/films"]


def test_plex_scans_every_section_that_holds_the_folder_the_closest_first(tmp_path: Path) -> None:
    with asking(PlexFake, tmp_path) as (fake, server):
        everything = Library(key="9", type="movie", title="All", locations=("/", "/data"))
        four_k = Library(key="4", type="movie", title="4K", locations=("/data/movies-4k",))
        fake.libraries = (everything, four_k, *fake.libraries)
        server.scan(FOLDER)
        paths = [one.path for one in fake.asked if one.path.endswith("/refresh")]
        assert paths == ["/library/sections/1/refresh", "/library/sections/9/refresh"]


def test_a_section_that_the_user_names_is_taken_alone(tmp_path: Path) -> None:
    with serving(PlexFake, *two_libraries(tmp_path)) as fake:
        fake.libraries = (
            *fake.libraries,
            Library(key="7", type="movie", title="Mine", locations=("/data/movies",)),
        )
        options = PlexOptions(
            url=fake.url,
            token=SecretStr(TOKEN),
            sections={"/data/movies": 7, "/data/movies-4k": 1, "/data/tv": 55},
        )
        with closing(open_media_server("den", options, CancelToken())) as server:
            server.scan(FOLDER)
            paths = [one.path for one in fake.asked if one.path.endswith("/refresh")]
            assert paths == ["/library/sections/7/refresh"]
            with pytest.raises(RefusedError, match=r"no section 55.*1 Films, 2 Series, 7 Mine"):
                server.scan("/data/tv/Dark")


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_any_letters_are_found(kind: type[MediaServerFake], tmp_path: Path) -> None:
    file = "/data/movies/Amélie & Co? #1 100% +α (2001)/Amélie ‘x’.mkv"  # noqa: RUF001 - so
    put(tmp_path, file)
    with asking(kind, tmp_path) as (fake, server):
        server.scan(file.rpartition("/")[0])
        assert fake.scans == [file.rpartition("/")[0]]
        decomposed = file.replace("é", "e\u0301")
        assert server.shows([file, decomposed], a_while_ago()).shown == {file, decomposed}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_found_that_was_there_long_before(
    kind: type[MediaServerFake], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.transfers.media_servers.plex._PAGE", 3)
    monkeypatch.setattr("listsync.transfers.media_servers.jellyfin._RECENT", 3)
    monkeypatch.setattr("listsync.transfers.media_servers.jellyfin._PAGE", 3)
    put(tmp_path, FILE, *(f"/data/movies/Film {n}/f.mkv" for n in range(8)))
    missing = "/data/movies/Film 99/f.mkv"
    with asking(kind, tmp_path) as (fake, server):
        assert not fake.shown
        for one in sorted((tmp_path / "movies").iterdir()):  # FILE first: it is the oldest
            server.scan(f"/data/movies/{one.name}")
        found = server.shows([FILE, missing], datetime.now(UTC) + timedelta(hours=1))
        assert found.shown == {FILE}
        assert found.unknown == frozenset()


def test_where_plex_does_not_heed_the_filter_nothing_is_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.transfers.media_servers.plex._PAGE", 2)
    put(tmp_path, *(f"/data/movies/Film {n}/f.mkv" for n in range(4)))
    with asking(PlexFake, tmp_path) as (fake, server):
        assert isinstance(fake, PlexFake)
        fake.filters_files = False
        server.scan("/data/movies")
        assert server.shows([FILE], a_while_ago()).unknown == {FILE}


def test_a_library_of_jellyfin_too_large_to_be_read_leaves_it_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.transfers.media_servers.jellyfin._PAGE", 2)
    monkeypatch.setattr("listsync.transfers.media_servers.jellyfin._MOST_PAGES", 2)
    put(tmp_path, *(f"/data/movies/Film {n}/f.mkv" for n in range(5)))
    with asking(JellyfinFake, tmp_path) as (_, server):
        server.scan("/data/movies")
        assert server.shows([FILE], a_while_ago()).unknown == {FILE}


def test_what_jellyfin_is_told_has_the_form_that_it_takes(tmp_path: Path) -> None:
    with asking(JellyfinFake, tmp_path) as (fake, server):
        server.scan(FOLDER)
        sent = fake.asked[-1]
        assert (sent.method, sent.path) == ("POST", "/Library/Media/Updated")
        assert sent.body == {"Updates": [{"Path": FOLDER, "UpdateType": "Created"}]}
        assert sent.headers["authorization"] == f'MediaBrowser Token="{TOKEN}"'
        assert "x-emby-token" not in sent.headers
        assert json.dumps(sent.query) == "{}"


@pytest.mark.parametrize("suffix", ["", "/", "/emby", "/emby/"])
def test_emby_is_asked_below_emby_once(suffix: str, tmp_path: Path) -> None:
    with serving(EmbyFake, *two_libraries(tmp_path)) as fake:
        options = EmbyOptions(url=fake.url + suffix, api_key=SecretStr(TOKEN))
        with closing(open_media_server("den", options, CancelToken())) as server:
            server.scan(FOLDER)
            assert server.check() == "4.9.1"
        assert fake.scans == [FOLDER]


@pytest.mark.parametrize(
    ("path", "folder", "depth"),
    [
        ("/data/movies/Alien", "/data/movies", 3),
        ("/data/movies-4k/Alien", "/data/movies", 0),
        ("/data/movies", "/data/movies/", 3),
        ("/data", "/data/movies", 0),
        (r"D:\Media\Movies\Alien", r"d:\media\movies", 3),
        ("D:/Media/Movies/Alien", "D:\\Media\\", 2),
        (r"\\nas\media\Movies", r"\\nas\media", 1),
        ("/data/movies", r"D:\data", 0),
    ],
)
def test_paths_are_compared_by_whole_components(path: str, folder: str, depth: int) -> None:
    assert depth_of(path, folder) == depth


@pytest.mark.parametrize("kind", KINDS)
def test_an_end_of_the_agent_breaks_off_what_is_waited_for(
    kind: type[MediaServerFake], tmp_path: Path
) -> None:
    over = threading.Event()
    token = CancelToken()
    with serving(kind, *two_libraries(tmp_path)) as fake, ExitStack() as stack:
        stack.callback(over.set)
        fake.faults.append(Fault(status=200, hold=over))
        errors: list[Exception] = []
        with closing(open_media_server("den", options_for(fake), token)) as server:
            thread = threading.Thread(target=_scan, args=(server.scan, errors))
            thread.start()
            fake.wait(lambda: bool(fake.asked))
            token.cut()
            thread.join(10)
            assert not thread.is_alive()
        assert [type(one) for one in errors] == [UnavailableError]


def _scan(scan: Callable[[str], None], errors: list[Exception]) -> None:
    try:
        scan(FOLDER)
    except UnavailableError as error:
        errors.append(error)
