"""Pages of Letterboxd: whether one is whole, how it says no, whose it is, and what follows.

Source: the markup as maintained scrapers read it, of 2024 and from 2025-08 to 2026-10. Nothing
that is read here is filled in by scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from listsync.config_types import SecretStr
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.request import MIB, ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.lean_dataclasses import dataclass
from listsync.parsing.decoding import whole_number
from listsync.parsing.documents import text_of
from listsync.providers.letterboxd.posters import POSTER, Poster, rows_of
from listsync.providers.letterboxd.source import SERVICE, LetterboxdSource

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


def document_of(response: Response, *, is_part: bool = False) -> LexborHTMLParser:
    """Parse a page, or a *part* of one that scripts would load; a page that is cut off raises.

    Raises:
        ResponseChangedError: it is no page of Letterboxd.
        UnavailableError: it has no end.
    """
    text = text_of(response)
    document = _parse(response, text)
    title = document.css_first("title")
    if not is_part and (title is None or "Letterboxd" not in title.text()):
        name = f' "{response.title}"' if response.title else ""
        raise ResponseChangedError(
            SERVICE, f"a page{name} that is not its own came", sample=response.sample
        )
    if not (_is_closed(text) if is_part else _is_ended(text)):
        raise UnavailableError(SERVICE, "the page is cut off")
    return document


def _parse(response: Response, text: str) -> LexborHTMLParser:
    """Parse in a few seconds at the most: the parser holds every other thread meanwhile.

    Scripts are left out, and what is copied has another name in the document: `a` is `x-a`.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - an idle agent needs none

    text = _SCRIPT.sub("", text)
    if text.count("<") > _MOST_TAGS or _OVERLOADED.search(text):
        raise ResponseChangedError(
            SERVICE, "a page came that is out of all bounds", sample=response.sample
        )
    return LexborHTMLParser(_COPIED.sub(r"<\1x-", text))


def _is_ended(text: str) -> bool:
    return "</html>" in text.rpartition("</li>")[2].lower()


def _is_closed(text: str) -> bool:
    lowered = text.lower()
    return all(lowered.count(f"<{name}") <= lowered.count(f"</{name}>") for name in _CLOSED)


_FULL = {"list": 100, "watchlist": 28, "diary": 50}  # films on a full page
_FULL_GRID = 72
_MARKS = {  # what shows that it is such a page
    "list": 'meta[property="og:type"][content="letterboxd:list"], body.list-page',
    "watchlist": ".js-watchlist-content, body.watchlist",
}
_UNOWNED = ("person", "collection")  # nothing but its address tells one from another
COUNTED = tuple(_MARKS)  # tell how many films they have
SHELLS = ("popular", "collection")  # may come as pages that scripts fill
_PAGE_BYTES = 4 * MIB
_ARRIVED = f"#content, #films-browser-list-container, .poster-grid, {POSTER}"
_COUNT = re.compile(r"\s*(?:A list of )?(\d[\d.,\s]*)\s*films?\b|\s*(\d+)\s*")
_HOST = re.compile(r"\Ahttps?://[^/]*", re.IGNORECASE)
_PAGE = re.compile(r"/page/(\d{1,6})/", re.ASCII)
_SHARED = re.compile(r"/share/([A-Za-z0-9]+)", re.ASCII)  # who knows it may see an unlisted list


def judge(response: Response) -> ListsyncError | None:
    """Tell Letterboxd's own refusals from those of what stands in front of it."""
    own = response.title.startswith("Letterboxd") and 'class="message"' in response.look
    if response.status == 403 and own:
        return RefusedError(SERVICE, Refusal.PRIVATE, "does not show this to everybody (403)")
    if response.status in (401, 403, 426):  # nobody has a login here
        why = f"something in front of it turns us away ({response.status})"
        wait = retry_after_s(response.headers)
        return RefusedError(SERVICE, Refusal.BLOCKED, why, retry_after_s=wait)
    if response.status == 404 and not own:
        return UnavailableError(SERVICE, "somebody else answers in its place (404)")
    return None


def full_page(kind: str) -> int:
    """Say how many films a full page of a list of this kind shows."""
    return _FULL.get(kind, _FULL_GRID)


