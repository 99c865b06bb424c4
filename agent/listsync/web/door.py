"""All routes of the door, put together."""

from __future__ import annotations

from starlette.types import ASGIApp

from listsync.commands.feeds import Feeds
from listsync.web.application import Backend, build
from listsync.web.dashboard.dashboard import Dashboard
from listsync.web.feed_routes import FeedRoutes
from listsync.web.sync_routes import SyncRoutes


def application(backend: Backend, feeds: Feeds) -> ASGIApp:
    """Build the application that a door serves."""
    dashboard = Dashboard(backend)
    routes = (
        *SyncRoutes(backend).routes(),
        *FeedRoutes(backend, feeds).routes(),
        *dashboard.routes(),
    )
    return build(backend, routes, dashboard.error_page)
