"""A backup: begun by the agent, and waited for."""

from __future__ import annotations

import os
import time
from typing import Any

from listsync.interrupts import raised
from listsync.protocol import Exit
from listsyncctl.session import Session
from listsyncctl.trouble import TroubleError

_FIRST_LOOK_S = 0.02
_LOOK_S = 0.5


def back_up(session: Session, file: str) -> dict[str, Any]:
    """Let the agent write a backup to *file* and wait for it; raises TroubleError."""
    # Relative to where we are, and not to where the agent is.
    done = session.ask("backup", {"file": os.path.abspath(file)})  # noqa: PTH100 - start-up time
    pause_s = _FIRST_LOOK_S
    try:
        with raised():
            while done.get("state") == "running":
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _LOOK_S)
                done = session.ask("backup_result", {"id": done.get("id")})
    except KeyboardInterrupt:
        raise TroubleError(
            Exit.INTERRUPTED, f"detached: the agent goes on writing {done.get('file')}"
        ) from None
    if done.get("state") != "done":
        raise TroubleError(Exit.FAILED, str(done.get("why") or "no backup was made"))
    return done
