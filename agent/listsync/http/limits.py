"""How much of a response is read: unpacked, bounded, and what is large one at a time."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from listsync.cancellation import CancelToken

_PLAIN = ("", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32  # by its head


class BodyError(Exception):
    """The body of a response cannot be had; the text says why, after "its answer"."""


class TooLargeError(BodyError):
    """There is more of it than we read."""


class PackingError(BodyError):
    """It cannot be unpacked."""


class CutOffError(BodyError):
    """It ends too early."""


def plain_pieces(pieces: Iterable[bytes], coding: str, limit_bytes: int) -> Iterator[bytes]:
    """Yield the body unpacked, as its `Content-Encoding` says (decompression bombs).

    Raises:
        BodyError: it is too large, or cannot be read.
    """
    coding = coding.strip().lower()
    if coding in _PACKED:
        pieces = _unpacked(pieces, limit_bytes)
    elif coding not in _PLAIN:
        raise PackingError("comes in a packing that we did not ask for")
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > limit_bytes:
            raise TooLargeError(f"is larger than {_in_words(limit_bytes)}")
        yield piece


def _unpacked(pieces: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    """Unpack all that comes: a body may be several packed parts in a row (RFC 1952, 2.2)."""
    unpacking = None
    for piece in pieces:
        rest = piece
        while rest:
            if unpacking is None or unpacking.eof:
                unpacking = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
            try:
                # One byte over the limit is enough: the reader stops there, the rest stays packed.
                yield unpacking.decompress(rest, limit_bytes + 1)
            except zlib.error as error:
                raise PackingError("comes in a packing that cannot be undone") from error
            rest = unpacking.unused_data
    if unpacking is not None and not unpacking.eof:
        raise CutOffError("is cut off")


def _in_words(limit_bytes: int) -> str:
    mib = limit_bytes / 1024**2
    return f"{mib:g} MiB" if mib >= 1 else "its limit"


LARGE_BYTES = 256 * 1024
"""Of a list that comes whole: from so many on it may have tens of thousands of rows."""
_LOOK_AGAIN_S = 0.05
_ONE = threading.Lock()


class Turn:
    """A turn to hold something large, taken when it proves to be so."""

    def __init__(self) -> None:
        self._is_mine = False

    def take(self, token: CancelToken, seconds: float) -> bool:
        """Wait until nobody else has it; False when that takes too long, or the run is over."""
        left = seconds
        while not self._is_mine:
            self._is_mine = _ONE.acquire(blocking=False)
            if self._is_mine:
                break
            if left <= 0 or token.wait(_LOOK_AGAIN_S):
                return False
            left -= _LOOK_AGAIN_S
        return True

    def end(self) -> None:
        if self._is_mine:
            self._is_mine = False
            _ONE.release()


@contextmanager
def turn() -> Iterator[Turn]:
    """Give a turn that ends with the block."""
    one = Turn()
    try:
        yield one
    finally:
        one.end()
