"""Connections to PostgreSQL that never hang: what does not answer in time is closed.

A statement on a dead link is not cancelled: psycopg would ask the same dead server to do it, and
wait for 10 s more (measured). Its socket is shut down, which wakes whoever waits.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.redaction import redactor_of
from listsync.text_cleaning import one_line

if TYPE_CHECKING:
    from psycopg import Connection

SERVICE = "PostgreSQL"
CONNECT_S = 10
_KEEP_ALIVE: dict[str, str | int] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
"""Without these the loss of a network is never noticed: Linux asks after two hours (measured)."""
_MOST_WORDS = 300
_READ_ONLY = "25006"
_ADVICE = {
    _READ_ONLY: "it is a standby server, or read-only: name the primary in postgres.dsn, or all "
    "servers that may be it (host=a,b)",
    "42501": "give the role of postgres.dsn that right: `listsync doctor` says how",
    "53100": "make room there, and it goes on by itself",
}
"""What to do about some errors, by SQLSTATE."""
LISTENS: Mapping[str, str] = {"DateStyle": "ISO", "idle_session_timeout": "0"}
"""What a session needs in which hardly anything happens, whatever holds for others there: it is
not ended for that, and its times can be read."""
SHARES: Mapping[str, str] = {
    **LISTENS,
    "array_nulls": "on",
    "default_transaction_isolation": "read committed",
    "idle_in_transaction_session_timeout": "5min",
    "lock_timeout": "0",
    "statement_timeout": "5min",
    "synchronous_commit": "on",
    "transaction_timeout": "0",
}
"""What a session needs by which agents share the work: each waits for its turn, within bounds of
our own, and what was committed stays."""
_SET = """
SELECT set_config(name, value, false)
FROM pg_settings JOIN unnest(%s::text[], %s::text[]) AS wanted (name, value) USING (name)
WHERE (name <> 'synchronous_commit' OR setting = 'off') AND (%s OR pg_backend_pid() = %s)
"""
"""Each that the server knows; what a commit is to wait for is left to who runs it.

