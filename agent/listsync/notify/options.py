"""What the user says of each kind of target; cheap to import, unlike what sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from listsync.config_types import (
    CaFile,
    Check,
    HiddenValueError,
    InShort,
    Options,
    ProxyAddress,
    SecretStr,
    ValueForm,
    WebAddress,
    parse_web_address,
)


def _secret_address(secret: SecretStr) -> SecretStr:
    return SecretStr(parse_web_address(secret.get_secret_value()))


def one_header_line(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("expected text without line breaks or control characters")
    return text.strip()


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


_OUR_HEADERS = re.compile(
    r"(accept|content|proxy)(-.*)?|connection|expect|host|idempotency-key|te|trailer|upgrade"
    r"|transfer-encoding",
    re.IGNORECASE,
)


def _header_name(name: str) -> str:
    if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]{1,100}", name, re.ASCII):
        raise ValueError("expected the name of a header, such as X-Token")
    if _OUR_HEADERS.fullmatch(name):
        raise ValueError("is a header of our own, expected another one")
    return name


def _header_value(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value().strip()
    if not value.isascii():  # it has no line breaks, either
        raise ValueError("expected ASCII letters, digits and signs")
    return SecretStr(value)


HeaderName = Annotated[str, Check(_header_name)]
HeaderValue = Annotated[SecretStr, Check(_header_value)]


class WebhookOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A program of yours that takes JSON."""

    url: Annotated[SecretAddress, InShort(), "Where each message is sent to, as JSON by POST."]
    headers: Annotated[
        Mapping[HeaderName, HeaderValue],
        "Headers beside ours, such as Authorization; their values are secrets.",
    ] = {}


class HeartbeatOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """What notices that syncs fail, or come no more: Healthchecks, Uptime Kuma and their kin."""

    url: Annotated[
        SecretAddress, InShort(), "The ping URL of a check, or the push URL of a monitor."
    ]
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
        InShort(),
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


_PLAIN_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[^\W_][\w.-]{0,250}", re.ASCII)
_NAMED_ADDRESS = re.compile(r"([^<>\"@,;:]*)<([^<>]*)>")


def mail_address(text: str) -> str:
    """Check the address itself: what stands before a < names whose it is."""
    name, plain = split_address(text.strip())
    local, _, domain = plain.rpartition("@")
    with suppress(UnicodeError):
        plain = f"{local}@{domain.encode('idna').decode()}"
    if not text.isprintable() or not _PLAIN_ADDRESS.fullmatch(plain):
        raise ValueError("expected an address such as me@example.org")
    return f"{name} <{plain}>" if name else plain


def split_address(text: str) -> tuple[str, str]:
    """Give the name and the address itself of `Name <me@example.org>`."""
    named = _NAMED_ADDRESS.fullmatch(text)
    return (named[1].strip(), named[2]) if named else ("", text)


