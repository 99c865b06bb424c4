"""All other services, by Apprise: an extra that is imported when something is to be sent.

Source: Apprise 2.3.0. Only the log of a result says why something was not taken. Its own logger
writes addresses, so it is never heard.
"""

from __future__ import annotations

import logging
import re
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from listsync.cancellation import CancelToken, call_bounded
from listsync.config_types import SecretStr
from listsync.domain.messages import Importance, Message
from listsync.errors import Refusal, RefusedError, UnavailableError
from listsync.notify.options import AppriseOptions
from listsync.notify.sender import refusal_of, secrets_in
from listsync.notify.text_fitting import body_rows, fitted, utf16_units
from listsync.redaction import logins_in, redactor_of
from listsync.text_cleaning import one_line, printable

if TYPE_CHECKING:
    from apprise import Apprise, AppriseResult, NotifyBase

_GRACE_S = 2.0
"""It keeps the time limit itself, where it can."""
_LEAST_BODY = 100
_TYPES = {Importance.INFO: "info", Importance.WARNING: "warning", Importance.ERROR: "failure"}
_STATUS = re.compile(r"\berror=(\d{3})\b")


class AppriseSender:
    """Sends messages to one service that Apprise knows."""

    apart_s = 0.0

    def __init__(self, name: str, options: AppriseOptions, token: CancelToken) -> None:
        self._name = name
        self._options = options
        self._token = token
        self._opened: tuple[Apprise, NotifyBase] | None = None
        url = options.url
        secrets = {one.get_secret_value() for one in secrets_in(url)}
        self._redactor = redactor_of(frozenset(secrets | logins_in(url.get_secret_value())))

    def send(self, message: Message) -> str:
        opened = self._opened or self._open()
        limit_s = self._options.timeout_s
        try:
            notify = partial(_notify, *opened, message, limit_s)
            result = call_bounded(notify, limit_s + _GRACE_S, self._token)
        except TimeoutError:
            raise UnavailableError(self._name, "does not answer in time") from None
        if result:
            return "taken"
        raise self._error_of(result)

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def _open(self) -> tuple[Apprise, NotifyBase]:
        service = service_of(self._options.url, self._options.timeout_s)
        if service is None:
            why = "Apprise knows no such address: `listsync check` says where it stands"
            raise RefusedError(self._name, Refusal.NOT_FOUND, why)
        from apprise import Apprise  # noqa: PLC0415 - see above

        sender = Apprise()
        sender.add(service)
        self._opened = sender, service
        return self._opened

    def _error_of(self, result: AppriseResult) -> Exception:
        if result.status.name == "TIMEOUT":
            return UnavailableError(self._name, "does not answer in time")
        said = [one.message for one in result.logs()]
        words = one_line(self._redactor.text(said[-1] if said else "was not taken"))
        found = _STATUS.search(words)
        kind = refusal_of(int(found[1])) if found else None
        if kind is not None:
            return RefusedError(self._name, kind, words)
        return UnavailableError(self._name, words)


def service_of(url: SecretStr, timeout_s: float) -> NotifyBase | None:
    """Make the service of one address; None: Apprise does not know it."""
    for name in ("apprise", "urllib3", "requests"):  # all write addresses, at some level
        logging.getLogger(name).propagate = False
        logging.getLogger(name).addHandler(logging.NullHandler())
    from apprise import Apprise, NotifyBase  # noqa: PLC0415 - 45 MB with its services

    address = url.get_secret_value()
    limits = dict.fromkeys(("cto", "rto"), f"{timeout_s:g}")
    wanted = {**limits, "overflow": "truncate", "redirect": "no"}
    query = urlsplit(address).query
    given = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    more = urlencode({name: one for name, one in wanted.items() if name not in given})
    # One address, and not add(): it takes a comma for the begin of another one.
    service = Apprise.instantiate(f"{address}{'&' if query else '?'}{more}")
    return service if isinstance(service, NotifyBase) else None


def _notify(
    sender: Apprise, service: NotifyBase, message: Message, limit_s: float
) -> AppriseResult:
    title = fitted(printable(message.title), max(service.title_maxlen, 0) or 200, utf16_units)
    within = service.title_maxlen <= 0  # what has no titles has them above the text
    limit = service.body_maxlen - (utf16_units(title) + 4 if within else 0)
    rows = body_rows(message, max(limit, _LEAST_BODY), utf16_units)
    return sender.notify(
        body="\n".join(rows) or title,
        title=title if rows else "",
        notify_type=_TYPES[message.importance],
        body_format="text",
        timeout=limit_s,
    )
