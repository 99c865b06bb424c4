"""StevenLu popular-movies lists: public JSON files, films only, best first, no years.

Source: the list files themselves (host and names as Radarr uses them since 2023-09);
tests/fixtures/stevenlu/README.md says how the samples were made.
"""

from __future__ import annotations
