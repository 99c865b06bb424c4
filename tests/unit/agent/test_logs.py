from __future__ import annotations

import json
import logging
import os
import re
import resource
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from threading import Thread, current_thread
from typing import Any, TextIO

import pytest

from listsync import cli, logs
from listsync.config_types import SecretStr
from listsync.logs import LogSettings, set_level, set_up, set_up_plainly

logger = logging.getLogger("listsync.sync.example")

_NAMES = ("", "listsync", "httpx", "httpcore")
_AT = datetime(2026, 6, 1, 12, 4, 31, 250_000, UTC).timestamp()
_NONE: Mapping[str, str] = {}


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


class Unwritable(StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(text)


@pytest.fixture(autouse=True)
def _logging_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in _NAMES}
    before = list(logging.root.handlers)
    monkeypatch.setenv("TZ", "UTC-2")  # POSIX counts westwards: two hours ahead of UTC
    time.tzset()
    yield
    for handler in set(logging.root.handlers) - set(before):
        logging.root.removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)
    monkeypatch.undo()
    time.tzset()


def logging_to(
    stream: TextIO,
    settings: LogSettings | None = None,
    environ: Mapping[str, str] = _NONE,
    run_id: Callable[[], str] = str,
) -> None:
    for handler in logging.root.handlers[:]:
        if type(handler).__module__.startswith("_pytest"):  # they raise what ours must bear
            logging.root.removeHandler(handler)
    set_up(settings or LogSettings(format="text"), stream=stream, environ=environ, run_id=run_id)


def logged(
    format_: str, tell: Callable[[], object], *, run: str = "", level: str = "debug"
) -> list[str]:
    stream = StringIO()
    logging_to(stream, LogSettings(format=format_, level=level), run_id=lambda: run)
    tell()
    return stream.getvalue().splitlines()


def as_object(tell: Callable[[], object], *, run: str = "") -> dict[str, Any]:
    (line,) = logged("json", tell, run=run)
    read = json.loads(line)
    assert isinstance(read, dict)
    return read


def record(message: str, level: int = logging.INFO) -> logging.LogRecord:
    made = logging.makeLogRecord({"msg": message, "levelno": level, "name": logger.name})
    made.levelname = logging.getLevelName(level)
    made.created = _AT
    return made


def fail(extra: Mapping[str, object] | None = None) -> None:
    try:
        _raise()
    except ValueError:
        logger.exception("it failed", extra=extra)


def _raise() -> None:
    raise ValueError("no\nsuch\x1b[31m list")


def words_of(lines: list[str]) -> list[str]:
    """Cut the date, the clock and the level word off."""
    return [re.sub(r"^[-\d]{10} [:\d]{8} [A-Z]+ +", "", line) for line in lines]


# -- levels ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_a_level_shows_itself_and_what_is_worse(level: str, seen: list[str]) -> None:
    def tell() -> None:
        for name in ("debug", "info", "warning", "error"):
            getattr(logger, name)(name)

    assert [line.split()[-1] for line in logged("text", tell, level=level)] == seen


def test_the_level_changes_live() -> None:
    stream = StringIO()
    logging_to(stream)
    logger.debug("unseen")
    set_level("debug")
    logger.debug("seen")
    assert words_of(stream.getvalue().splitlines()) == ["seen"]
    assert logs.level() == "debug"


@pytest.mark.parametrize("level", ["loud", "INFO", "", "critical"])
def test_an_unknown_level_is_refused(level: str) -> None:
    set_level("warning")
    with pytest.raises(ValueError, match="debug, info, warning, error"):
        set_level(level)
    assert logs.level() == "warning"


