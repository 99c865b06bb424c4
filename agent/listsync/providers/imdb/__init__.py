"""IMDb: public lists, watchlists, ratings, charts and searches, through its GraphQL service.

Source: clients that ran in August 2026; tests/fixtures/imdb/README.md says how the samples were
made. The service is IMDb's own and undocumented, for personal and non-commercial use.
"""

from __future__ import annotations