Where the server knows the session by another number, there is a pooler in between, which may hand
the session on to others: then only if it is known to be ours.
"""
NOT_INSTALLED = "psycopg is not installed: pip install 'listsync[postgres]'"


class PostgresServerError(UnavailableError):
    """PostgreSQL does not answer, or says no: what it was asked may have been done, or not."""

    def __init__(self, why: str) -> None:
        super().__init__(SERVICE, why)


class PostgresLink:
    """One connection, in autocommit; used by one thread at a time, closed by any."""

    connection: Connection

    def __init__(
        self,
        dsn: SecretStr,
        *,
        name: str = "listsync",
        connect_s: int = CONNECT_S,
        is_utf8: bool = False,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """Connect; *name* is what the server shows of it (`application_name`).

        *is_utf8*: texts are read as such also where the database is SQL_ASCII, of which psycopg
        gives bytes. A notification there that is none ends the connection. *settings* hold for
        the session; where a pooler may hand it on to others, not before `settle`.

        Each of its addresses has *connect_s* to answer, unless the DSN says otherwise.

        Raises:
            PostgresServerError: it does not answer, or refuses, or psycopg is not installed.
        """
        try:
            import psycopg  # noqa: PLC0415 - an extra: 8 MB that only some need
        except ImportError as error:
            raise PostgresServerError(NOT_INSTALLED) from error
        self._dsn, self._name, self._is_utf8 = dsn, name, is_utf8
        self._settings = settings or {}
        self._errors = psycopg.Error
        self._redact = redactor_of(
            frozenset(filter(None, (dsn.get_secret_value(), password_in(dsn))))
        )
        try:
            given = psycopg.conninfo.conninfo_to_dict(dsn.get_secret_value())
        except (psycopg.Error, ValueError) as error:
            raise PostgresServerError(_words_on_dsn(error)) from None  # its cause quotes it
        with self.naming_errors():
            own = {"application_name": name, **_KEEP_ALIVE, "connect_timeout": connect_s}
            if is_utf8:
                own["client_encoding"] = "utf8"
            if any("," in str(given.get(name) or "") for name in ("host", "hostaddr")):
                own["target_session_attrs"] = "read-write"  # the others take no LISTEN
            wanted: dict[str, str | int | None] = {**own, **given}
            options = psycopg.conninfo.make_conninfo("", **wanted)
            self.connection = psycopg.connect(options, autocommit=True)
        self._is_settled = not self._settings
        self._settle(connect_s, is_ours=False)

    def settle(self, limit_s: float = CONNECT_S) -> None:
        """Have the settings hold: what is said in the session is known to reach nobody else.

        Raises:
            PostgresServerError: as `within` does; the connection is closed then.
        """
        self._settle(limit_s, is_ours=True)

    def _settle(self, limit_s: float, *, is_ours: bool) -> None:
        if self._is_settled:
            return
        given = (list(self._settings), list(self._settings.values()))
        try:
            with self.within(limit_s) as connection:
                values = (*given, is_ours, connection.pgconn.backend_pid)
                found = connection.execute(_SET, values, prepare=False).fetchall()
            self._is_settled = bool(found)
        except PostgresServerError:
            self.close()
            raise

    @contextmanager
    def within(self, seconds: float) -> Iterator[Connection]:
        """Let the block use the connection for so long; then it is closed, whatever it waits for.

        Raises:
            PostgresServerError: the server did not answer in time, is gone, or refused.
        """
        late: list[str] = []

        def cut() -> None:
            late.append(f"no answer within {seconds:g} s")
            self.cut()

        timer = threading.Timer(seconds, cut)
        timer.daemon = True
        timer.start()
        try:
            with self.naming_errors(lambda: late[0] if late else ""):
                yield self.connection
        finally:
            timer.cancel()

    def cut(self) -> None:
        """Break off whatever waits for the server. Any thread may call it."""
        with (
            suppress(OSError, self._errors),
            socket.socket(fileno=os.dup(self.connection.fileno())) as one,
        ):
            one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(self._errors):
            self.connection.close()

    @property
    def is_open(self) -> bool:
        """Tell whether it may be used: what was refused leaves it open."""
        return not (self.connection.closed or self.connection.broken)

    def another(self) -> PostgresLink:
        """Connect once more, to the same place."""
        other = PostgresLink(
            self._dsn, name=self._name, is_utf8=self._is_utf8, settings=self._settings
        )
        if self._is_settled:
            other.settle()
        return other

    @contextmanager
    def naming_errors(self, late: Callable[[], str] = lambda: "") -> Iterator[None]:
        """Raise PostgresServerError for what goes wrong in the block, which must not wait."""
        try:
            yield
        except self._errors as error:
            words = late() or one_line(self._redact.text(str(error)), _MOST_WORDS)
            advice = _ADVICE.get(getattr(error, "sqlstate", None) or "")
            known = [words or type(error).__name__, *filter(None, [advice])]
            raise PostgresServerError("; ".join(known)) from error


def _words_on_dsn(error: Exception) -> str:
    """Say what is wrong with a DSN, without the part that libpq quotes: it may be the password."""
    words = re.sub('".*"', '"***"', one_line(str(error), _MOST_WORDS))
    return f"the DSN cannot be read: {words}"


def password_in(dsn: SecretStr) -> str:
    """Give the password that a DSN holds; empty: none, or nobody can read it."""
    try:
        from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415 - see above

        return str(conninfo_to_dict(dsn.get_secret_value()).get("password") or "")
    except Exception:  # noqa: BLE001 - psycopg's own words would quote it
        return ""


def place_of(dsn: SecretStr) -> str:
    """Name host and database for people, without anything that is secret."""
    try:
        from psycopg import conninfo  # noqa: PLC0415 - an extra

        given = conninfo.conninfo_to_dict(dsn.get_secret_value())
    except Exception:  # noqa: BLE001 - who connects learns what is wrong with it
        return SERVICE
    host = given.get("host") or given.get("hostaddr") or given.get("service") or "this machine"
    port = f":{given['port']}" if given.get("port") else ""
    return one_line(f"{host}{port}/{given.get('dbname') or ''}".rstrip("/"), _MOST_WORDS)