@pytest.mark.parametrize("settings", [LogSettings(level="loud"), LogSettings(format="xml")])
def test_refused_settings_change_nothing(settings: LogSettings) -> None:
    stream = StringIO()
    logging_to(stream)
    with pytest.raises(ValueError, match="unknown log"):
        logging_to(StringIO(), settings)
    logger.info("still here")
    assert words_of(stream.getvalue().splitlines()) == ["still here"]


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("httpx", logging.INFO),
        ("httpcore.http11", logging.DEBUG),
        ("watchdog.observers", logging.INFO),
        ("asyncio", logging.DEBUG),
        ("uvicorn.access", logging.INFO),
    ],
)
def test_others_stay_quiet_at_any_level(name: str, level: int) -> None:
    logging.getLogger("httpx").setLevel(logging.DEBUG)
    theirs = logging.getLogger(name)
    assert logged("text", lambda: theirs.log(level, "GET /?apikey=s3cret"), level="debug") == []


def test_warnings_of_others_are_seen() -> None:
    theirs = logging.getLogger("uvicorn")
    assert words_of(logged("text", lambda: theirs.warning("crowded"))) == ["crowded"]


def test_a_python_warning_is_a_line_of_the_log() -> None:
    def tell() -> None:
        warnings.simplefilter("always")
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)

    with warnings.catch_warnings():
        (line,) = logged("text", tell)
    assert re.search(r"WARNING \S+test_logs\.py:\d+: DeprecationWarning: old ways", line)
    assert "\ufffd" not in line


# -- text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stream", "environ", "shown"),
    [
        pytest.param(Terminal(), {}, "14:04:31 INFO  hello [run 4f1c]\n", id="terminal"),
        pytest.param(StringIO(), {}, "2026-06-01 14:04:31 INFO  hello [run 4f1c]\n", id="file"),
    ],
)
def test_text_tells_the_local_time(stream: StringIO, environ: dict[str, str], shown: str) -> None:
    logging_to(stream, LogSettings(), environ, lambda: "4f1c")
    logger.handle(record("hello"))
    assert stream.getvalue() == shown


@pytest.mark.parametrize(
    ("stream", "environ", "word"),
    [
        pytest.param(Terminal(), {}, "\x1b[31mERROR\x1b[0m", id="terminal"),
        pytest.param(Terminal(), {"NO_COLOR": ""}, "\x1b[31mERROR\x1b[0m", id="empty"),
        pytest.param(Terminal(), {"NO_COLOR": "1"}, "ERROR", id="no-color"),
        pytest.param(Terminal(), {"TERM": "dumb"}, "ERROR", id="dumb"),
        pytest.param(StringIO(), {}, "ERROR", id="no-terminal"),
    ],
)
def test_only_the_level_is_coloured(stream: StringIO, environ: dict[str, str], word: str) -> None:
    logging_to(stream, environ=environ)
    logger.handle(record("hello", logging.ERROR))
    assert stream.getvalue().endswith(f"14:04:31 {word} hello\n")


@pytest.mark.parametrize(
    "char",
    "\n\r\t\x00\x1b\x7f\x85\x9b\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069\u206f\udc80",
    ids=ascii,
)
def test_a_message_is_one_harmless_line(char: str) -> None:
    lines = logged("text", lambda: logger.info("found %s", f"Al{char}ien"))
    assert words_of(lines) == ["found Al\ufffdien"]


def test_letters_of_any_script_stay() -> None:
    title = "千と千尋 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u0645\u06cc\u200c\u062e"
    assert words_of(logged("text", lambda: logger.info(title))) == [title]


def test_a_traceback_is_indented_and_harmless() -> None:
    first, *further = logged("text", fail, run="4f1c")
    assert first.endswith("ERROR it failed [run 4f1c]")
    assert further[0] == "    Traceback (most recent call last):"
    assert further[-2:] == ["    ValueError: no", "    such\ufffd[31m list"]
    assert all(line.startswith("    ") for line in further)


def test_a_stack_is_shown_where_it_is_asked_for() -> None:
    _, *further = logged("text", lambda: logger.info("here", stack_info=True))
    assert further[0] == "    Stack (most recent call last):"


def test_exception_without_one_adds_nothing() -> None:
    def tell() -> None:
        logger.exception("odd")  # noqa: LOG004 - the case

    assert words_of(logged("text", tell)) == ["odd"]


