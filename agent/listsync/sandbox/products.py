"""The three programs that speak this API, as far as they differ.

Source: Overseerr 1.34.0 and Seerr 3.1.0, observed live; Jellyseerr 2.7.3, its code.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What one program does its own way.

    `blocklist` is the path of its blocklist, None where it has none.
    `is_forked` is true for Jellyseerr and Seerr: extra parameters, COMPLETED requests,
    `"all"` without specials, a 201 without id for a series without a TVDB id.
    """

    name: str
    version: str
    media_server_type: int | None = None
    blocklist: str | None = None
    blocklist_word: str = "blocklisted"
    is_forked: bool = False
    has_special_episodes: bool = False

    @property
    def api_name(self) -> str:
        return f"{self.name} API"


PRODUCTS = {
    "overseerr": Product(name="Overseerr", version="1.34.0"),
    "jellyseerr": Product(
        name="Jellyseerr",
        version="2.7.3",
        media_server_type=2,
        blocklist="/blacklist",
        blocklist_word="blacklisted",
        is_forked=True,
    ),
    "seerr": Product(
        name="Seerr",
        version="3.1.0",
        media_server_type=2,
        blocklist="/blocklist",
        is_forked=True,
        has_special_episodes=True,
    ),
}
