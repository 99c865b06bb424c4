"""How `listsync init` speaks with the person at the terminal, or with nobody."""

from __future__ import annotations

import sys
import textwrap
from shutil import get_terminal_size

import click

from listsync.cli.options import prompt_hidden
from listsync.errors import ListsyncError
from listsync.terminal.output import say
from listsync.terminal.progress import BottomLine


class Unanswered(ListsyncError):  # noqa: N818 - a question, not a failure
    """Nobody is there to answer, and nothing was given that would."""


class Dialogue:
    """Speaks with the person at the terminal; *asks* False: there is none, defaults hold."""

    def __init__(self, *, asks: bool) -> None:
        self.asks = asks
        self._line = BottomLine(sys.stderr)

    def say(self, text: str = "", indent: int = 0, *, only_asking: bool = False) -> None:
        if only_asking and not self.asks:
            return
        self._line.clear()
        room = max(40, min(get_terminal_size().columns, 100) - 1)
        edge = " " * indent
        for line in textwrap.wrap(
            text, room, initial_indent=edge, subsequent_indent=edge, break_on_hyphens=False
        ) or [""]:
            say(line, err=True)

    def head(self, text: str) -> None:
        if self.asks:
            self.say()
            self.say(text)

    def wait(self, text: str) -> None:
        """Say what goes on, until the next line."""
        if self.asks:
            self._line.draw(f"  {text} ...")

    def done(self) -> None:
        self._line.clear()

    def ask(self, question: str, default: str = "") -> str:
        self._line.clear()
        if not self.asks:
            raise Unanswered(question)
        answer: str = click.prompt(
            question, default=default, show_default=bool(default), err=True, type=str
        )
        return answer.strip()

    def ask_hidden(self, question: str) -> str:
        self._line.clear()
        return prompt_hidden(question, default="").strip()

    def agrees(self, question: str, *, default: bool) -> bool:
        self._line.clear()
        return click.confirm(question, default=default, err=True) if self.asks else default
