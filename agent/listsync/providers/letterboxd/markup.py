"""The pages of Letterboxd: how it says no, which films a page shows, and whether more follow.

Source: the markup as maintained scrapers read it, of 2024 and from 2025-08 to 2026-10. Nothing
that is read here is filled in by scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from listsync.errors import (
    AnswerChangedError,
    ListsyncError,
    Refusal,
    RefusedError,
    UnavailableError,
)
from listsync.net.call import Call
from listsync.net.documents import text_of
from listsync.net.fields import title_text, whole_number, year_number
from listsync.net.verdicts import Reply
from listsync.providers.letterboxd.source import SERVICE, LetterboxdSource

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

_FULL = {"list": 100, "watchlist": 28, "diary": 50}  # films on a full page
_FULL_GRID = 72
_MARKS = {  # what shows that it is such a page
    "list": 'meta[property="og:type"][content="letterboxd:list"], body.list-page',
    "watchlist": ".js-watchlist-content, body.watchlist",
}
_ARRIVED = "#content, #films-browser-list-container, .poster-grid, li.posteritem"
_ITEMS = (
    "li.posteritem, li.griditem, article.list-detailed-entry, li.poster-container, "
    "li.film-detail, tr.diary-entry-row"
)
_COMPONENTS = "[data-component-class=LazyPoster], [data-item-slug]"
_GRIDS = frozenset(
    {"poster-grid", "grid", "poster-list", "js-list-entries", "js-watchlist-content"}
)
_MARKS_OF_POSTERS = frozenset(
    {"data-item-name", "data-item-slug", "data-film-slug", "data-target-link"}
)
_POSTER = ", ".join(f"[{name}]" for name in sorted(_MARKS_OF_POSTERS))
_SLUG = re.compile(r"(?:/.*)?/film/([a-z0-9-]+)/?|([a-z0-9-]+)", re.ASCII)
_NAME = re.compile(r"(.+) \((\d{4})\)", re.ASCII)
_COUNT = re.compile(r"\s*(?:A list of )?(\d[\d.,\s]*)\s*films?\b|\s*(\d+)\s*")
_PAGE = re.compile(r"/page/(\d{1,6})/", re.ASCII)


def judge(reply: Reply) -> ListsyncError | None:
    """Tell Letterboxd's own refusals from those of what stands in front of it."""
    own = reply.title.startswith("Letterboxd") and 'class="message"' in reply.look
    if reply.status == 403 and own:
        return RefusedError(SERVICE, Refusal.PRIVATE, "does not show this to everybody (403)")
    if reply.status in (403, 426):
        why = f"something in front of it turns us away ({reply.status})"
        return RefusedError(SERVICE, Refusal.BLOCKED, why)
    if reply.status == 404 and not own:
        return UnavailableError(SERVICE, "somebody else answers in its place (404)")
    return None


def full_page(kind: str) -> int:
    """Say how many films a full page of a list of this kind shows."""
    return _FULL.get(kind, _FULL_GRID)


def call_for(url: str) -> Call:
    """Build the question for one page."""
    return Call(service=SERVICE, url=url, accept="text/html", judge=judge, wait_for=_ARRIVED)


def document_of(reply: Reply, *, is_part: bool = False) -> LexborHTMLParser:
    """Parse a page, or a *part* of one that scripts would load; a page that is cut off raises.

    Raises:
        AnswerChangedError: it is no page of Letterboxd.
        UnavailableError: it has no end.
    """
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - an idle agent needs none

    text = text_of(reply)
    document = LexborHTMLParser(text)
    title = document.css_first("title")
    if not is_part and (title is None or "Letterboxd" not in title.text()):
        name = f' "{reply.title}"' if reply.title else ""
        raise AnswerChangedError(
            SERVICE, f"a page{name} that is not its own came", sample=reply.sample
        )
    if ("</ul>" if is_part else "</html>") not in text.rpartition("</li>")[2].lower():
        raise UnavailableError(SERVICE, "the page is cut off")
    return document


