from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.parsing.anime_ids import AnimeTitle
from listsync.providers.anilist import reader
from listsync.providers.anilist.reader import AniList
from listsync.providers.anilist.source import AniListOptions, parse
from tests.contract.providers.cases_anilist import anilist_provider, map_of_the_sample
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import AnimeIdsInMemory

MOVIE, TV = MediaType.MOVIE, MediaType.TV


def media(number: int, name: str | None = None, form: str | None = "TV", **more: object) -> object:
    title = {"romaji": name or f"Anime {number}"}
    return {"id": number, "format": form, "title": title, "startDate": {"year": 2020}, **more}


def chunk(*groups: tuple[str, str, Sequence[object]], more: bool = False) -> httpx.Response:
    """Answer with lists: each its name, the status of its entries, and these."""
    lists = [
        {"name": name, "entries": [{"status": status, "media": one} for one in entries]}
        for name, status, entries in groups
    ]
    found = {"hasNextChunk": more, "lists": lists}
    return answer(json.dumps({"data": {"MediaListCollection": found}}).encode())


def planning(*entries: object, more: bool = False) -> httpx.Response:
    return chunk(("Planning", "PLANNING", entries), more=more)


def chart(*entries: object, more: bool = True) -> httpx.Response:
    found = {"pageInfo": {"hasNextPage": more}, "media": list(entries)}
    return answer(json.dumps({"data": {"Page": found}}).encode())


def fetched(
    *answers: httpx.Response, value: str = "dave", ids: AnimeIdsInMemory | None = None
) -> Fetched:
    return anilist_provider(Site.of({"*": answers}), value, ids).fetch(None)


def asked(site: Site) -> list[Any]:
    return [json.loads(request.content) for request in site.seen]


@pytest.mark.parametrize(
    ("text", "name", "status", "own_list"),
    [
        ("dave", "dave/Planning", "PLANNING", None),
        ("dave/planning", "dave/Planning", "PLANNING", None),
        ("dave/Watching", "dave/Watching", "CURRENT", None),
        ("dave/Rewatching/", "dave/Rewatching", "REPEATING", None),
        ("dave/ALL", "dave/all", None, None),
        ("dave/To request", "dave/To request", None, "To request"),
        ("https://anilist.co/user/dave/animelist", "dave/Planning", "PLANNING", None),
        ("anilist.co/user/dave/animelist/To%20request", "dave/To request", None, "To request"),
        ("https://anilist.co/user/dave/", "dave/Planning", "PLANNING", None),
        ("user/dave/animelist/Completed", "dave/Completed", "COMPLETED", None),
    ],
)
def test_a_users_list_is_named_in_many_ways(
    text: str, name: str, status: str | None, own_list: str | None
) -> None:
    source = parse(text)
    assert (str(source), source.status, source.own_list) == (name, status, own_list)
    assert source.user == "dave"


