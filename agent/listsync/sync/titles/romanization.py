"""Titles of other scripts in Latin letters."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=1024)
def romanised(title: str) -> str:
    """Write *title* in Latin letters, letter by letter; Han characters by their Mandarin sound."""
    from anyascii import anyascii  # noqa: PLC0415 - few titles need its tables

    return str(anyascii(title))
