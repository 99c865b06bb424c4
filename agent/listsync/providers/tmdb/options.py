"""How TMDB is reached."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import SecretStr, ServiceOptions, WebAddress

PAGE_SIZE = 20
MAX_PAGES = 500  # the service gives no page beyond it


class TmdbOptions(ServiceOptions, frozen=True, kw_only=True):
    """How TMDB is reached. Token and key are free, on its API settings page; one is enough."""

    base_url: Annotated[WebAddress, "Address of the API, without a version."] = (
        "https://api.themoviedb.org"
    )
    token: Annotated[SecretStr | None, "API read access token of your TMDB account."] = None
    api_key: Annotated[
        SecretStr | None,
        "API key of your TMDB account, used where there is no token.",
    ] = None
    chart_size: Annotated[
        int,
        Meta(ge=1, le=MAX_PAGES * PAGE_SIZE),
        "How many titles a chart has, counted from its top.",
    ] = 100
