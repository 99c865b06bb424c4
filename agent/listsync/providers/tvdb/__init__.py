"""TheTVDB: lists of its users, by its API with a key.

Sources: the API's documentation (v4) and clients of it, read 2026-11;
tests/fixtures/tvdb/README.md says how the samples were made. A list comes in one call, as numbers
of TheTVDB's own; each title is asked once for the ids of others.
"""

from __future__ import annotations
