"""The documents of the project, taken apart: links, commands, and blocks by their language."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_INLINE = re.compile(r"(?<!`)`(?P<text>(?:sudo )?listsync(?:ctl)? [^`\n]+)`(?!`)")
_LINK = re.compile(r"\]\((?P<to>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<text>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A document; `name` is its path from the root of the project."""

    name: str
    text: str = field(repr=False)

    def blocks(self, language: str) -> Iterator[str]:
        """Give the fenced blocks of a language, without their indentation."""
        for found in _FENCE.finditer(self.text):
            if found["language"] == language:
                indent = len(found["indent"])
                yield "".join(line[indent:] for line in found["text"].splitlines(keepends=True))

    def command_lines(self) -> Iterator[str]:
        """Give each command that a block shows after a prompt, without what is said about it."""
        for block in self.blocks("console"):
            yield from commands_of(block)

    def mentions(self) -> Iterator[str]:
        """Give what the text itself calls a command of ours."""
        prose = _FENCE.sub("", self.text)
        for found in _INLINE.finditer(prose):
            yield found["text"].removeprefix("sudo ")

    def links(self) -> Iterator[str]:
        yield from (found["to"] for found in _LINK.finditer(_FENCE.sub("", self.text)))

    def anchors(self) -> set[str]:
        """Give the places that a link can name, as hosts of Markdown derive them."""
        titles = (found["text"] for found in _HEADING.finditer(_FENCE.sub("", self.text)))
        return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def commands_of(block: str) -> Iterator[str]:
    for line in block.replace("\\\n", " ").splitlines():
        if line.startswith(("$ ", "# ")):
            yield re.sub(r"\s{2,}#.*$", "", line[2:]).strip()


def words_of(command: str) -> list[str]:
    """Split as a shell would, up to where the next program begins."""
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = []
    for word in lexer:
        if set(word) <= set("|&;<>"):
            break
        words.append(word)
    return words


def documents() -> tuple[Document, ...]:
    """Read every document that a user or a developer is told to read."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "contrib").rglob("*.md")]
    return tuple(
        Document(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8"))
        for path in sorted(paths)
        if path.name != "CHANGELOG.md"  # tells of what was, too
    )
