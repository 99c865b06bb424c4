"""A list that is blocked never looks empty, in whatever form the error comes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import UnavailableError
from tests.contract.providers.cases_custom import URL, custom_provider
from tests.contract.providers.site import Site, answer
from tests.integration.providers.reader import Reader


def ask(content: object, **more: Any) -> Fetched:
    body = json.dumps(content).encode()
    given = answer(body, 200, "application/json")
    return custom_provider(Site.of({"*": given}), URL, **more).fetch(None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"items": [], "total": 0, "error": "rate limited"}, "error: rate limited"),
        (
            {"success": False, "status_message": "Invalid API key", "results": []},
            "success: False, status_message: Invalid API key",
        ),
        ({"items": [], "message": "Unauthorized"}, "says message: Unauthorized"),
        ({"success": False, "items": []}, "success: False"),
        ({"status": "error", "results": [], "message": "x"}, "status: error, message: x"),
        ({"data": {"list": []}, "code": 401, "msg": "log in"}, "code: 401, msg: log in"),
        ({"movies": [], "shows": [], "error": {"code": 429}}, "error: 429"),
        ({"Response": "False", "Error": "No such key", "Search": []}, "Error: No such key"),
        ({"items": [], "blocked": True}, "blocked: True"),
        ({"watchlist": [], "status": "403"}, "status: 403"),
        ({"items": [], "errors": {"auth": "no key"}}, "errors: no key"),
        ({"data": {"items": [], "err": "slow down"}}, "err: slow down"),
        ({"meta": {"statusCode": 503}, "items": []}, "statusCode: 503"),
    ],
)
def test_an_error_beside_an_empty_list_is_no_empty_list(
    read: Reader, said: object, words: str
) -> None:
    with pytest.raises(UnavailableError, match=words):
        read(json.dumps(said), "a.json")
    with pytest.raises(UnavailableError, match=words):
        ask(said, is_complete=True)


@pytest.mark.parametrize(
    "said",
    [
        {"items": [], "error": None, "errors": [], "err": ""},
        {"items": [], "error": {"code": 0, "message": "no error"}},
        {"status": "ok", "items": [], "message": "Watchlist retrieved"},
        {"code": 200, "data": {"list": []}, "msg": "success"},
        {"success": True, "items": [], "detail": "as of today"},
        {"items": [], "total": 0, "message": "No items found."},
        {"items": [], "message": "Your watchlist is empty"},
        {"name": "Errors of mine", "description": "what failed", "items": []},
    ],
)
def test_an_empty_list_that_says_that_all_went_well_is_one(read: Reader, said: object) -> None:
    assert read(json.dumps(said), "a.json").outcome is ListOutcome.EMPTY


@pytest.mark.parametrize("said", [{"error": "timed out"}, {"success": False}])
def test_an_error_beside_titles_means_that_they_are_not_all(
    read: Reader, said: dict[str, object]
) -> None:
    content = {"items": [{"title": "Salt & Copper", "year": 1994}], **said}
    assert read(json.dumps(content), "a.json").outcome is ListOutcome.PARTIAL
    assert ask(content, is_complete=True).outcome is ListOutcome.PARTIAL


@pytest.mark.parametrize(
    "more", [{"rows": "data.items"}, {"rows": "data.items", "fields": (("title", "called"),)}]
)
def test_a_list_that_the_user_placed_is_not_empty_beside_an_error(more: dict[str, Any]) -> None:
    said = {"data": {"items": []}, "error": "log in first"}
    with pytest.raises(UnavailableError, match="error: log in first"):
        ask(said, is_complete=True, **more)
