"""MyAnimeList: the public anime lists of its users, by its API with a client id.

Sources: the API's documentation (v2) and clients of it, read 2026-11;
tests/fixtures/myanimelist/README.md says how the samples were made. It knows no ids but its own:
others come from the community's map (`parsing/anime_ids`).
"""

from __future__ import annotations
