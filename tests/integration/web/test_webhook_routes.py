"""Webhooks over a real server, into a real state."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence, Sized
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from listsync.domain.transfers import EventDecision, WebhookEvent
from listsync.errors import StateError
from listsync.store.database import Database
from listsync.store.job_history import SqliteJobHistory
from listsync.store.webhook_events import SqliteWebhookInbox
from listsync.transfers.intake import WebhookIntake
from listsync.transfers.settings import TransferSettings
from listsync.web.application import Backend
from listsync.web.routes import HttpRoute
from listsync.web.settings import EVERYTHING, AccessToken, TokenScope
from listsync.web.webhook_routes import MOST_BYTES, WebhookRoutes
from tests.integration.web.conftest import ALL, READER, WebServer
from tests.webhooks import sample, samples, transfer_settings

HOOK = "a-token-for-webhooks-in-tests-only"
TOKENS = (
    AccessToken(name="me", secret=ALL, scopes=EVERYTHING),
    AccessToken(name="reader", secret=READER, scopes=frozenset({TokenScope.READ})),
    AccessToken(name="radarr", secret=HOOK, scopes=frozenset({TokenScope.WEBHOOK})),
)


class House:
    """What webhooks are written to; a test may change `settings`, and break it."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(folder / "state.db")
        self.inbox = SqliteWebhookInbox(self.database)
        self.history = SqliteJobHistory(self.database)
        self.settings: TransferSettings = transfer_settings()
        self.woken = 0
        self.writes = 0
        self.may_write = threading.Event()
        self.may_write.set()
        self.waiting: Sized = ()
        self.why_broken = ""

    def put_all(
        self, entries: Sequence[tuple[WebhookEvent, EventDecision]], at: Any
    ) -> tuple[tuple[int, ...], ...]:
        self.writes += 1
        assert self.may_write.wait(30)
        if self.why_broken:
            raise StateError(self.why_broken)
        return self.inbox.put_all(entries, at)

    def wake(self) -> None:
        self.woken += 1

    def outcomes(self) -> list[str]:
        rows = self.database.read("SELECT outcome FROM webhook_events ORDER BY id")
        return [row["outcome"] for row in rows]

    def intake(self) -> WebhookIntake:
        return WebhookIntake(self, lambda: self.settings, self.wake)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path)
    yield found
    found.database.close()


@pytest.fixture
def routes(house: House) -> Callable[[Backend], tuple[HttpRoute, ...]]:
    def made(backend: Backend) -> tuple[HttpRoute, ...]:
        found = WebhookRoutes(backend, house.intake())
        house.waiting = found._writer._waiting
        return found.routes()

    return made


@pytest.fixture
def client(web: WebServer) -> Iterator[httpx.Client]:
    web.follow(tokens=TOKENS)
    with web.client(HOOK) as found:
        yield found


_METHODS = ("POST", "PUT")
_UNUSED = {"reject", "ack-unusable"}


def test_each_sample_is_answered_as_its_row_says(client: httpx.Client, house: House) -> None:
    for row in samples():
        before = len(house.outcomes())
        for n, method in enumerate(_METHODS):
            answer = client.request(method, f"/sync/{row.app}{'/' * n}", content=row.raw)
            if row.expect == "bad-request":
                assert answer.status_code == 400, row
                assert answer.json()["success"] is False
            else:
                assert answer.status_code in {200, 202}, row
                assert answer.json()["success"] is (row.expect not in _UNUSED), row
        written = 0 if row.expect == "bad-request" else len(_METHODS)
        assert len(house.outcomes()) - before == written, "it is written before it is answered"


def test_what_came_of_it_is_told(client: httpx.Client, house: House) -> None:
    answer = client.post("/sync/radarr", json=sample("radarr-download"))
    assert answer.status_code == 202
    assert answer.json() == {
        "success": True,
        "outcome": "accepted",
        "message": "1 copy will be made",
        "jobs": [1],
        "scans": 0,
    }
    assert house.woken == 1
    refused = client.post("/sync/radarr", json=sample("hostile-prefix-confusion"))
    assert refused.status_code == 200
    assert "is under no mapping" in refused.json()["message"]


