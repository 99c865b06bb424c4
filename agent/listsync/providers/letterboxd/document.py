"""The pages of Letterboxd as documents: whether one is its own, whole, and no trap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from listsync.errors import AnswerChangedError, UnavailableError
from listsync.http.classify import Reply
from listsync.parsing.documents import text_of
from listsync.providers.letterboxd.source import SERVICE

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_MOST_TAGS = 30_000
"""On one page; real ones have a third. For each, the parser may look at all that are open."""
_COPIED = re.compile(
    r"<(/?)(?=(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)[\s/>])", re.IGNORECASE
)
"""Links and what shapes text: the parser copies each that is open into every block that follows.

A small page could fill the memory with them.
"""
_SCRIPT = re.compile(r"<script.*?(?:</script[^>]*+>?|\Z)", re.IGNORECASE | re.DOTALL)
_OVERLOADED = re.compile(
    r"<[a-z][^\s/>]{0,99}+"
    r"(?:[\s/]*+[^\s/>][^\s/>=]{0,199}+"
    r"""(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]{0,9999}+)?+)?+){500}""",
    re.IGNORECASE,
)
"""A tag with 500 attributes: the parser compares each with all before it."""
_CLOSED = ("div", "ul", "ol", "section", "table")


def document_of(reply: Reply, *, is_part: bool = False) -> LexborHTMLParser:
    """Parse a page, or a *part* of one that scripts would load; a page that is cut off raises.

    Raises:
        AnswerChangedError: it is no page of Letterboxd.
        UnavailableError: it has no end.
    """
    text = text_of(reply)
    document = _parse(reply, text)
    title = document.css_first("title")
    if not is_part and (title is None or "Letterboxd" not in title.text()):
        name = f' "{reply.title}"' if reply.title else ""
        raise AnswerChangedError(
            SERVICE, f"a page{name} that is not its own came", sample=reply.sample
        )
    if not (_is_closed(text) if is_part else _is_ended(text)):
        raise UnavailableError(SERVICE, "the page is cut off")
    return document


def _parse(reply: Reply, text: str) -> LexborHTMLParser:
    """Parse in a few seconds at the most: the parser holds every other thread meanwhile.

    Scripts are left out, and what is copied has another name in the document: `a` is `x-a`.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - an idle agent needs none

    text = _SCRIPT.sub("", text)
    if text.count("<") > _MOST_TAGS or _OVERLOADED.search(text):
        raise AnswerChangedError(
            SERVICE, "a page came that is out of all bounds", sample=reply.sample
        )
    return LexborHTMLParser(_COPIED.sub(r"<\1x-", text))


def _is_ended(text: str) -> bool:
    return "</html>" in text.rpartition("</li>")[2].lower()


def _is_closed(text: str) -> bool:
    lowered = text.lower()
    return all(lowered.count(f"<{name}") <= lowered.count(f"</{name}>") for name in _CLOSED)
