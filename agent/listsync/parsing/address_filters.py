"""What the address of a list leaves out, beside which list it means.

A service is asked for what it can leave out itself. The rest is left out here, once the rows were
read, by what they say (`RowFilters`), or by the list's own `limit`. What neither can do is
refused: without it the list would be longer than the one that the user sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import UNSET

from listsync.domain.list_rules import Span
from listsync.errors import ResponseChangedError
from listsync.lean_dataclasses import dataclass
from listsync.parsing.address_forms import SERVICES
from listsync.redaction import is_credential

LIMIT = "limit"
"""How many titles of a list an address shows: its first ones, whichever service it is of."""
_MOST = 1_000_000
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,9})?", re.ASCII)
_YEARS = re.compile(r"(?:\d{4})?(?:[,-](?:\d{4})?)?", re.ASCII)
_DATE = re.compile(r"\d{4}(?:-\d\d(?:-\d\d)?)?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_HARMLESS = (  # how a site shows a list, and how somebody came there
    r"ref_?|ref_src|utm_\w+|(?:fb|g|ms|y|ya|tw|dc|gb|wb|ttc|sc)clid|igsh(?:id)?|si|share\w*"
    r"|mc_[ce]id|mkt_tok|_ga|_gl|_hs\w+|_openstat|guc\w+|pf_rd_\w+|source|src|from|via|feature"
    r"|sort|sort_?(?:by|how|order|dir|direction)|order|order_?(?:by|dir)|asc|desc|dir|direction"
    r"|view|view_?(?:mode|type)|layout|grid|page|page_?(?:no|num|number)|p|start|cursor|tab|lang"
    r"|language|locale|hl|explore|append|append_to_response|unified|format|callback|cache|nocache"
    r"|cb|v|ver|version|t|ts|timestamp|rand|_|public_?only|theme|debug|st_dt|esiAllow\w+"
)


def filters_in(address: str, *known: str) -> dict[str, str]:
    """Find in an address what may leave titles out; *known* names are seen to elsewhere.

    An order, a page or a view does not; what is not known may. How many titles are shown is the
    list's `limit`.
    """
    pairs = parse_qsl(urlsplit(address.strip()).query)
    mine = (pair for pair in pairs if pair[0] not in (*known, LIMIT))
    return {name: value for name, value in mine if not is_harmless(name)}


def is_harmless(name: str) -> bool:
    """Tell a parameter of an address that leaves no title out."""
    is_known = re.fullmatch(_HARMLESS, name, re.ASCII | re.IGNORECASE) is not None
    return is_known or is_credential(name)


def limit_in(address: str) -> int | None:
    """Say how many titles the address of a service's list, or its short form, shows; None: all.

    Raises:
        ValueError: it says so in a way that is not understood.
    """
    pairs = parse_qsl(address.partition("#")[0].partition("?")[2], keep_blank_values=True)
    said = dict(pairs).get(LIMIT)
    if said is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", said) or not 0 < int(said) <= _MOST:
        raise ValueError(f"the address has {LIMIT}={said}, expected a number from 1")
    return int(said)


_INSTEAD = {  # of a filter in an address: which key of a list does it here
    **dict.fromkeys(("genre", "genres", "filter_genre", "with_genres"), "genres"),
    **dict.fromkeys(("exclude_genres", "without_genres"), "exclude_genres"),
    **dict.fromkeys(("language", "languages", "with_original_language"), "languages"),
    **dict.fromkeys(("rating", "ratings", "user_rating", "vote_average.gte"), "min_rating"),
    **dict.fromkeys(("votes", "num_votes", "vote_count.gte"), "min_votes"),
    **dict.fromkeys(("decade", "year", "years", "filter_year", "release_date"), "min_year"),
    **dict.fromkeys(("type", "title_type", "media", "media_type", "mediatype", "mode"), "kind"),
}
_WHY_NOTHING = {
    "hide": " (what the server has is not requested again anyway; what was watched elsewhere, "
    "a list with `exclude: true` can leave out)"
}


def instead_of(names: Iterable[str]) -> str:
    """Say what is given to a list here in the place of filters of an address."""
    given = list(names)
    keys = dict.fromkeys(f"`{_INSTEAD[name]}`" for name in given if name in _INSTEAD)
    lost = [f"{name} does{_WHY_NOTHING.get(name, '')}" for name in given if name not in _INSTEAD]
    words = [f"give the list {', '.join(keys)} here"] if keys else []
    return ", and ".join(
        [*words, *([f"nothing here does what {', '.join(lost)}"] if lost else [])]
    )


def demand_no_filters(address: str, service: str, *known: str) -> None:
    """Refuse what would be dropped silently; a ValueError says it."""
    refuse_filters(filters_in(address, *known), service)


def refuse_filters(
    filters: Iterable[str], service: str, does: str = "does not do for programs"
) -> None:
    """Refuse filters that neither the service nor its rows can be held to.

    *does* says what the service does with them.
    """
    names = list(filters)
    if names:
        raise ValueError(
            f"the address has {', '.join(names)}, which may leave titles out, and which "
            f"{SERVICES[service]} {does}: leave that out; {instead_of(names)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTest:
    """What a row must say: one word of each set, none of the others, or a number within `span`."""

    any_of: tuple[frozenset[str], ...] = ()
    none_of: frozenset[str] = frozenset()
    span: Span | None = None

    def is_passed(self, said: object) -> bool:
        """Judge what a row says; one that says nothing does not pass, for it may not be meant."""
        if self.span is not None:
            number = _number(said)
            return number is not None and number in self.span
        words = {_folded(one) for one in (said if isinstance(said, list) else [said])}
        return all(words & wanted for wanted in self.any_of) and not words & self.none_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFilter:
    """One filter of an address: what it is called there, and which field of a row it tests."""

    name: str
    value: str
    field: str
    test: RowTest


@dataclass(frozen=True, slots=True)
class RowFilters:
    """The filters of an address that are applied to the rows of its list."""

    filters: tuple[RowFilter, ...] = ()

    def __str__(self) -> str:
        """Write them as they stand in an address, always in the same order."""
        return urlencode([(one.name, one.value) for one in self.filters], safe=",|!:")

    def __bool__(self) -> bool:
        return bool(self.filters)

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(one.field for one in self.filters)

    def objection(self, service: str, say: Callable[[], Mapping[str, object]]) -> str | None:
        """Say why a row is left out; None if it is not.

        *say* gives the fields of the row, `UNSET` for one that did not come; it is not asked where
        there is no filter.

        Raises:
            ResponseChangedError: the rows do not have what is asked for.
        """
        if not self.filters:
            return None
        said = say()
        for one in self.filters:
            if said.get(one.field, UNSET) is UNSET:
                why = f"its rows do not say what {one.name} in the address asks for"
                raise ResponseChangedError(service, why)
            if not one.test.is_passed(said[one.field]):
                return f"left out by {one.name}={one.value} in the address"
        return None


NO_ROW_FILTERS = RowFilters()
Read = Callable[[str], RowTest | None]
"""Reads the value of a filter; None: it is not understood."""
Known = Mapping[str, tuple[str, Read]]
"""The filters that the rows of a service's lists can be held to: the field of each, its reader."""


