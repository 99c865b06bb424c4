"""What is asked of Simkl, what is made of its answers, and how one logs in there."""

from __future__ import annotations

import json
from collections.abc import Collection

import httpx
import pytest

from listsync.config_types import SecretStr
from listsync.domain.lists import ListOutcome
from listsync.domain.media import ExternalIds, MediaType
from listsync.errors import Refusal, RefusedError, ResponseChangedError, UnavailableError
from listsync.http.device_login import begin_either, poll, refresh
from listsync.http.login_store import LoginTokens
from listsync.parsing.anime_ids import AnimeService, AnimeTitle
from listsync.providers.simkl.api import login_service
from listsync.providers.simkl.reader import Simkl
from listsync.providers.simkl.source import SimklOptions, parse
from tests.contract.providers.cases_simkl import simkl_provider
from tests.contract.providers.simkl_account import ACCESS, CLIENT_ID, Account
from tests.contract.providers.site import Site, answer, client, sample
from tests.fakes import AnimeIdsInMemory
from tests.integration.providers.test_trakt_login import NOW, Clock


def film(number: int, status: str = "plantowatch", **more: object) -> dict[str, object]:
    media = {"title": f"Film {number}", "year": 2019, "ids": {"tmdb": str(number)}}
    return {"status": status, "movie": media, **more}


def show(number: int, status: str) -> dict[str, object]:
    media = {"title": f"Series {number}", "year": 2019, "ids": {"tvdb": str(number)}}
    return {"status": status, "show": media}


def anime(number: int, kind: str = "tv", **ids: object) -> dict[str, object]:
    media = {"title": f"Anime {number}", "year": 2020, "ids": ids}
    return {"status": "plantowatch", "anime_type": kind, "show": media}


FILMS = [film(n) for n in (1, 2, 3)]


def test_what_changed_is_asked_first_and_then_each_kind_whole() -> None:
    site = Account({"movies/plantowatch": FILMS})
    assert simkl_provider(site).fetch(None).outcome is ListOutcome.COMPLETE
    kinds = [f"{kind}/plantowatch" for kind in ("movies", "shows", "anime")]
    assert site.asked == ["activities", *kinds]
    first, *rest = site.seen
    assert dict(first.url.params)["app-name"] == "listsync"
    assert first.headers["simkl-api-key"] == CLIENT_ID
    assert all("date_from" not in one.url.params for one in rest)
    assert ACCESS not in "".join(str(one.url) for one in site.seen)


def test_ids_that_are_texts_are_numbers() -> None:
    row = film(1)
    row["movie"] = {"title": "A", "ids": {"imdb": "tt0000001", "tmdb": "12", "tvdb": "9"}}
    [entry] = simkl_provider(Account({"movies/plantowatch": [row]})).fetch(None).entries
    assert (entry.kind, entry.ids) == (MediaType.MOVIE, ExternalIds(imdb="tt0000001", tmdb=12))


def test_where_nothing_moved_there_is_one_call() -> None:
    site = Account({"movies/plantowatch": FILMS, "shows/watching": [film(9)]})
    validators = simkl_provider(site, "movies").fetch(None).validators
    site.seen.clear()
    site.rows = {"movies/plantowatch": FILMS}  # a series is no film
    assert simkl_provider(site, "movies").fetch(validators).is_unchanged
    assert site.asked == ["activities"]


@pytest.mark.parametrize("status", ["plantowatch", "completed", "removed_from_list"])
def test_whatever_moves_of_a_kind_has_it_read_again(status: str) -> None:
    site = Account({"movies/plantowatch": FILMS})
    validators = simkl_provider(site, "movies").fetch(None).validators
    site.stamps = {f"movies/{status}": "2026-11-30T00:00:00Z"}
    assert not simkl_provider(site, "movies").fetch(validators).is_unchanged


@pytest.mark.parametrize("name", ["playback", "all"])
def test_what_moves_no_title_has_nothing_read_again(name: str) -> None:
    site = Account({"movies/plantowatch": FILMS})
    validators = simkl_provider(site, "movies").fetch(None).validators
    site.stamps = {f"movies/{name}": "2026-11-30T00:00:00Z"}
    assert simkl_provider(site, "movies").fetch(validators).is_unchanged


