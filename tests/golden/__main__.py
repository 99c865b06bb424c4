"""`python -m tests.golden`: write the file of texts, and the manual pages, anew."""

from __future__ import annotations

from tests.golden import FILE, man_pages, rendered, write

if __name__ == "__main__":
    write(rendered())
    man_pages.write()
    print(f"{FILE} is written: look at `git diff {FILE}`")
