"""What the user says of each kind of target; cheap to import, unlike what sends."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import (
    CaFile,
    Check,
    Options,
    ProxyAddress,
    SecretStr,
    parse_web_address,
)


def _secret_address(secret: SecretStr) -> SecretStr:
    return SecretStr(parse_web_address(secret.get_secret_value()))


SecretAddress = Annotated[SecretStr, Check(_secret_address)]
"""An address that is a secret: whoever knows it may write there."""


class HttpTargetOptions(Options, frozen=True, kw_only=True):
    """What all targets have that are reached over HTTP."""

    timeout_s: Annotated[float, Meta(gt=0, le=120), "Seconds to wait for its answer."] = 20
    proxy: Annotated[ProxyAddress | None, "Proxy for it; empty = as the environment says."] = None
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for it beside the usual ones.",
    ] = None


class WebhookOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A program of yours that takes JSON."""

    url: Annotated[SecretAddress, "Where each message is sent to, as JSON by POST."]


TARGET_TYPES: dict[str, type[HttpTargetOptions]] = {
    "webhook": WebhookOptions,
}
"""The kinds of targets, by the key in `notify[]` that names each."""