# -- the journal -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "prefix"),
    [
        (logging.DEBUG, "<7>"),
        (logging.INFO, "<6>"),
        (logging.INFO + 1, "<6>"),
        (logging.WARNING, "<4>"),
        (logging.ERROR, "<3>"),
        (logging.CRITICAL, "<2>"),
    ],
)
def test_the_journal_gets_priorities(level: int, prefix: str) -> None:
    lines = logged("journal", lambda: logger.log(level, "hello"), run="4f1c")
    assert lines == [f"{prefix}hello [run 4f1c]"]


def test_each_line_of_a_traceback_has_its_priority() -> None:
    lines = logged("journal", fail)
    assert lines[:2] == ["<3>it failed", "<3>    Traceback (most recent call last):"]
    assert all(line.startswith("<3>") for line in lines)


def test_a_line_cannot_choose_its_priority() -> None:
    assert logged("journal", lambda: logger.info("<0>hello\n<0>fire")) == [
        "<6><0>hello\ufffd<0>fire"
    ]


@pytest.mark.parametrize(
    ("shift", "seen"),
    [pytest.param(0, b"<6>hello\n", id="ours"), pytest.param(1, None, id="inherited")],
)
def test_auto_knows_the_journal_by_its_descriptor(shift: int, seen: bytes | None) -> None:
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as out, os.fdopen(writer, "w") as stream:
        there = os.fstat(stream.fileno())
        environ = {"JOURNAL_STREAM": f"{there.st_dev}:{there.st_ino + shift}"}
        logging_to(stream, LogSettings(), environ)
        logger.info("hello")
        got = os.read(out.fileno(), 1000)
    if seen is None:
        assert re.fullmatch(rb"\d{4}-\d\d-\d\d [\d:]{8} INFO  hello\n", got)
    else:
        assert got == seen


@pytest.mark.parametrize("variable", ["", "8", "8:x", "8:12345"])
def test_a_stream_without_descriptor_is_no_journal(variable: str) -> None:
    stream = StringIO()
    logging_to(stream, LogSettings(), {"JOURNAL_STREAM": variable})
    logger.info("hello")
    assert words_of(stream.getvalue().splitlines()) == ["hello"]


# -- JSON ------------------------------------------------------------------------------------


def test_json_has_the_basic_fields() -> None:
    assert as_object(lambda: logger.handle(record("hello\nyou")), run="4f1c") == {
        "time": "2026-06-01T12:04:31.250+00:00",
        "level": "info",
        "logger": "listsync.sync.example",
        "message": "hello\nyou",
        "run": "4f1c",
    }


def test_json_without_a_run_has_no_such_field() -> None:
    assert "run" not in as_object(lambda: logger.info("hello"))


def test_json_has_the_extra_fields() -> None:
    extra = {"action": "list_fetched", "entries": 3, "path": Path("/a"), "ids": {"at": [_AT]}}
    read = as_object(lambda: logger.info("hello", extra=extra))
    assert {name: read[name] for name in extra} == extra | {"path": "/a"}


def test_an_extra_field_never_takes_the_place_of_a_basic_one() -> None:
    extra = {"time": 1, "level": "none", "logger": "x", "exception": "x"}
    read = as_object(lambda: fail(extra))
    assert read["level"] == "error"
    assert read["logger"] == logger.name
    assert read["exception"].endswith("such\x1b[31m list")
    assert read["time"] != 1


class Broken:
    def __str__(self) -> str:
        raise RuntimeError("no words")


def endless() -> list[object]:
    own: list[object] = []
    own.append(own)
    return own


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(float("nan"), "nan", id="not-a-number"),
        pytest.param({(1, 2): 3}, "{(1, 2): 3}", id="odd-keys"),
        pytest.param(endless(), "[[...]]", id="endless"),
        pytest.param(Broken(), "<Broken>", id="broken"),
        pytest.param("Al\udc80ien", "Al\ufffdien", id="surrogate"),
    ],
)
def test_an_extra_field_that_json_cannot_hold_is_told_in_words(value: object, shown: str) -> None:
    assert as_object(lambda: logger.info("hello", extra={"fact": value}))["fact"] == shown


