"""How Letterboxd is read."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import AtOnce, Pace, PageOptions, WebAddress


class LetterboxdOptions(PageOptions, frozen=True, kw_only=True):
    """How Letterboxd is read; there is nothing to log in to."""

    base_url: WebAddress = "https://letterboxd.com"
    # Clients that asked more were turned away; those that ask so are served (October 2026).
    at_once: AtOnce = 3
    pace_s: Pace = 0.35
    film_pages: Annotated[
        int,
        Meta(ge=0, le=5000),
        "How many pages of films not seen before are read for ids, a list and run.",
    ] = 50
    chart_films: Annotated[
        int, Meta(ge=1, le=10000), "How many films of films/popular are read."
    ] = 500
