"""A few facts by name."""

from __future__ import annotations

from typing import Any, Protocol


class Notebook(Protocol):
    """A few facts that the agent keeps over a restart, by name; any thread may use it."""

    def load(self, name: str) -> Any:
        """Return what was saved last (JSON), None for nothing."""
        ...

    def save(self, name: str, value: Any) -> None:
        """Keep *value*, durably; raises StateError."""
        ...
