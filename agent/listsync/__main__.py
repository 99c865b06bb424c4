"""Lets `python -m listsync` do what `listsync` does."""

from __future__ import annotations

from listsync.cli import main

if __name__ == "__main__":
    main()