def test_json_is_one_harmless_line() -> None:
    (line,) = logged("json", lambda: logger.info("千\n\x1b\x9b\u202e\u2028"))
    assert json.loads(line)["message"] == "千\n\x1b\x9b\u202e\u2028"
    assert line.isprintable()
    assert "千" in line


# -- the run ---------------------------------------------------------------------------------


def test_the_run_is_that_of_the_thread_that_logs() -> None:
    stream = StringIO()
    runs = {"one": "1111", "two": "2222"}
    logging_to(stream, run_id=lambda: runs[current_thread().name])
    for name in runs:
        thread = Thread(target=logger.info, args=("hello",), name=name)
        thread.start()
        thread.join()
    assert words_of(stream.getvalue().splitlines()) == ["hello [run 1111]", "hello [run 2222]"]


def test_a_record_may_bring_its_own_run() -> None:
    def tell() -> None:
        logger.info("hello", extra={"run": "beef"})

    assert words_of(logged("text", tell, run="4f1c")) == ["hello [run beef]"]
    assert as_object(tell, run="4f1c")["run"] == "beef"


def test_outside_of_a_run_there_is_none() -> None:
    assert words_of(logged("text", lambda: logger.info("hello"))) == ["hello"]


# -- the file --------------------------------------------------------------------------------


def test_the_file_gets_what_the_stream_gets(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    stream = Terminal()
    logging_to(stream, LogSettings(file=file), run_id=lambda: "4f1c")
    logger.handle(record("千"))
    assert file.read_text("utf-8") == "2026-06-01 14:04:31 INFO  千 [run 4f1c]\n"
    assert stream.getvalue() == "14:04:31 INFO  千 [run 4f1c]\n"


def test_the_file_is_json_where_the_stream_is(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file, format="json"))
    logger.info("hello")
    assert json.loads(file.read_text())["message"] == "hello"


def test_the_file_is_text_where_the_stream_is_the_journal(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file, format="journal"))
    logger.info("hello")
    assert words_of(file.read_text().splitlines()) == ["hello"]


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_open_umask")
def test_only_the_owner_can_read_the_files(tmp_path: Path) -> None:
    logging_to(StringIO(), LogSettings(file=tmp_path / "agent.log", max_bytes=100, keep=2))
    for _ in range(5):
        logger.info("hello" * 10)
    modes = {file.name: file.stat().st_mode & 0o777 for file in tmp_path.iterdir()}
    assert modes == {"agent.log": 0o600, "agent.log.1": 0o600, "agent.log.2": 0o600}


def test_a_file_that_is_there_is_written_on(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    file.write_text("before\n")
    logging_to(StringIO(), LogSettings(file=file))
    logger.info("hello")
    assert file.read_text().startswith("before\n")
    assert file.read_text().endswith("hello\n")


def test_without_kept_files_the_one_stays_small(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file, max_bytes=100, keep=0))
    for number in range(5):
        logger.info("hello %s", number)
    assert words_of(file.read_text().splitlines())[-1] == "hello 4"
    assert file.stat().st_size < 100
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_put_aside_is_written_on(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    (tmp_path / "agent.log.1").mkdir()
    logging_to(StringIO(), LogSettings(file=file, max_bytes=60, keep=1))
    for number in range(4):
        logger.info("hello %s", number)
    assert words_of(file.read_text().splitlines()) == [f"hello {number}" for number in range(4)]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        pytest.param("missing/agent.log", "No such file or directory", id="no-folder"),
        pytest.param(".", "Is a directory", id="folder"),
        pytest.param("a\0b", "null", id="no-path"),
    ],
)
def test_without_its_file_the_agent_goes_on(tmp_path: Path, name: str, why: str) -> None:
    stream = StringIO()
    logging_to(stream, LogSettings(format="text", file=tmp_path / name, level="error"))
    logger.error("hello")
    first, second = words_of(stream.getvalue().splitlines())
    assert first.startswith(f"cannot write the log file {tmp_path}")
    assert why in first
    assert second == "hello"
    assert why in logs.file_trouble()
    logging_to(StringIO())
    assert logs.file_trouble() == ""


