"""What stops a command, with the exit code and one line that says what to do."""

from __future__ import annotations

from listsync.protocol import Code, Exit

_EXITS = {
    Code.INVALID_PARAMS: Exit.USAGE,
    Code.EXPIRED: Exit.NO_ANSWER,
    Code.FORBIDDEN: Exit.FORBIDDEN,
    Code.BUSY: Exit.BUSY,
    Code.PAUSED: Exit.PAUSED,
    Code.CONFIG_INVALID: Exit.CONFIG,
}


class TroubleError(Exception):
    """The command ends here; *message* is one line for a person, *code* the agent's, if any."""

    def __init__(self, exit_: Exit, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.exit = exit_
        self.message = " ".join(message.split())
        self.code = code


def refusal(code: int, message: str) -> TroubleError:
    """Turn the agent's error reply into trouble."""
    known = next((exit_ for one, exit_ in _EXITS.items() if one == code), Exit.FAILED)
    return TroubleError(known, message, code)


def not_understood(method: str, field: str) -> TroubleError:
    """Say that *field* of the reply to *method* is not what it should be."""
    return TroubleError(
        Exit.FAILED,
        f"the agent answered something this listsyncctl does not understand ({field} of "
        f"{method}): are they of one version? See `listsyncctl version`",
    )
