"""What holds for all tests."""

from __future__ import annotations

import signal

from hypothesis import settings

from tests.thorough import tries

# A machine that is busy is no failure.
settings.register_profile("patient", deadline=None, max_examples=tries(30, 1000))
settings.load_profile("patient")

pytest_plugins = ["tests.rows"]

# A shell's background job is started with SIGINT ignored, which every child would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)
