from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import httpx
import pytest

from listsync.config_types import ServiceOptions
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import ListsyncError, ResponseChangedError
from listsync.http.request import ServiceRequest
from listsync.parsing import json_rows as rows
from listsync.parsing.decoding import ResponseShape, title_text
from listsync.parsing.json_rows import Entries, get_list
from tests.contract.providers.site import Site, answer, client

OPTIONS = ServiceOptions(base_url="https://lists.example")
CALL = ServiceRequest(service="demo", url="https://lists.example/a")


class Film(ResponseShape, frozen=True):
    title: str
    year: int | None = None

    def __post_init__(self) -> None:
        if title_text(self.title) is None:
            raise ValueError("no title")


def entry_of(rank: int, film: Film) -> ListEntry:
    return ListEntry(rank=rank, title=film.title, year=film.year)


def got(response: httpx.Response, previous: Validators | None = None) -> Fetched:
    with client(OPTIONS, Site.of({"*": response})) as http:
        return get_list(http, CALL, Film, entry_of, previous)


def added(*pages: object) -> Fetched:
    entries = Entries("demo", Film)
    for page in pages:
        entries.add(page, entry_of)
    return entries.fetched(declared=None, validators=None)


def films(*titles: object) -> list[object]:
    return [{"title": title} for title in titles]


def test_rows_keep_their_place() -> None:
    page = got(answer(json.dumps(films("A", "B")).encode(), etag='"1"'))
    assert [(row.rank, row.title) for row in page.entries] == [(1, "A"), (2, "B")]
    assert (page.read, page.validators) == (2, Validators(etag='"1"'))


def test_one_bad_row_does_not_cost_the_list() -> None:
    page = added(films("A", 7, "C", "D"))
    assert [row.rank for row in page.entries] == [1, 3, 4]
    assert page.skipped == (
        SkippedRow(rank=2, what='{"title": 7}', why="title: expected str, got int"),
    )
    assert page.read == 4


def test_ranks_go_on_from_page_to_page() -> None:
    assert [row.rank for row in added(films("A", "B"), films("C")).entries] == [1, 2, 3]


@pytest.mark.parametrize(
    "items",
    [films(7), films(7, 8, "C", "D"), films(" ", "\0"), [None, 1, "x"], ["A", "B"]],
    ids=["all", "half", "empty-titles", "no-objects", "text"],
)
def test_many_bad_rows_mean_another_format(items: list[object]) -> None:
    with pytest.raises(ResponseChangedError, match=r"demo: .* rows are not of the known form"):
        added(items)


def test_a_list_without_one_good_row_is_not_read_to_its_end() -> None:
    endless: Iterator[object] = itertools.repeat({})
    with pytest.raises(ResponseChangedError, match="the first 100 rows are not of the known form"):
        added(endless)


def test_a_list_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MOST_ROWS", 1000)
    endless = itertools.cycle(films("A", "B"))
    with pytest.raises(ResponseChangedError, match="1,001 rows are more than"):
        added(endless)
    assert added(films("A") * 1000).read == 1000


def test_a_list_that_announces_too_much_is_not_begun() -> None:
    entries = Entries("demo", Film)
    entries.expect(None)
    entries.expect(100_000)
    with pytest.raises(ResponseChangedError, match="demo: 100,001 rows are more than"):
        entries.expect(100_001)


def test_what_is_said_of_a_bad_row_is_harmless() -> None:
    page = added([*films("A", "B", "C"), {"title": "\x1b[31m\u202eD", "year": "x"}])
    assert page.skipped[0].what == "[31mD"


def test_a_row_of_very_many_levels_is_a_bad_row() -> None:
    deep: object = 1
    for _ in range(50_000):  # Python 3.13 writes down 5,000
        deep = [deep]
    page = added([*films("A", "B", "C"), deep])
    assert page.skipped[0].what == "a value within very many others"


@pytest.mark.parametrize("content", [{}, {"error": "x"}, None, 5, "text"])
def test_what_is_no_array_is_another_format(content: object) -> None:
    with pytest.raises(ResponseChangedError, match="a list was expected"):
        added(content)


def test_unchanged_keeps_the_validators() -> None:
    before = Validators(etag='"1"', last_modified="Sat, 21 Nov 2026 07:00:11 GMT")
    page = got(answer(status=304, etag='"2"'), before)
    assert page.is_unchanged
    assert page.validators == Validators(etag='"2"', last_modified=before.last_modified)


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(b'[{"title": "A"}'), "cut off"),
        (answer(b'[{"title": "A'), "cut off"),
        (answer(b'[{"title": "A"}, nonsense]'), "not JSON"),
        (answer(b'[{"title": "A"}] and more'), "not JSON"),
        (answer(b"[" * 100_000), "JSON"),
        (answer(b"[" + b"9" * 5000 + b"]"), "out of all bounds"),
        (answer(b'[{"title": "\xff"}]'), "not in utf-8"),
        (answer(b"<p>no</p>", content_type="text/html"), "a web page"),
        (answer(b"<html><title>Sign in</title>", content_type=None), '"Sign in"'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_trouble_with_the_shape_is_said_once_for_all(response: httpx.Response, words: str) -> None:
    with pytest.raises(ResponseChangedError, match=words):
        got(response)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('[{"title": "É"}]'.encode(), "application/json"),
        ('\ufeff[{"title": "É"}]'.encode(), "application/json"),
        ('[{"title": "É"}]'.encode("utf-16"), "application/json"),
        ('[{"title": "É"}]'.encode("latin-1"), "application/json; charset=ISO-8859-1"),
        ('[{"title": "É"}]'.encode(), "application/json; charset=UTF-8"),
        ('[{"title": "É"}]'.encode(), "application/json; charset=klingon"),
    ],
    ids=["utf-8", "mark", "utf-16", "latin-1", "named", "unknown"],
)
def test_encodings(body: bytes, kind: str) -> None:
    assert got(answer(body, content_type=kind)).entries[0].title == "É"


