from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import httpx
import pytest

from listsync.domain.lists import Fetched
from listsync.domain.media import ExternalIds, FilmRecord, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.login_store import FileTokens
from listsync.providers.tvdb.source import parse
from tests.contract.providers.cases import KEY
from tests.contract.providers.cases_tvdb import PIN, sample_pages, tvdb_provider
from tests.contract.providers.site import Site, answer, sample
from tests.fakes import FilmIdsInMemory

MOVIE, TV = MediaType.MOVIE, MediaType.TV
LIST = "/v4/lists/990001/extended"


def said(data: object) -> httpx.Response:
    return answer(json.dumps({"status": "success", "data": data}).encode())


def entities(*rows: object) -> httpx.Response:
    return said({"entities": list(rows)})


def film(number: int, **more: object) -> httpx.Response:
    return said({"id": number, "name": f"Film {number}", "year": "2019", **more})


def remote(number: str, source: str = "TheMovieDB.com", kind: int = 10) -> object:
    return {"id": number, "type": kind, "sourceName": source}


def fetched(pages: dict[str, httpx.Response]) -> Fetched:
    return tvdb_provider(Site.of({**pages})).fetch(None)


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("990001", "990001", 990001),
        ("synthetic-list", "synthetic-list", None),
        ("lists/synthetic-list", "synthetic-list", None),
        ("https://thetvdb.com/lists/synthetic-list", "synthetic-list", None),
        ("https://www.thetvdb.com/lists/990001/", "990001", 990001),
        ("favorites", "favorites", None),
    ],
)
def test_a_list_is_named_in_many_ways(text: str, name: str, number: int | None) -> None:
    source = parse(text)
    assert (str(source), source.number) == (name, number)
    assert source.is_favorites == (text == "favorites")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://thetvdb.com/series/harbour-street", "is one title, not a list"),
        ("https://thetvdb.com/lists/a?genre=x", "the address has genre"),
        ("https://thetvdb.com/lists/favorites", "is no list of TheTVDB"),
        ("https://thetvdb.com/dereferrer/series/5", "is no known address of TheTVDB"),
        ("../x", "is no list of TheTVDB"),
        ("0", "is no list of TheTVDB"),
    ],
)
def test_what_is_no_list_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_entries_get_the_ids_that_their_pages_tell_in_the_lists_order() -> None:
    first, second, third = fetched(sample_pages()).entries
    assert (first.label, first.kind) == ("Harbour Street (2016)", TV)
    assert first.ids == ExternalIds("tt90000021", 9000021, 800021)
    assert (second.label, second.kind) == ("The Lantern Keeper (2019)", MOVIE)
    assert second.ids == ExternalIds("tt90000011", 9000011)
    assert (third.kind, third.ids) == (TV, ExternalIds(tvdb=800022))


def test_a_title_is_asked_once_and_never_again() -> None:
    known, site = FilmIdsInMemory(), Site.of({**sample_pages()})
    tvdb_provider(site, known=known).fetch(None)
    again = Site.of({LIST: sample("tvdb/list-extended.json")})
    entries = tvdb_provider(again, known=known).fetch(None).entries
    assert [entry.ids.imdb for entry in entries] == ["tt90000021", "tt90000011", None]
    assert [entry.title for entry in entries] == ["Harbour Street", "The Lantern Keeper", None]
    assert again.paths == ["/v4/login", LIST]
    assert known.known["series/800022"] == FilmRecord(TV)  # of which nobody knows anything


def test_titles_without_ids_are_not_asked_again_and_keep_no_others_waiting() -> None:
    pages = {f"/v4/movies/{n}/extended": film(n, remoteIds=None) for n in (1, 2)}
    pages |= {
        LIST: entities({"movieId": 1}, {"movieId": 2}, {"movieId": 3}),
        "/v4/movies/3/extended": film(3, remoteIds=[remote("13")]),
    }
    known = FilmIdsInMemory()
    tvdb_provider(Site.of({**pages}), known=known, id_calls=2).fetch(None)
    result = tvdb_provider(Site.of({**pages}), known=known, id_calls=2).fetch(None)
    assert [one.label for one in result.entries] == [f"Film {n} (2019)" for n in (1, 2, 3)]
    assert [one.ids.tmdb for one in result.entries] == [None, None, 13]
    site = Site.of({**pages})
    assert tvdb_provider(site, known=known).fetch(None).validators is not None
    assert site.paths == ["/v4/login", LIST]


