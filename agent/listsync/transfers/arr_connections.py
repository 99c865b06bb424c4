"""Our webhook among the connections of Radarr or Sonarr: put in, kept right, tested, taken out.

Source: `NotificationResource`, `ProviderControllerBase` and `WebhookSettings` of both programs,
read 2026-11: a connection is found by its name, which is unique; `forceSave` saves it untested;
a test is answered with 400 and a list of failures; passwords come back as asterisks. Custom
headers (`keyValueList`) are there since November 2024.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from listsync.config_types import SecretStr
from listsync.domain.transfers import ImportApp
from listsync.errors import ListsyncError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode
from listsync.redaction import redactor_of
from listsync.text_cleaning import one_line
from listsync.transfers.arr_client import ArrClient

ShapeT = TypeVar("ShapeT")
_KIND = "Webhook"
_POST = 1
_USER = "listsync"
_HEADER = "X-Api-Key"
_EVENTS: Mapping[ImportApp, Mapping[str, str]] = {
    ImportApp.RADARR: {
        "onDownload": "imports",
        "onUpgrade": "upgrades",
        "onRename": "renames",
        "onMovieDelete": "deletes",
        "onMovieFileDelete": "deletes",
    },
    ImportApp.SONARR: {
        "onDownload": "imports",
        "onUpgrade": "upgrades",
        "onImportComplete": "imports",
        "onRename": "renames",
        "onSeriesDelete": "deletes",
        "onEpisodeFileDelete": "deletes",
    },
}
_LOOPBACK = ("localhost", "127.", "::1")

Connection = dict[str, object]
"""One connection with all of its fields, most of which are not ours to know."""


class InstallOutcome(StrEnum):
    """What was done to have the connection as it should be."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookWish:
    """The connection that is wanted: how it is called, where it sends, and with which secret."""

    app: ImportApp
    name: str
    url: str
    secret: SecretStr


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledWebhook:
    """What became of it; `trouble` is what the test from their side said, "" where it works."""

    outcome: InstallOutcome
    events: tuple[str, ...]
    trouble: str = ""


class _Failure(ResponseShape, frozen=True, rename="camel"):
    error_message: str = ""


class _Message(ResponseShape, frozen=True):
    message: str = ""


def install(client: ArrClient, wish: WebhookWish) -> InstalledWebhook:
    """Have the connection there as *wish* says, and have it tested from there.

    What else a person has ticked or added there stays.

    Raises:
        ListsyncError: it cannot be saved; of `ArrClient` why, or for a person.
    """
    before = _named(client, wish.name)
    wanted = _as_wished(before or _template(client), wish)
    if before is not None and wanted == before:
        outcome, saved = InstallOutcome.UNCHANGED, before
    elif before is not None:
        path = f"notification/{before.get('id')}?forceSave=true"
        outcome, saved = InstallOutcome.UPDATED, _saved(client, "PUT", path, wanted)
    else:
        path = "notification?forceSave=true"
        outcome, saved = InstallOutcome.ADDED, _saved(client, "POST", path, wanted)
    tested = {**wanted, "id": saved.get("id", 0)}
    return InstalledWebhook(
        outcome=outcome, events=_ticked(wanted, wish.app), trouble=_tried(client, tested, wish)
    )


def remove(client: ArrClient, name: str) -> bool:
    """Take the connection out; returns whether it was there."""
    found = _named(client, name)
    if found is None:
        return False
    client.send("DELETE", f"notification/{found.get('id')}")
    return True


def _named(client: ArrClient, name: str) -> Connection | None:
    for one in client.get("notification", list[Connection]):
        if str(one.get("name", "")).casefold() == name.casefold():
            if one.get("implementation") != _KIND:
                kind = one_line(str(one.get("implementation")), 50)
                raise ListsyncError(
                    f"{client.name} has a connection called {name} already, for {kind}: choose "
                    "another name (--name)"
                )
            return one
    return None


def _template(client: ArrClient) -> Connection:
    for one in client.get("notification/schema", list[Connection]):
        if one.get("implementation") == _KIND:
            one.pop("presets", None)
            return one
    raise ListsyncError(f"{client.name} knows no connections of the kind {_KIND}: it is too old")


def _as_wished(base: Connection, wish: WebhookWish) -> Connection:
    """Change what is ours in a connection, and leave the rest."""
    wanted = copy.deepcopy(base)
    wanted.setdefault("name", wish.name)
    wanted["name"] = wanted["name"] or wish.name
    if "enable" in wanted:
        wanted["enable"] = True
    for event in _known_events(wanted, wish.app):
        wanted[event] = True
    fields = _Fields(wanted)
    fields.set("url", wish.url)
    fields.set("method", _POST)
    fields.set_secret(wish.secret.get_secret_value())
    return wanted


