"""One module per list service; none knows another."""

from __future__ import annotations
