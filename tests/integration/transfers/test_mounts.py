"""Mapped roots on real mounts that fill up, change, go away or never answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.transfers.namespace import run_in_namespace


@pytest.mark.slow
def test_a_root_is_told_to_be_as_its_mount_is(tmp_path: Path) -> None:
    run_in_namespace("tests.integration.transfers.mount_cases", tmp_path)


@pytest.mark.slow
def test_a_copy_waits_for_its_disk_or_share(tmp_path: Path) -> None:
    run_in_namespace("tests.integration.transfers.copy_cases", tmp_path)
