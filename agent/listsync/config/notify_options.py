"""The key `notify`: who is told what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import time
from typing import Annotated

from msgspec import Meta

from listsync.config.schema_keys import Section
from listsync.config.validation import ConfigIssue
from listsync.config.values import TimeOfDay
from listsync.config.yaml_document import KeyPath, quote
from listsync.config_types import Check, Options, SecretStr, parse_one_line
from listsync.domain.messages import USUAL_KINDS, Importance, MessageKind
from listsync.notify.options import (
    TARGET_TYPES,
    AppriseOptions,
    DiscordOptions,
    EmailOptions,
    HeartbeatOptions,
    NtfyOptions,
    TargetOptions,
    TelegramOptions,
    WebhookOptions,
    is_this_machine,
)

_NEVER_CHOSEN = (MessageKind.HEARTBEAT, MessageKind.TEST)


def _kinds(kinds: tuple[MessageKind, ...]) -> tuple[MessageKind, ...]:
    if not kinds or any(one in kinds for one in _NEVER_CHOSEN):
        names = ", ".join(one for one in MessageKind if one not in _NEVER_CHOSEN)
        raise ValueError(f"expected some of {names}")
    return kinds


class DailyOptions(Section, frozen=True, kw_only=True):
    """The summary of a day, for targets that are told `daily`."""

    at: Annotated[
        TimeOfDay,
        Meta(extra_json_schema={"default": "00:05"}),
        "When it is sent: at this time of the next day, in the time zone of sync.timezone; "
        "off = never.",
    ] = time(0, 5)


_PLACES = ("url", "base_url", "token", "chat", "topic", "host", "port_in_use", "user", "to")
"""What says where a target is, of the options of all kinds."""


class NotifyForm(Options, frozen=True, kw_only=True):
    """One target: exactly one kind's key, and which messages it gets."""

    discord: Annotated[DiscordOptions | None, "A channel of Discord."] = None
    telegram: Annotated[TelegramOptions | None, "A chat of Telegram, by a bot."] = None
    ntfy: Annotated[NtfyOptions | None, "A topic of ntfy."] = None
    webhook: Annotated[WebhookOptions | None, "A program of yours that takes JSON by POST."] = None
    heartbeat: Annotated[
        HeartbeatOptions | None,
        "A check that hears of each sync that it begins and how it ends, and misses it.",
    ] = None
    email: Annotated[EmailOptions | None, "Messages by e-mail, over an SMTP server."] = None
    apprise: Annotated[
        AppriseOptions | None, "Any other service, by Apprise: the extra `apprise` of listsync."
    ] = None
    name: Annotated[
        str | None,
        Check(parse_one_line),
        Meta(min_length=1, max_length=50),
        "How the target is called, once only; empty = its kind.",
    ] = None
    on: Annotated[
        tuple[MessageKind, ...],
        Check(_kinds),
        "What it is told: summary, requested, failure, needs_attention, recovered, "
        "configuration, review, transfer, daily; empty = all but requested.",
    ] = tuple(sorted(USUAL_KINDS))
    lists: Annotated[
        tuple[str, ...], "Only what is about these lists, by name, or about the whole."
    ] = ()
    severity: Annotated[Importance, "Only what matters so much: info, warning or error."] = (
        Importance.INFO
    )

    @property
    def kind(self) -> str:
        """The key that names its kind."""
        return next(key for key in TARGET_TYPES if getattr(self, key) is not None)

    @property
    def options(self) -> TargetOptions:
        options: TargetOptions = getattr(self, self.kind)
        return options

    @property
    def identity(self) -> str:
        """A digest of where it sends to: the same wherever it stands among the targets."""
        places = (getattr(self.options, key, "") for key in _PLACES)
        texts = (one.get_secret_value() if isinstance(one, SecretStr) else one for one in places)
        said = json.dumps([self.kind, *texts])
        return hashlib.sha256(said.encode()).hexdigest()[:24]


Written = dict[str, object]


def check_targets(targets: object) -> Iterator[ConfigIssue]:
    """Find what breaks a rule between keys of targets; types are the models' business."""
    names: dict[str, int] = {}
    for n, form in enumerate(targets if isinstance(targets, list) else ()):
        if isinstance(form, dict):
            path: KeyPath = ("notify", n)
            yield from _check_kind(form, path)
            yield from _check_name(form, path, names)
            yield from _check_heartbeat(form, path)
            yield from _check_login(form.get("email"), (*path, "email"))


def _check_kind(form: Written, path: KeyPath) -> Iterator[ConfigIssue]:
    kinds = [key for key in form if key in TARGET_TYPES and form[key] is not None]
    if not kinds:
        expected = ", ".join(TARGET_TYPES)
        yield ConfigIssue(path, f"this target is of no kind, expected one of the keys {expected}")
    for extra in kinds[1:]:
        what = f"this target is of a kind already ({kinds[0]}), expected one for each target"
        yield ConfigIssue((*path, extra), what, at_key=True)


def _check_name(form: Written, path: KeyPath, names: dict[str, int]) -> Iterator[ConfigIssue]:
    name, number = form.get("name"), int(path[-1])
    if isinstance(name, str) and names.setdefault(name.strip(), number) != number:
        taken = f"the name {quote(name)} is taken by notify[{names[name.strip()]}]"
        yield ConfigIssue((*path, "name"), f"{taken}, expected another name")


def _check_heartbeat(form: Written, path: KeyPath) -> Iterator[ConfigIssue]:
    for key in ("on", "lists", "severity"):
        if "heartbeat" in form and key in form:
            what = f"a heartbeat is told of every sync, and of nothing else, expected no {key}"
            yield ConfigIssue((*path, key), what, at_key=True)


def _check_login(email: object, path: KeyPath) -> Iterator[ConfigIssue]:
    if not isinstance(email, dict):
        return
    given = [key for key in ("user", "password") if email.get(key)]
    if len(given) == 1:
        what = f"there is a {given[0]} alone, expected user and password, or neither"
        yield ConfigIssue((*path, given[0]), what, at_key=True)
    host = email.get("host")
    is_far = isinstance(host, str) and not is_this_machine(host)
    if email.get("security") == "none" and "password" in given and is_far:
        what = "the password would be sent for all to read, expected starttls or tls"
        yield ConfigIssue((*path, "security"), what)
