"""An agent's figures in Prometheus' text format; its library is imported when they are asked for.

Names follow Prometheus' rules: the unit at the end, times as Unix seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from listsync.protocol.fleet_shapes import FleetShape, PostgresShape
    from listsync.protocol.job_shapes import RootShape, TransferPeriodShape, TransfersShape
    from listsync.protocol.messages import StatusReply
    from listsync.protocol.shapes import ListShape
    from listsync.web.overview import OverviewReply

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_STATES = ("idle", "running", "paused")


class _AgentCollector(Collector):
    """Gives figures that are there already: a registry for each answer keeps nothing."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def rendered(
    status: StatusReply,
    facts: OverviewReply,
    lists: list[ListShape],
    copied: TransferPeriodShape | None = None,
) -> bytes:
    """Render the figures; *copied* is what was ever copied."""
    registry = CollectorRegistry(auto_describe=False)
    found = [*_of_agent(status, facts), *_of_lists(lists)]
    if (transfers := status.get("transfers")) is not None:
        found += [*_of_transfers(transfers), *_of_roots(transfers["roots"])]
    if copied is not None:
        found += _of_copied(copied)
    if (fleet := status.get("fleet")) is not None:
        found += _of_fleet(fleet)
    if (postgres := status.get("postgres")) is not None:
        found += _of_postgres(postgres)
    registry.register(_AgentCollector(found))
    return generate_latest(registry)


def _of_fleet(fleet: FleetShape) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "listsync_fleet_info", "Where the fleet is.", labels=("agent", "schema")
    )
    info.add_metric((fleet["name"], fleet["schema"]), 1)
    yield info
    takes_part = fleet["role"] != "joining" and not fleet["why"]
    words = "1 while this agent leads its fleet, or stands by."
    yield GaugeMetricFamily("listsync_fleet_connected", words, float(takes_part))
    words = "1 while this agent leads its fleet."
    yield GaugeMetricFamily("listsync_fleet_leader", words, float(fleet["role"] == "leader"))
    words = "How often the lead of the fleet has changed."
    yield GaugeMetricFamily("listsync_fleet_epoch", words, fleet["epoch"])
    words = "Agents that share the work; one that is gone counts for a day."
    yield GaugeMetricFamily("listsync_fleet_members", words, len(fleet["members"]))


def _of_postgres(postgres: PostgresShape) -> Iterator[Metric]:
    hears = postgres["connected"] and not postgres["pooled"]
    words = "1 while triggers by NOTIFY arrive."
    yield GaugeMetricFamily("listsync_postgres_connected", words, float(hears))
    words = "Triggers by NOTIFY since the agent's start."
    yield CounterMetricFamily("listsync_postgres_triggers", words, postgres["triggers"])


def _of_agent(status: StatusReply, facts: OverviewReply) -> Iterator[Metric]:
    info = GaugeMetricFamily("listsync_info", "The agent's version.", labels=("version",))
    info.add_metric((status["version"],), 1)
    state = GaugeMetricFamily("listsync_state", "1 for what the agent does.", labels=("state",))
    for name in _STATES:
        state.add_metric((name,), float(status["state"] == name))
    yield from (info, state)
    for name, words, value in (*_now(status, facts), *_last_sync(status, facts)):
        if value is not None:
            yield GaugeMetricFamily(f"listsync_{name}", words, float(value))


_Figure = tuple[str, str, float | None]


def _now(status: StatusReply, facts: OverviewReply) -> tuple[_Figure, ...]:
    return (
        ("lists", "Lists that are followed.", facts["lists"]),
        ("lists_failing", "Lists that the last try could not read.", facts["lists_failing"]),
        ("notices_open", "What the agent has to say to people.", facts["notices"]),
        ("needs_person", "1 while somebody has to do something.", facts["needs_person"]),
        ("review_titles", "Titles that wait for a decision.", facts["review"]),
        ("start_time_seconds", "When the agent started.", _seconds(status["started_at"])),
        ("next_sync_timestamp_seconds", "When a sync is due.", _seconds(facts["next_sync"])),
    )


def _last_sync(status: StatusReply, facts: OverviewReply) -> tuple[_Figure, ...]:
    if (last := status["last_run"]) is None:
        return ()
    return (
        ("last_sync_timestamp_seconds", "When it ended.", _seconds(facts["last_sync"])),
        ("last_sync_success", "1 if it did all that was to do.", last["result"] == "ok"),
        ("last_sync_requested_titles", "Titles that it requested.", last["requested"]),
        ("last_sync_server_requests", "How often it asked the server.", last["calls"]),
    )


def _of_lists(lists: Iterable[ListShape]) -> Iterator[Metric]:
    labels = ("list", "service")
    titles = GaugeMetricFamily("listsync_list_titles", "Titles when it was read.", labels=labels)
    failures = GaugeMetricFamily(
        "listsync_list_failures", "Tries in a row that could not read it.", labels=labels
    )
    read = GaugeMetricFamily(
        "listsync_list_last_success_timestamp_seconds", "When it was read last.", labels=labels
    )
    for one in lists:
        of = (one["name"], one["service"])
        titles.add_metric(of, float(one["read"]))
        failures.add_metric(of, float(one["failures"]))
        if (at := _seconds(one["last_success"])) is not None:
            read.add_metric(of, at)
    yield from (titles, failures, read)


def _of_transfers(now: TransfersShape) -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "listsync_transfer_jobs", "Copies that are not over, by state.", labels=("state",)
    )
    counts = (
        ("waiting", now["waiting"]),
        ("running", now["running"]),
        ("blocked", now["blocked"]),
        ("needs_attention", now["needs_attention"]),
    )
    for name, count in counts:
        states.add_metric((name,), float(count))
    rate = sum(one["rate"] for one in now["progress"])
    left = sum(max(0, one["total"] - one["done"]) for one in now["progress"])
    yield states
    yield GaugeMetricFamily(
        "listsync_transfer_rate_bytes_per_second", "How fast is copied now.", float(rate)
    )
    yield GaugeMetricFamily(
        "listsync_transfer_remaining_bytes", "What running copies have left.", float(left)
    )


def _of_roots(roots: Iterable[RootShape]) -> Iterator[Metric]:
    labels = ("path",)
    health = GaugeMetricFamily(
        "listsync_transfer_root_healthy", "1 for a mapped folder that is well.", labels=labels
    )
    free = GaugeMetricFamily(
        "listsync_transfer_root_free_bytes", "Room that is left in it.", labels=labels
    )
    for one in roots:
        health.add_metric((one["path"],), float(one["is_healthy"]))
        if one["free_bytes"] is not None:
            free.add_metric((one["path"],), float(one["free_bytes"]))
    yield from (health, free)


def _of_copied(ever: TransferPeriodShape) -> Iterator[Metric]:
    yield CounterMetricFamily("listsync_transferred_bytes", "Bytes copied.", float(ever["bytes"]))
    files = CounterMetricFamily(
        "listsync_transferred_files", "Files that are there since.", labels=("kind",)
    )
    for kind, count in (("movie", ever["movies"]), ("episode", ever["episodes"])):
        files.add_metric((kind,), float(count))
    yield files


def _seconds(at: str | None) -> float | None:
    return None if at is None else datetime.fromisoformat(at).timestamp()