@pytest.mark.parametrize("text", ["trending", "https://anilist.co/search/anime/this-season"])
def test_a_chart_is_named_by_its_word_or_address(text: str) -> None:
    source = parse(text)
    assert source.chart in (text, "this-season")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("https://anilist.co/search/anime/trending?genres=Drama", "the address has genres"),
        ("https://anilist.co/search/anime?genres=Drama", "is no known address of AniList"),
        ("https://anilist.co/user/dave/mangalist", "is no known address of AniList"),
        ("https://myanimelist.net/animelist/dave", "accepted: "),
        ("a b", "is no list of AniList"),
        ("completed", "whose. Name the user before it: user/completed"),
        ("../x", "is no list of AniList"),
        ("dave/a%0ab", "is no list of AniList"),
    ],
)
def test_what_is_no_list_is_refused_in_words(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


def test_entries_get_the_ids_of_the_map_and_the_season_they_are() -> None:
    first, second = fetched(
        sample("anilist/media-list-collection.json"), ids=map_of_the_sample()
    ).entries
    assert (first.label, first.kind, first.seasons) == ("City of Wind (2023)", TV, (1,))
    assert first.ids == ExternalIds("tt90000041", 9000041, 800041)
    assert first.original_title == "Kaze no Machi"
    assert (second.label, second.kind) == ("Hoshi no Fune (2021)", MOVIE)
    assert (second.ids, second.seasons) == (ExternalIds("tt90000042", 9000042), ())


def test_all_ids_of_a_part_are_looked_up_at_once() -> None:
    ids = AnimeIdsInMemory()
    fetched(planning(media(1), media(2), more=True), planning(media(3)), ids=ids)
    assert ids.asked == [("anilist", frozenset((1, 2))), ("anilist", frozenset((3,)))]


def test_what_the_map_does_not_know_goes_by_title_year_and_kind() -> None:
    [entry] = fetched(planning(media(5, "Ano Hana"))).entries
    assert (entry.title, entry.year, entry.kind, entry.ids) == (
        "Ano Hana",
        2020,
        TV,
        ExternalIds(),
    )


def test_what_the_map_is_in_doubt_of_is_in_doubt() -> None:
    ids = AnimeIdsInMemory({("anilist", 5): AnimeTitle(MOVIE, doubt="it may be two")})
    [entry] = fetched(planning(media(5)), ids=ids).entries
    assert (entry.kind, entry.doubt) == (MOVIE, "it may be two")


@pytest.mark.parametrize(
    ("form", "kind"),
    [("MOVIE", MOVIE), ("TV_SHORT", TV), ("OVA", TV), ("ONA", TV), ("SPECIAL", TV), (None, None)],
)
def test_formats_say_film_or_series(form: str | None, kind: MediaType | None) -> None:
    [entry] = fetched(planning(media(5, form=form))).entries
    assert entry.kind is kind


def test_a_music_video_is_skipped_and_counts_as_read() -> None:
    result = fetched(planning(media(5, form="MUSIC"), media(6)))
    assert [(row.rank, row.what, row.why) for row in result.skipped] == [
        (1, "Anime 5", "a music video")
    ]
    assert (result.read, [entry.rank for entry in result.entries]) == (2, [2])


def test_an_entry_that_hides_from_the_list_of_its_status_is_planned_all_the_same() -> None:
    lists = (
        ("Planning", "PLANNING", [media(1), media(2)]),
        ("Mine", "PLANNING", [media(2), media(3)]),
        ("Done", "COMPLETED", [media(4)]),
    )
    result = fetched(chunk(*lists))
    assert [entry.title for entry in result.entries] == ["Anime 1", "Anime 2", "Anime 3"]
    assert result.is_sure
    own = fetched(chunk(*lists), value="dave/mine")
    assert [entry.title for entry in own.entries] == ["Anime 2", "Anime 3"]
    assert len(fetched(chunk(*lists), value="dave/all").entries) == 4


def test_two_halves_of_a_season_are_two_entries_and_no_doubt() -> None:
    half = AnimeTitle(TV, ExternalIds(tvdb=8), 3)
    ids = AnimeIdsInMemory({("anilist", 1): half, ("anilist", 2): half})
    result = fetched(planning(media(1), media(2)), ids=ids)
    assert (len(result.entries), result.doubt, result.is_sure) == (2, "", True)


def test_lists_without_a_planned_entry_are_no_proof_that_there_is_none() -> None:
    result = fetched(chunk(("Planning", "PLANNED", [media(1)])))
    assert result.outcome is ListOutcome.DRIFT
    assert fetched(chunk()).outcome is ListOutcome.EMPTY


def test_a_list_of_ones_own_that_is_not_shown_is_not_found() -> None:
    with pytest.raises(RefusedError, match=r"no list 'Mine' .*\(there: Other, Planning\)") as told:
        fetched(
            chunk(("Planning", "PLANNING", [media(1)]), ("Other", "PAUSED", [media(1)])),
            value="dave/Mine",
        )
    assert told.value.kind is Refusal.NOT_FOUND


def test_what_is_planned_is_asked_for_in_parts_of_500() -> None:
    site = Site.of({"*": [planning(media(1), more=True), planning(media(2))]})
    anilist_provider(site, "dave").fetch(None)
    first, second = asked(site)
    assert (first["variables"], second["variables"]) == (
        {"u": "dave", "n": 1},
        {"u": "dave", "n": 2},
    )
    for part in ("perChunk:500", "status_in:[PLANNING]", "sort:[UPDATED_TIME_DESC]"):
        assert part in first["query"]
    site = Site.of({"*": planning(media(1))})
    anilist_provider(site, "dave/all").fetch(None)
    assert "status_in" not in asked(site)[0]["query"]


def test_an_unchanged_list_costs_one_call_and_no_look_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = [planning(media(1), more=True), planning(media(2))]
    first = fetched(*pages)
    ids = AnimeIdsInMemory()
    site = Site.of({"*": pages})
    again = anilist_provider(site, "dave", ids).fetch(first.validators)
    assert (again.is_unchanged, len(site.seen), ids.asked) == (True, 1, [])
    changed = Site.of({"*": [planning(media(3), more=True), *pages]})
    assert not anilist_provider(changed, "dave").fetch(first.validators).is_unchanged
    another_day = time.strptime("2026-01-01", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: another_day)
    tomorrow = Site.of({"*": pages})
    assert not anilist_provider(tomorrow, "dave").fetch(first.validators).is_unchanged


def test_of_more_than_the_service_gives_nothing_says_what_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "_MOST_OF_A_USER", 3)
    assert fetched(planning(media(1), media(2))).is_sure
    cut = fetched(planning(media(1), media(2), media(3)))
    assert (cut.outcome, cut.newest_only, cut.is_sure) == (ListOutcome.COMPLETE, True, False)


