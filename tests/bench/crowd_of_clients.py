"""Clients of the HTTP transport, as a process: `PORT TOKEN`; they go on until standard input ends.

Says "ready" when all are there, at the end how often progress was asked for, the median wait
and its 99th percentile in seconds, and how much of one core it took itself.
Standard library only, so that it takes little of the machine.
"""

from __future__ import annotations

import http.client
import socket
import sys
import threading
import time

LISTENERS, PER_SECOND = 100, 200


def listen(port: int, token: str) -> None:
    """Read events until the server stops."""
    head = f"GET /ui/live HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {token}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(head.encode())
        while client.recv(65536):
            pass


def ask(port: int, token: str, done: threading.Event) -> list[float]:
    """Ask for the progress so often in a second; gives how long each took."""
    asking = http.client.HTTPConnection("127.0.0.1", port)
    waits, due = [], time.monotonic()
    while not done.is_set():
        began = time.monotonic()
        asking.request("GET", "/sync/progress", headers={"X-Api-Key": token})
        asking.getresponse().read()
        waits.append(time.monotonic() - began)
        due = max(due + 1 / PER_SECOND, time.monotonic() - 0.5)
        time.sleep(max(0.0, due - time.monotonic()))
    return sorted(waits)


def _await_end(done: threading.Event) -> None:
    sys.stdin.read()
    done.set()


def main() -> None:
    """Be all of them."""
    port, token, done = int(sys.argv[1]), sys.argv[2], threading.Event()
    for _ in range(LISTENERS):
        threading.Thread(target=listen, args=(port, token), daemon=True).start()
    threading.Thread(target=_await_end, args=(done,), daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    began, used = time.monotonic(), time.process_time()
    waits = ask(port, token, done)
    share = (time.process_time() - used) / (time.monotonic() - began)
    late = waits[int(len(waits) * 0.99)]
    sys.stdout.write(f"{len(waits)} {waits[len(waits) // 2]} {late} {share}\n")


if __name__ == "__main__":
    main()
