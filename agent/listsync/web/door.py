"""All routes of the door, put together."""

from __future__ import annotations

from starlette.types import ASGIApp

from listsync.web.application import Backend, build
from listsync.web.sync_routes import SyncRoutes


def application(backend: Backend) -> ASGIApp:
    """Build the application that a door serves."""
    return build(backend, SyncRoutes(backend).routes())
