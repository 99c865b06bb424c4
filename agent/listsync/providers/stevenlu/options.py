"""How StevenLu's list files are reached."""

from __future__ import annotations

from listsync.config_types import ServiceOptions, WebAddress


class StevenLuOptions(ServiceOptions, frozen=True, kw_only=True):
    """Where the list files lie; there is nothing to log in to."""

    base_url: WebAddress = "https://popular-movies-data.stevenlu.com"
