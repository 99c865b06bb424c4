"""How MDBList is reached."""

from __future__ import annotations

from pydantic import Field, SecretStr

from listsync.options import ServiceOptions


class MdbListOptions(ServiceOptions):
    """How MDBList is reached. A free key is shown on its preferences page."""

    base_url: str = Field(
        default="https://api.mdblist.com", description="Address of the API, read with a key."
    )
    web_url: str = Field(
        default="https://mdblist.com", description="Address of the site, read without a key."
    )
    api_key: SecretStr | None = Field(default=None, description="Key of your MDBList account.")
