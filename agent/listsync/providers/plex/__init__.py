"""Plex watchlists: one's own by the account's token, any by the address of its RSS feed.

Sources: clients of 2025 and 2026 that read them (Radarr, the request servers, PlexCache-D);
tests/fixtures/plex/README.md says how the samples were made.
"""

from __future__ import annotations
