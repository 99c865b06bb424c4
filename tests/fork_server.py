"""Starts our programs as forks of a process that has loaded them, instead of loading them anew.

Most of the CPU time of a short command is its imports. `Popen` stands in for that of `subprocess`
while tests start many: what it starts is our own child, with the arguments, environment, folder,
files, session and process group that were asked for. Anything but `python -m` one of our programs,
and the scripts of tests that say so, is started as always, and so is whatever depends on how the
interpreter starts.

Run as a program it is the server: it loads all, and forks for each message.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import inspect
import io
import json
import logging
import os
import pkgutil
import platform
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from listsync import lean_dataclasses, redaction
from listsync.config import configuration
from listsync.http import transport
from listsync.store import state_folder
from tests import new_sandboxes, new_states

_SANDBOX = "listsync.sandbox"
PROGRAMS = {"listsync", _SANDBOX, "listsyncctl"}
_KEPT: list[object] = []
_ROOT = Path(__file__).parents[1]
_LOCALE = ("LC_", "LANG")
_READ_AT_START = ("PYTHON", *_LOCALE, "LD_", "MALLOC_", "GLIBC_", "COVERAGE_", "SSL_CERT_")
"""Beginnings of variables that count before the first line of ours runs, or in `_warm_up`."""
_OF_NO_MATTER = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
_NOT_LOADED = {"browser", "__main__"}
_LOADED_WHEN_USED = (
    *("anyascii", "argparse", "cronsim", "cryptography.fernet", "difflib", "psycopg"),
    *("rapidfuzz.distance", "selectolax.lexbor", "uvicorn.lifespan.off", "uvicorn.loops.uvloop"),
)
"""Of others, by what many tests start: psycopg alone takes as long as all else of a start."""
_MAX_MESSAGE = 1 << 17
_PADDING = "." * 8192
"""Makes room for the command line of a fork, where `/proc` shows it."""
LOADS = "FORK_LOADS"
"""A variable that names a module which the server loads first: all that start with it share it."""
_CLONE = {"x86_64": 56, "aarch64": 220}
"""The number of the system call, by machine; on another, programs are started as always."""
_FOR_PARENT = 0x8000 | signal.SIGCHLD
_PR_CAPBSET_DROP = 24
_ABOVE_FILE_RIGHTS = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, which root has."""
_LARGE_PAGE, _MADV_COLLAPSE = 1 << 21, 25
_CAPABILITY_VERSION = 0x20080522
_START = inspect.signature(subprocess.Popen._execute_child)  # type: ignore[attr-defined]
_PIPES = ("p2cread", "p2cwrite", "c2pread", "c2pwrite", "errread", "errwrite")
_USUAL = {
    "executable": None,
    "pass_fds": (),
    "shell": False,
    "gid": None,
    "gids": None,
    "uid": None,
    "umask": -1,
}


class ForkServer:
    """The process that forks. What it starts becomes a child of the caller."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.fork_server", str(theirs.fileno()), _PADDING],
                cwd=_ROOT,
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self.runs_scripts = False
        self._start = _read_at_start(os.environ)
        self._lock = threading.Lock()

    def can_start(self, command: object, environment: Mapping[str, str]) -> bool:
        """Whether a fork does the same as a start."""
        if not isinstance(command, list) or command[0] != sys.executable:
            return False
        is_ours = command[1] == "-m" and command[2] in PROGRAMS
        is_known = platform.machine() in _CLONE and (is_ours or self._is_script(command))
        return is_known and _read_at_start(environment) == self._start

    def _is_script(self, command: list[Any]) -> bool:
        return self.runs_scripts and (command[1] == "-c" or str(command[1]).endswith(".py"))

    def fork(self, order: Mapping[str, object], files: Sequence[int]) -> int:
        """Start what *order* says, with *files* as its first three; gives its process number."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(order).encode()], files)
            return int(self._socket.recv(64))

    def close(self) -> None:
        self._socket.close()
        self._process.wait(30)


