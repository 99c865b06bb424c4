"""Asking list services: HTTP rules, and answers turned into our types or our errors."""

from __future__ import annotations
