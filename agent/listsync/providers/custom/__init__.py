"""A list at an address of the user's own: JSON, a table, text or a feed, or such a file.

Sources: tests/fixtures/custom/README.md says what each form was modelled on, and when.
"""

from __future__ import annotations
