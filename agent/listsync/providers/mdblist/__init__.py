"""MDBList: public lists without a key, every other form and cheap re-reading with one.

Sources: the service's REST documentation and the clients that list tools ship, read 2026-08;
tests/fixtures/mdblist/README.md says how the samples were made.
"""

from __future__ import annotations
