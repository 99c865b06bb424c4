"""What the user wants, read from `listsync.yaml` and the environment; start at `load`."""

from __future__ import annotations