def test_a_chart_is_read_as_far_as_it_is_wanted() -> None:
    pages = [chart(*(media(50 * page + n) for n in range(1, 51))) for page in range(9)]
    site = Site.of({"*": pages})
    result = anilist_provider(site, "this-season").fetch(None)
    assert ([len(result.entries), len(site.seen)], result.is_sure) == ([100, 2], True)
    query = asked(site)[0]["query"]
    assert "perPage:50" in query
    assert "season:" in query
    assert "seasonYear:20" in query


def test_a_chart_without_rows_proves_nothing() -> None:
    assert fetched(chart(more=False), value="popular").outcome is ListOutcome.DRIFT


def test_too_many_requests_are_told_by_the_body_also_under_200() -> None:
    body = sample("anilist/rate-429.json").content
    for told, wait_s in ((answer(body, 200), None), (answer(body, 429, retry_after="30"), 30)):
        with pytest.raises(RefusedError, match="Too Many Requests") as caught:
            fetched(told)
        assert (caught.value.kind, caught.value.retry_after_s) == (Refusal.RATE_LIMITED, wait_s)


def test_a_service_that_is_switched_off_is_unavailable() -> None:
    with pytest.raises(UnavailableError, match="temporarily disabled"):
        fetched(sample("anilist/disabled-403.json", 403))


@pytest.mark.parametrize(
    "body",
    [
        b'{"errors": [{"message": "Cannot query field", "status": 400}], "data": null}',
        b'{"data": {"MediaListCollection": null}}',
        b'{"data": {"MediaListCollection": {"lists": []}}}',
        b'{"data": {"MediaListCollection": {"hasNextChunk": false, "lists": [{"name": "A"}]}}}',
        b'{"data": null}',
        b"[]",
        b"<html></html>",
    ],
)
def test_another_answer_is_no_list(body: bytes) -> None:
    with pytest.raises(ResponseChangedError):
        fetched(answer(body))


def test_a_title_that_speaks_of_errors_is_none() -> None:
    [entry] = fetched(planning(media(1, '"errors": [{"message": "x", "status": 429}]'))).entries
    assert entry.title is not None


def test_errors_beside_the_data_are_no_whole_list() -> None:
    whole = json.loads(planning(*(media(n, "x" * 90) for n in range(200))).content)
    body = json.dumps({**whole, "errors": [{"message": "timeout", "status": 500}]}).encode()
    with pytest.raises(ResponseChangedError, match="errors"):
        fetched(answer(body))


def test_a_chart_of_next_season_is_of_next_year_in_the_last_quarter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    day = time.strptime("2026-11-30", "%Y-%m-%d")
    monkeypatch.setattr(time, "gmtime", lambda: day)
    site = Site.of({"*": chart(media(1), more=False)})
    anilist_provider(site, "next-season").fetch(None)
    anilist_provider(site, "this-season").fetch(None)
    following, current = (one["query"] for one in asked(site))
    assert "season:WINTER,seasonYear:2027" in following
    assert "season:FALL,seasonYear:2026" in current


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_without_words_is_none_of_a_key_or_of_a_private_list(status: int) -> None:
    with pytest.raises(RefusedError, match="turns us away") as told:
        fetched(answer(b"{}", status))
    assert told.value.kind is Refusal.BLOCKED


@pytest.mark.parametrize(
    ("value", "part", "size"), [("dave", planning, 500), ("trending", chart, 50)]
)
def test_a_list_that_ends_with_a_full_part_is_whole(
    value: str, part: Callable[..., httpx.Response], size: int
) -> None:
    full = part(*map(media, range(1, size + 1)), more=False)
    site = Site.of({"*": [full, part(more=False)]})
    result = provider_of(site, value, size + 1).fetch(None)
    assert (result.read, result.is_sure) == (size, True)
    assert [one["variables"]["n"] for one in asked(site)] == [1, 2]
    again = Site.of({"*": full})
    assert provider_of(again, value, size + 1).fetch(result.validators).is_unchanged
    assert len(again.seen) == 1


@pytest.mark.parametrize(
    ("value", "part", "size"), [("dave", planning, 500), ("trending", chart, 50)]
)
def test_more_behind_a_full_part_that_is_said_to_be_the_last_is_no_end(
    value: str, part: Callable[..., httpx.Response], size: int
) -> None:
    full = part(*map(media, range(1, size + 1)), more=False)
    site = Site.of({"*": [full, part(media(9000), more=False)]})
    with pytest.raises(ResponseChangedError, match="behind the part that it says is the last"):
        provider_of(site, value, size + 1).fetch(None)


def provider_of(site: Site, value: str, chart_size: int) -> AniList:
    options = AniListOptions(pace_s=0, chart_size=chart_size)
    return AniList(parse(value), options, client(options, site), AnimeIdsInMemory())