def test_films_are_not_asked_for_what_no_film_is() -> None:
    site = Account({"shows/watching": [film(9, "watching")]})
    assert simkl_provider(site, "watching").fetch(None).outcome is ListOutcome.COMPLETE
    assert site.asked == ["activities", "shows/watching", "anime/watching"]


@pytest.mark.parametrize("nothing", [b"null", b"[]", b"{}", b'{"movies": []}'])
def test_a_status_that_never_had_a_title_is_empty(nothing: bytes) -> None:
    fetched = simkl_provider(Account(nothing=nothing), "movies").fetch(None)
    assert (fetched.outcome, fetched.validators is None) == (ListOutcome.EMPTY, False)


def saying(**stamps: object) -> Site:
    """Tell of every kind when its statuses changed, and give nothing of any."""
    told = json.dumps(dict.fromkeys(("movies", "tv_shows", "anime"), stamps)).encode()
    return Site.of({"/sync/activities": answer(told), "*": answer(b"null")})


@pytest.mark.parametrize("said", ["", 0, False])
def test_only_null_says_that_there_never_was_a_title(said: object) -> None:
    with pytest.raises(ResponseChangedError):
        simkl_provider(saying(plantowatch=said), "movies").fetch(None)


def test_a_status_of_which_nothing_is_said_is_not_believed_to_be_empty() -> None:
    site = saying(plantowatch=None)
    assert simkl_provider(site, "movies").fetch(None).outcome is ListOutcome.EMPTY
    assert simkl_provider(site, "tv/watching").fetch(None).outcome is ListOutcome.DRIFT


def test_a_status_is_empty_where_another_shows_that_titles_are_told() -> None:
    site = Account({"movies/completed": [film(1, "completed")]}, {"movies/plantowatch": "2026"})
    assert simkl_provider(site, "movies").fetch(None).outcome is ListOutcome.EMPTY
    assert site.asked == ["activities", "movies/plantowatch", "movies/completed"]


def test_of_other_statuses_any_shows_that_titles_are_told() -> None:
    emptied = {"shows/plantowatch": "2026", "shows/watching": "2026", "shows/completed": "2026"}
    site = Account({"shows/hold": [show(1, "hold")]}, emptied)
    assert simkl_provider(site, "tv").fetch(None).outcome is ListOutcome.EMPTY
    assert site.asked[-3:] == ["shows/completed", "shows/watching", "shows/hold"]


def test_what_was_dropped_shows_that_titles_are_told() -> None:
    rows = {"movies/dropped": [film(1, "dropped")]}
    fetched = simkl_provider(Account(rows, {"movies/plantowatch": "2026"}), "movies").fetch(None)
    assert (fetched.outcome, fetched.is_unproven) == (ListOutcome.EMPTY, False)


_ADDED, _LATER = "2026-11-02T10:00:00Z", "2026-11-02T10:00:01Z"


@pytest.mark.parametrize(
    ("removed", "watched", "outcome"),
    [
        pytest.param(_LATER, _ADDED, ListOutcome.EMPTY, id="removed last"),
        pytest.param(_ADDED, _ADDED, ListOutcome.EMPTY, id="in one go"),
        pytest.param(_ADDED, _LATER, ListOutcome.DRIFT, id="something came since"),
        pytest.param(None, _ADDED, ListOutcome.DRIFT, id="nothing removed"),
        pytest.param("2026-11-03", _ADDED, ListOutcome.DRIFT, id="no moment"),
    ],
)
def test_an_account_that_was_emptied_is_empty_where_a_removal_was_the_last(
    removed: str | None, watched: str, outcome: ListOutcome
) -> None:
    stamps = {"plantowatch": _ADDED, "completed": watched, "removed_from_list": removed}
    account = Account({}, {f"movies/{name}": at for name, at in stamps.items()})
    fetched = simkl_provider(account, "movies").fetch(None)
    assert (fetched.outcome, fetched.is_unproven) == (outcome, outcome is ListOutcome.EMPTY)
    again = simkl_provider(account, "movies").fetch(fetched.validators)
    assert again.is_unchanged is (outcome is ListOutcome.EMPTY)


