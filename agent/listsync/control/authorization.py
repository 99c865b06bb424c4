"""Who calls, by the peer's credentials, and what that user may do."""

from __future__ import annotations

import os
import pwd
import struct
from dataclasses import dataclass

from listsync.protocol import Access, Reason, RefusedCommand

_PACKED = struct.Struct("3Q")


@dataclass(frozen=True, slots=True)
class Caller:
    """The process at the other end, as the kernel said when it connected."""

    uid: int
    gid: int
    pid: int

    def packed(self) -> bytes:
        """Give it as bytes, for `unpacked`."""
        return _PACKED.pack(self.uid, self.gid, self.pid)

    @staticmethod
    def unpacked(data: bytes) -> Caller:
        return Caller(*_PACKED.unpack(data))


def permit(caller: Caller, access: Access, group: int | None) -> None:
    """Raise RefusedCommand unless *caller* may: root and owner all, the group may read."""
    if caller.uid in {0, os.geteuid()}:
        return
    if access is Access.READ and group is not None and group in _groups(caller):
        return
    owner = _name(os.geteuid())
    what = "look" if access is Access.READ else "control it"
    raise RefusedCommand(
        Reason.FORBIDDEN,
        f"user {_name(caller.uid)} may not {what}: the agent runs as {owner}; "
        f"use `sudo -u {owner}`",
    )


def _groups(caller: Caller) -> set[int]:
    try:
        user = pwd.getpwuid(caller.uid)
    except KeyError:
        return {caller.gid}
    return {caller.gid, *os.getgrouplist(user.pw_name, user.pw_gid)}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
