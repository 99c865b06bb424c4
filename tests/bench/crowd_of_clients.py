"""Clients of the HTTP transport, as a process: `PORT TOKEN`; they go on until standard input ends.

Says "ready" when all are there; at the end how long progress was waited for in seconds, 99th
percentile, then the health, and how much of one core it took itself.
Standard library only, so that it takes little of the machine.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time

LISTENERS, PER_SECOND = 100, 200
HEALTH_PER_SECOND = 10


def listen(port: int, token: str, is_there: threading.Semaphore) -> None:
    """Read events until the server stops; *is_there* is told of the first."""
    head = f"GET /ui/live HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {token}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head.encode())
        client.recv(65536)
        is_there.release()
        while client.recv(65536):
            pass


class Asker(threading.Thread):
    """Asks for something so often in a second, and notes how long each answer took."""

    def __init__(self, path: str, per_second: int, port: int, token: str) -> None:
        super().__init__()
        self._ask = (path, per_second, port, token)
        self._done = threading.Event()
        self._waits: list[float] = []

    def run(self) -> None:
        self._waits = ask(*self._ask, self._done)

    def late(self) -> float:
        """End, and give the 99th percentile."""
        self._done.set()
        self.join()
        return self._waits[int(len(self._waits) * 0.99)]


def ask(path: str, per_second: int, port: int, token: str, done: threading.Event) -> list[float]:
    """Ask so often in a second; gives how long each took, the longest last."""
    asking = http.client.HTTPConnection("127.0.0.1", port)
    waits, due = [], time.monotonic()
    while not done.is_set():
        began = time.monotonic()
        asking.request("GET", path, headers={"X-Api-Key": token})
        asking.getresponse().read()
        waits.append(time.monotonic() - began)
        due = max(due + 1 / per_second, time.monotonic() - 0.5)
        time.sleep(max(0.0, due - time.monotonic()))
    return sorted(waits)


def main() -> None:
    """Be all of them."""
    port, token, is_there = int(sys.argv[1]), sys.argv[2], threading.Semaphore(0)
    for _ in range(LISTENERS):
        threading.Thread(target=listen, args=(port, token, is_there), daemon=True).start()
    for _ in range(LISTENERS):
        is_there.acquire()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    began, used = time.monotonic(), time.process_time()
    askers = (
        Asker("/sync/progress", PER_SECOND, port, token),
        Asker("/healthz", HEALTH_PER_SECOND, port, token),
    )
    for one in askers:
        one.start()
    sys.stdin.read()
    lates = [one.late() for one in askers]
    share = (time.process_time() - used) / (time.monotonic() - began)
    sys.stdout.write(f"{lates[0]} {lates[1]} {share}\n")


if __name__ == "__main__":
    main()
