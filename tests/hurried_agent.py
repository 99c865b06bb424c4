"""`listsync` whose pauses between two tries are over in moments instead of minutes, hours or days.

So what recovers by itself can be waited for. Started as a script, with a `KEEPER` in the
environment, it works on the small disk of that process.
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta

from listsync.domain.history import ListRow
from listsync.notify import notifier
from listsync.store import messages
from listsync.sync import list_backoff
from listsync.transfers import mounts, retries, scans
from listsync.triggers.schedule import retry_backoff
from tests.small_disk import KEEPER, join

_PAUSE_S = 0.5
_PAUSE = timedelta(seconds=_PAUSE_S)
_DAY = _PAUSE / timedelta(days=1)


def hurry() -> None:
    """Shorten all pauses but those that others ask for."""
    notifier._PAUSES_S = notifier._REFUSED_PAUSES_S = scans._PAUSES_S = (_PAUSE_S,)  # type: ignore[assignment]
    scans._BLOCKED_S = mounts._USUAL_S = mounts._TROUBLED_S = mounts._FRESH_S = _PAUSE_S
    messages._GUARD = _PAUSE
    retries._PAUSES = retries._SOURCE_PAUSES = (_PAUSE,)  # type: ignore[assignment]
    retries.BLOCKED = _PAUSE
    list_backoff._FIRST.update(dict.fromkeys(list_backoff._FIRST, _PAUSE))
    list_backoff._FIRST_REFUSED = list_backoff._LONGEST = _PAUSE
    list_backoff._RETRY_DAYS = (_DAY,)  # type: ignore[assignment]
    ListRow.asked_again_at = property(lambda row: row.retry_at)  # type: ignore[assignment, method-assign]
    retry_backoff._STEPS = (_PAUSE,) * len(retry_backoff._STEPS)


if __name__ == "__main__":
    from listsync.cli import main

    if KEEPER in os.environ:
        join(int(os.environ[KEEPER]))
    hurry()
    sys.argv[0] = "listsync"
    main()
