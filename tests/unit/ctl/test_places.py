"""Where the agent's socket is looked for, and where it belongs: the same places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

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
def test_places(option: str | None, environ: dict[str, str], places: tuple[str, ...]) -> None:
    assert client_places(option, environ) == places
    path = None if option is None else Path(option)
    assert client_sockets(path, environ) == tuple(map(Path, places))
    assert agent_socket(path, environ) == Path(places[0])


def test_systemd_says_where_the_agents_socket_belongs() -> None:
    environ = {"RUNTIME_DIRECTORY": "/run/listsync:/run/more", "XDG_RUNTIME_DIR": "/x"}
    assert agent_socket(None, environ) == Path(_SYSTEM)
