"""What the user says of transfers, and of the media servers; cheap to import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from listsync.config_types import CaFile, Check, Options, SecretStr, WebAddress, sendable


class MediaServerOptions(Options, frozen=True, kw_only=True):
    """What all media servers have."""

    url: Annotated[WebAddress, "Its address, such as http://localhost:32400."]
    timeout_s: Annotated[float, Meta(gt=0, le=120), "Seconds to wait for its answer."] = 20
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for it beside the usual ones.",
    ] = None


class PlexOptions(MediaServerOptions, frozen=True, kw_only=True):
    """A Plex Media Server."""

    token: Annotated[SecretStr, Check(sendable), "Its token (X-Plex-Token)."]
    sections: Annotated[
        Mapping[str, int],
        "Section ids by folder as Plex sees it, where the one that Plex tells is not meant.",
    ] = {}


class JellyfinOptions(MediaServerOptions, frozen=True, kw_only=True):
    """A Jellyfin server."""

    api_key: Annotated[SecretStr, Check(sendable), "A key from Dashboard, API Keys."]


class EmbyOptions(MediaServerOptions, frozen=True, kw_only=True):
    """An Emby server."""

    api_key: Annotated[SecretStr, Check(sendable), "A key from Advanced, API Keys."]


class ArrOptions(Options, frozen=True, kw_only=True):
    """A Radarr or Sonarr that is asked for its history."""

    url: Annotated[WebAddress, "Its address, such as http://localhost:7878."]
    api_key: Annotated[SecretStr, Check(sendable), "Its key, from Settings, General."]
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for it beside the usual ones.",
    ] = None


ARR_TYPES: Mapping[str, type[ArrOptions]] = {"radarr": ArrOptions, "sonarr": ArrOptions}
MEDIA_SERVER_TYPES: Mapping[str, type[MediaServerOptions]] = {
    "plex": PlexOptions,
    "jellyfin": JellyfinOptions,
    "emby": EmbyOptions,
}
