"""A whole agent between Radarr and Plex: a webhook that was installed, and one that never came."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listsync.cli.program import listsync
from listsync.domain.transfers import EventOutcome
from listsync.store import library_scans
from listsync.store.key_value import SqliteKeyValueStore
from listsync.store.webhook_events import SqliteWebhookHistory
from tests.arr_server import KEY, ArrFake, arr_serving
from tests.integration.app.conftest import AgentInProcess, agent, start_agent  # noqa: F401
from tests.integration.app.test_added_service import until
from tests.media_servers import PlexFake, serving, two_libraries

TOKEN = "tokenOfTheAgentForWebhooks"


@pytest.fixture
def radarr() -> Iterator[ArrFake]:
    with arr_serving() as one:
        yield one


def open_to_webhooks(agent: AgentInProcess, folder: Path, **more: object) -> None:  # noqa: F811
    """Let an agent listen, and scan what lies in *folder*."""
    agent.write(
        {
            "http.listen": "127.0.0.1:0",
            "http.tokens": [{"name": "hooks", "token": TOKEN, "scopes": ["webhook"]}],
            "transfers.mappings": [
                {"from": "/movies", "source": str(folder), "media_server": "/data/movies"}
            ],
            **{f"transfers.{key}": value for key, value in more.items()},
        }
    )
    assert agent.reload()["pending"] == []


def install(
    agent: AgentInProcess,  # noqa: F811
    radarr: ArrFake,
    config: Path | None = None,
) -> Result:
    clear = {name: None for name in os.environ if name.startswith("LISTSYNC_")}
    places = {
        "LISTSYNC_CONFIG": str(config or agent.file),
        "LISTSYNC_STATE_DIR": str(agent.file.parent / "state"),
        "RADARR_API_KEY": KEY,
    }
    words = ("webhook", "install", "radarr", radarr.url, "--url", agent.http_url)
    return CliRunner().invoke(listsync, words, env={**clear, **places})


@pytest.mark.parametrize("has_headers", [True, False])
def test_the_webhook_that_was_installed_comes_in(
    agent: AgentInProcess,  # noqa: F811
    radarr: ArrFake,
    tmp_path: Path,
    has_headers: bool,
) -> None:
    radarr.has_headers = has_headers
    open_to_webhooks(agent, tmp_path, media_servers=[_plex("http://127.0.0.1:9")])
    done = install(agent, radarr)
    assert done.exit_code == 0, done.output
    assert "Tested: Radarr reaches us." in done.stdout
    (event,) = SqliteWebhookHistory(agent._database).page(9, None).rows
    assert (event.event_type, event.outcome) == ("Test", EventOutcome.IGNORED)


def test_a_token_that_the_agent_does_not_know_is_told(
    agent: AgentInProcess,  # noqa: F811
    radarr: ArrFake,
    tmp_path: Path,
) -> None:
    open_to_webhooks(agent, tmp_path, media_servers=[_plex("http://127.0.0.1:9")])
    other = tmp_path / "other.yaml"
    other.write_text(agent.file.read_text().replace(TOKEN, "anotherTokenAltogether"))
    done = install(agent, radarr, other)
    assert done.exit_code == 1
    assert "refused the secret" in done.stderr


def test_an_import_that_was_missed_is_scanned_and_a_refused_token_is_a_notice(
    agent: AgentInProcess,  # noqa: F811
    radarr: ArrFake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(library_scans, "QUIET", timedelta(seconds=0.05))
    library = tmp_path / "disk" / "movies"
    film = library / "Alien (1979)" / "Alien.mkv"
    film.parent.mkdir(parents=True)
    film.write_bytes(b"film")
    now = datetime.now(UTC)
    radarr.history = [
        {
            "movieId": 1,
            "date": now.isoformat(),
            "eventType": "downloadFolderImported",
            "data": {"importedPath": "/movies/Alien (1979)/Alien.mkv"},
            "movie": {"title": "Alien", "year": 1979},
        }
    ]
    kept = SqliteKeyValueStore(agent._database)
    kept.save("missed:Radarr", now.isoformat())
    missed = [{"radarr": {"url": radarr.url, "api_key": KEY}}]

    def notices() -> list[str]:
        found = agent.ask("status")["notices"]
        return [one["text"] for one in found if one["kind"] == "media_server_refused"]

    with serving(PlexFake, *two_libraries(tmp_path / "disk")) as plex:
        wrong = [_plex(plex.url, "wrongToken")]
        open_to_webhooks(agent, library, media_servers=wrong, missed=missed)
        until(lambda: bool(notices()))
        assert notices()[0].startswith("plex refuses us (HTTP 401): the token is wrong")
        assert not plex.scans
        right = [_plex(plex.url, plex.token)]
        open_to_webhooks(agent, library, media_servers=right, missed=missed)
        until(lambda: plex.scans == ["/data/movies/Alien (1979)"])
        until(lambda: not notices())
    assert str(kept.load("missed:Radarr")) >= now.isoformat()


def _plex(url: str, token: str = "aToken") -> dict[str, object]:
    return {"plex": {"url": url, "token": token}}
