"""Shapes that several threads read for the first time at once, in a process of their own."""

from __future__ import annotations

import subprocess
import sys

_AT_ONCE = """
import sys, threading
from dataclasses import make_dataclass
from msgspec import defstruct
from listsync.parsing.decoding import decode

sys.setswitchinterval(1e-6)
fields = [(f"f{number}", int | None, None) for number in range(10)]
for turn in range(int(sys.argv[1])):
    make = (defstruct, make_dataclass)[turn % 2]
    parts = [(f"x{part}", make(f"Part{part}", fields) | None, None) for part in range(6)]
    shape = make("Whole", parts)
    start = threading.Barrier(4)
    def read():
        start.wait()
        decode('{"x0": {"f0": 1}, "x5": {"f9": 3}}', shape)
    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_may_read_a_shape_for_the_first_time_at_once() -> None:
    """What msgspec keeps of a type half learnt ended the process by SIGSEGV."""
    done = subprocess.run([sys.executable, "-c", _AT_ONCE, "40"], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
