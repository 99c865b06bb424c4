"""How often what is drawn at random is tried: many times by `make chaos` and `make fuzz`."""

from __future__ import annotations

import os

IS_THOROUGH = bool(os.environ.get("THOROUGH"))


def tries(few: int, many: int) -> int:
    return many if IS_THOROUGH else few
