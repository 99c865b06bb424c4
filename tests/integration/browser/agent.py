"""An agent that can be killed: `python agent.py SETTINGS URL` shows a page, then loads *URL*."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from listsync.browser.client import Browser, BrowserSettings


def settings(fields: dict[str, Any]) -> BrowserSettings:
    return BrowserSettings(
        cache=Path(fields["cache"]),
        records=Path(fields["records"]),
        command=tuple(fields["command"]),
    )


def main() -> None:
    fields, first, second = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3]
    with Browser("demo", settings(fields)) as browser:
        print(browser.page(first).title, flush=True)
        browser.page(second, deadline_s=60)


if __name__ == "__main__":
    main()
