"""Keeps Overseerr, Jellyseerr and Seerr in step with the lists you follow.

`trigger_sync` has agents sync that listen at a PostgreSQL; it is loaded when it is used.
"""

from __future__ import annotations

__all__ = ["TriggerNotSentError", "__version__", "trigger_sync"]
__version__ = "0.1.0"

TYPE_CHECKING = False  # that of `typing` would be imported by every command
if TYPE_CHECKING:
    from listsync.postgres.sender import TriggerNotSentError, trigger_sync
else:

    def __getattr__(name: str) -> object:
        if name in __all__:
            from listsync.postgres import sender  # noqa: PLC0415 - see above

            return getattr(sender, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
