"""Where the agent's socket is looked for, and where it belongs: the same places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from listsync.config.paths import find_state_dir
from listsync.protocol import agent_socket, client_places, client_sockets

_HOME = os.path.expanduser("~")  # noqa: PTH111 - as the client does
_USERS = f"/run/user/{os.getuid()}/listsync/agent.sock"
_SYSTEM = "/run/listsync/agent.sock"


@pytest.mark.parametrize(
    ("option", "environ", "places"),
    [
        pytest.param("/a/b", {"LISTSYNC_SOCKET": "/c"}, ("/a/b",), id="option"),
        pytest.param(None, {"LISTSYNC_SOCKET": "/c/d"}, ("/c/d",), id="variable"),
        pytest.param("/a/b/", {}, ("/a/b",), id="slash-of-option"),
        pytest.param(None, {"LISTSYNC_SOCKET": "/c/d//"}, ("/c/d",), id="slash-of-variable"),
        pytest.param(None, {"LISTSYNC_SOCKET": "~no-user/d"}, ("~no-user/d",), id="no-such-user"),
        pytest.param(None, {"LISTSYNC_SOCKET": "~/d"}, (f"{_HOME}/d",), id="home"),
        pytest.param(None, {}, (_USERS, _SYSTEM), id="nothing"),
        pytest.param(
            None, {"XDG_RUNTIME_DIR": "/x/"}, ("/x/listsync/agent.sock", _SYSTEM), id="xdg"
        ),
        pytest.param(None, {"XDG_RUNTIME_DIR": "x"}, (_USERS, _SYSTEM), id="relative-xdg"),
        pytest.param(None, {"XDG_RUNTIME_DIR": ""}, (_USERS, _SYSTEM), id="empty-xdg"),
    ],
)
def test_places(
    option: str | None,
    environ: dict[str, str],
    places: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: True)  # this user has a folder for sockets
    assert client_places(option, environ) == places
    path = None if option is None else Path(option)
    assert client_sockets(path, environ) == tuple(map(Path, places))
    assert agent_socket(path, environ) == Path(places[0])


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({"LISTSYNC_STATE_DIR": "/config/state/"}, id="named"),
        pytest.param({"LISTSYNC_STATE_DIR": "~/state"}, id="at-home"),
        pytest.param({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, id="systemd"),
        pytest.param({"XDG_STATE_HOME": "/x/state"}, id="xdg"),
        pytest.param({"XDG_STATE_HOME": "state"}, id="relative-xdg"),
        pytest.param({}, id="nothing"),
    ],
)
def test_where_no_folder_is_for_sockets_it_is_in_that_of_the_state(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)  # for whom nobody made one
    place = find_state_dir(None, environ) / "agent.sock"
    assert client_places(None, environ) == (str(place), _SYSTEM)
    assert agent_socket(None, environ) == place
    inside = {**environ, "XDG_RUNTIME_DIR": "/x"}
    assert client_places(None, inside) == ("/x/listsync/agent.sock", _SYSTEM)


def test_who_has_no_home_either_is_told_of_the_usual_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    monkeypatch.delenv("HOME")
    assert client_places(None, {})[0] == "/run/user/4000000000/listsync/agent.sock"


def test_systemd_says_where_the_agents_socket_belongs() -> None:
    environ = {"RUNTIME_DIRECTORY": "/run/listsync:/run/more", "XDG_RUNTIME_DIR": "/x"}
    assert agent_socket(None, environ) == Path(_SYSTEM)
