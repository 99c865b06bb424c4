"""How IMDb is reached."""

from __future__ import annotations

from pydantic import Field

from listsync.options import PageOptions


class ImdbOptions(PageOptions):
    """How IMDb is reached; there is nothing to log in to, so lists must be public."""

    base_url: str = Field(
        default="https://api.graphql.imdb.com/", description="Address of the GraphQL service."
    )
    web_url: str = Field(
        default="https://www.imdb.com", description="Address of the site, named as where we are."
    )
    page_size: int = Field(
        default=250, ge=1, le=250, description="How many titles are asked for at a time."
    )
