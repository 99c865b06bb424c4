"""The texts that people see, all in one file, so that a change of any of them is seen in review.

`python -m tests.golden` writes the file anew; `tests/project/test_golden.py` compares it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

FILE = Path(__file__).with_name("texts.txt")
_MARK = "=== "
_HEAD = (
    "What people see, case by case. Written by `python -m tests.golden`: look at the difference.\n"
)


def rendered() -> dict[str, str]:
    """Render every case anew."""
    from tests.golden import (  # noqa: PLC0415 - they are many
        agent_cases,
        client_cases,
        help_cases,
        job_cases,
        message_cases,
    )

    found: dict[str, str] = {}
    for module in (help_cases, client_cases, job_cases, agent_cases, message_cases):
        for name, lines in module.cases():
            assert name not in found, f"two cases are called {name}"
            found[name] = "".join(f"{line}\n" for line in lines)
    return found


def written() -> dict[str, str]:
    """Read what the file holds."""
    _, *parts = f"\n{FILE.read_text(encoding='utf-8')}".split(f"\n{_MARK}")
    return dict(_parted(parts))


def _parted(parts: list[str]) -> Iterator[tuple[str, str]]:
    for part in parts:
        name, _, text = part.partition("\n")
        yield name, text if text.endswith("\n") or not text else f"{text}\n"


def write(texts: Mapping[str, str]) -> None:
    sections = (f"{_MARK}{name}\n{text}" for name, text in texts.items())
    FILE.write_text("\n".join((_HEAD, *sections)), encoding="utf-8")
