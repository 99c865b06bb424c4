"""Numbers of the API: statuses of media and of requests, permission bits."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Status(IntEnum):
    """Of a title, for each definition. 6 and 7 exist in Jellyseerr and Seerr only."""

    UNKNOWN = 1
    PENDING = 2
    PROCESSING = 3
    PARTIAL = 4
    AVAILABLE = 5
    BLOCKLISTED = 6
    DELETED = 7


class RequestStatus(IntEnum):
    """Of a request; COMPLETED exists in Jellyseerr and Seerr only."""

    PENDING = 1
    APPROVED = 2
    DECLINED = 3
    FAILED = 4
    COMPLETED = 5


class Permission(IntFlag):
    """What a user may do; ADMIN may everything."""

    NONE = 0
    ADMIN = 2
    MANAGE_USERS = 8
    MANAGE_REQUESTS = 16
    REQUEST = 32
    AUTO_APPROVE = 128
    AUTO_APPROVE_MOVIE = 256
    AUTO_APPROVE_TV = 512
    REQUEST_4K = 1024
    REQUEST_4K_MOVIE = 2048
    REQUEST_4K_TV = 4096
    REQUEST_VIEW = 16384
    AUTO_APPROVE_4K = 32768
    AUTO_APPROVE_4K_MOVIE = 65536
    AUTO_APPROVE_4K_TV = 131072
    REQUEST_MOVIE = 262144
    REQUEST_TV = 524288
    MANAGE_BLOCKLIST = 268435456
    VIEW_BLOCKLIST = 1073741824
