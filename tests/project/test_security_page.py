"""SECURITY.md, README and ARCHITECTURE.md name tests and modules that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("page", ["SECURITY.md", "README.md"])
def test_every_proof_that_is_named_is_there(page: str) -> None:
    rows = [
        line.rsplit("|", 2)[1]
        for line in (_ROOT / page).read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and "tests/" in line.rsplit("|", 2)[1]
    ]
    assert len(rows) > 5
    missing = []
    for row in rows:
        folder = _ROOT
        for name in re.findall(r"[\w/.]+\.py", row):
            path = _ROOT / name if "/" in name else folder / name
            folder = path.parent
            missing += [] if path.is_file() else [name]
    assert missing == []


def test_every_module_that_the_map_names_is_there() -> None:
    root = _ROOT / "agent/listsync"
    packages = "|".join(sorted(path.name for path in root.iterdir() if path.is_dir()))
    text = (_ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(rf"`((?:{packages})(?:/[a-z_]+)+)(?:\.py|/)?`", text)
    assert len(named) > 30
    missing = [
        name
        for name in named
        if not (root / f"{name}.py").is_file() and not (root / name).is_dir()
    ]
    assert missing == []
