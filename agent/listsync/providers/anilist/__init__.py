"""AniList: the public anime lists of its users, and its charts, by its GraphQL service.

Sources: the service's documentation and the clients that list tools ship, read 2026-11;
tests/fixtures/anilist/README.md says how the samples were made. It knows no ids but its own and
MyAnimeList's: others come from the community's map (`parsing/anime_ids`).
"""

from __future__ import annotations
