"""TMDB: lists, collections, filtered titles and charts, with a free token or key.

Sources: the service's API documentation and the clients that list tools ship, read 2026-08;
tests/fixtures/tmdb/README.md says how the samples were made.
"""

from __future__ import annotations
