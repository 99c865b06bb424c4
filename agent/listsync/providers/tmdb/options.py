"""How TMDB is reached."""

from __future__ import annotations

from pydantic import Field, SecretStr

from listsync.options import ServiceOptions

PAGE_SIZE = 20
MAX_PAGES = 500  # the service gives no page beyond it


class TmdbOptions(ServiceOptions):
    """How TMDB is reached. Token and key are free, on its API settings page; one is enough."""

    base_url: str = Field(
        default="https://api.themoviedb.org", description="Address of the API, without a version."
    )
    token: SecretStr | None = Field(
        default=None, description="API read access token of your TMDB account."
    )
    api_key: SecretStr | None = Field(
        default=None, description="API key of your TMDB account, used where there is no token."
    )
    chart_size: int = Field(
        default=100,
        ge=1,
        le=MAX_PAGES * PAGE_SIZE,
        description="How many titles a chart has, counted from its top.",
    )
