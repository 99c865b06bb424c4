"""What became of an entry, in a word."""

from __future__ import annotations

import pytest

from listsync.domain.history import entry_status


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        pytest.param({}, "new", id="nothing-known"),
        pytest.param({"is_handled": True}, "handled", id="handled"),
        pytest.param({"is_handled": True, "became": "available"}, "available", id="noted"),
        pytest.param({"has_failed": True, "is_chosen": True}, "failed", id="failed-by-its-id"),
        pytest.param({"is_chosen": True, "found": "review"}, "open", id="chosen"),
        pytest.param({"is_chosen": False, "found": "review"}, "rejected", id="rejected"),
        pytest.param({"found": "found"}, "open", id="found"),
        pytest.param({"found": "found", "has_match_failed": True}, "failed", id="failed"),
        pytest.param({"found": "not_found"}, "not_found", id="not-found"),
    ],
)
def test_what_became_of_an_entry_is_one_word(facts: dict[str, bool | str], word: str) -> None:
    assert entry_status(**facts) == word  # type: ignore[arg-type]  # each is of its own kind
