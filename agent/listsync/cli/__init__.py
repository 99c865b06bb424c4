"""The `listsync` command."""

from __future__ import annotations


def main() -> None:
    """Run the command line; imports what it needs only now."""
    from listsync.cli.commands import listsync  # noqa: PLC0415 - `import listsync.cli` stays cheap

    listsync(prog_name="listsync")
