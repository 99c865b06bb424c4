"""What the log says of a job that ended without a copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from listsync.domain.transfers import CopyResult, JobState
from listsync.transfers.batches import _log_end
from tests.golden.transfer_cases import job


@pytest.mark.parametrize("why", ["it was there already", "left out, as *.iso is excluded"])
def test_what_was_not_copied_is_said_with_its_reason(
    caplog: pytest.LogCaptureFixture, why: str
) -> None:
    """Not that it is there, where it was left out."""
    skipped = replace(job(state=JobState.SKIPPED), why=why)
    with caplog.at_level("INFO"):
        _log_end(skipped, CopyResult(number=1, why=why), datetime.now(UTC))
    assert caplog.messages == [f"nothing was copied of The General (1926): {why}"]
