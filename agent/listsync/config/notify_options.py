"""The key `notify`: who is told what."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from listsync.config_types import Check, Options
from listsync.domain.messages import USUAL_KINDS, Importance, MessageKind
from listsync.notify.options import (
    TARGET_TYPES,
    DiscordOptions,
    HeartbeatOptions,
    TargetOptions,
    WebhookOptions,
)

_NEVER_CHOSEN = (MessageKind.HEARTBEAT, MessageKind.TEST)


def _kinds(kinds: tuple[MessageKind, ...]) -> tuple[MessageKind, ...]:
    if not kinds or any(one in kinds for one in _NEVER_CHOSEN):
        names = ", ".join(one for one in MessageKind if one not in _NEVER_CHOSEN)
        raise ValueError(f"expected some of {names}")
    return kinds


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("may not hold line breaks or control characters")
    return text.strip()


class NotifyForm(Options, frozen=True, kw_only=True):
    """One target: exactly one kind's key, and which messages it gets."""

    discord: Annotated[DiscordOptions | None, "A channel of Discord."] = None
    webhook: Annotated[WebhookOptions | None, "A program of yours that takes JSON by POST."] = None
    heartbeat: Annotated[
        HeartbeatOptions | None,
        "A check that hears of each sync that it begins and how it ends, and misses it.",
    ] = None
    name: Annotated[
        str | None,
        Check(_one_line),
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
