"""Runs a command and notes what it cost: `python -m tests.bench.measure FILE COMMAND [ARG ...]`.

A small process between the bench and what it measures: what the system counts as the peak memory
of a process begins with that of the process which started it, and survives its exec.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Run the command; write `cpu_s` and `peak_mb` to the file, and exit as it did."""
    file, *command = sys.argv[1:]
    pid = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    cost = {"cpu_s": usage.ru_utime + usage.ru_stime, "peak_mb": usage.ru_maxrss / 1024}
    Path(file).write_text(json.dumps(cost), encoding="utf-8")
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
