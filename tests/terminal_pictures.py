"""`make screenshots`: what a terminal shows of the real commands, as SVG whose text is text."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from unicodedata import east_asian_width

from listsync.sandbox.process import SandboxProcess
from tests.acceptance.agent_process import AgentProcess, agent_environment, on_a_terminal
from tests.acceptance.conftest import LISTS, Home
from tests.screenshots import FOLDER

_STYLE = re.compile(r"\x1b\[(?P<codes>[\d;]*)m")
_COLOURS = {"31": "#ff8f85", "32": "#8fd694", "33": "#f2c66d", "36": "#8cc8ff"}
_WIDTH = 120
_SPACE = "\N{NO-BREAK SPACE}"  # others are shown as one
_CELL, _LINE, _EDGE = 8.4, 19, 16
_MOST_ROWS = 28
_NAMES = ("imdb-export.csv", "letterboxd-watchlist.csv", "traps.csv")
_SHOWN = {"explain": ["explain", "Halloween"]}


def picture(prompt: str, text: str) -> str:
    """Draw a command and what it printed."""
    rows = [[("1", f"$ {prompt}")], *map(_spans, text.splitlines())]
    width = max(sum(_cells(span) for _, span in row) for row in rows)
    size = (round(width * _CELL + 2 * _EDGE), len(rows) * _LINE + 2 * _EDGE)
    lines = [_row(number, row) for number, row in enumerate(rows)]
    return "\n".join([*_head(prompt, *size), *lines, "</g>", "</svg>", ""])


def _head(title: str, width: int, height: int) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" role="img" aria-label="{escape(title)}">'
    )
    yield f'<rect width="{width}" height="{height}" rx="8" fill="#1b1f24"/>'
    yield (
        '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" '
        'font-size="14" fill="#e6edf3">'
    )


def _spans(line: str) -> list[tuple[str, str]]:
    """Part a line where its style changes: (codes, text)."""
    first, *rest = _STYLE.split(line)
    pairs = zip(rest[::2], rest[1::2], strict=True)
    return [(codes, text) for codes, text in [("", first), *pairs] if text]


def _row(number: int, spans: Iterable[tuple[str, str]]) -> str:
    """Place each span by its column, whatever the width of the reader's font."""
    y, column, parts = _EDGE + _LINE * number + 14, 0, []
    for codes, text in spans:
        x, length = _EDGE + column * _CELL, _cells(text) * _CELL
        said = escape(text).replace(" ", _SPACE)
        place = f'x="{x:.1f}" y="{y}" textLength="{length:.1f}" lengthAdjust="spacingAndGlyphs"'
        parts.append(f"<text {place}{_look(codes)}>{said}</text>")
        column += _cells(text)
    return "".join(parts)


def _look(codes: str) -> str:
    look = ""
    for code in codes.split(";"):
        if code in _COLOURS:
            look += f' fill="{_COLOURS[code]}"'
        elif code == "1":
            look += ' font-weight="bold"'
        elif code == "2":
            look += ' fill="#9aa4af"'
    return look


def _cells(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _shown(command: Sequence[str], environment: dict[str, str]) -> str:
    """Run a command on a terminal; gives what stays to be seen, its first rows."""
    code, seen = on_a_terminal([sys.executable, "-m", *command], environment)
    assert code in {0, 8}, seen
    lines = [line.rpartition("\r")[2] for line in seen.replace("\r\n", "\n").split("\n")]
    rows = [part for line in lines for part in _wrapped(line.replace("\x1b[K", ""))]
    return "\n".join(rows[:_MOST_ROWS]).strip("\n")


def _wrapped(line: str) -> list[str]:
    """Break where the terminal is full; lines with colours are short."""
    return [line[at : at + _WIDTH] for at in range(0, len(line), _WIDTH)] or [""]


def _take(name: str, prompt: str, text: str) -> None:
    file = FOLDER / f"{name}.svg"
    file.write_text(picture(prompt, text), encoding="utf-8")
    print(file)


def main() -> None:
    _take("demo", "listsync demo", _shown(["listsync", "demo"], dict(os.environ)))
    with tempfile.TemporaryDirectory() as folder, SandboxProcess() as sandbox:
        home = Home(Path(folder), sandbox)
        lists: list[dict[str, object]] = [
            {"file": str(LISTS / name), "name": name.partition(".")[0]} for name in _NAMES
        ]
        home.write_config(lists)
        agent = AgentProcess(home)
        try:
            agent.until_ready().until_synced(1)
            for name, words in _SHOWN.items():
                shown = _shown(["listsyncctl", *words], agent_environment(home))
                _take(name, f"listsyncctl {' '.join(words)}", shown)
        finally:
            agent.close()


if __name__ == "__main__":
    main()
