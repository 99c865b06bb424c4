"""How a program loads, and ends: Ctrl-C ends it at once, other signals wait, click takes little.

An exception would not do while a program loads: it can come inside any import, where it is told as
a traceback, turned into another error, or swallowed. Imports nothing of ours, so that a program
can begin with it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    import signal
else:
    import _signal as signal  # without an enum of all numbers, which takes a fortieth of --help

_HELD = (signal.SIGUSR1, signal.SIGHUP)
_FIRST_PROCESS = 1
"""Of a container, whose own terminal it leads."""
_INTERRUPTED = 130  # as in `protocol.Exit`, which takes longer to load
_USUAL_WIDTH = 80


def leave_at_once() -> None:
    """Let Ctrl-C end the process from now on: nothing is said, nothing put in order."""
    signal.signal(signal.SIGINT, _leave)


def _leave(_number: int, _frame: object) -> None:
    os._exit(_INTERRUPTED)


@contextmanager
def raised() -> Iterator[None]:
    """Let Ctrl-C raise KeyboardInterrupt during the block, which has something to put in order.

    So does the end of a terminal, unless it is not to matter (nohup). What comes while a module
    is loaded in the block leaves it as KeyboardInterrupt, too: Python before 3.12 makes a
    RuntimeError of whatever is raised while a class names its fields.
    """
    numbers = [signal.SIGINT, *([signal.SIGHUP] if can_hang_up() else [])]
    before = {number: signal.signal(number, signal.default_int_handler) for number in numbers}
    try:
        yield
    except RuntimeError as error:
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def can_hang_up() -> bool:
    """Tell whether HUP would end us: nohup, and shells that leave work behind, ignore it."""
    return signal.getsignal(signal.SIGHUP) == signal.SIG_DFL


def ends_with_terminal(environ: Mapping[str, str]) -> bool:
    """Tell whether HUP means to us that our terminal is gone; call it before HUP is handled.

    It does on a controlling terminal, but for one that a service manager or a container has given
    us: there HUP is what asks for a reload, as it is where there is no terminal.
    """
    if not can_hang_up() or environ.get("NOTIFY_SOCKET") or os.getsid(0) == _FIRST_PROCESS:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


@contextmanager
def held() -> Iterator[None]:
    """Let Ctrl-C wait until the end of the block, which is short and must not be cut in two."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def hold_back() -> None:
    """Let USR1 and HUP wait, which would end a process that has set no handlers yet.

    However many come, one of each is delivered by `let_through`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HELD)


def let_through() -> None:
    """Deliver what waited. Call it before the first thread or child, which inherit the mask."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HELD)


def import_click() -> None:
    """Import click without `gettext`, `inspect` and `uuid`; call it before anything else does.

    Of `inspect` click takes few functions, and it brings Python's own parser, disassembler and
    tokenizer; of `uuid` a name for a type that our programs have no use for. `gettext` would
    look for catalogues that nobody has. Where click wants more of them than is here, it gets that.
    """
    if "click" in sys.modules:
        return
    stand_ins = [one for one in _stand_ins() if one.__name__ not in sys.modules]
    sys.modules.update({one.__name__: one for one in stand_ins})
    try:
        import click  # noqa: F401, PLC0415
    finally:
        for one in stand_ins:
            _make_room(one)


def _stand_ins() -> tuple[ModuleType, ModuleType, ModuleType]:
    gettext, inspect, uuid = map(ModuleType, ("gettext", "inspect", "uuid"))

    def of_inspect(name: str) -> object:
        return _of_real(inspect, name)

    def of_uuid(name: str) -> object:
        is_loading = sys.modules.get("uuid") is uuid
        return object if is_loading and name == "UUID" else _of_real(uuid, name)

    def of_gettext(name: str) -> object:
        return _of_real(gettext, name)

    vars(gettext).update(gettext=_untranslated, ngettext=_of_number, __getattr__=of_gettext)
    vars(inspect).update(cleandoc=cleandoc, isfunction=_is_function, __getattr__=of_inspect)
    vars(uuid).update(__getattr__=of_uuid)
    return gettext, inspect, uuid


def _untranslated(message: str) -> str:
    return message


def _of_number(singular: str, plural: str, number: int) -> str:
    return singular if number == 1 else plural


def cleandoc(text: str) -> str:
    """Take a docstring's margin and its blank ends away, as `inspect` does."""
    first, *rest = text.expandtabs().split("\n")
    margins = [len(line) - len(line.lstrip()) for line in rest if line.strip()]
    margin = min(margins, default=0)
    return "\n".join([first.lstrip(), *(line[margin:] for line in rest)]).strip("\n")


def _is_function(value: object) -> bool:
    return isinstance(value, FunctionType)


def _of_real(stand_in: ModuleType, name: str) -> object:
    if name == "__path__":  # which `from ... import` looks for first
        raise AttributeError(name)
    _make_room(stand_in)
    return getattr(import_module(stand_in.__name__), name)


def _make_room(stand_in: ModuleType) -> None:
    if sys.modules.get(stand_in.__name__) is stand_in:
        del sys.modules[stand_in.__name__]


def help_width() -> int | None:
    """Find how wide a help is, as click does, which loads `shutil` for it, with all that packs."""
    from click import formatting  # noqa: PLC0415 - see `import_click`

    return None if formatting.FORCED_WIDTH else max(min(_columns(), _USUAL_WIDTH) - 2, 50)


def _columns() -> int:
    told = os.environ.get("COLUMNS", "")
    if told.isdecimal() and int(told) > 0:
        return int(told)
    try:
        out = sys.__stdout__.fileno() if sys.__stdout__ is not None else -1
        return os.get_terminal_size(out).columns or _USUAL_WIDTH
    except (OSError, ValueError):  # no terminal, or closed
        return _USUAL_WIDTH


def leave(end: SystemExit) -> NoReturn:
    """End the process as *end* says without taking it apart: nothing is there to put in order."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):  # full, or nobody reads any more: Python's own end says it
        raise end from None
    os._exit(int(end.code or 0))