def row_filters(filters: Mapping[str, str], service: str, known: Known) -> RowFilters:
    """Read the *filters* of an address.

    Raises:
        ValueError: the rows of *service* cannot be held to one, or its value is not understood.
    """
    refuse_filters((name for name in filters if name not in known), service)
    return RowFilters(tuple(_read(name, filters[name], known[name]) for name in sorted(filters)))


def _read(name: str, value: str, known: tuple[str, Read]) -> RowFilter:
    field, read = known
    test = read(value.strip())
    if test is None:
        raise ValueError(f"{name}={value} in the address is not understood")
    return RowFilter(name=name, value=value.strip(), field=field, test=test)


def words(
    value: str, *, called: Mapping[str, str] | None = None, all_of: bool = False
) -> RowTest | None:
    """Read `a,b,!c`: one of those or, with *all_of*, each; `a|b` is one of both anyway.

    *called*: what they are called in rows, of a field that has but those.
    """
    wanted, unwanted = list[frozenset[str]](), set[str]()
    for part in value.split(","):
        names = [_folded(one) for one in part.removeprefix("!").split("|")]
        meant = names if called is None else [called.get(one, "") for one in names]
        if not all(meant):
            return None
        if part.startswith("!"):
            unwanted.update(meant)
        else:
            wanted.append(frozenset(meant))
    united = wanted if all_of or not wanted else [frozenset().union(*wanted)]
    return RowTest(any_of=tuple(united), none_of=frozenset(unwanted))


def not_words(value: str) -> RowTest | None:
    """Read names of which a row may have none."""
    test = words(value)
    return test and RowTest(none_of=frozenset().union(*test.any_of))


def numbers(value: str) -> RowTest | None:
    """Read `6.0,`, `,9`, `6,9` or one number alone; both ends are meant."""
    low, comma, high = value.partition(",")
    given = (low, high if comma else low)
    ends = [_number(end) for end in given]
    known = (bool(text) is (end is not None) for text, end in zip(given, ends, strict=True))
    return RowTest(span=Span(*ends)) if any(given) and all(known) else None


def years(value: str) -> RowTest | None:
    """Read `1990,`, `1990,1999`, `1990-1999` or one year alone."""
    return numbers(value.replace("-", ",")) if _YEARS.fullmatch(value) else None


def least(value: str) -> RowTest | None:
    """Read the number from which on titles are meant."""
    number = _number(value)
    return None if number is None else RowTest(span=Span(number, None))


def most(value: str) -> RowTest | None:
    """Read the number up to which titles are meant."""
    number = _number(value)
    return None if number is None else RowTest(span=Span(None, number))


def since(value: str) -> RowTest | None:
    """Read the day, month or year from which on titles are meant."""
    return least(f"{value}{'-01-01'[len(value) - 4 :]}") if _DATE.fullmatch(value) else None


def until(value: str) -> RowTest | None:
    """Read the day, month or year up to which titles are meant."""
    return most(f"{value}{'-12-31'[len(value) - 4 :]}") if _DATE.fullmatch(value) else None


def _folded(word: object) -> str:
    return "" if word is None else str(word).strip().casefold()


def _number(said: object) -> float | None:
    """Read a number; of a day, one that grows with it."""
    text = str(said).strip() if isinstance(said, (int, float, str)) else ""
    if _DAY.fullmatch(text):
        return float(text.replace("-", ""))
    return float(text) if _NUMBER.fullmatch(text) else None
