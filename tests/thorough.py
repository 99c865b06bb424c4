"""How often what is drawn at random is tried: a few times in each run, many by `make chaos`."""

from __future__ import annotations

import os

IS_THOROUGH = bool(os.environ.get("THOROUGH"))


def tries(few: int, many: int) -> int:
    return many if IS_THOROUGH else few
