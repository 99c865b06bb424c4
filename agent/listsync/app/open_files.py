"""How many files the process may have open."""

from __future__ import annotations

import resource
from contextlib import suppress

from listsync.errors import ConfigError, Problem

_NEEDED = 64
"""What an agent gets by with: 22 when idle, a crowd of clients, and a sync of many lists."""


def raise_limit() -> None:
    """Raise the soft limit to the hard one; raises ConfigError if that is too low."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    if soft != resource.RLIM_INFINITY and soft < _NEEDED:
        what = (
            f"at most {soft} may be open, the agent needs {_NEEDED}: raise the hard limit, with "
            "`ulimit -n` in a shell, LimitNOFILE= in a unit, or --ulimit in Docker"
        )
        raise ConfigError((Problem(file="limit of open files", what=what),))
