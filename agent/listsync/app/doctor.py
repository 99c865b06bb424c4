"""`listsync doctor`: looks at all that a sync needs, side by side, and changes nothing.

Each check is bounded in time and says what it found in results; one that takes too long, or fails
in an unforeseen way, is a result too. What is said holds no secret: people show it to others.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from listsync.app.live_check import (
    Finding,
    LiveCheck,
    Mark,
    kinds_in,
    open_check,
    read_all,
    rows_of,
)
from listsync.app.live_check import not_reached as finding_of
from listsync.app.wiring import open_lists
from listsync.cancellation import CancelToken
from listsync.config.configuration import Config, secrets_of
from listsync.domain.media import MediaType
from listsync.domain.run_messages import advice_on
from listsync.errors import ListsyncError, RefusedError, UnavailableError
from listsync.lean_dataclasses import dataclass
from listsync.redaction import proxy_logins, redactor_of, with_marks
from listsync.sync.fetch_lists import Reading
from listsync.terminal.output import span


class CheckState(StrEnum):
    """How something stands. SKIPPED: it could not be tried, for a reason that is told before."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found; *check* is its name for programs, and stays what it is."""

    check: str
    state: CheckState
    text: str
    advice: str = ""
    subject: str = ""
    """Which one of several, such as a list."""


@dataclass(slots=True)
class Patient:
    """What is looked at; `config` None: there is none that is valid."""

    config_path: Path | None
    state_dir: Path | None
    sockets: tuple[Path, ...]
    environ: Mapping[str, str]
    config: Config | None = None
    kinds: dict[str, frozenset[MediaType]] = field(default_factory=dict)
    """Of the titles in each list, as far as they were read when *lists_are_read*."""
    lists_are_read: threading.Event = field(default_factory=threading.Event)
    agent_place: Path | None = None
    """Where an agent answered."""
    agent_status: Mapping[str, object] = field(default_factory=dict)

    def redacted(self, result: CheckResult) -> CheckResult:
        """Take out of a result what nobody else may read."""
        secrets = proxy_logins() if self.config is None else secrets_of(self.config)
        redactor = redactor_of(secrets)

        def clean(text: str) -> str:
            return with_marks(redactor.text(text))

        return replace(
            result,
            text=clean(result.text),
            advice=clean(result.advice),
            subject=clean(result.subject),
        )


Look = Callable[[Patient, CancelToken], Iterable[CheckResult]]


@dataclass(frozen=True, slots=True)
class BoundedCheck:
    """One check; *needs_config*: without a valid configuration it is not tried."""

    name: str
    look: Look
    seconds: float = 10.0
    needs_config: bool = False


_LET_GO_S = 3.0
"""How long a check that was broken off may take to put things in order."""


class RunningCheck:
    """A check that runs in a thread of its own, which may be left behind."""

    def __init__(self, check: BoundedCheck, patient: Patient) -> None:
        self._check = check
        self._patient = patient
        self._token = CancelToken()
        self._found: list[CheckResult] = []
        self._until = time.monotonic() + check.seconds
        name = f"listsync-doctor-{check.name}"
        self._thread = threading.Thread(target=self._look, name=name, daemon=True)
        self._thread.start()

    def results(self) -> Iterator[CheckResult]:
        """Wait for the end, or till the time is over; give what was found."""
        self._thread.join(max(0.0, self._until - time.monotonic()))
        is_late = self._thread.is_alive()
        yield from (self._patient.redacted(one) for one in tuple(self._found))
        if is_late:
            self.leave()
            text = f"there is no end to it after {self._check.seconds:g} s"
            advice = "try again; if it stays so, what it looks at hangs: a disk, the network"
            yield CheckResult(self._check.name, CheckState.FAILED, text, advice)

    def leave(self) -> None:
        """Break it off, and give it a moment to put things in order."""
        self._token.set()
        self._token.cut()
        self._thread.join(_LET_GO_S)

    def _look(self) -> None:
        name = self._check.name
        try:
            for one in self._check.look(self._patient, self._token):
                self._found.append(one)
        except ListsyncError as error:
            self._found.append(CheckResult(name, CheckState.FAILED, str(error)))
        except OSError as error:
            self._found.append(CheckResult(name, CheckState.FAILED, _words_of(error)))
        except Exception as error:  # noqa: BLE001 - the others go on
            text = f"a fault in listsync itself: {type(error).__name__}"
            self._found.append(CheckResult(name, CheckState.FAILED, text, "please report it"))


def _words_of(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}"


def examine(patient: Patient, stages: Iterable[Iterable[BoundedCheck]]) -> Iterator[CheckResult]:
    """Carry out the checks of each stage side by side; give what they found in their order."""
    for stage in stages:
        checks = list(stage)
        running = [
            RunningCheck(one, patient) if patient.config or not one.needs_config else None
            for one in checks
        ]
        try:
            for check, one in zip(checks, running, strict=True):
                yield from _skipped(check) if one is None else one.results()
        except BaseException:
            for left in filter(None, running):
                left.leave()
            raise


def _skipped(check: BoundedCheck) -> Iterator[CheckResult]:
    text = "not tried: there is no valid configuration"
    yield CheckResult(check.name, CheckState.SKIPPED, text)


def result_of(found: Iterable[CheckResult]) -> CheckState:
    """Say how all stands together: as the worst of it."""
    states = {one.state for one in found}
    worst_first = (CheckState.FAILED, CheckState.WARNING)
    return next((one for one in worst_first if one in states), CheckState.OK)


