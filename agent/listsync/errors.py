"""What can go wrong, named by what happens next (one root: `ListsyncError`)."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from listsync.lean_dataclasses import dataclass
from listsync.text_cleaning import one_line


class ListsyncError(Exception):
    """Root of everything that listsync raises on purpose."""

    def reword(self, words: Callable[[str], str]) -> None:
        """Put *words* of each of its texts in the text's place."""
        self.args = tuple(words(one) if isinstance(one, str) else one for one in self.args)
        for name in ("why", "sample"):
            if hasattr(self, name):
                setattr(self, name, words(getattr(self, name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong in the configuration; line and column count from 1."""

    file: str
    what: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Render as `file:line:column: what is wrong, what was expected`."""
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        return f"{place}: {self.what}"


class ConfigError(ListsyncError):
    """The configuration cannot be used: print every problem, exit 78 (reload: keep the old)."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class NoConfigurationError(ConfigError):
    """There is no configuration at all; `places` says of each that was looked at what is there."""

    def __init__(self, problem: Problem, places: tuple[tuple[str, str], ...]) -> None:
        super().__init__((problem,))
        self.places = places


class BeingWrittenError(ListsyncError):
    """A program still writes a file that is to be read: look again when it has closed it."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is being written: it is read when the program that writes it has closed it"
        )
        self.path = path


class UnavailableError(ListsyncError):
    """Nothing answers, or not usefully: keep what we have, try at the next run."""

    def __init__(self, service: str, why: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{service}: {why}")
        self.service = service
        self.why = why
        self.retry_after_s = retry_after_s


class UnreachableError(UnavailableError):
    """Nothing is there to answer: said in a few words, as no answer tells more."""


class NotTakenError(UnavailableError):
    """A request was answered with a failure that names no known reason.

    What it was made with may be out of date.
    """


class Refusal(StrEnum):
    """Why a service says no; the value is what `--json` prints."""

    NOT_FOUND = "not_found"
    PRIVATE = "private"
    CREDENTIAL = "credential"
    SUBSCRIPTION = "subscription"
    PERMISSION = "permission"
    RATE_LIMITED = "rate_limited"
    QUOTA = "quota"
    BLOCKED = "blocked"


class RefusedError(ListsyncError):
    """The service says no: tell the user once, look again rarely (blocked, quota: back off)."""

    def __init__(
        self, service: str, kind: Refusal, why: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{service}: {why}")
        self.service = service
        self.kind = kind
        self.why = why
        self.retry_after_s = retry_after_s


class ResponseChangedError(ListsyncError):
    """The answer is not of the known shape: keep what we have, go on with other lists.

    *sample* is a trimmed piece of the answer, for the log.
    """

    def __init__(self, service: str, why: str, *, sample: str = "") -> None:
        super().__init__(f"{service}: {why}")
        self.service = service
        self.why = why
        self.sample = sample


class UndeliverableError(ListsyncError):
    """A target of notifications can never take this message: give it up, go on with the next."""


class SecretError(ListsyncError):
    """A secret cannot be read or kept: say why; nothing goes on with another, or without one."""


class StateError(ListsyncError):
    """The state file cannot be used: say what to do with it, request nothing."""


class DamagedStateError(StateError):
    """The state file is damaged, or not ours: set it aside, go on with a backup, on hold."""

    def __init__(self, path: object, why: str) -> None:
        why = one_line(why)
        super().__init__(
            f"{path} is damaged ({why}); `listsync run` and `listsync once` set it aside and go "
            "on with the newest good backup"
        )
        self.why = why


class NewerStateError(StateError):
    """A newer listsync wrote the state: exit 78, another start would not help.

    `has_our_tables`: nothing but the number of its schema says so.
    """

    def __init__(self, what: str, *, has_our_tables: bool) -> None:
        super().__init__(what)
        self.has_our_tables = has_our_tables


class NotSharedError(UnavailableError):
    """The other agents cannot be told what is about to be requested: end the run, try again."""


class LeaseLostError(ListsyncError):
    """Another agent leads the fleet, or may by now: end the run, request nothing more."""


class BusyError(ListsyncError):
    """Another listsync works on this state already: exit 5."""


def root_of(error: BaseException) -> BaseException:
    """Find what a library's error came from, mostly the operating system's."""
    while (below := error.__cause__ or error.__context__) is not None:
        error = below
    return error
