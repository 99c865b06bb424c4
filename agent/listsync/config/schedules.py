"""When to sync: what `every`, `cron` and `timezone` come to."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from listsync.triggers.schedule import Cron, Every, Rule

LOCALTIME = Path("/etc/localtime")

_DATABASE = "/zoneinfo/"


def rule_of(every: timedelta | None, cron: str | None, zone: tzinfo) -> Rule | None:
    """Give the rule that was meant, `cron` before `every`; None: neither is given."""
    if cron is not None:
        return Cron(cron, zone)
    return None if every is None else Every(every)


def find_zone(name: str) -> ZoneInfo | None:
    """Find a zone by its IANA name, None if this machine knows none; equal names, equal zones."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a folder, or a file that is no zone
        return None


def local_zone(environ: Mapping[str, str]) -> tzinfo:
    """Find the machine's own zone; only one that TZ gives as a rule lacks its summer time."""
    named = environ.get("TZ", "").strip().removeprefix(":") or str(LOCALTIME)
    if not named.startswith("/"):
        return find_zone(named) or _offset_of_now()
    path = os.path.realpath(named)
    return find_zone(path.rpartition(_DATABASE)[2]) or _read_zone(path) or _offset_of_now()


@cache
def _read_zone(path: str) -> ZoneInfo | None:
    """Read a zone without a name, as a container has it; once, for two would not be equal."""
    try:
        with Path(path).open("rb") as file:
            return ZoneInfo.from_file(file, key=path)
    except (ValueError, OSError):
        return None


def _offset_of_now() -> tzinfo:
    zone = datetime.now().astimezone().tzinfo
    assert zone is not None  # noqa: S101 - astimezone() always gives one
    return zone
