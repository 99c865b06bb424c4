"""Chance that can be repeated: who draws says with which seed, and takes that of `SEED`."""

from __future__ import annotations

import os
import random

VARIABLE = "SEED"


def drawing() -> random.Random:
    """Draw by the seed in the environment, or by a new one; a test that fails shows which."""
    seed = os.environ.get(VARIABLE) or str(random.SystemRandom().randrange(1 << 32))
    print(f"what was drawn is drawn again with {VARIABLE}={seed}")
    return random.Random(seed)
