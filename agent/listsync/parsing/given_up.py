"""What a list says is dropped, or not wanted: by a status, a column, a heading or a mark.

What is only *seen* stays wanted: many follow a list of films that somebody has seen.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from listsync.parsing.kinds import Kind, folded, heading_words, kind_of_heading, soft_kind_of

DROPPED = "dropped, as the list says"
NOT_WANTED = "not wanted, as the list says"
_GIVEN_UP = (  # in folded words, between which a blank may be missing
    r"drop(?:ped)?|abandon(?:ed|s)?|stopped(?: ?watching)?|gave ?up|given ?up|dnf"
    r"|did ?n(?:o|['\u2019 ])?t ?finish|not ?finished"
    r"|abgebrochene?[nrs]?|aufgegebene?[nrs]?|abandonnee?s?|abandonad[oa]s?|dejad[oa]s?"
    r"|abbandonat[oaie]|interrott[oaie]|afgebroken|gestopt|gedropt|porzucon[aey]|opuszczon[aey]"
    r"|droppade?|avbruten|avbrutt|afbrudt|opgivet|keskeytetty|felbehagyott|(?:yarida ?)?birakildi"
    r"|(?:за)?брошен[аоы]?|бросила?|弃剧|棄劇|弃番|棄番|弃了?|抛弃|拋棄|放弃|放棄|視聴中止|하차"
)
_UNWANTED = (
    r"not ?interest(?:ed|ing)|no ?interest|un ?wanted|not ?wanted"
    r"|do ?n(?:o|['\u2019 ])?t ?want(?: ?to ?watch)?|skip(?:ped)?|ignored?|excluded?|rejected"
    r"|nicht ?gewollt|unerwunscht|kein ?interesse|nicht ?interessiert|ubersprungen|ignoriert"
    r"|ausgeschlossen|pas ?interessee?|non ?voulue?s?|ignoree?s?|exclue?s?|no ?me ?interesa"
    r"|no ?(?:lo ?)?quiero|descartad[oa]s?|ignorad[oa]s?|excluid[oa]s?|non ?(?:mi ?)?interessa"
    r"|scartat[oaie]|ignorat[oaie]|esclus[oaie]|niet ?gewenst|genegeerd|niechcian[aey]"
    r"|pominiet[aey]|не ?интересно|не ?буду(?: ?смотреть)?|пропущено|不想看|不感兴趣|没兴趣"
)
_WORDS = rf"(?:(?P<dropped>{_GIVEN_UP})|(?:{_UNWANTED}))"
_STATUS = re.compile(rf"{_WORDS}\b.*")
_NAME = re.compile(rf"(?:is|was)?{_WORDS}")
_IN_HEADING = re.compile(rf"(?P<before>(?:.* )?){_WORDS}(?P<after>(?: .*)?)")
_BEHIND = re.compile(
    rf"{_WORDS}(?: (?:after|at|by|in|on|since|because|nach|bei|weil|apres|tras|dopo|na|po|после)"
    r"\b.*|\s*[(,;](?!\s*\d{4}\b).*)?"
)
_BEFORE_MARK = re.compile(
    r"(?:(?<=\S)\s*[(\[]\s*|\s[-\u2013\u2014|>]+\s+#?|\s#|[)\]][,:]?\s+)(?=[^\W\d_])"
)
_ENDS = " )].!\u274c\ufe0f"
_TICKED = r"[\u2713\u2714\u2705\u2611\u2612]\ufe0f?|\[[x\u2713]\]"
_CROSSED = r"[\u2716-\u2718\u274c]\ufe0f?"
_YES = re.compile(  # folded, so a date has blanks
    rf"(?:y|yes|x+|true|t|1|on|ja?|oui|vrai|si|sim|da|tak|evet|да|是|はい|예|{_TICKED}"
    r"|\d{1,4}[./ ]\d{1,2}[./ ]\d{1,4})(?:[ ,;(t].*)?"
)
_NO = re.compile(
    rf"n|no|false|f|0|off|not|never|nein|non|faux|falso|nao|nee|nie|net|hayir|нет|否|{_CROSSED}"
)


def status_unwanted(status: object) -> str | None:
    """Say why a title of this status is not wanted; None where it is."""
    return _why(_STATUS.fullmatch(folded(status))) if isinstance(status, str) else None


def column_unwanted(unwanted: object, wanted: object) -> str | None:
    """Say why a title is not wanted by a column that asks for it, `Dropped?` or `Wanted?`."""
    if unwanted is True or unwanted == 1:
        return NOT_WANTED
    if isinstance(unwanted, str):
        word = folded(unwanted).strip()
        found = _STATUS.fullmatch(word)
        if found or _YES.fullmatch(word):
            return _why(found) or NOT_WANTED
    is_no = isinstance(wanted, str) and _NO.fullmatch(folded(wanted).strip())
    return NOT_WANTED if wanted is False or wanted == 0 or is_no else None


@lru_cache(maxsize=256)
def asks_for_unwanted(plain: str) -> bool:
    """Tell the plain name of a column or a group that is about what is not wanted."""
    return _NAME.fullmatch(plain) is not None


def heading_unwanted(words: str) -> str | None:
    """Say why what stands under a heading such as `Dropped shows` is not wanted."""
    found = _IN_HEADING.fullmatch(" ".join(heading_words(words)))
    if found is None:
        return None
    rest = " ".join(heading_words(f"{found['before']} {found['after']}", is_bare=True))
    return _why(found) if not rest or soft_kind_of(rest) != Kind() else None


def mark_unwanted(line: str) -> str | None:
    """Say why a title is not wanted by what stands behind it: `- dropped`, `#skip`."""
    for mark in _BEFORE_MARK.finditer(line):
        if why := _why(_BEHIND.fullmatch(folded(line[mark.end() :].rstrip(_ENDS)))):
            return why
    return None


def _why(found: re.Match[str] | None) -> str | None:
    if found is None:
        return None
    return DROPPED if found["dropped"] else NOT_WANTED


class OpenHeading(NamedTuple):
    """One of a level, 1 for the highest; `unwanted`: why nothing under it is wanted."""

    level: int
    kind: Kind
    unwanted: str | None


class Headings:
    """The headings that a line stands under; the deepest that says a kind says its kind."""

    def __init__(self) -> None:
        self._open: list[OpenHeading] = []

    @property
    def unwanted(self) -> str | None:
        """Why nothing is wanted here; what is said of all of it counts for each of its parts."""
        return next((one.unwanted for one in self._open if one.unwanted), None)

    def enter(self, level: int, words: str) -> Kind:
        """Go under one of *level* and say what is to be found there."""
        self._open = [one for one in self._open if one.level < level]
        self._open.append(OpenHeading(level, kind_of_heading(words), heading_unwanted(words)))
        return next((one.kind for one in reversed(self._open) if one.kind != Kind()), Kind())
