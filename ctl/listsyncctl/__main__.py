"""The start of `listsyncctl`, and of `python -m listsyncctl`."""

from __future__ import annotations

import gc
from typing import NoReturn


def main() -> NoReturn:
    """Load the command line without looking for garbage, and run it; see `cli.main`.

    What a program consists of is none, and the searches while it loads and at its end would take
    a sixth of all the time of a short command.
    """
    gc.disable()
    from listsyncctl.cli import main as run  # noqa: PLC0415 - see above

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
