"""Pages in a real, headless Chromium, for services that answer "blocked" to plain HTTP.

`client.Browser` is the agent's side. Chromium and the library that drives it live in one child
process (`__main__`), which ends with the agent; `process.records` knows what would be left of it.
"""

from __future__ import annotations
