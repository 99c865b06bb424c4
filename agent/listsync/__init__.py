"""Keeps Overseerr, Jellyseerr and Seerr in step with the lists you follow."""

from __future__ import annotations

__version__ = "0.1.0"