def _known_events(connection: Connection, app: ImportApp) -> Iterator[str]:
    """Give the events that this version knows."""
    for event in _EVENTS[app]:
        supports = f"supports{event[:1].upper()}{event[1:]}"
        if event in connection and connection.get(supports, True):
            yield event


def _ticked(connection: Connection, app: ImportApp) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_EVENTS[app][one] for one in _known_events(connection, app)))


class _Fields:
    """The settings of a connection, by name."""

    def __init__(self, connection: Connection) -> None:
        listed = connection.get("fields")
        rows = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
        self._rows: dict[str, dict[str, object]] = {str(one.get("name")): one for one in rows}

    def set(self, name: str, value: object) -> None:
        if name in self._rows and self._rows[name].get("value") != value:
            self._rows[name]["value"] = value

    def set_secret(self, secret: str) -> None:
        """Have it sent as a header, or where that cannot be as a password.

        A password that is there cannot be compared, and is written again.
        """
        if self._rows.get("headers", {}).get("type") == "keyValueList":
            self.set("headers", [*self._other_headers(), {"key": _HEADER, "value": secret}])
            if self._rows.get("username", {}).get("value") == _USER:
                self.set("username", "")
                self.set("password", "")
        elif "password" in self._rows:
            self.set("username", _USER)
            self.set("password", secret)
        else:
            raise ListsyncError("this version cannot send a secret with a webhook: it is too old")

    def _other_headers(self) -> Iterator[object]:
        headers = self._rows["headers"].get("value")
        for one in headers if isinstance(headers, list) else []:
            if not isinstance(one, dict) or str(one.get("key")).casefold() != _HEADER.casefold():
                yield one


def _saved(client: ArrClient, method: str, path: str, wanted: Connection) -> Connection:
    response = client.send(method, path, wanted)
    if response.status == 400:
        why = _failures_in(response.body) or response.sample
        raise ListsyncError(f"{client.name} does not take the connection: {why}")
    try:
        return decode(response.body, Connection)
    except UnknownFormError:  # it was saved
        return {"id": wanted.get("id", 0)}


def _tried(client: ArrClient, connection: Connection, wish: WebhookWish) -> str:
    """Have it tested from their side; returns what went wrong there."""
    redact = redactor_of(frozenset({wish.secret.get_secret_value()})).text
    try:
        response = client.send("POST", "notification/test", connection)
    except UnavailableError as error:
        return redact(error.why)
    return redact(_failures_in(response.body)) if response.status == 400 else ""


def _failures_in(body: bytes) -> str:
    """Read what a 400 says: failures in a list, or one message."""
    texts = [one.error_message for one in _read(body, list[_Failure]) or ()]
    if not texts and (answer := _read(body, _Message)) is not None:
        texts = [answer.message]
    return "; ".join(one_line(text, 300) for text in texts if text) or "it says no more"


def _read(body: bytes, shape: type[ShapeT]) -> ShapeT | None:
    try:
        return decode(body, shape)
    except UnknownFormError:
        return None


_ADVICE = (
    (
        r"\b40[13]\b|unauthorized|forbidden",
        (
            "it was reached, and refused the secret: does the agent run with the configuration "
            "and the state folder that this command reads?"
        ),
    ),
    (
        r"\b4(00|21)\b|bad ?request|misdirected",
        "it was reached, but does not go by the name {host}: add that to http.allowed_hosts",
    ),
    (
        r"\b40[45]\b|not ?found\]|method ?not",
        "something else answers there: check the address (--url), and http.base_path",
    ),
)
"""What a test says, and what a person can do about it."""
_OWN_MACHINE = (
    "{host} is there the machine (or container) of {name} itself: give --url with the name by "
    "which it knows this one; in Docker that is the name of our container, such as "
    "http://listsync:4222, in a network that both are in"
)
_NOBODY = (
    "nobody listens there: does the agent run, and does http.listen take connections of other "
    "machines (0.0.0.0:4222, and not 127.0.0.1:4222)?"
)
_NO_WAY = (
    "{name} must be able to reach {host}: give --url with a name or address that it knows; in "
    "Docker that is the name of our container, such as http://listsync:4222"
)


def advice_on(trouble: str, url: str, app: ImportApp) -> str:
    """Say what a person can do about what a test said."""
    host = urlsplit(url).hostname or ""
    said = trouble.lower().replace(url.lower(), "")
    words = next((advice for form, advice in _ADVICE if re.search(form, said)), None)
    if words is None and host.startswith(_LOOPBACK):
        words = _OWN_MACHINE
    elif words is None:
        words = _NOBODY if "refused" in said else _NO_WAY
    return words.format(host=host, name=app.value.capitalize())
