from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listsync.config import values
from listsync.config.values import find_zone, local_zone, rule_of
from listsync.triggers.schedule.rules import Cron, Every, Rule

VIENNA = ZoneInfo("Europe/Vienna")
DATABASE = Path("/usr/share/zoneinfo")
HOUR = timedelta(hours=1)


@pytest.fixture
def localtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for the link under /etc."""
    path = tmp_path / "localtime"
    monkeypatch.setattr(values, "LOCALTIME", path)
    return path


@pytest.mark.parametrize(
    ("every", "cron", "rule"),
    [
        pytest.param(None, None, None, id="neither"),
        pytest.param(HOUR, None, Every(HOUR), id="every"),
        pytest.param(timedelta(), None, Every(timedelta()), id="never"),
        pytest.param(None, "0 4 * * *", Cron("0 4 * * *", VIENNA), id="cron"),
        pytest.param(HOUR, "0 4 * * *", Cron("0 4 * * *", VIENNA), id="cron-before-the-default"),
    ],
)
def test_the_rule_that_was_meant(
    every: timedelta | None, cron: str | None, rule: Rule | None
) -> None:
    assert rule_of(every, cron, VIENNA) == rule


def test_a_zone_by_its_name() -> None:
    assert find_zone("Europe/Vienna") is VIENNA


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "Europe",
        "Mars/Base",
        "/etc/passwd",
        "../x",
        "a\0b",
        "zone.tab",
        "\ud800",
        "x" * 5000,
    ],
)
def test_no_zone(name: str) -> None:
    assert find_zone(name) is None


@pytest.mark.parametrize("text", ["Europe/Vienna", " :Europe/Vienna", f"{DATABASE}/Europe/Vienna"])
def test_the_environment_names_the_zone(localtime: Path, text: str) -> None:
    localtime.symlink_to(DATABASE / "America/New_York")
    assert local_zone({"TZ": text}) == VIENNA


@pytest.mark.parametrize("environ", [{}, {"TZ": ""}], ids=["unset", "empty"])
def test_the_machines_link_names_the_zone(localtime: Path, environ: dict[str, str]) -> None:
    localtime.symlink_to(DATABASE / "Europe/Vienna")
    assert local_zone(environ) == VIENNA


def test_a_copy_of_a_zone_has_no_name_but_summer_time(localtime: Path) -> None:
    localtime.write_bytes((DATABASE / "Europe/Vienna").read_bytes())
    zone = local_zone({})
    assert zone == local_zone({})
    assert [datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)] == [
        HOUR,
        2 * HOUR,
    ]


@pytest.mark.parametrize("content", [None, b"no zone"], ids=["missing", "garbage"])
@pytest.mark.parametrize("environ", [{}, {"TZ": "CET-1CEST"}], ids=["file", "rule"])
def test_else_the_offset_of_now_is_used(
    localtime: Path, environ: dict[str, str], content: bytes | None
) -> None:
    if content:
        localtime.write_bytes(content)
    offset = datetime.now(UTC).astimezone().utcoffset()
    assert local_zone(environ).utcoffset(None) == offset
    assert local_zone(environ) == local_zone(environ)
