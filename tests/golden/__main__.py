"""`python -m tests.golden`: write the file of texts anew."""

from __future__ import annotations

from tests.golden import FILE, rendered, write

if __name__ == "__main__":
    write(rendered())
    print(f"{FILE} is written: look at `git diff {FILE}`")