# -- the request server, and every list ----------------------------------------------------

_OK, _WARNING, _FAILED = CheckState.OK, CheckState.WARNING, CheckState.FAILED
_STATES = {Mark.OK: _OK, Mark.NOT_CHECKED: _OK, Mark.WRONG: _FAILED, Mark.FAILED: _FAILED}
_AWRY_S = 60.0
LISTS_S = 90.0
_REACH = (
    "is it running, and is server.url right? A browser on this machine must be able to open it"
)
_KEY = "copy the API key from the server's general settings into server.api_key"


def lists(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Read every list, and tell how many titles it has or why not."""
    config, state_dir = patient.config, patient.state_dir
    if config is None or state_dir is None:
        return
    if not config.lists and not config.transfers.is_on:
        yield CheckResult("list", _WARNING, "no list is followed", "name one under `lists`")
    try:
        for reading in read_all(config, state_dir, token):
            if reading.fetched is not None:
                patient.kinds[reading.rules.source] = kinds_in(reading)
            yield _of_reading(reading)
    finally:
        patient.lists_are_read.set()


_FEW_LEFT = 0.05


def accounts(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Ask MDBList how much its account may still ask today, where lists are read with one."""
    config, state_dir = patient.config, patient.state_dir
    if config is None or state_dir is None:
        return
    if not any(one.service == "mdblist" and one.rules.is_enabled for one in config.lists):
        return
    from listsync.providers.mdblist.reader import MdbList  # noqa: PLC0415 - of these lists alone

    with open_lists(config, state_dir, token) as found:
        one = next((one.provider for one in found if isinstance(one.provider, MdbList)), None)
        account = one.account() if one is not None else None
    if account is None or account.left is None or account.api_requests is None:
        return
    text = f"{account.left:,} of {account.api_requests:,} requests are left today"
    is_little = account.left < _FEW_LEFT * account.api_requests
    state = _WARNING if is_little else _OK
    yield CheckResult("account", state, text, _ASK_LESS if is_little else "", "mdblist")


_ASK_LESS = (
    "other programs may use the same key; give its lists a longer `every`, so that some are left"
)


def _of_reading(reading: Reading) -> CheckResult:
    rules, name = reading.rules, reading.rules.name
    if reading.outcome.whole:
        but = f"; {reading.why}" if reading.why else ""
        return CheckResult("list", _OK, f"read {rows_of(reading)}{but}", subject=name)
    state = _WARNING if reading.fetched is not None else _FAILED
    text = f"{reading.outcome.value.replace('_', ' ')}: {reading.why}".rstrip(": ")
    return CheckResult("list", state, text, advice_on(rules.service, reading.outcome), name)


def server(patient: Patient, token: CancelToken) -> Iterator[CheckResult]:
    """Ask the server who it is, whether it knows the key and the users, and how late it is."""
    config, state_dir = patient.config, patient.state_dir
    if config is None or state_dir is None:
        return
    if not config.has_server:
        feeds = ", lists are read for their feeds" if config.lists else ""
        text = f"none is named: nothing is requested{feeds}"
        yield CheckResult("server", _OK, text)
        return
    try:
        with open_check(config, state_dir, keep=False, token=token) as check:
            yield _reached(check.reach())
            if check.is_reached:
                yield from _clock(check)
                yield from _users(check)
                patient.lists_are_read.wait(LISTS_S)
                yield from _rights(check, patient)
    except (RefusedError, UnavailableError) as error:
        yield _reached(finding_of(error))


def _reached(finding: Finding) -> CheckResult:
    advice = {Mark.WRONG: _KEY, Mark.FAILED: _REACH}.get(finding.mark, "")
    return CheckResult("server", _STATES[finding.mark], finding.words, advice)


def _clock(check: LiveCheck) -> Iterator[CheckResult]:
    there = check.clock()
    if there is None:
        return
    apart_s = (datetime.now(UTC) - there).total_seconds()
    if abs(apart_s) < _AWRY_S:
        yield CheckResult("clock", _OK, "agrees with the server's", subject="server")
        return
    way = "ahead of" if apart_s > 0 else "behind"
    text = f"this machine is {span(abs(apart_s))} {way} the server"
    yield CheckResult("clock", _WARNING, text, "keep both right with NTP", "server")


def _users(check: LiveCheck) -> Iterator[CheckResult]:
    found = [
        replace(one, subject=one.subject.removeprefix("user of "))
        for one in _results("user", check.users())
    ]
    text = "titles are requested as the owner of the key"
    yield from found or [CheckResult("user", _OK, text)]


def _rights(check: LiveCheck, patient: Patient) -> Iterator[CheckResult]:
    kinds = patient.kinds
    found = [
        *_results("rights", check.rights(kinds)),
        *_results("rights", check.qualities(kinds)),
        *_results("filters", check.filters()),
        *_results("services", check.names(check.named(kinds), ask_arr=False)),
    ]
    yield from found
    if not any(one.check == "rights" for one in found):
        yield CheckResult("rights", _OK, "what the lists hold may be requested")


def _results(name: str, findings: Iterable[Finding]) -> Iterator[CheckResult]:
    for one in findings:
        words = one.words or "is there"
        yield CheckResult(name, _STATES[one.mark], words, one.advice, one.subject)
