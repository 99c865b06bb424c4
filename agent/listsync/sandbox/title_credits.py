"""When titles came out and who made them, as their details say it.

Of a few real titles the truth is known here, for what needs it: releases of another year than the
first, makers whose name lists put in front. Others came out on their day in one country, and
nobody is known to have made them. Titles that are ordered may bring their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from listsync.sandbox.catalogue import MOVIE, Title

_Json = dict[str, object]
_KnownT = TypeVar("_KnownT")
_IN_CINEMAS = 3

_RELEASES = {
    128: {"JP": "1997-07-12", "US": "1999-10-29"},
    11216: {"IT": "1988-11-17", "US": "1990-02-23"},
    420634: {"US": "2016-10-15", "GB": "2018-04-06"},
}
_PEOPLE = {
    694: ("Stanley Kubrick", "Stephen King", "Jack Nicholson"),
    1091: ("John Carpenter", "Bill Lancaster", "Kurt Russell"),
    11596: ("Wes Craven", "Heather Langenkamp", "Robert Englund"),
}
_COMPANIES = {10693: ("Walt Disney Productions", "RKO Radio Pictures")}


def releases(title: Title) -> _Json:
    """Give the releases of a film by country."""
    dates = title.releases
    if dates is None:
        dates = _known(_RELEASES, title) or ({"US": title.date} if title.date else {})
    return {"results": [_country(code, date) for code, date in dates.items()]}


def credits_of(title: Title) -> _Json:
    """Give the first as the director of a film, the others as its cast; a series has creators."""
    if title.kind != MOVIE:
        return {"cast": [], "crew": []}
    people = list(enumerate(_people(title)))
    return {
        "cast": [{**_person(number, name), "order": number} for number, name in people[1:]],
        "crew": [{**_person(number, name), "job": "Director"} for number, name in people[:1]],
    }


def creators(title: Title) -> list[_Json]:
    return [_person(number, name) for number, name in enumerate(_people(title))]


def companies(title: Title) -> list[_Json]:
    names = _known(_COMPANIES, title) or () if title.companies is None else title.companies
    return [
        {"id": number, "name": name, "logoPath": None, "originCountry": "US"}
        for number, name in enumerate(names, start=1)
    ]


def _people(title: Title) -> tuple[str, ...]:
    return _known(_PEOPLE, title) or () if title.people is None else title.people


def _known(table: Mapping[int, _KnownT], title: Title) -> _KnownT | None:
    return table.get(title.tmdb_id) if title.kind == MOVIE else None


def _country(code: str, date: str) -> _Json:
    release = {
        "certification": "",
        "descriptors": [],
        "iso_639_1": "",
        "note": "",
        "release_date": f"{date}T00:00:00.000Z",
        "type": _IN_CINEMAS,
    }
    return {"iso_3166_1": code, "release_dates": [release]}


def _person(number: int, name: str) -> _Json:
    return {"id": number + 1, "name": name, "gender": 0, "profilePath": None}
