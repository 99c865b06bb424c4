"""A list in a local file: text, CSV, JSON or YAML, told apart by what is in it.

Sources: tests/fixtures/file/README.md says what each format was modelled on, and when.
"""

from __future__ import annotations