def test_a_kind_whose_titles_were_all_removed_does_not_cast_doubt_on_the_others() -> None:
    stamps = {"anime/plantowatch": _ADDED, "anime/removed_from_list": _LATER}
    fetched = simkl_provider(Account({"movies/plantowatch": FILMS}, stamps), "plantowatch").fetch(
        None
    )
    assert (fetched.is_sure, fetched.is_unproven) == (True, False)


def test_nothing_of_a_kind_that_had_titles_takes_nothing_off_the_list() -> None:
    site = Account({"movies/plantowatch": FILMS, "shows/plantowatch": [film(9)]})
    site.broken = frozenset({"movies/plantowatch"})
    fetched = simkl_provider(site, "plantowatch").fetch(None)
    assert (fetched.read, fetched.is_sure, fetched.validators) == (1, False, None)
    site.rows = {"movies/plantowatch": FILMS}
    alone = simkl_provider(site, "movies").fetch(None)
    assert (alone.outcome, alone.is_sure) == (ListOutcome.DRIFT, False)


def test_what_is_of_another_status_is_left_out() -> None:
    rows = [film(1), film(2, "dropped"), film(3, "completed")]
    fetched = simkl_provider(Account({"movies/plantowatch": rows}), "movies").fetch(None)
    assert [one.ids.tmdb for one in fetched.entries] == [1]
    assert [one.why for one in fetched.skipped] == [
        "it is 'dropped', not plantowatch",
        "it is 'completed', not plantowatch",
    ]


def test_a_broken_row_does_not_cost_the_list() -> None:
    rows = [*map(film, range(1, 9)), {"status": "plantowatch"}, 3]
    fetched = simkl_provider(Account({"movies/plantowatch": rows}), "movies").fetch(None)
    assert (len(fetched.entries), fetched.broken, fetched.validators) == (8, 2, None)


# -- anime ----------------------------------------------------------------------------------------


def read_anime(
    *rows: dict[str, object], known: dict[tuple[AnimeService, int], AnimeTitle] | None = None
) -> list[tuple[MediaType | None, ExternalIds, tuple[int, ...]]]:
    site = Account({"anime/plantowatch": list(rows)})
    fetched = simkl_provider(site, "anime", AnimeIdsInMemory(known)).fetch(None)
    return [(one.kind, one.ids, one.seasons) for one in fetched.entries]


def test_ids_that_an_anime_lacks_are_those_of_the_map() -> None:
    ids = ExternalIds(tvdb=7)
    known = {("mal", 5): AnimeTitle(MediaType.TV, ids, 3)}
    assert read_anime(anime(1, mal="5"), known={**known}) == [(MediaType.TV, ids, (3,))]  # type: ignore[dict-item]


def test_an_anime_with_ids_keeps_them_and_learns_its_season() -> None:
    known: dict[tuple[AnimeService, int], AnimeTitle] = {
        ("anilist", 6): AnimeTitle(MediaType.TV, ExternalIds(tvdb=1), 2)
    }
    found = read_anime(anime(1, anilist=6, mal="5", tvdb="8"), known=known)
    assert found == [(MediaType.TV, ExternalIds(tvdb=8), (2,))]


def test_a_film_among_anime_is_a_film_and_has_no_season() -> None:
    known: dict[tuple[AnimeService, int], AnimeTitle] = {
        ("mal", 5): AnimeTitle(MediaType.TV, ExternalIds(tvdb=1), 2)
    }
    found = read_anime(anime(1, "movie", mal="5", tmdb="8"), known=known)
    assert found == [(MediaType.MOVIE, ExternalIds(tmdb=8), ())]


def test_without_the_map_anime_are_read_as_they_are() -> None:
    class Nothing:
        def find(self, service: AnimeService, ids: Collection[int]) -> dict[int, AnimeTitle]:
            raise UnavailableError(service, f"no map for {len(ids)}")

    site = Account({"anime/plantowatch": [anime(1, mal="5", tvdb="8")]})
    fetched = simkl_provider(site, "anime", Nothing()).fetch(None)
    assert fetched.entries[0].ids == ExternalIds(tvdb=8)
    assert fetched.remark.startswith("which seasons anime are was not learnt")
    assert fetched.validators is None


