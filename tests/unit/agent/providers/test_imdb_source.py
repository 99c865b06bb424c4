from __future__ import annotations

import json

import pytest

from listsync.providers.imdb.queries import search_constraints, search_order
from listsync.providers.imdb.source import (
    CHARTS,
    ImdbSource,
    ListKind,
    canonical_search,
    parse,
    search_problem,
    wanted_count,
)
from tests.contract.providers.site import FIXTURES

ADDRESSES = json.loads((FIXTURES / "addresses/url-forms.json").read_text())["cases"]
OURS = [case for case in ADDRESSES if case["provider"] == "imdb" and case["kind"] != "title"]
OTHERS = [case for case in ADDRESSES if case["provider"] != "imdb" and "/" in case["input"]]
SEARCH = "https://www.imdb.com/search/title/?"


@pytest.mark.parametrize("case", OURS, ids=lambda case: case["input"])
def test_every_known_address(case: dict[str, dict[str, str]]) -> None:
    source = parse(f" {case['input']}\n")
    assert source.kind.value == str(case["kind"])
    if source.kind is not ListKind.SEARCH:
        assert source.id == case["groups"]["id"]
    assert parse(str(source)) == source


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case["input"])
def test_addresses_of_others_are_refused(case: dict[str, str]) -> None:
    with pytest.raises(
        ValueError, match=r"(belongs to|no known address|no list of).*accepted: ls"
    ):
        parse(case["input"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ls990000001", "ls990000001"),
        ("ls000000001", "ls000000001"),
        ("ur99000001", "ur99000001/watchlist"),
        ("ur99000001/ratings", "ur99000001/ratings"),
        ("p.abcdefghij234", "p.abcdefghij234/watchlist"),
        ("p.abcdefghij234/ratings", "p.abcdefghij234/ratings"),
        ("https://www.imdb.com/es-es/user/p.abc/ratings/?ref_=y", "p.abc/ratings"),
        ("top", "chart/top"),
        ("chart/tvmeter", "chart/tvmeter"),
        ("top-rated-indian-movies", "chart/top-rated-indian-movies"),
        ("https://www.imdb.com/company/co0074039/?ref_=x", "search?companies=co0074039"),
        ("https://www.imdb.com/search/keyword/?keywords=robot", "search?keywords=robot"),
        (
            f"{SEARCH}view=advanced&title_type=feature,tv_movie&genres=horror,!comedy#x",
            "search?genres=horror,!comedy&title_type=feature,tv_movie",
        ),
    ],
)
def test_a_name_is_stable_and_is_itself_accepted(text: str, name: str) -> None:
    assert str(parse(text)) == name
    assert parse(name) == parse(text)


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_by_name_and_address(name: str) -> None:
    assert parse(name) == ImdbSource(ListKind.CHART, name)
    assert parse(f"https://www.imdb.com/chart/{name}/") == ImdbSource(ListKind.CHART, name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no list of IMDb"),
        ("tops", "no list of IMDb"),
        ("ls12", "no list of IMDb"),
        ("990000001", "no list of IMDb"),
        ("nm0000001", "no list of IMDb"),
        ("tt90000011", "no list of IMDb"),
        ("ur1/seen", "no list of IMDb"),
        ("chart/", "no list of IMDb"),
        ("https://www.imdb.com/title/tt90000011/", "one title, not a list"),
        ("https://www.imdb.com/name/nm0000001/", "is a person, not a list"),
        ("https://www.imdb.com/chart/nonsense", "no chart that IMDb gives us"),
        ("chart/nonsense", "no chart that IMDb gives us"),
        ("https://imdb.com.example/list/ls990000001", "no known address of IMDb"),
        ("https://trakt.tv/movies/trending", "belongs to Trakt"),
        (f"{SEARCH}moviemeter=1,9", "filter moviemeter is not supported"),
        (f"{SEARCH}companies=disney", "companies=disney is not understood"),
        (f"{SEARCH}groups=oscar_losers", "groups=oscar_losers is not known .known: top_250"),
        (f"{SEARCH}groups=!top_250", "groups=!top_250 is not understood"),
        (f"{SEARCH}title_type=feature,documentary", "title_type=feature,documentary is not und"),
        (f"{SEARCH}title_type=film", "title_type=film is not understood"),
        (f"{SEARCH}user_rating=,", "user_rating=, is not understood"),
        (f"{SEARCH}release_date=2020-13", "release_date=2020-13 is not understood"),
        (f"{SEARCH}genres=war&genres=drama", "a filter is there twice"),
        (f"{SEARCH}sort=alpha&count=50", "there is no filter"),
        ("search?view=simple", "there is no filter"),
    ],
)
def test_other_forms_are_refused_with_those_that_are_not(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"{words}.*accepted: ls012345678, ur12345678"):
        parse(text)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        (
            "title_type=tv_miniseries,!tv_episode",
            {"titleTypeConstraint": {
                "anyTitleTypeIds": ["tvMiniSeries"], "excludeTitleTypeIds": ["tvEpisode"]}},
        ),
        (
            "genres=sci-fi,reality-tv",
            {"genreConstraint": {"allGenreIds": ["Sci-Fi", "Reality-TV"]}},
        ),
        (
            "user_rating=7.5,&num_votes=1000,5000",
            {"userRatingsConstraint": {
                "aggregateRatingRange": {"min": 7.5},
                "ratingsCountRange": {"min": 1000, "max": 5000}}},
        ),
        ("runtime=,90", {"runtimeConstraint": {"runtimeRangeMinutes": {"max": 90}}}),
        (
            "release_date=2020,2024-02",
            {"releaseDateConstraint": {
                "releaseDateRange": {"start": "2020-01-01", "end": "2024-02-29"}}},
        ),
        (
            "release_date=2020-05-04",
            {"releaseDateConstraint": {
                "releaseDateRange": {"start": "2020-05-04", "end": "2020-05-04"}}},
        ),
        ("countries=se", {"originCountryConstraint": {"allCountries": ["SE"]}}),
        ("languages=EN", {"languageConstraint": {"allLanguages": ["en"]}}),
        ("keywords=time travel", {"keywordConstraint": {"allKeywords": ["time-travel"]}}),
        ("lists=!ls990000001", {"listConstraint": {"notInAnyList": ["ls990000001"]}}),
        (
            "companies=co0074039,!co0000001",
            {"creditedCompanyConstraint": {
                "anyCompanyIds": ["co0074039"], "excludeCompanyIds": ["co0000001"]}},
        ),
        ("role=nm0000001", {"creditedNameConstraint": {"allNameIds": ["nm0000001"]}}),
        (
            "groups=oscar_best_picture_winners",
            {"awardConstraint": {"allEventNominations": [{
                "eventId": "ev0000003",
                "searchAwardCategoryId": "bestPicture",
                "winnerFilter": "WINNER_ONLY"}]}},
        ),
        (
            "groups=emmy_nominee,top_250",
            {
                "awardConstraint": {"allEventNominations": [{"eventId": "ev0000223"}]},
                "rankedTitleListConstraint": {"allRankedTitleLists": [
                    {"rankRange": {"max": 250}, "rankedTitleListType": "TOP_RATED_MOVIES"}]},
            },
        ),
        (
            "genres=war&title_type=documentary",
            {"genreConstraint": {"allGenreIds": ["War", "Documentary"]}},
        ),
        ("title_type=series", {"titleTypeConstraint": {"anyTitleTypeIds": ["tvSeries"]}}),
        ("title=lantern", {"titleTextConstraint": {"searchTerm": "lantern"}}),
        (
            "adult=include",
            {"explicitContentConstraint": {"explicitContentFilter": "INCLUDE_ADULT"}},
        ),
    ],
)  # fmt: skip
def test_filters_of_a_search(query: str, wanted: dict[str, object]) -> None:
    assert search_problem(query) is None
    assert search_constraints(query) == wanted
    assert search_constraints(canonical_search(query)) == wanted


@pytest.mark.parametrize(
    ("query", "order", "count"),
    [
        ("genres=war", {"sortBy": "POPULARITY", "sortOrder": "ASC"}, 250),
        (
            "genres=war&sort=user_rating,desc&count=50",
            {"sortBy": "USER_RATING", "sortOrder": "DESC"},
            50,
        ),
    ],
)
def test_order_and_length_of_a_search(query: str, order: dict[str, str], count: int) -> None:
    assert (search_order(query), wanted_count(query)) == (order, count)
