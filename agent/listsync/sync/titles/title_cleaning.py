"""What stands around a title in a list without being part of it: marks, tags, broken letters.

Only what stands at an edge is taken off: inside, it may be the name (`[Rec] 2`).
"""

from __future__ import annotations

import re

_IN_FRONT = re.compile(
    r"^(?:#?\d{1,4}[.)]\s+|#\d{1,4}\s+|\[[A-Z]{2}\]\s*|\([A-Z]{2}\)\s+|[A-Z]{2}\s[-|]\s"
    r"|(?:Film|Movie|Series):\s+)"
)
_BEHIND = re.compile(
    r"\s*(?:[(\[](?:4K|UHD|HDR|1080p|720p|2160p|Blu-?ray|Criterion|Remaster|Restored)[^()\[\]]*[)\]]"
    r"|\s(?:[-\u2013]\s)?(?:special edition|extended (?:cut|edition)|director['\u2019]s cut)"
    r"|\s[(\[]?a\.?k\.?a\.?\s.*)$",
    re.IGNORECASE,
)
_IN_DEPTH = re.compile(r"\s+[([]?3-?D[)\]]?$", re.IGNORECASE)
_BROKEN = re.compile("[\u00c2\u00c3\u00e2\u00c5\u00d0\u00d1\u00e3][\u0080-\uffff]")
_MOST = 4


def cleaned(title: str, *, has_year: bool = True) -> str:
    """Take off what surrounds *title*; where nothing would be left, it stays as it is.

    Without a year `3D` stays: it tells `Saw 3D` from `Saw`.
    """
    text = _repaired(_without_entities(title) if "&" in title else title)
    for _ in range(_MOST):
        bare = _BEHIND.sub("", _IN_FRONT.sub("", text)).strip()
        bare = _IN_DEPTH.sub("", bare) if has_year else bare
        if bare == text or not any(map(str.isalnum, bare)):
            break
        text = bare
    return text


def _without_entities(text: str) -> str:
    """Read entities, also those that were written as such twice: `&amp;#39;`."""
    import html  # noqa: PLC0415 - hardly any list needs its tables

    return html.unescape(html.unescape(text))


def _repaired(text: str) -> str:
    """Read UTF-8 that was taken for Windows-1252, as `Am\u00c3\u00a9lie`."""
    if _BROKEN.search(text) is None:
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text
