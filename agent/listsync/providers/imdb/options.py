"""How IMDb is reached."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import PageOptions, WebAddress


class ImdbOptions(PageOptions, frozen=True, kw_only=True):
    """How IMDb is reached; there is nothing to log in to, so lists must be public."""

    base_url: Annotated[WebAddress, "Address of the GraphQL service."] = (
        "https://api.graphql.imdb.com/"
    )
    web_url: Annotated[WebAddress, "Address of the site, named as where we are."] = (
        "https://www.imdb.com"
    )
    page_size: Annotated[int, Meta(ge=1, le=250), "How many titles are asked for at a time."] = 250
