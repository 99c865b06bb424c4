"""The loop: one inbox, one decider, one sync at a time."""

from __future__ import annotations