def test_music_is_no_title() -> None:
    rows = [anime(1, "music video", mal="5"), anime(2, tvdb="1")]
    fetched = simkl_provider(Account({"anime/plantowatch": rows}), "anime").fetch(None)
    assert [one.why for one in fetched.skipped] == ["music, not a title"]


# -- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("access", "client_id", "why"),
    [
        (None, CLIENT_ID, "needs a login: run `listsync login simkl`"),
        (ACCESS, None, r"needs providers\.simkl\.client_id"),
        ("an-old-one", CLIENT_ID, "does not accept the login: run `listsync login simkl`"),
        (ACCESS, "another", r"does not accept providers\.simkl\.client_id"),
    ],
)
def test_what_is_missing_is_told(access: str | None, client_id: str | None, why: str) -> None:
    with pytest.raises(RefusedError, match=why) as caught:
        simkl_provider(Account(), access=access, client_id=client_id).fetch(None)
    assert caught.value.kind is Refusal.CREDENTIAL


def test_a_login_that_another_list_has_renewed_meanwhile_is_used_as_it_is_now() -> None:
    def provider(*tokens: str) -> Simkl:
        left = [*map(SecretStr, tokens)]

        def access() -> SecretStr:
            return left.pop(0) if len(left) > 1 else left[0]

        site = Account({"movies/plantowatch": FILMS})
        return Simkl(parse("movies"), OPTIONS, client(OPTIONS, site), access, AnimeIdsInMemory)

    assert provider("an-old-one", ACCESS).fetch(None).read == 3
    with pytest.raises(RefusedError, match="does not accept the login"):
        provider("an-old-one", "another-old-one").fetch(None)


def test_an_error_that_comes_as_if_all_were_well_is_one() -> None:
    with pytest.raises(RefusedError, match="says: rate_limit"):
        simkl_provider(Site.of({"*": answer(b'{"error": "rate_limit"}')})).fetch(None)


@pytest.mark.parametrize(("owner", "is_read"), [("990001", True), ("990002", False)])
def test_a_page_is_read_by_its_owner_only(owner: str, is_read: bool) -> None:
    provider = simkl_provider(
        Account({"movies/plantowatch": FILMS}), f"https://simkl.com/{owner}/movies/plantowatch"
    )
    if is_read:
        assert provider.fetch(None).read == 3
        return
    with pytest.raises(RefusedError, match="the login is another user's") as caught:
        provider.fetch(None)
    assert caught.value.kind is Refusal.PRIVATE


def test_rows_of_another_kind_are_not_taken_for_these() -> None:
    site = Site.of(
        {"/sync/activities": sample("simkl/activities.json"), "*": answer(b'{"shows": []}')}
    )
    with pytest.raises(ResponseChangedError, match="gives something else than movies"):
        simkl_provider(site, "movies").fetch(None)


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plantowatch", "plantowatch"),
        ("plan-to-watch", "plantowatch"),
        ("Plan to watch", "plantowatch"),
        ("movies", "movies/plantowatch"),
        ("tv", "shows/plantowatch"),
        ("tv:watching", "shows/watching"),
        ("movies/completed", "movies/completed"),
        ("completed/anime", "anime/completed"),
        ("https://simkl.com/12/tv/plan-to-watch/", "12/shows/plantowatch"),
        ("simkl.com/12/anime/hold", "12/anime/hold"),
    ],
)
def test_a_list_may_be_written_so(text: str, name: str) -> None:
    assert str(parse(text)) == name


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dropped", "what was dropped is not wanted"),
        ("movies/dropped", "what was dropped is not wanted"),
        ("https://simkl.com/12/tv/dropped/", "what was dropped is not wanted"),
        ("https://simkl.com/12/tv/all/", "shows all that is known of its user"),
        ("https://simkl.com/12/list/345/best", "a list of its user's own making"),
        ("movies/watching", "no film is ever 'watching' at Simkl"),
        ("https://simkl.com/12/movies/hold/", "no film is ever 'hold' at Simkl"),
        ("movies/tv", "is no list of Simkl"),
        ("watched", "is no list of Simkl"),
        ("", "is no list of Simkl"),
        ("https://simkl.com/movies/12/dune", "is one title, not a list"),
    ],
)
def test_what_is_no_list_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(text)


# -- login ----------------------------------------------------------------------------------------