def call_for(url: str) -> ServiceRequest:
    """Build the request for one page."""
    return ServiceRequest(
        service=SERVICE,
        url=url,
        accept="text/html",
        judge=judge,
        wait_for=_ARRIVED,
        limit_bytes=_PAGE_BYTES,
        hidden=tuple(map(SecretStr, _SHARED.findall(url))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterboxdPage:
    """One page of a list. `more` says that another follows, `last` is the highest it links to.

    `part` is where scripts would load the films from; `changed` is when the list was changed.
    """

    rows: tuple[Poster, ...]
    declared: int | None
    more: bool
    last: int
    changed: str | None = None
    part: str | None = None


def read_page(
    response: Response, source: LetterboxdSource, *, is_part: bool = False
) -> LetterboxdPage:
    """Read one page; raises what `document_of` raises, and when it is another kind of page."""
    document = document_of(response, is_part=is_part)
    if not is_part and not _is_of(document, source):
        raise ResponseChangedError(
            SERVICE, f"another page came than {source}", sample=response.sample
        )
    rows = rows_of(document, is_known=source.kind in SHELLS and not is_part)
    declared = _declared(document, source)
    if declared is None and not rows and source.kind != "list" and _says_none(document):
        declared = 0
    is_full = len(rows) >= full_page(source.kind)
    return LetterboxdPage(
        rows=rows,
        declared=declared,
        more=_goes_on(document, is_sure=declared is not None, is_full=is_full),
        last=max(_page_numbers(document), default=0),
        changed=_attribute(document, "span.updated time", "datetime")
        or _attribute(document, "span.published time", "datetime"),
        part=_attribute(document, "#films-browser-list-container[data-url]", "data-url"),
    )


def _is_of(document: LexborHTMLParser, source: LetterboxdSource) -> bool:
    """Tell the page of *source* from that of another list, a login or a question for consent."""
    marks = _MARKS.get(source.kind)
    if marks and document.css_first(marks) is None:
        return False
    if source.kind in _UNOWNED and not _is_at(document, source.path):
        return False
    owner = _attribute(document, "body[data-owner]", "data-owner")
    if source.user is None or owner:
        return source.user is None or (owner or "").lower() == source.user
    return marks is not None or any(
        (link.attributes.get("href") or "").lower().startswith(f"/{source.user}/")
        for link in document.css("body [href]")
    )


def _is_at(document: LexborHTMLParser, path: str) -> bool:
    """Tell whether a page says that it belongs below *path*, if it says where."""
    address = _attribute(document, 'meta[property="og:url"]', "content")
    address = address or _attribute(document, 'link[rel="canonical"]', "href")
    return address is None or f"{_HOST.sub('', address)}/".startswith(f"/{path}/")


def _declared(document: LexborHTMLParser, source: LetterboxdSource) -> int | None:
    """Take the highest number of films that the page names, so that it cannot look whole."""
    texts = [_attribute(document, ".js-watchlist-content", "data-num-entries")]
    counter = document.css_first(".js-watchlist-count")
    texts.append(counter.text() if counter else None)
    if source.kind == "list":
        texts.append(_attribute(document, "meta[name=description]", "content"))
    found = [_COUNT.match(text) for text in texts if text]
    counts = [whole_number(re.sub(r"\D", "", hit[1] or hit[2])) for hit in found if hit]
    return max((count for count in counts if count is not None), default=None)


def _goes_on(document: LexborHTMLParser, *, is_sure: bool, is_full: bool) -> bool:
    """Say whether a page follows; where no count tells (*is_sure*), only its end ends a list."""
    if document.css_first(".pagination .next[href]") is not None:
        return True
    if is_sure:
        return False
    if document.css_first(".pagination span.next") is not None:
        return False
    is_last = document.css_first(".pagination") is None or document.css_first(
        ".pagination .previous[href]"
    )
    return is_full if is_last else True


def _says_none(document: LexborHTMLParser) -> bool:
    body = document.css_first("body")
    return body is not None and "No films yet" in body.text()


def _page_numbers(document: LexborHTMLParser) -> Iterator[int]:
    for link in document.css(".pagination [href]"):
        number = _PAGE.search(link.attributes.get("href") or "")
        if number:
            yield int(number[1])


def _attribute(document: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = document.css_first(selector)
    return node.attributes.get(name) if node else None