def popen_of(server: ForkServer | _ForkedHere) -> type[subprocess.Popen[Any]]:
    """Make a `subprocess.Popen` that lets *server* start what it can."""

    class Popen(subprocess.Popen[Any]):
        def _execute_child(self, *given: Any) -> None:
            asked = _START.bind(self, *given).arguments
            environment = dict(os.environ if asked["env"] is None else asked["env"])
            if not _is_plain(asked) or not server.can_start(asked["args"], environment):
                super()._execute_child(*given)  # type: ignore[misc]
                return
            order = {
                "command": [os.fspath(word) for word in asked["args"]],
                "umask": _umask(),
                "folder": os.fspath(asked["cwd"] or Path.cwd()),
                "environment": environment,
                "is_new_session": asked["start_new_session"],
                "group": asked["process_group"],
                "is_nobody_special": asked["preexec_fn"] is bow_to_file_rights,
            }
            files = [asked[name] for name in ("p2cread", "c2pwrite", "errwrite")]
            files = [number if file == -1 else file for number, file in enumerate(files)]
            self.pid = server.fork(order, files)
            self._child_created = True
            self._close_pipe_fds(*(asked[name] for name in _PIPES))  # type: ignore[attr-defined]

    return Popen


def _is_plain(asked: Mapping[str, Any]) -> bool:
    """Whether nothing is asked for that a fork is not given."""
    is_known = asked["preexec_fn"] in {None, bow_to_file_rights}
    return is_known and all(asked[name] == usual for name, usual in _USUAL.items())


def _umask() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return umask


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    """Give what counts; without any locale Python takes UTF-8 as well."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(_READ_AT_START)
        and name not in _OF_NO_MATTER
        and not (name.startswith(_LOCALE) and value.upper().endswith("UTF-8"))
    }


def bow_to_file_rights() -> None:
    """Let even root be refused by the rights of files; to be called in the child."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable: twice 32
    failed = libc.capget(header, sets)
    for capability in _ABOVE_FILE_RIGHTS:
        # The bounding set counts for what the child becomes by `exec`, the others for a fork.
        failed = failed or libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        for kind in range(3):
            sets[kind] &= ~(1 << capability)
    if failed or libc.capset(header, sets):
        raise OSError(ctypes.get_errno(), "cannot give up a capability")


# -- the server ----------------------------------------------------------------------------


def serve(connection: socket.socket) -> dict[str, Any]:
    """Fork for each message; returns in a fork alone, with what it is to be."""
    while True:
        message, files, _, _ = socket.recv_fds(connection, _MAX_MESSAGE, 3)
        if not message:
            sys.exit()
        order: dict[str, Any] = json.loads(message)
        if wanted := order["environment"].pop(LOADS, ""):
            importlib.import_module(wanted)
        if (pid := _fork_for_parent()) == 0:
            _take_over(connection, files)
            return order
        for file in files:
            os.close(file)
        connection.send(str(pid).encode())


def _fork_for_parent() -> int:
    """Fork a child of our own parent, who has asked for it; 0 in it.

    A fork that leaves another behind as an orphan does the same at twice the cost.
    """
    api = ctypes.pythonapi
    api.PyOS_BeforeFork()
    number, zero = _CLONE[platform.machine()], ctypes.c_long(0)
    pid = int(ctypes.PyDLL(None).syscall(number, _FOR_PARENT, zero, zero, zero, zero))
    if pid:
        api.PyOS_AfterFork_Parent()
    else:
        api.PyOS_AfterFork_Child()
    if pid < 0:
        raise OSError("cannot fork")
    return pid


def _take_over(connection: socket.socket, files: Sequence[int]) -> None:
    """Have *files* as the first three, and no others."""
    connection.detach()
    _take_files(files)


