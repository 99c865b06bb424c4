"""The judge itself: it must see every mistake that the servers answer with 400."""

from __future__ import annotations

import httpx
import pytest

from tests.contract.openapi.specification import PRODUCTS, WrongRequestError, specification

API = "http://seerr.test/api/v1"
FILM = {"mediaType": "movie", "mediaId": 603, "is4k": False}
SERIES = {"mediaType": "tv", "mediaId": 1396, "is4k": False}


def get(path: str, **headers: str) -> httpx.Request:
    return httpx.Request("GET", f"{API}{path}", headers=headers)


def post(body: object) -> httpx.Request:
    return httpx.Request("POST", f"{API}/request", json=body)


GOOD = {
    "status": get("/status"),
    "root": get("/"),
    "index": get("/media?take=1000&skip=0&sort=added"),
    "search": get("/search?query=Schindler%27s%20List&language=en&page=2"),
    "film": post(FILM),
    "seasons": post({**SERIES, "seasons": [0, 1], "tvdbId": 81189, "userId": 2}),
    "tags": post({**FILM, "tags": [1]}),
    "no-user": post({**FILM, "userId": None}),
}
WRONG = {
    "unknown-path": get("/searches?query=x"),
    "wrong-method": httpx.Request("DELETE", f"{API}/search?query=x"),
    "outside-the-api": httpx.Request("GET", "http://seerr.test/search?query=x"),
    "unknown-parameter": get("/media?take=1000&foo=1"),
    "parameter-of-seerr-only": get("/request?sortDirection=asc&foo=1"),
    "wrong-type": get("/search?query=x&page=two"),
    "empty-value": get("/media?take="),
    "no-query": get("/search?language=en"),
    "enum": get("/media?sort=newest"),
    "twice": get("/media?take=1&take=2"),
    "plus-for-space": get("/search?query=The+Matrix"),
    "apostrophe": get("/search?query=Schindler's%20List"),
    "exclamation": get("/search?query=Airplane!"),
    "slash": get("/search?query=Face/Off"),
    "colon": get("/search?query=imdb:tt1160419"),
    "text-id": get("/tv/abc"),
    "header": get("/status", **{"X-Unknown": "1"}),
    "deadly-user": get("/status", **{"X-API-User": "abc"}),
    "body-on-get": httpx.Request("GET", f"{API}/status", json={}),
    "no-kind": post({"mediaId": 603}),
    "odd-kind": post({**FILM, "mediaType": "film"}),
    "id-as-text": post({**FILM, "mediaId": "603"}),
    "seasons-as-text": post({**SERIES, "seasons": "first"}),
    "seasons-of-text": post({**SERIES, "seasons": ["1"]}),
    "negative-season": post({**SERIES, "seasons": [-1]}),
    "definition-as-text": post({**FILM, "is4k": "false"}),
    "user-as-text": post({**FILM, "userId": "2"}),
    "unknown-field": post({**FILM, "ignoreQuota": True}),
    "not-json": httpx.Request("POST", f"{API}/request", data={"mediaId": "603"}),
}


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("request_", GOOD.values(), ids=GOOD.keys())
def test_a_right_request_passes(product: str, request_: httpx.Request) -> None:
    specification(product).check(request_)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("request_", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_request_is_caught(product: str, request_: httpx.Request) -> None:
    with pytest.raises(WrongRequestError):
        specification(product).check(request_)


def test_dates_stay_text() -> None:
    text = repr(specification("seerr").document)
    assert "datetime" not in text
