"""Composition root: the only package that knows every part."""

from __future__ import annotations