def _take_files(files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.closerange(3, max(os.sysconf("SC_OPEN_MAX"), 0) if len(files) < 3 else 4096)


class _ForkedHere:
    """Forks the process that asks, for a request server that a fork starts: it is its child."""

    def __init__(self) -> None:
        self._start = _read_at_start(os.environ)

    def can_start(self, command: object, environment: Mapping[str, str]) -> bool:
        is_one = isinstance(command, list) and command[:3] == [sys.executable, "-m", _SANDBOX]
        return is_one and _read_at_start(environment) == self._start

    def fork(self, order: Mapping[str, object], files: Sequence[int]) -> int:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # other threads are of no matter
            pid = os.fork()
        if pid:
            return pid
        try:
            _forget_who_forked()
            _take_files([os.dup(file) for file in files])
            become(order)
        finally:
            os._exit(1)


def _forget_who_forked() -> None:
    """Leave nothing of a program that would not outlive `exec`."""
    _KEPT.extend([sys.stdin, sys.stdout, sys.stderr])  # what they have not written is not ours
    atexit._clear()
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    for logger in [logging.root, *map(logging.getLogger, logging.root.manager.loggerDict)]:
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
    logging.root.setLevel(logging.WARNING)


def become(order: Mapping[str, Any]) -> None:
    """Run the program of *order* as the interpreter would have."""
    _show(order["command"])
    os.umask(order["umask"])
    if order["is_new_session"]:
        os.setsid()
    if order["group"] != -1:
        os.setpgid(0, order["group"])
    if order["is_nobody_special"]:
        bow_to_file_rights()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    time.tzset()
    sys.path[0] = order["folder"]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
    raw = open(2, "wb", closefd=False)  # noqa: SIM115
    sys.stderr = io.TextIOWrapper(raw, errors="backslashreplace", line_buffering=True)
    subprocess.Popen = popen_of(_ForkedHere())  # type: ignore[assignment, misc]
    try:
        _run(*order["command"][1:])
    except SystemExit as end:
        _leave(end.code)
        raise
    _leave(None)


def _run(first: str, *more: str) -> None:
    """Run what the words after `python` say."""
    match first, *more:
        case "-m", program, *arguments:
            sys.argv = [program, *arguments]
            runpy.run_module(program, run_name="__main__", alter_sys=True)
        case "-c", text, *arguments:
            sys.argv = ["-c", *arguments]
            main = sys.modules["__main__"] = ModuleType("__main__")
            exec(compile(text, "<string>", "exec"), vars(main))
        case script, *_:
            sys.argv = [script, *more]
            sys.path[0] = os.path.dirname(script)  # noqa: PTH120 - as it was written
            runpy.run_path(script, run_name="__main__")


def _leave(code: object) -> None:
    """Exit as the interpreter does, but leave all modules as they are.

    To take them apart, page after page of memory that it shares, is most of what a short command
    would do. What is not plain is left to the interpreter.
    """
    if code is not None and not isinstance(code, int):
        return
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(int(code or 0) & 0xFF)


def _show(command: Sequence[str]) -> None:
    """Let `/proc` tell *command*, by which agents are found."""
    stat = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    start, end = map(int, stat[45:47])
    words = b"".join(os.fsencode(word) + b"\0" for word in command)
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, words, min(len(words), end - start))


def _load_all() -> None:
    for program in ("listsync", "listsyncctl"):
        _load(program)
    new_states.install()
    new_sandboxes.install()


def _warm_up() -> None:
    """Do what every program does when it begins: what that compiles and keeps is in each fork."""
    encodings = ("encodings.idna", "encodings.ascii", "encodings.utf_8_sig", "_strptime")
    for name in (*encodings, *_LOADED_WHEN_USED):
        importlib.import_module(name)
    transport.trusted()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = folder / "listsync.yaml"
        config.write_text("server: {url: 'http://127.0.0.1:9', api_key: k}\nlists: []\n")
        configuration.load(config, {})
        with state_folder.opened_state(folder):
            pass
    redaction.forget_secrets()


def _write_methods() -> None:
    """Write the methods of all records: of what a short sync does, that is a quarter."""
    for module in [one for name, one in sys.modules.items() if name.startswith("listsync.")]:
        for kind in vars(module).values():
            init = vars(kind).get("__init__") if isinstance(kind, type) else None
            if inspect.isfunction(init) and init.__module__ == lean_dataclasses.__name__:
                asked = inspect.getclosurevars(init).nonlocals
                lean_dataclasses._write_methods(asked["defined"], asked["own"], asked["more"])


def _join_pages() -> None:
    """Have what is loaded lie in large pages, where Linux can: a fork copies a table of them."""
    madvise = ctypes.CDLL(None).madvise
    for line in Path("/proc/self/maps").read_text(encoding="utf-8").splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        first, end = (int(one, 16) for one in place.split("-"))
        first, end = -(-first // _LARGE_PAGE) * _LARGE_PAGE, end // _LARGE_PAGE * _LARGE_PAGE
        if rights.startswith("rw") and name in ([], ["[heap]"]) and first < end:
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _MADV_COLLAPSE)


def _load(name: str) -> None:
    module = importlib.import_module(name)
    for found in pkgutil.iter_modules(getattr(module, "__path__", ())):
        if found.name not in _NOT_LOADED:
            _load(f"{name}.{found.name}")


if __name__ == "__main__":
    gc.disable()  # all that is loaded stays
    _load_all()
    _write_methods()
    _warm_up()
    gc.collect()
    gc.freeze()
    gc.enable()
    _join_pages()
    become(serve(socket.socket(fileno=int(sys.argv[1]))))
