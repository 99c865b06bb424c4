"""How MDBList is reached."""

from __future__ import annotations

from typing import Annotated

from listsync.config_types import SecretStr, ServiceOptions, WebAddress


class MdbListOptions(ServiceOptions, frozen=True, kw_only=True):
    """How MDBList is reached. A free key is shown on its preferences page."""

    base_url: Annotated[WebAddress, "Address of the API, read with a key."] = (
        "https://api.mdblist.com"
    )
    web_url: Annotated[WebAddress, "Address of the site, read without a key."] = (
        "https://mdblist.com"
    )
    api_key: Annotated[SecretStr | None, "Key of your MDBList account."] = None
