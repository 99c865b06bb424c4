"""Measurements, run by `make bench`; never part of the tests."""

from __future__ import annotations
