"""One policy for every request that leaves us, to list services and to the request server."""

from __future__ import annotations
