"""`listsync backup`: a copy of a state that no agent works on."""

from __future__ import annotations

from pathlib import Path

from listsync.errors import BusyError, StateError
from listsync.store.backup import write_backup
from listsync.store.database import FILE_NAME, copy_as_it_is
from listsync.store.integrity import must_have_log, note_between
from listsync.store.state_folder import locked


def back_up(state_dir: Path, file: Path) -> int:
    """Write a backup of the state in *state_dir* to *file*; returns its size.

    Raises:
        BusyError: another listsync works on the state.
        StateError: there is no state, or no backup can be written.
    """
    if not (state_dir / FILE_NAME).is_file():
        raise StateError(f"there is no state in {state_dir}: look at --state-dir")
    try:
        with locked(state_dir):
            if must_have_log(state_dir / FILE_NAME):
                note_between(state_dir / FILE_NAME)  # reading it folds the log in
            return write_backup(file, lambda new: copy_as_it_is(state_dir, new))
    except BusyError as error:
        raise BusyError(f"{error}: if it is the agent, use `listsyncctl backup FILE`") from None
    except OSError as error:
        raise StateError(f"cannot write {file}: {error.strerror or error}") from error