def test_half_a_surrogate_is_a_bad_row() -> None:
    with pytest.raises(ListsyncError):
        got(answer(b'[{"title": "\\ud800"}]'))


def listed(*pages: object, declared: int | None) -> Fetched:
    entries = Entries("demo", Film)
    for page in pages:
        entries.add(page, entry_of)
    return entries.fetched(declared=declared, validators=Validators(stamp="now"))


def test_rows_that_come_again_do_not_make_a_list_whole() -> None:
    fetched = listed(films("A", "B"), films("B", "A"), declared=4)
    assert (fetched.read, fetched.distinct, fetched.outcome) == (4, 2, ListOutcome.PARTIAL)
    assert fetched.doubt == "2 rows only repeated another"
    assert fetched.validators is None


class Numbered(ResponseShape, frozen=True):
    imdb: str | None = None
    tmdb: int | None = None
    year: int | None = None


def numbered(rank: int, row: Numbered) -> ListEntry:
    kind = MediaType.MOVIE
    return ListEntry(rank=rank, year=row.year, kind=kind, ids=ExternalIds(row.imdb, row.tmdb))


@pytest.mark.parametrize(
    "again",
    [{"imdb": "tt1", "tmdb": 1}, {"imdb": "tt1"}, {"tmdb": 1, "year": 1999}],
    ids=["without its year", "by one id", "by the other id"],
)
def test_a_row_that_comes_again_in_other_words_is_a_repeat(again: object) -> None:
    entries = Entries("demo", Numbered)
    entries.add([{"imdb": "tt1", "tmdb": 1, "year": 1999}, again], numbered)
    fetched = entries.fetched(declared=2, validators=None)
    assert (fetched.distinct, fetched.outcome) == (1, ListOutcome.PARTIAL)


@pytest.mark.parametrize("is_counted", [True, False])
def test_a_missing_count_is_a_doubt_where_there_should_be_one(is_counted: bool) -> None:
    entries = Entries("demo", Film)
    entries.add(films("A"), entry_of)
    fetched = entries.fetched(declared=None, validators=Validators(), is_counted=is_counted)
    assert fetched.is_sure is not is_counted
    assert fetched.doubt == ("the count of its rows was missing" if is_counted else "")
    assert (fetched.validators is None) is is_counted


def test_a_title_of_another_year_is_no_repeat() -> None:
    fetched = listed([{"title": "A", "year": 1999}, {"title": "A", "year": 2021}], declared=2)
    assert (fetched.distinct, fetched.is_sure) == (2, True)
    assert fetched.validators is not None


def test_repeats_beside_all_that_was_declared_raise_no_doubt() -> None:
    fetched = listed(films("A", "B", "A"), declared=2)
    assert (fetched.distinct, fetched.doubt, fetched.is_sure) == (2, "", True)


def test_repeats_in_a_list_without_a_count_are_a_doubt() -> None:
    fetched = listed(films("A", "B", "A"), declared=None)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert (fetched.doubt, fetched.is_sure) == ("1 row only repeated another", False)
    assert fetched.validators is None


def test_a_broken_row_may_be_any_title() -> None:
    fetched = listed([*films("A", "B", "C", "D"), None], declared=5)
    assert fetched.outcome is ListOutcome.COMPLETE
    assert (fetched.broken, fetched.doubt) == (1, "1 row came broken")
    assert (fetched.is_sure, fetched.validators) == (False, None)


def test_rows_left_out_are_told_apart_by_what_they_say() -> None:
    def left_out(rank: int, film: Film) -> SkippedRow:
        return SkippedRow(rank=rank, what="a person", why=f"in {film.year or 'no year'}")

    entries = Entries("demo", Film)
    entries.add(films("A", "B", "A"), left_out)
    assert entries.distinct == 2


def perhaps_with_id(rank: int, row: Numbered) -> ListEntry:
    return ListEntry(rank=rank, title="A", year=row.year, ids=ExternalIds(row.imdb, row.tmdb))


@pytest.mark.parametrize(
    ("rows", "distinct"),
    [
        ([{"imdb": "tt1", "year": 1999}, {"year": 1999}], 1),
        ([{"imdb": "tt1", "year": 1999}, {}], 1),
        ([{"imdb": "tt1"}, {"year": 1999}], 1),
        ([{}, {"imdb": "tt1", "year": 1999}], 1),
        ([{"year": 1999}, {}], 1),
        ([{"imdb": "tt1", "year": 1999}, {"year": 2021}], 2),
        ([{"imdb": "tt1", "year": 1999}, {"imdb": "tt2", "year": 1999}], 2),
    ],
)
def test_a_row_without_ids_repeats_what_is_called_alike(rows: list[object], distinct: int) -> None:
    entries = Entries("demo", Numbered)
    entries.add(rows, perhaps_with_id)
    assert entries.distinct == distinct
