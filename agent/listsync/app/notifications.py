"""The notifications of an agent: which targets its configuration names, and what sends to them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from itertools import chain, count
from typing import TYPE_CHECKING

from listsync.agent.services import AgentService, ServiceWork
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config
from listsync.config.notify_options import NotifyForm
from listsync.config.validation import ConfigIssue, dotted
from listsync.domain.messages import SOON, MessageKind, TargetRules, TargetStatus
from listsync.domain.notices import few
from listsync.lean_dataclasses import dataclass
from listsync.notify.options import (
    AppriseOptions,
    DiscordOptions,
    EmailOptions,
    HeartbeatOptions,
    NtfyOptions,
    TelegramOptions,
    WebhookOptions,
)
from listsync.ports.outbox import Outbox
from listsync.ports.state import KeyValueStore

if TYPE_CHECKING:
    from listsync.notify.daily import DailySummaries
    from listsync.notify.notifier import Notifier
    from listsync.notify.sender import Sender

_STOP_S = 2.5
_LOOK_S = 0.1
_BEATS = frozenset({MessageKind.HEARTBEAT})


class Notifications:
    """Delivers what the outbox holds to the targets of the configuration in force."""

    def __init__(self, outbox: Outbox, kept: KeyValueStore, changed: Callable[[], None]) -> None:
        self._outbox = outbox
        self._kept = kept
        self._changed = changed
        self._notifier: Notifier | None = None
        self.statuses: tuple[TargetStatus, ...] = ()
        """How each target was when that changed last."""
        self.forms: tuple[NotifyForm, ...] = ()
        """The targets that are delivered to, or were last."""

    def follow(self, config: Config) -> None:
        """Let messages be written for the targets of *config* from now on; raises StateError."""
        follow = partial(self._outbox.follow, rules_of(config.notify), datetime.now(UTC))
        if self._notifier is None:
            follow()
        else:
            self._notifier.rename(follow)
        self.statuses = self._outbox.statuses()

    def start(self, config: Config) -> ServiceWork:
        """Take the targets of *config* as those to deliver to.

        What is new, or another than before, may have been mended: it is tried at once.
        """
        before = _by_name(self.forms)
        self.forms = config.notify
        self._outbox.try_again(
            [name for name, form in _by_name(self.forms).items() if before.get(name) != form]
        )

        def deliver(stop: threading.Event) -> None:
            # Made in its own time: nobody waits for what is imported.
            self._notifier = notifier = _notifier(
                config, self._outbox, self._kept, self._has_changed
            )
            notifier.run(stop)

        return deliver

    def wake(self) -> None:
        """Let what waits be sent. Any thread may call it."""
        if self._notifier is not None:
            self._notifier.wake()

    def note(self) -> str:
        """Say which targets fail."""
        return few([f"{one.name} fails: {one.answer}" for one in self.statuses if one.failures])

    def _has_changed(self) -> None:
        self.statuses = self._outbox.statuses()
        self._changed()


def deliver_now(config: Config, outbox: Outbox, kept: KeyValueStore, within_s: float) -> None:
    """Deliver what is due, as far as it goes in *within_s*; the rest waits in the outbox.

    For a sync without an agent. Raises StateError.
    """
    names = [one.name for one in rules_of(config.notify)]
    if not names:
        return
    stop = threading.Event()
    worker = threading.Thread(
        target=lambda: _notifier(config, outbox, kept, lambda: None).run(stop), daemon=True
    )
    worker.start()
    until = time.monotonic() + within_s
    try:
        while time.monotonic() < until and any(_is_due(outbox, name) for name in names):
            time.sleep(_LOOK_S)
    finally:
        stop.set()
        worker.join(_STOP_S)


def _is_due(outbox: Outbox, target: str) -> bool:
    """Tell whether something is sent to *target* at once, or together with what comes soon."""
    now = datetime.now(UTC)
    due = outbox.next_due(target, now)
    return due is not None and due <= now + SOON


def _notifier(
    config: Config, outbox: Outbox, kept: KeyValueStore, changed: Callable[[], None]
) -> Notifier:
    from listsync.notify.notifier import Notifier  # noqa: PLC0415 - 10 MB, where there is a target

    named = _by_name(config.notify).items()
    senders = {name: partial(open_sender, name, form, kept) for name, form in named}
    return Notifier(outbox, senders, changed)


def _by_name(forms: Sequence[NotifyForm]) -> dict[str, NotifyForm]:
    return {one.name: form for one, form in zip(rules_of(forms), forms, strict=True)}


def rules_of(forms: Sequence[NotifyForm]) -> tuple[TargetRules, ...]:
    """Say which messages each target wants; those without a name are called as their kind is."""
    taken = {form.name for form in forms}
    found = []
    for form in forms:
        numbered = (f"{form.kind}-{number}" for number in count(2))
        free = (name for name in chain([form.kind], numbered) if name not in taken)
        taken.add(name := form.name or next(free))
        found.append(
            TargetRules(
                name=name,
                kinds=_BEATS if form.heartbeat is not None else frozenset(form.on),
                lists=frozenset(form.lists),
                importance=form.severity,
                identity=form.identity,
            )
        )
    return tuple(found)


def look_closer(forms: Sequence[NotifyForm]) -> Iterator[ConfigIssue]:
    """Find addresses that Apprise does not know; it takes seconds to be loaded."""
    for number, form in enumerate(forms):
        if form.apprise is not None:
            from listsync.notify.targets.other_services import service_of  # noqa: PLC0415 - so

            if service_of(form.apprise.url, form.apprise.timeout_s) is None:
                path = ("notify", number, "apprise", "url")
                what = "Apprise knows no such service, or a part of the address is missing"
                yield ConfigIssue(path, f"{dotted(path)}: {what}")


def open_sender(  # noqa: PLR0911 - one for each kind
    name: str, form: NotifyForm, kept: KeyValueStore, token: CancelToken
) -> Sender:
    """Make what sends to a target; *kept* has what it told us for good."""
    match form.options:
        case DiscordOptions() as options:
            from listsync.notify.targets.discord import DiscordSender  # noqa: PLC0415 - httpx

            return DiscordSender(name, options, token)
        case TelegramOptions() as options:
            from listsync.notify.targets.telegram import TelegramSender  # noqa: PLC0415 - httpx

            return TelegramSender(name, options, token, _Memory(kept, f"chat:{form.identity}"))
        case NtfyOptions() as options:
            from listsync.notify.targets.ntfy import NtfySender  # noqa: PLC0415 - httpx

            return NtfySender(name, options, token)
        case WebhookOptions() as options:
            from listsync.notify.targets.webhook import WebhookSender  # noqa: PLC0415 - httpx

            return WebhookSender(name, options, token)
        case HeartbeatOptions() as options:
            from listsync.notify.targets.heartbeat import HeartbeatSender  # noqa: PLC0415 - httpx

            return HeartbeatSender(name, options, token)
        case EmailOptions() as options:
            from listsync.notify.targets.mail import EmailSender  # noqa: PLC0415 - smtplib, ssl

            return EmailSender(name, options, token)
        case AppriseOptions() as options:
            from listsync.notify.targets.other_services import (  # noqa: PLC0415 - as above
                AppriseSender,
            )

            return AppriseSender(name, options, token)
        case unknown:
            raise TypeError(unknown)


@dataclass(frozen=True, slots=True)
class _Memory:
    """Implements `notify.sender.TargetMemory`."""

    kept: KeyValueStore
    name: str

    def load(self) -> str:
        return str(self.kept.load(self.name) or "")

    def save(self, text: str) -> None:
        self.kept.save(self.name, text)


def daily_summary_service(summaries: DailySummaries) -> AgentService[Config]:
    """Make the row of what tells each day, while anybody wants to know."""

    def start(config: Config) -> ServiceWork:
        at, zone = config.daily.at, config.zone
        assert at is not None  # noqa: S101 - else it is not wanted
        return summaries.start(at, zone)

    def needs(config: Config) -> object:
        is_wanted = any(MessageKind.DAILY in rules.kinds for rules in rules_of(config.notify))
        return (config.daily.at, config.zone) if is_wanted and config.daily.at else None

    return AgentService(
        name="daily-summary",
        start=start,
        needs=needs,
        keys=("daily.at", "sync.timezone"),
        is_vital=False,
    )


def notify_service(notifications: Notifications) -> AgentService[Config]:
    """Make the row of what delivers: the agent goes on without it."""
    return AgentService(
        name="notify",
        start=notifications.start,
        needs=lambda config: config.notify or None,
        keys=("notify",),
        note=notifications.note,
        stop_s=_STOP_S,
        is_vital=False,
    )
