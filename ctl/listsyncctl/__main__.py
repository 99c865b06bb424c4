"""Lets `python -m listsyncctl` do what `listsyncctl` does."""

from __future__ import annotations

from listsyncctl.cli import main

if __name__ == "__main__":
    main()
