"""Media servers: one module for each kind, asked to scan a folder and whether they show a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from listsync.transfers.options import EmbyOptions, JellyfinOptions, PlexOptions

if TYPE_CHECKING:
    from listsync.cancellation import CancelToken
    from listsync.transfers.media_servers.base import MediaServer
    from listsync.transfers.options import MediaServerOptions


def open_media_server(name: str, options: MediaServerOptions, token: CancelToken) -> MediaServer:
    """Make what asks a media server; what is imported for it takes 10 MB."""
    match options:
        case PlexOptions():
            from listsync.transfers.media_servers.plex import PlexServer  # noqa: PLC0415 - httpx

            return PlexServer(name, options, token)
        case JellyfinOptions():
            from listsync.transfers.media_servers.jellyfin import (  # noqa: PLC0415 - httpx
                JellyfinServer,
            )

            return JellyfinServer(name, options, token)
        case EmbyOptions():
            from listsync.transfers.media_servers.jellyfin import (  # noqa: PLC0415 - httpx
                EmbyServer,
            )

            return EmbyServer(name, options, token)
        case unknown:
            raise TypeError(unknown)
