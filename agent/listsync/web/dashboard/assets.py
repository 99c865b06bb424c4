"""Scripts, the style sheet and the icon: read at the start, and served from memory alone."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from importlib import resources

from starlette.responses import Response

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Reason
from listsync.web.routes import HttpError, HttpRoute, WebRequest

PATH = "/ui/assets"
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, whose address changes with its content."""

    address: str
    media_type: str
    content: bytes
    packed: bytes

    @classmethod
    def of(cls, name: str, content: bytes) -> Asset:
        stem, _, ending = name.rpartition(".")
        mark = hashlib.sha256(content).hexdigest()[:12]
        packed = gzip.compress(content, mtime=0)
        return cls(f"{stem}.{mark}.{ending}", _TYPES[ending], content, packed)


class Assets:
    """All files of the dashboard, by what a request can name."""

    def __init__(self) -> None:
        folder = resources.files(__package__) / "assets"
        files = [one for one in folder.iterdir() if one.name.rpartition(".")[2] in _TYPES]
        self._by_name = {one.name: Asset.of(one.name, one.read_bytes()) for one in files}
        self._by_address = {one.address: one for one in self._by_name.values()}

    @property
    def all(self) -> Mapping[str, Asset]:
        return self._by_name

    def path(self, name: str) -> str:
        """Give the path of a file below the base path."""
        return f"{PATH}/{self._by_name[name].address}"

    def routes(self) -> tuple[HttpRoute, ...]:
        return (
            HttpRoute(
                method="GET",
                path=f"{PATH}/{{address}}",
                scope=None,
                handler=self.serve,
                summary="Give a script, the style sheet or the icon of the dashboard.",
                tags=("dashboard",),
            ),
        )

    async def serve(self, request: WebRequest) -> Response:
        """Give one file, packed where the browser takes that."""
        asset = self._by_address.get(request.request.path_params["address"])
        if asset is None:
            raise HttpError(404, Reason.NOT_FOUND, "there is no such file")
        takes = request.request.headers.get("accept-encoding", "")
        headers = {"Cache-Control": _FOR_GOOD, "Vary": "Accept-Encoding"}
        if "gzip" not in takes:
            return Response(asset.content, headers=headers, media_type=asset.media_type)
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, headers=headers, media_type=asset.media_type)
