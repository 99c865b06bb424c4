"""Watchlists of the request server's users: its own, or what Plex has for a user of it.

Sources: the OpenAPI files of the three servers and their code, read 2026-03 (providers' facts,
section 12b); tests/fixtures/watchlists/README.md says how the samples were made.
"""

from __future__ import annotations
