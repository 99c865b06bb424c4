"""Simkl: what one plans to watch, is watching or has finished, by the login of its owner.

Sources: the service's API documentation of 2026 and clients that follow it;
tests/fixtures/simkl/README.md says how the samples were made.
"""

from __future__ import annotations
