"""Records that several threads make first, in a process of their own."""

from __future__ import annotations

import subprocess
import sys


def test_threads_that_make_the_first_record_at_once_all_get_theirs() -> None:
    script = """
import sys, threading
from listsync.domain.media import MediaType, TitleKey
sys.setswitchinterval(1e-6)
start, made = threading.Barrier(8), []
def make(number):
    start.wait(30)
    made.append(TitleKey(MediaType.MOVIE, number))
threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join(30)
print(len({one.tmdb_id for one in made} & set(range(8))), len(set(made)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "8 8\n"