def _recipients(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        raise ValueError("expected at least one address")
    return given


def _mail_host(text: str) -> str:
    host = text.strip().strip("[]")
    try:
        host.encode("idna")  # refuses empty and overlong parts
        is_one = bool(re.fullmatch(r"[\w.:-]{1,253}", host))
    except UnicodeError:
        is_one = False
    if not is_one or (":" in host and not is_ip_address(host)):
        raise ValueError("expected a name such as smtp.example.org; the port has a key of its own")
    return host


def is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class EmailOptions(TargetOptions, frozen=True, kw_only=True, rename={"sender": "from"}):
    """Messages by e-mail, over an SMTP server."""

    host: Annotated[str, Check(_mail_host), "The SMTP server that takes the mail."]
    port: Annotated[
        int | None,
        Meta(ge=1, le=65535),
        "Its port; empty = 587 for starttls, 465 for tls, 25 for none.",
    ] = None
    security: Annotated[
        Literal["starttls", "tls", "none"],
        "starttls: encrypted after the first words; tls: from the beginning; none: not at all, "
        "which a password needs a server on this machine for.",
    ] = "starttls"
    user: Annotated[str | None, Check(one_header_line), "Login at the server; empty = none."] = (
        None
    )
    password: Annotated[SecretStr | None, "Its password."] = None
    sender: Annotated[
        str,
        Check(mail_address),
        "Address that mail comes from: a@b.example or Name <a@b.example>.",
    ]
    to: Annotated[
        tuple[Annotated[str, Check(mail_address)], ...],
        Check(_recipients),
        "Addresses that mail goes to.",
    ]
    ca_file: Annotated[
        CaFile | None,
        "Certificates (PEM) of an authority of your own, trusted for it beside the usual ones.",
    ] = None

    @property
    def port_in_use(self) -> int:
        return self.port or {"starttls": 587, "tls": 465, "none": 25}[self.security]


def is_this_machine(host: str) -> bool:
    """Tell whether *host* is this machine by how it is written."""
    host = host.strip().strip("[]")
    if is_ip_address(host):
        return ip_address(host).is_loopback
    return host.lower().rstrip(".") == "localhost"


_BOT_TOKEN = re.compile(r"\d{3,20}:[\w-]{20,100}", re.ASCII)
_CHAT = re.compile(r"-?\d{1,19}|@[A-Za-z]\w{3,31}", re.ASCII)
_CHAT_FORMS = "expected the number of a chat, such as -1001234567890, or the @name of a channel"


def _bot_token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value().strip()
    if not _BOT_TOKEN.fullmatch(token):
        raise ValueError(
            "is no token of a bot, expected digits, a colon and letters, as @BotFather gives it"
        )
    return SecretStr(token)


def _chat(value: object, _: Path) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not _CHAT.fullmatch(text):
        raise HiddenValueError(_CHAT_FORMS)  # that of the token, perhaps
    return text


class TelegramOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A chat of Telegram, by a bot."""

    token: Annotated[SecretStr, Check(_bot_token), "The bot's token, from @BotFather."]
    chat: Annotated[
        str,
        ValueForm(_chat, {"anyOf": [{"type": "integer"}, {"type": "string", "minLength": 1}]}),
        "The number of the chat, which is negative for a group, or the @name of a channel.",
    ]
    topic: Annotated[
        int | None, Meta(ge=1), "The number of a topic in a group that has topics; empty = none."
    ] = None
    base_url: Annotated[
        WebAddress, "Address of the Bot API; change it for a server of your own or a test."
    ] = "https://api.telegram.org"


_TOPIC = re.compile(r"[\w-]{1,64}", re.ASCII)


def _ntfy_address(secret: SecretStr) -> SecretStr:
    address = _secret_address(secret)
    place = urlsplit(address.get_secret_value())
    topic = place.path.rstrip("/").rpartition("/")[2]
    if not _TOPIC.fullmatch(topic) or place.query or place.fragment:
        raise ValueError(
            "names no topic, expected an address such as https://ntfy.sh/TOPIC (letters, digits, "
            "- and _)"
        )
    return address


def _header_token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value().strip()
    if not token.isascii() or " " in token:
        raise ValueError("expected a token such as tk_..., of ASCII signs and without spaces")
    return SecretStr(token)


class NtfyOptions(HttpTargetOptions, frozen=True, kw_only=True):
    """A topic of ntfy."""

    url: Annotated[
        SecretStr,
        Check(_ntfy_address),
        InShort(),
        "Address of the topic: that of the server, and the topic's name behind it.",
    ]
    token: Annotated[
        SecretStr | None, Check(_header_token), "Access token, where the topic wants one."
    ] = None


def _apprise_address(secret: SecretStr) -> SecretStr:
    address = secret.get_secret_value().strip()
    if not re.fullmatch(r"[A-Za-z][\w+.-]*://\S+", address, re.ASCII):
        raise ValueError("expected one address of Apprise, such as gotify://host/token")
    if find_spec("apprise") is None:
        raise ValueError("needs Apprise beside listsync: pipx inject listsync apprise")
    return SecretStr(address)


class AppriseOptions(TargetOptions, frozen=True, kw_only=True):
    """Any other service, by Apprise: the extra `apprise` of listsync."""

    url: Annotated[
        SecretStr, Check(_apprise_address), InShort(), "The service's address as Apprise has it."
    ]


TARGET_TYPES: dict[str, type[TargetOptions]] = {
    "discord": DiscordOptions,
    "telegram": TelegramOptions,
    "ntfy": NtfyOptions,
    "webhook": WebhookOptions,
    "heartbeat": HeartbeatOptions,
    "email": EmailOptions,
    "apprise": AppriseOptions,
}
"""The kinds of targets, by the key in `notify[]` that names each."""


def kind_of(options: TargetOptions) -> str:
    return next(kind for kind, model in TARGET_TYPES.items() if model is type(options))