def test_a_file_that_could_not_be_opened_is_tried_again(tmp_path: Path) -> None:
    stream, file = StringIO(), tmp_path / "folder" / "agent.log"
    logging_to(stream, LogSettings(format="text", file=file))
    assert logs.file_trouble() == "No such file or directory"
    file.parent.mkdir()
    for second in (1, 100):
        logger.handle(at_second(second))
    first, *_, last = words_of(file.read_text().splitlines())
    assert (first, last) == ("at 1", "at 100")
    assert logs.file_trouble() == ""
    assert "can be written again" in stream.getvalue()


# -- trouble ---------------------------------------------------------------------------------


def test_a_broken_stream_is_silent(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "agent.log"
    logging_to(Unwritable(), LogSettings(file=file))
    logger.info("hello")
    assert words_of(file.read_text().splitlines()) == ["hello"]
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_told_once(capfd: pytest.CaptureFixture[str]) -> None:
    stream = StringIO()
    settings = LogSettings(format="text", file=Path("/dev/full"))
    logging_to(stream, settings)
    logger.info("hello")
    logger.info("hello")
    logging_to(stream)
    logger.info("again")
    assert words_of(stream.getvalue().splitlines()) == [
        "hello",
        "cannot write the log file /dev/full: No space left on device",
        "hello",
        "again",
    ]
    assert capfd.readouterr() == ("", "")


def at_second(second: float) -> logging.LogRecord:
    made = record(f"at {second:g}")
    made.created = _AT + 365 * 86400 * 100 + second  # behind what is logged meanwhile
    return made


def test_a_file_that_can_be_written_again_is_told_once_it_stays_so(tmp_path: Path) -> None:
    stream, file = StringIO(), tmp_path / "folder" / "agent.log"
    file.parent.mkdir()
    logging_to(stream, LogSettings(format="text", file=file))
    file.unlink()
    file.parent.rename(tmp_path / "away")
    logger.handle(at_second(1))
    file.parent.mkdir()
    for second in (2, 60, 61, 200):
        logger.handle(at_second(second))
    assert words_of(stream.getvalue().splitlines()) == [
        "at 1",
        f"cannot write the log file {file}: No such file or directory",
        *("at 2", "at 60", "at 61"),
        f"the log file {file} can be written again; lines are missing there",
        "at 200",
    ]
    assert words_of(file.read_text().splitlines())[:3] == ["at 2", "at 60", "at 61"]


def test_a_line_that_does_not_fit_leaves_no_part_of_itself(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file))
    logger.info("before")
    whole = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 10, hard))
    try:
        logger.info("a line that breaks off")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == whole
    logger.info("after")
    assert words_of(file.read_text().splitlines()) == ["before", "after"]


def test_a_file_that_logrotate_moved_away_is_begun_anew(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file))
    logger.info("before")
    file.rename(tmp_path / "agent.log.moved")
    logger.info("after")
    assert words_of(file.read_text().splitlines()) == ["after"]
    assert file.stat().st_mode & 0o777 == 0o600
    assert words_of((tmp_path / "agent.log.moved").read_text().splitlines()) == ["before"]


def test_a_file_that_logrotate_made_is_written_on_with_its_rights(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file))
    file.rename(tmp_path / "agent.log.moved")
    file.touch()
    file.chmod(0o640)
    logger.info("after")
    assert words_of(file.read_text().splitlines()) == ["after"]
    assert file.stat().st_mode & 0o777 == 0o640


