"""All routes, put together to the application that is served."""

from __future__ import annotations

from starlette.types import ASGIApp

from listsync.commands.feeds import Feeds
from listsync.transfers.intake import WebhookIntake
from listsync.web import api, openapi
from listsync.web.application import Backend, build
from listsync.web.dashboard.dashboard import Dashboard
from listsync.web.feed_routes import FeedRoutes
from listsync.web.job_health import HealthRoutes
from listsync.web.job_routes import JobRoutes
from listsync.web.monitoring import Monitoring
from listsync.web.routes import HttpRoute
from listsync.web.statistics import StatisticsRoutes
from listsync.web.sync_routes import SyncRoutes
from listsync.web.webhook_routes import WebhookRoutes


def application(backend: Backend, feeds: Feeds, intake: WebhookIntake) -> ASGIApp:
    """Build the application."""
    dashboard = Dashboard(backend)
    routes = (*routes_for_programs(backend, feeds, intake), *dashboard.routes())
    return build(backend, routes, dashboard.error_page)


def routes_for_programs(
    backend: Backend, feeds: Feeds, intake: WebhookIntake
) -> tuple[HttpRoute, ...]:
    """Give every route but those of the dashboard, and one that describes them."""
    routes = (
        *SyncRoutes(backend).routes(),
        *api.routes(backend),
        *FeedRoutes(backend, feeds).routes(),
        *Monitoring(backend).routes(),
        *StatisticsRoutes(backend).routes(),
        *WebhookRoutes(backend, intake).routes(),
        *HealthRoutes(backend).routes(),
        *JobRoutes(backend).routes(),
    )
    return (*routes, openapi.route(routes))