def test_a_test_is_told_which_libraries_are_mapped(client: httpx.Client) -> None:
    told = client.post("/sync/sonarr/", json={"eventType": "test"}).json()
    assert told["message"].startswith("webhooks arrive; 5 libraries mapped: /movies, /movies-4k")
    assert told["libraries"][0] == {
        "from": "/movies",
        "source": "/src/movies",
        "destination": "/dst/Movies",
        "instance": "",
    }


def test_curl_may_say_that_it_is_a_form(client: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = client.post("/sync/radarr", content='{"eventType":"Test"}', headers=headers)
    assert answer.status_code == 200


def test_a_sender_may_have_a_name_of_its_own(client: httpx.Client, house: House) -> None:
    body = sample("radarr-download")
    assert client.post("/sync/radarr-4k", json=body).status_code == 202
    found = house.history.find(1)
    assert found is not None
    assert found.wanted.app == "radarr"
    for name in ("manual/x", "a/b/c", "progress", "%2e%2e", "-x", "x" * 60, "a%00b"):
        assert client.put(f"/sync/{name}", json=body).status_code in {401, 404, 405}, name


def test_ten_times_the_same_is_one_job(client: httpx.Client, house: House) -> None:
    for _ in range(10):
        client.post("/sync/radarr", json=sample("radarr-download"))
    found = house.history.find(1)
    assert found is not None
    assert found.event_count == 10
    assert house.history.find(2) is None


def test_a_season_and_its_episodes_are_as_many_jobs_as_files(
    client: httpx.Client, house: House
) -> None:
    pack = sample("sonarr-import-complete-season-pack")
    for n, file in enumerate(pack["episodeFiles"]):
        one = {**pack, "episodeFile": file, "episodes": [pack["episodes"][n]]}
        one.pop("episodeFiles")
        assert client.post("/sync/sonarr", json=one).json()["jobs"] == [n + 1]
    told = client.post("/sync/sonarr", json=pack).json()
    assert told["jobs"] == list(range(1, 9))
    eighth = house.history.find(8)
    assert eighth is not None
    assert eighth.wanted.label.episodes == (8,)


def test_what_comes_while_one_is_written_is_written_together(
    client: httpx.Client, house: House
) -> None:
    house.may_write.clear()
    with ThreadPoolExecutor(21) as clients:
        body = sample("radarr-download")
        sent = [clients.submit(client.post, "/sync/radarr", json=body)]
        try:
            wait_for(lambda: house.writes == 1)  # else the first write may be one of several
            sent += [clients.submit(client.post, "/sync/radarr", json=body) for _ in range(20)]
            wait_for(lambda: house.writes == 1 and len(house.waiting) == 20)
        finally:
            house.may_write.set()
    assert {one.result().status_code for one in sent} == {202}
    assert (house.writes, len(house.outcomes())) == (2, 21)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_person_may_ask_for_a_copy(client: httpx.Client, house: House) -> None:
    body = {"path": "/src/movies/A (2024)", "type": "movie"}
    assert client.post("/sync/manual", json=body).json()["jobs"] == [1]
    for wrong in ({}, {"path": 1}, {"path": "/movies/A", "type": []}, {"path": "x", "type": "x"}):
        assert client.post("/sync/manual", json=wrong).status_code == 400, wrong
    assert client.put("/sync/manual", json=body).status_code == 405
    refused = client.post("/sync/manual", json={"path": "/movies"})
    assert (refused.status_code, refused.json()["success"]) == (200, False)
    found = house.history.find(1)
    assert found is not None
    assert found.wanted.app == "manual"


def basic(login: bytes) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(login).decode()}"}


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        pytest.param({"Authorization": f"Bearer {HOOK}"}, "", 200, id="bearer"),
        pytest.param({"X-Api-Key": HOOK}, "", 200, id="key"),
        pytest.param(basic(f"radarr:{HOOK}".encode()), "", 200, id="basic"),
        pytest.param(basic(f"jürgen:{HOOK}".encode()), "", 200, id="basic-utf-8"),
        pytest.param(basic(f"jürgen:{HOOK}".encode("iso-8859-1")), "", 200, id="basic-latin"),
        pytest.param(basic(f":{HOOK}".encode()), "", 200, id="basic-without-name"),
        pytest.param({}, f"/{HOOK}", 200, id="path"),
        pytest.param({}, f"/{HOOK}/", 200, id="path-with-slash"),
        pytest.param({}, "", 401, id="none"),
        pytest.param({"X-Api-Key": "wrong"}, "", 401, id="wrong"),
        pytest.param(basic(b"radarr:wr\xf6ng"), "", 401, id="wrong-basic"),
        pytest.param({}, "/wrong", 401, id="wrong-path"),
        pytest.param({"X-Api-Key": READER}, "", 403, id="for-less"),
        pytest.param({}, f"/{ALL}", 403, id="for-more-in-a-path"),
    ],
)
def test_a_token_is_taken_in_each_of_the_usual_places(
    web: WebServer, house: House, headers: dict[str, str], path: str, status: int
) -> None:
    web.follow(tokens=TOKENS)
    before = len(house.outcomes())
    with web.client(None) as client:
        for address in ("/sync/radarr", "/sync/attic"):
            answer = client.post(f"{address}{path}", json={"eventType": "Test"}, headers=headers)
            assert answer.status_code == status
    assert len(house.outcomes()) - before == (2 if status == 200 else 0)


