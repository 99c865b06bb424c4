"""What the user says of each kind of target; cheap to import, unlike what sends."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from listsync.config_types import (
    CaFile,
    Check,
    Options,
    ProxyAddress,
    SecretStr,
    WebAddress,
    parse_web_address,
)


def _secret_address(secret: SecretStr) -> SecretStr:
    return SecretStr(parse_web_address(secret.get_secret_value()))


SecretAddress = Annotated[SecretStr, Check(_secret_address)]
"""An address that is a secret: whoever knows it may write there."""


class TargetOptions(Options, frozen=True, kw_only=True):
    """What all targets have."""

    timeout_s: Annotated[float, Meta(gt=0, le=120), "Seconds to wait for its answer."] = 20


class HttpTargetOptions(TargetOptions, frozen=True, kw_only=True):
    """What all targets have that are reached over HTTP."""

    proxy: Annotated[ProxyAddress | None, "Proxy for it; empty = as the environment says."] = None
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for it beside the usual ones.",
    ] = None


class WebhookOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A program of yours that takes JSON."""

    url: Annotated[SecretAddress, "Where each message is sent to, as JSON by POST."]


class HeartbeatOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """What notices that syncs fail, or come no more: Healthchecks, Uptime Kuma and their kin."""

    url: Annotated[SecretAddress, "The ping URL of a check, or the push URL of a monitor."]
    form: Annotated[
        Literal["auto", "healthchecks", "uptime_kuma"],
        "How it wants to be told; auto: uptime_kuma for /api/push/ in the address.",
    ] = "auto"


_DISCORD_HOST = re.compile(r"(?:\w+\.)?discord(?:app)?\.com", re.ASCII)
_DISCORD_PATH = re.compile(r"/api(?:/v\d+)?/webhooks/\d+/[\w-]+/?", re.ASCII)


def _discord_address(secret: SecretStr) -> SecretStr:
    address = _secret_address(secret)
    place = urlsplit(address.get_secret_value())
    if _DISCORD_HOST.fullmatch(place.hostname or "") and not _DISCORD_PATH.fullmatch(place.path):
        raise ValueError(
            "is no webhook of Discord, expected https://discord.com/api/webhooks/ID/TOKEN "
            "(Edit Channel, Integrations, Webhooks, Copy Webhook URL)"
        )
    return address


def _discord_name(text: str) -> str:
    name = text.strip()
    if not name.isprintable() or any(one in name.lower() for one in ("discord", "clyde")):
        raise ValueError("expected a name without line breaks, and without discord or clyde in it")
    return name


class DiscordOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A channel of Discord."""

    url: Annotated[
        SecretStr,
        Check(_discord_address),
        "The channel's webhook; behind a proxy or in a test any other address.",
    ]
    username: Annotated[
        str | None,
        Check(_discord_name),
        Meta(min_length=1, max_length=80),
        "Who the messages are from; empty = as the webhook is called.",
    ] = None
    avatar: Annotated[
        WebAddress | None, "Address of a picture beside them; empty = that of the webhook."
    ] = None


TARGET_TYPES: dict[str, type[TargetOptions]] = {
    "discord": DiscordOptions,
    "webhook": WebhookOptions,
    "heartbeat": HeartbeatOptions,
}
"""The kinds of targets, by the key in `notify[]` that names each."""


def kind_of(options: TargetOptions) -> str:
    return next(kind for kind, model in TARGET_TYPES.items() if model is type(options))
