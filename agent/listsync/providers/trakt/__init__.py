"""Trakt: lists, watchlists and charts by its API, with a client id and, for one's own, a login.

Source: the service's API contract of July 2026 and its forum; tests/fixtures/trakt/README.md says
how the samples were made.
"""

from __future__ import annotations
