"""Who calls, by the peer's credentials, and what that user may do."""

from __future__ import annotations

import os
import pwd
import struct

from listsync.lean_dataclasses import dataclass
from listsync.protocol import Access, Reason, RefusedCommand

_PACKED = struct.Struct("3Q")


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end, as the kernel said when it connected."""

    uid: int
    gid: int
    pid: int

    def packed(self) -> bytes:
        """Give it as bytes, for `unpacked`."""
        return _PACKED.pack(self.uid, self.gid, self.pid)

    @staticmethod
    def unpacked(data: bytes) -> Peer:
        return Peer(*_PACKED.unpack(data))


def permit(peer: Peer, access: Access, group: int | None) -> None:
    """Raise RefusedCommand unless *peer* may: root and owner all, the group may read."""
    if peer.uid in {0, os.geteuid()}:
        return
    if access is Access.READ and group is not None and group in _groups(peer):
        return
    owner = _name(os.geteuid())
    what = "look" if access is Access.READ else "control it"
    raise RefusedCommand(
        Reason.FORBIDDEN,
        f"user {_name(peer.uid)} may not {what}: the agent runs as {owner}; use `sudo -u {owner}`",
    )


def _groups(peer: Peer) -> set[int]:
    try:
        user = pwd.getpwuid(peer.uid)
    except KeyError:
        return {peer.gid}
    return {peer.gid, *os.getgrouplist(user.pw_name, user.pw_gid)}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
