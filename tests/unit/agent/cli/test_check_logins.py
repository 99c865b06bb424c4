from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from listsync.cli.program import listsync

_APP = "client_id: an-id, client_secret: a-secret"


def _warnings(folder: Path, lists: str, providers: str) -> list[str]:
    file = folder / "listsync.yaml"
    file.write_text(f"server: {{url: sandbox}}\nlists: [{lists}]\nproviders: {{{providers}}}\n")
    checked = CliRunner().invoke(listsync, ["check", str(file), "--state-dir", str(folder)])
    assert checked.exit_code == 0, checked.output
    return [line for line in checked.stderr.splitlines() if "wants a login" in line]


@pytest.mark.parametrize(
    ("entry", "service", "keys"),
    [
        pytest.param("trakt: me/watchlist", "trakt", _APP, id="trakt"),
        pytest.param("simkl: movies", "simkl", "client_id: an-id", id="simkl"),
        pytest.param("mdblist: watchlist", "mdblist", "client_id: an-id", id="mdblist"),
    ],
)
def test_that_a_list_wants_a_login_that_is_not_there_is_said_before_it_is_read(
    tmp_path: Path, entry: str, service: str, keys: str
) -> None:
    lists, providers = (
        f"{{{entry}, name: mine}}, {{{entry}, kind: movie}}",
        f"{service}: {{{keys}}}",
    )
    (told,) = _warnings(tmp_path, lists, providers)
    words = f"{service} wants a login: run `listsync login {service}`"
    assert told == f"warning: mine cannot be read: {words}"
    (tmp_path / f"{service}.json").write_text("{}")
    assert _warnings(tmp_path, lists, providers) == []


@pytest.mark.parametrize(
    ("lists", "providers"),
    [
        pytest.param(
            "{mdblist: watchlist}", "mdblist: {api_key: a-key, client_id: an-id}", id="key"
        ),
        pytest.param("{mdblist: anna/films}", "mdblist: {client_id: an-id}", id="open to all"),
        pytest.param("{trakt: 'trending:movies'}", f"trakt: {{{_APP}}}", id="chart"),
        pytest.param(
            "{stevenlu: all}, {simkl: movies, enabled: false}",
            "simkl: {client_id: an-id}",
            id="disabled",
        ),
        pytest.param("{simkl: movies}, {stevenlu: all}", "", id="without an app"),
    ],
)
def test_who_needs_no_login_is_not_told_of_one(tmp_path: Path, lists: str, providers: str) -> None:
    assert _warnings(tmp_path, lists, providers) == []
