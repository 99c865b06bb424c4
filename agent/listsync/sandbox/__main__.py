"""`python -m listsync.sandbox`: serve a request server to try things on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from listsync.process.guard import attach
from listsync.sandbox import control_api
from listsync.sandbox.app import SandboxStart, serve
from listsync.sandbox.server_model import PRODUCTS


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until interrupted; *arguments* are those of the command line by default."""
    start = SandboxStart(**vars(_parser().parse_args(arguments)))
    if start.attached:
        attach()
    try:
        asyncio.run(serve(start))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as problem:
        sys.exit(f"cannot listen on {start.host}:{start.port}: {problem}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m listsync.sandbox",
        description=__doc__,
        epilog=control_api.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--product", choices=PRODUCTS, default="seerr", help="whom to behave like")
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=5055, help="port to listen on; 0 picks a free one")
    add("--api-key", default="", help="key to accept; a random one by default")
    add("--latency-ms", type=float, default=0, help="how long every answer takes at least")
    add(
        "--state", type=_file, help="file to keep everything in, so that a restart changes nothing"
    )
    add("--titles", type=_count, default=0, help="how many invented films to add")
    add("--library", type=_count, default=0, help="how many titles are available at first")
    add("--attached", action="store_true", help="end when standard input ends")
    return parser


def _file(text: str) -> Path:
    path = Path(text)
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"no such directory: {path.parent}")
    return path


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 999_999:
        raise argparse.ArgumentTypeError("must be from 0 to 999999")
    return number


if __name__ == "__main__":
    main()