def test_an_unchanged_list_costs_one_call_also_by_its_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    logins = FileTokens(tmp_path / "tvdb.json")
    first = tvdb_provider(Site.of({**sample_pages()}), "synthetic-list", logins=logins).fetch(None)
    assert first.validators is not None
    site = Site.of({**sample_pages()})
    again = tvdb_provider(site, "synthetic-list", logins=logins).fetch(first.validators)
    assert (again.is_unchanged, site.paths) == (True, [LIST])
    other = Site.of({**sample_pages(), LIST: entities({"movieId": 850011})})
    assert not tvdb_provider(other, logins=logins).fetch(first.validators).is_unchanged
    day = time.strptime("2030-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: day)
    site = Site.of({**sample_pages()})
    tomorrow = tvdb_provider(site, "synthetic-list", logins=logins).fetch(first.validators)
    assert not tomorrow.is_unchanged
    assert "/v4/lists/slug/synthetic-list" in site.paths


def test_the_login_is_kept_for_its_owner_alone_and_used_until_the_key_is_another(
    tmp_path: Path,
) -> None:
    path = tmp_path / "tvdb.json"
    site = Site.of({**sample_pages()})
    for _ in range(2):
        tvdb_provider(site, logins=FileTokens(path)).fetch(None)
    assert site.paths.count("/v4/login") == 1
    assert json.loads(site.seen[0].content) == {"apikey": KEY}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in path.read_text()
    tvdb_provider(site, logins=FileTokens(path), pin=PIN).fetch(None)
    assert json.loads(site.seen[-5].content) == {"apikey": KEY, "pin": PIN}
    path.write_text("{}")
    tvdb_provider(site, logins=FileTokens(path)).fetch(None)
    assert site.paths.count("/v4/login") == 3


def test_a_login_that_is_refused_is_replaced_once(tmp_path: Path) -> None:
    logins = FileTokens(tmp_path / "tvdb.json")
    tvdb_provider(Site.of({**sample_pages()}), logins=logins).fetch(None)
    refused = sample("tvdb/error-401.json", 401)
    good = sample("tvdb/list-extended.json")
    site = Site.of({**sample_pages(), LIST: [refused, good]})
    assert len(tvdb_provider(site, logins=logins).fetch(None).entries) == 3
    assert site.paths[:3] == [LIST, "/v4/login", LIST]
    site = Site.of({LIST: refused})
    with pytest.raises(RefusedError) as told:
        tvdb_provider(site, logins=logins).fetch(None)
    assert told.value.kind is Refusal.CREDENTIAL
    assert site.paths == [LIST, "/v4/login", LIST]


def test_a_key_that_is_refused_is_told_with_the_pin_that_it_may_need() -> None:
    site = Site.of({"/v4/login": sample("tvdb/error-401.json", 401)})
    with pytest.raises(RefusedError, match=r"does not accept providers\.tvdb\.api_key.* pin"):
        tvdb_provider(site).fetch(None)


@pytest.mark.parametrize(
    "content",
    [
        {"token": "not-for-others"},
        {"data": {"token": "not for others"}},
        {"data": "not-for-others"},
    ],
)
def test_an_odd_answer_to_the_key_is_not_shown(content: object) -> None:
    site = Site.of({"/v4/login": answer(json.dumps(content).encode())})
    with pytest.raises(ResponseChangedError, match="holds no login") as told:
        tvdb_provider(site).fetch(None)
    assert told.value.sample == ""


def test_favorites_are_ones_own_series_and_films() -> None:
    pages = {
        **sample_pages(),
        "/v4/user/favorites": said({"series": [800021], "movies": [850011], "artwork": [1]}),
    }
    result = tvdb_provider(Site.of({**pages}), "favorites", pin=PIN).fetch(None)
    assert [(one.kind, one.title) for one in result.entries] == [
        (TV, "Harbour Street"),
        (MOVIE, "The Lantern Keeper"),
    ]


def test_what_is_left_for_later_is_no_loss_and_films_come_first() -> None:
    rows = [{"seriesId": 5}, {"movieId": 1}, {"movieId": 2}]
    pages = {
        LIST: entities(*rows),
        "/v4/movies/1/extended": film(1, remoteIds=[remote("11")]),
        "/v4/movies/2/extended": film(2, remoteIds=[remote("12")]),
    }
    known = FilmIdsInMemory()
    first = tvdb_provider(Site.of({**pages}), known=known, id_calls=1).fetch(None)
    assert [entry.ids for entry in first.entries] == [ExternalIds(tvdb=5), ExternalIds(tmdb=11)]
    assert [(row.rank, row.why) for row in first.skipped] == [(3, "its ids are not known yet")]
    assert (first.is_sure, first.validators) == (False, None)
    assert first.remark == "2 titles are asked for their ids later"
    second = tvdb_provider(Site.of({**pages}), known=known, id_calls=1).fetch(None)
    assert [entry.ids.tmdb for entry in second.entries] == [None, 11, 12]


@pytest.mark.parametrize(
    ("calls", "remark"),
    [
        (1, "1 title is asked for its ids later"),
        (0, "2 titles are not asked for ids: providers.tvdb.id_calls is 0"),
    ],
)
def test_what_is_never_asked_is_not_promised_for_later(calls: int, remark: str) -> None:
    pages = {
        LIST: entities({"movieId": 1}, {"movieId": 2}),
        "/v4/movies/1/extended": film(1, remoteIds=[remote("11")]),
    }
    assert tvdb_provider(Site.of({**pages}), id_calls=calls).fetch(None).remark == remark


def test_a_film_of_which_nothing_is_known_elsewhere_goes_by_title_and_year() -> None:
    pages = {LIST: entities({"movieId": 1}), "/v4/movies/1/extended": film(1, remoteIds=None)}
    [entry] = fetched(pages).entries
    assert (entry.label, bool(entry.ids)) == ("Film 1 (2019)", False)


def test_ids_that_contradict_each_other_or_are_of_the_other_kind_are_left_out() -> None:
    several = [remote("11"), remote("12"), remote("tt0000001", "IMDB", 2)]
    pages = {
        LIST: entities({"movieId": 1}, {"movieId": 2}),
        "/v4/movies/1/extended": film(1, remoteIds=several),
        "/v4/movies/2/extended": film(2, remoteIds=[remote("13", kind=12)]),
    }
    first, second = fetched(pages).entries
    assert first.ids == ExternalIds("tt0000001")
    assert not second.ids


def test_titles_that_cannot_be_asked_do_not_cost_the_list() -> None:
    known = FilmIdsInMemory({"movies/1": FilmRecord(MOVIE, ExternalIds(tmdb=11))})
    pages = {LIST: entities({"movieId": 1}, {"seriesId": 5}), "*": answer(status=503)}
    result = tvdb_provider(Site.of({**pages}), known=known).fetch(None)
    assert [entry.ids for entry in result.entries] == [ExternalIds(tmdb=11), ExternalIds(tvdb=5)]
    assert "out of order" in result.remark
    assert result.validators is None


def test_rows_of_neither_kind_are_broken() -> None:
    rows = [{"seriesId": 5}, {"seriesId": 6}, {"seriesId": 7}, {"seriesId": None, "movieId": None}]
    result = fetched({LIST: entities(*rows)})
    assert (len(result.entries), result.broken) == (3, 1)


@pytest.mark.parametrize(
    "data", [{"entities": []}, {"entities": None}, {"name": "x"}, None, [], {"entities": {}}]
)
def test_no_rows_prove_nothing(data: object) -> None:
    with pytest.raises(ResponseChangedError):
        fetched({LIST: said(data)})


def test_a_failure_under_200_is_one() -> None:
    body = b'{"status": "failure", "message": "try later", "data": null}'
    with pytest.raises(UnavailableError, match="says: try later"):
        fetched({LIST: answer(body)})
