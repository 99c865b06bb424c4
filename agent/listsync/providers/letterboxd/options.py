"""How Letterboxd is read."""

from __future__ import annotations

from pydantic import Field

from listsync.options import PageOptions


class LetterboxdOptions(PageOptions):
    """How Letterboxd is read; there is nothing to log in to."""

    base_url: str = "https://letterboxd.com"
    film_pages: int = Field(
        default=50,
        ge=0,
        le=5000,
        description="How many pages of films not seen before are read for ids, a list and run.",
    )
    chart_films: int = Field(
        default=500, ge=1, le=10000, description="How many films of films/popular are read."
    )