@dataclass(frozen=True, slots=True)
class Row:
    """One film on a page; `slug` is its name in addresses."""

    title: str | None
    year: int | None
    slug: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list. `more` says that another follows, `last` is the highest it links to.

    `part` is where scripts would load the films from; `changed` is when the list was changed.
    """

    rows: tuple[Row, ...]
    declared: int | None
    more: bool
    last: int
    changed: str | None = None
    part: str | None = None


def read_page(reply: Reply, source: LetterboxdSource, *, is_part: bool = False) -> Page:
    """Read one page; raises what `document_of` raises, and when it is another kind of page."""
    document = document_of(reply, is_part=is_part)
    marks = _MARKS.get(source.kind)
    owner = _attribute(document, "body[data-owner]", "data-owner")
    if (marks and document.css_first(marks) is None) or (
        source.user and owner and owner.lower() != source.user
    ):
        raise AnswerChangedError(SERVICE, f"another page came than {source}", sample=reply.sample)
    films = document.css_first(".js-list-entries, .js-watchlist-content") or document.root
    rows = tuple(_row(item) for item in _items(films, is_part=is_part)) if films else ()
    declared = _declared(document, source)
    if declared is None and not rows and source.kind != "list" and _says_none(document):
        declared = 0
    is_full = len(rows) >= full_page(source.kind)
    return Page(
        rows=rows,
        declared=declared,
        more=_goes_on(document, is_sure=declared is not None, is_full=is_full),
        last=max(_page_numbers(document), default=0),
        changed=_attribute(document, "span.updated time", "datetime")
        or _attribute(document, "span.published time", "datetime"),
        part=_attribute(document, "#films-browser-list-container[data-url]", "data-url"),
    )


def _items(films: LexborNode, *, is_part: bool) -> Iterator[LexborNode]:
    """Give what holds a film each: known items, and posters in a grid whatever is around them."""
    known = {node.mem_id for node in films.css(_ITEMS)}
    for node in films.css(f":is({_ITEMS}, {_COMPONENTS})"):
        if node.mem_id in known:
            yield node
            continue
        around = list(_ancestors(node))
        if any(one.mem_id in known or _is_poster(one) for one in around):
            continue
        if is_part or any(
            _GRIDS & set((one.attributes.get("class") or "").split()) for one in around
        ):
            yield node


def _is_poster(node: LexborNode) -> bool:
    return not _MARKS_OF_POSTERS.isdisjoint(node.attributes)


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    above = node.parent
    while above is not None and above.tag != "html":
        yield above
        above = above.parent


def _row(item: LexborNode) -> Row:
    node = item if _is_poster(item) else item.css_first(_POSTER)
    said = node.attributes if node else {}
    named = said.get("data-item-name") or said.get("data-item-full-display-name")
    title = title_text(named or said.get("data-film-name") or _alt(item))
    year = year_number(said.get("data-film-release-year"))
    found = _NAME.fullmatch(title) if title else None
    named_year = year_number(found[2]) if found else None
    if found and named_year and year in (None, named_year):
        title, year = found[1], named_year
    return Row(title, year, _slug(said))


def _alt(item: LexborNode) -> str | None:
    image = item.css_first("img[alt]")
    return image.attributes.get("alt") if image else None


def _slug(said: dict[str, str | None]) -> str | None:
    for name in ("data-item-slug", "data-film-slug", "data-item-link", "data-target-link"):
        found = _SLUG.fullmatch(said.get(name) or "")
        if found:
            return found[1] or found[2]
    return None


def _declared(document: LexborHTMLParser, source: LetterboxdSource) -> int | None:
    """Take the highest number of films that the page names, so that it cannot look whole."""
    said = [_attribute(document, ".js-watchlist-content", "data-num-entries")]
    counter = document.css_first(".js-watchlist-count")
    said.append(counter.text() if counter else None)
    if source.kind == "list":
        said.append(_attribute(document, "meta[name=description]", "content"))
    found = [_COUNT.match(text) for text in said if text]
    counts = [whole_number(re.sub(r"\D", "", hit[1] or hit[2])) for hit in found if hit]
    return max((count for count in counts if count is not None), default=None)


def _goes_on(document: LexborHTMLParser, *, is_sure: bool, is_full: bool) -> bool:
    """Say whether a page follows; where no count tells (*is_sure*), only its end ends a list."""
    if document.css_first(".pagination a.next") is not None:
        return True
    if is_sure:
        return False
    if document.css_first(".pagination") is None:
        return is_full
    return document.css_first(".pagination span.next, .pagination a.previous") is None


def _says_none(document: LexborHTMLParser) -> bool:
    body = document.css_first("body")
    return body is not None and "No films yet" in body.text()


def _page_numbers(document: LexborHTMLParser) -> Iterator[int]:
    for link in document.css(".pagination a[href]"):
        number = _PAGE.search(link.attributes.get("href") or "")
        if number:
            yield int(number[1])


def _attribute(document: LexborHTMLParser, selector: str, name: str) -> str | None:
    node = document.css_first(selector)
    return node.attributes.get(name) if node else None
