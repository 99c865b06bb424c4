from __future__ import annotations

import json
import time
from collections.abc import Mapping

import httpx
import pytest

from listsync.domain.lists import Fetched
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError
from listsync.parsing.anime_ids import AnimeTitle
from listsync.providers.myanimelist.source import parse
from tests.contract.providers.cases import KEY
from tests.contract.providers.cases_anilist import map_of_the_sample
from tests.contract.providers.cases_myanimelist import myanimelist_provider
from tests.contract.providers.site import Site, answer, sample
from tests.fakes import AnimeIdsInMemory

MOVIE, TV = MediaType.MOVIE, MediaType.TV


def node(number: int, form: str | None = "tv", **more: object) -> Mapping[str, object]:
    return {"id": number, "title": f"Anime {number}", "media_type": form, **more}


def page(*nodes: object, more: bool = False) -> httpx.Response:
    paging = {"next": "https://elsewhere.example/"} if more else {}
    return answer(
        json.dumps({"data": [{"node": one} for one in nodes], "paging": paging}).encode()
    )


def fetched(*answers: httpx.Response, ids: AnimeIdsInMemory | None = None) -> Fetched:
    return myanimelist_provider(Site.of({"*": answers}), ids=ids).fetch(None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("dave", "dave/plan_to_watch"),
        ("dave/Watching", "dave/watching"),
        ("dave/plan to watch", "dave/plan_to_watch"),
        ("dave/on-hold/", "dave/on_hold"),
        ("https://myanimelist.net/animelist/dave", "dave/plan_to_watch"),
        ("https://myanimelist.net/animelist/dave?status=7&order=5&order2=0", "dave/all"),
        ("myanimelist.net/animelist/dave?status=6", "dave/plan_to_watch"),
        ("https://myanimelist.net/profile/dave", "dave/plan_to_watch"),
    ],
)
def test_a_users_list_is_named_in_many_ways(text: str, name: str) -> None:
    assert str(parse(text)) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("completed", "whose. Name the user before it: user/completed"),
        ("Plan to watch", "whose. Name the user before it: user/Plan to watch"),
        ("dave/best", "is no list of MyAnimeList"),
        ("https://myanimelist.net/animelist/dave?status=5", "is no list of MyAnimeList"),
        ("https://myanimelist.net/animelist/dave?tag=x", "the address has tag"),
        ("https://myanimelist.net/mangalist/dave", "is no known address of MyAnimeList"),
        ("https://anilist.co/user/dave/animelist", "belongs to AniList"),
    ],
)
def test_what_is_no_list_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_entries_get_the_ids_of_the_map_and_the_season_they_are() -> None:
    pages = [sample(f"myanimelist/list.page{number}.json") for number in (1, 2)]
    result = fetched(*pages, ids=map_of_the_sample())
    first, second = result.entries
    assert (first.label, first.kind, first.seasons) == ("City of Wind (2023)", TV, (1,))
    assert (first.ids.tvdb, first.original_title) == (800041, "風の町")
    assert (second.label, second.ids) == (
        "Hoshi no Fune (2021)",
        ExternalIds("tt90000042", 9000042),
    )
    assert [(row.rank, row.why) for row in result.skipped] == [(2, "a music video")]


@pytest.mark.parametrize(
    ("form", "kind"), [("movie", MOVIE), ("ona", TV), ("tv_special", TV), ("unknown", None)]
)
def test_what_the_map_does_not_know_goes_by_title_year_and_kind(
    form: str, kind: MediaType | None
) -> None:
    [entry] = fetched(page(node(5, form, start_date="2020-07"))).entries
    assert (entry.label, entry.kind, bool(entry.ids)) == ("Anime 5 (2020)", kind, False)


def test_two_halves_of_a_season_are_two_entries_and_no_doubt() -> None:
    half = AnimeTitle(TV, ExternalIds(tvdb=8), 3)
    ids = AnimeIdsInMemory({("mal", 1): half, ("mal", 2): half})
    result = fetched(page(node(1), node(2)), ids=ids)
    assert (len(result.entries), result.doubt, result.is_sure) == (2, "", True)


def test_it_asks_with_the_client_id_for_pages_of_1000_at_its_own_address() -> None:
    site = Site.of({"*": [page(node(1), node(2), more=True), page(node(3))]})
    myanimelist_provider(site, "dave/all").fetch(None)
    first, second = site.seen
    assert first.headers["x-mal-client-id"] == KEY
    assert (first.url.params["limit"], first.url.params["nsfw"]) == ("1000", "true")
    assert "status" not in first.url.params
    assert (second.url.host, second.url.params["offset"]) == (first.url.host, "2")
    site = Site.of({"*": page(node(1))})
    myanimelist_provider(site, "dave").fetch(None)
    assert site.seen[0].url.params["status"] == "plan_to_watch"


def test_an_unchanged_list_costs_one_call_and_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [page(node(1), more=True), page(node(2))]
    first, ids, site = fetched(*pages), AnimeIdsInMemory(), Site.of({"*": pages})
    again = myanimelist_provider(site, ids=ids).fetch(first.validators)
    assert (again.is_unchanged, len(site.seen), ids.asked) == (True, 1, [])
    changed = Site.of({"*": [page(node(9), more=True), *pages]})
    assert not myanimelist_provider(changed).fetch(first.validators).is_unchanged
    another_day = time.strptime("2026-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: another_day)
    tomorrow = Site.of({"*": pages})
    assert not myanimelist_provider(tomorrow).fetch(first.validators).is_unchanged


def test_without_a_client_id_it_says_where_one_is_had_and_what_goes_without() -> None:
    site = Site.of({"*": page(node(1))})
    with pytest.raises(RefusedError, match=r"myanimelist\.net/apiconfig.* as a file") as told:
        myanimelist_provider(site, client_id=None).fetch(None)
    assert (told.value.kind, site.seen) == (Refusal.CREDENTIAL, [])


def test_a_later_page_is_not_taken_for_the_first() -> None:
    with pytest.raises(ResponseChangedError, match="in place of the first"):
        fetched(sample("myanimelist/list.page2.json"))


def test_no_entries_prove_nothing() -> None:
    with pytest.raises(ResponseChangedError, match="nothing says that there are none"):
        fetched(page())


@pytest.mark.parametrize(
    "body", [b'{"data": []}', b'{"paging": {}}', b"[]", b'{"data": {}, "paging": {}}']
)
def test_another_answer_is_no_list(body: bytes) -> None:
    with pytest.raises(ResponseChangedError):
        fetched(answer(body))


def test_a_list_that_ends_with_a_full_page_is_whole() -> None:
    full = page(*(node(number) for number in range(1, 1001)))
    site = Site.of({"*": [full, page(node(1000))]})
    result = myanimelist_provider(site).fetch(None)
    assert (result.read, result.is_sure, len(site.seen)) == (1000, True, 2)
    assert site.seen[1].url.params["offset"] == "999"
    again = Site.of({"*": full})
    assert myanimelist_provider(again).fetch(result.validators).is_unchanged
    assert len(again.seen) == 1


@pytest.mark.parametrize("behind", [(), (1000, 1001)])
def test_a_full_page_that_names_no_next_one_proves_no_end(behind: tuple[int, ...]) -> None:
    full = page(*(node(number) for number in range(1, 1001)))
    with pytest.raises(ResponseChangedError, match="names no page behind row 1000"):
        fetched(full, page(*map(node, behind)))