def test_a_secret_in_an_address_is_in_no_log(
    web: WebServer, caplog: pytest.LogCaptureFixture, house: House
) -> None:
    caplog.set_level(logging.DEBUG)
    web.follow(tokens=TOKENS)
    house.why_broken = "the disk is full"
    with web.client(None) as client:
        for secret, status in ((HOOK, 503), ("S3cret-that-is-wrong", 401), (ALL, 403)):
            answer = client.post(f"/sync/radarr/{secret}", json={"eventType": "Test"})
            assert answer.status_code == status
            assert secret not in answer.text
    ours = [one.getMessage() for one in caplog.records if not one.name.startswith("http")]
    assert not any(secret in one for one in ours for secret in (HOOK, ALL, "S3cret"))


def test_without_libraries_it_is_said_what_to_configure(
    client: httpx.Client, house: House
) -> None:
    house.settings = TransferSettings()
    answer = client.post("/sync/radarr", json={"eventType": "Test"})
    assert answer.status_code == 409
    assert "transfers.mappings" in answer.json()["message"]
    assert house.outcomes() == []


def test_what_cannot_be_written_is_not_taken(client: httpx.Client, house: House) -> None:
    house.why_broken = "the disk is full"
    answer = client.post("/sync/radarr", json=sample("radarr-download"))
    assert answer.status_code == 503
    assert answer.json()["message"] == "it could not be written down: the disk is full"
    house.why_broken = ""
    assert client.post("/sync/radarr", json=sample("radarr-download")).status_code == 202


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"nothing", b"1", b'"x"', b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": ' * 9999,
     b'{"eventType": "Test"', b'{"eventType": "\xff"}', b'{"eventType": ' + b"9" * 9999 + b"}"],
    ids=lambda one: repr(one[:20]),
)  # fmt: skip
def test_what_is_no_object_of_json_is_refused(client: httpx.Client, body: bytes) -> None:
    assert client.post("/sync/radarr", content=body).status_code == 400


def test_a_body_may_have_five_megabytes(client: httpx.Client, house: House) -> None:
    body = sample("radarr-download")
    body["movie"]["overview"] = "x" * (MOST_BYTES - len(json.dumps(body)))
    content = json.dumps(body).encode()
    assert MOST_BYTES - 100 < len(content) <= MOST_BYTES
    assert client.post("/sync/radarr", content=content).status_code == 202
    assert client.post("/sync/radarr", content=content + b" " * 200).status_code == 413
    (row,) = house.database.read("SELECT length(content) AS size FROM webhook_events")
    assert row["size"] < 10_000


def test_names_that_are_no_text_are_stored_all_the_same(
    client: httpx.Client, house: House
) -> None:
    path = "/movies/A\\u202e \\ud800\\u0000\\n"
    file = f'"movieFile": {{"path": "{path}"}}'
    raw = f'{{"eventType": "Download", "instanceName": "\\ud800", {file}}}'
    for content in (raw, raw.replace("\\ud800\\u0000", "\\udcff"), raw.replace("\\u0000", "")):
        assert client.post("/sync/radarr", content=content).status_code == 200
    assert house.outcomes() == ["refused"] * 3