def test_a_file_that_logrotate_copied_and_emptied_has_no_hole(tmp_path: Path) -> None:
    file = tmp_path / "agent.log"
    logging_to(StringIO(), LogSettings(file=file))
    logger.info("before")
    os.truncate(file, 0)
    logger.info("after")
    assert words_of(file.read_text().splitlines()) == ["after"]


def test_a_process_without_stderr_can_log_to_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    file = tmp_path / "agent.log"
    set_up(LogSettings(file=file), environ={}, run_id=str)
    logger.info("hello")
    assert words_of(file.read_text().splitlines()) == ["hello"]


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        pytest.param(("a", "b"), "found %s", id="too-many"),
        pytest.param((Broken(),), "found %s", id="broken"),
    ],
)
@pytest.mark.parametrize("format_", ["text", "json"])
def test_arguments_that_do_not_fit_leave_the_words(
    format_: str, args: tuple[object, ...], shown: str
) -> None:
    (line,) = logged(format_, lambda: logger.info("found %s", *args))
    assert shown in line


def test_a_message_without_words_is_named_by_its_type() -> None:
    assert words_of(logged("text", lambda: logger.info(Broken()))) == ["<Broken>"]


# -- again -----------------------------------------------------------------------------------


def test_a_second_set_up_replaces_the_first(tmp_path: Path) -> None:
    first, second = StringIO(), StringIO()
    logging_to(first, LogSettings(format="text", file=tmp_path / "first.log"))
    logging_to(second, LogSettings(format="text", file=tmp_path / "second.log"))
    logger.info("hello")
    assert first.getvalue() == (tmp_path / "first.log").read_text() == ""
    assert words_of(second.getvalue().splitlines()) == ["hello"]
    assert words_of((tmp_path / "second.log").read_text().splitlines()) == ["hello"]


def test_a_second_set_up_closes_the_file_and_not_the_stream(tmp_path: Path) -> None:
    stream = StringIO()
    logging_to(stream, LogSettings(file=tmp_path / "agent.log"))
    files = [
        handler for handler in logging.root.handlers if isinstance(handler, logs._FileHandler)
    ]
    logging_to(stream)
    for handler in files:
        assert handler.file is not None
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(handler.file._handle)
    assert files
    assert not stream.closed


def test_handlers_of_others_stay() -> None:
    theirs = logging.StreamHandler(StringIO())
    logging.root.addHandler(theirs)
    logging_to(StringIO())
    logging_to(StringIO())
    logger.info("hello")
    assert theirs in logging.root.handlers
    assert theirs.stream.getvalue() == "hello\n"


def test_who_waits_for_a_command_sees_our_lines_and_no_events_of_libraries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    set_up_plainly(logging.INFO)
    logger.info("Found 3 items")
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/?apikey=1")
    logging.getLogger("stamina").info("stamina.retry_scheduled")
    assert stream.getvalue() == "INFO Found 3 items\n"


@pytest.mark.parametrize("format_", ["text", "journal", "json"])
def test_a_secret_is_in_no_line_from_the_moment_it_is_made(format_: str) -> None:
    """Nobody told the log of it: neither the configuration, nor whoever logs."""
    secret = "no-key-of-anybody/at+all"
    SecretStr(secret)

    def tell() -> None:
        try:
            int(f"GET http://h/?key={secret}")
        except ValueError:
            logger.exception("failed with %s", secret, extra={"place": [secret]})
        logger.debug("sent %s", {"Authorization": f"Bearer {secret}"}, stack_info=True)

    lines = "\n".join(logged(format_, tell))
    assert "***" in lines
    assert "Traceback" in lines
    for form in (secret, secret.replace("/", "%2F"), json.dumps(secret)[1:-1]):
        assert form not in lines


def test_a_traceback_that_nobody_caught_has_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    SecretStr("no-key-of-anybody")
    try:
        int("no-key-of-anybody")
    except ValueError as error:
        cli._tell(error)
    said = capsys.readouterr().err
    assert "ValueError: invalid literal" in said
    assert "no-key-of-anybody" not in said