OPTIONS = SimklOptions(client_id=SecretStr(CLIENT_ID))
SERVICE = login_service(OPTIONS)
PIN = sample("simkl/pin.json")
REFUSED = answer(b'{"error": "client_id_failed", "code": 412}', 412)


def logged_in(site: Site) -> tuple[LoginTokens, Clock]:
    clock, http = Clock(), client(OPTIONS, site)
    where, code = begin_either(http, SERVICE)
    assert (code.user_code, code.interval_s) == ("AB12C", 5)
    return poll(http, where, code, clock=clock, sleep=clock.sleep), clock


def test_a_login_is_that_of_all_services_where_the_app_is_new() -> None:
    site = Site.of(
        {
            "/oauth2/device": sample("simkl/device.json"),
            "/oauth2/token": [
                answer(b'{"error": "authorization_pending"}', 400),
                sample("simkl/token.json"),
            ],
        }
    )
    tokens, clock = logged_in(site)
    assert (tokens.access, tokens.refresh) == (
        SecretStr("SYNTHETIC-ACCESS"),
        SecretStr("SYNTHETIC-REFRESH"),
    )
    assert clock.slept == [5, 5]
    assert all(one.url.params["app-name"] == "listsync" for one in site.seen)


def test_an_elder_app_logs_in_with_a_pin_and_its_login_has_no_end() -> None:
    site = Site.of(
        {
            "/oauth2/device": REFUSED,
            "/oauth/pin": PIN,
            "/oauth/pin/AB12C": [sample("simkl/pin.pending.json"), sample("simkl/pin.ok.json")],
        }
    )
    tokens, clock = logged_in(site)
    assert (tokens.access, tokens.refresh) == (SecretStr("SYNTHETIC-ACCESS"), SecretStr(""))
    assert tokens.is_fresh(NOW.replace(year=NOW.year + 5))
    assert clock.slept == [5, 5]
    assert [one.url.params["client_id"] for one in site.seen[1:]] == [CLIENT_ID] * 3
    with pytest.raises(RefusedError, match="the login has ended"):
        refresh(client(OPTIONS, site), SERVICE, tokens, now=lambda: NOW)


def test_a_pin_that_nobody_enters_ends() -> None:
    site = Site.of(
        {
            "/oauth2/device": REFUSED,
            "/oauth/pin": PIN,
            "/oauth/pin/AB12C": sample("simkl/pin.pending.json"),
        }
    )
    with pytest.raises(RefusedError, match="the code was not entered in time"):
        logged_in(site)


def test_who_is_asked_too_often_is_asked_less() -> None:
    slow = answer(b'{"result": "KO", "message": "Slow down"}')
    site = Site.of(
        {
            "/oauth2/device": REFUSED,
            "/oauth/pin": PIN,
            "/oauth/pin/AB12C": [slow, sample("simkl/pin.ok.json")],
        }
    )
    assert logged_in(site)[1].slept == [5, 10]


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        (REFUSED, r"does not accept providers\.simkl\.client_id"),
        (answer(b'{"result": "KO"}'), "answers something unknown"),
    ],
)
def test_an_app_that_nobody_knows_is_told(pin: httpx.Response, why: str) -> None:
    site = Site.of({"/oauth2/device": REFUSED, "/oauth/pin": pin})
    with pytest.raises((RefusedError, ResponseChangedError), match=why):
        logged_in(site)


def test_a_login_is_renewed_and_keeps_what_renews_it() -> None:
    given = json.dumps({"access_token": "another", "expires_in": 604800}).encode()
    site = Site.of({"/oauth2/token": answer(given)})
    old = LoginTokens(access=SecretStr("a"), refresh=SecretStr("r"), expires_at=NOW)
    renewed = refresh(client(OPTIONS, site), SERVICE, old, now=lambda: NOW)
    assert (renewed.access, renewed.refresh) == (SecretStr("another"), SecretStr("r"))
    assert b"grant_type=refresh_token" in site.seen[0].content


def test_an_error_of_no_known_name_that_comes_with_200_is_trouble_and_no_missing_list() -> None:
    with pytest.raises(UnavailableError, match="says: server_error"):
        simkl_provider(Site.of({"*": answer(b'{"error": "server_error"}')})).fetch(None)
