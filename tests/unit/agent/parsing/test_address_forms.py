from __future__ import annotations

import json

import pytest

from listsync.parsing.address_forms import (
    ADDRESSES,
    NAMES,
    SERVICES,
    foreign,
    is_address,
    recognise,
)
from tests.contract.providers.site import FIXTURES

KNOWN = json.loads((FIXTURES / "addresses/url-forms.json").read_text())


@pytest.mark.parametrize("case", KNOWN["cases"], ids=lambda case: case["input"])
def test_every_known_input(case: dict[str, object]) -> None:
    form = recognise(f" {case['input']}\n")
    found = (form.provider, form.kind, dict(form.groups)) if form else (None, None, {})
    assert found == (case["provider"], case["kind"], case["groups"])


def test_the_patterns_are_those_of_the_fixture() -> None:
    patterns = [(provider, kind) for provider, kind, _ in (*NAMES, *ADDRESSES)]
    assert sorted(patterns) == sorted((p["provider"], p["kind"]) for p in KNOWN["patterns"])
    assert {provider for provider, _ in patterns} == set(SERVICES)


@pytest.mark.parametrize(
    "text",
    [
        "https://imdb.com.example/list/ls990000001",
        "https://example/?u=https://www.imdb.com/list/ls990000001",
        "https://www.imdb.com@example.com/list/ls990000001",
        "https://user@www.imdb.com/list/ls990000001",
        "ftp://www.imdb.com/list/ls990000001",
        "https://notimdb.com/list/ls990000001",
        "https://www.imdb.com/list/ls990000001\nhttps://example.com",
        "https://mdblist.com.example/lists/a/b",
        "ls\u066099000001",
        "12345",
        "",
    ],
)
def test_a_look_alike_is_nobody(text: str) -> None:
    assert recognise(text) is None


@pytest.mark.parametrize(
    "text", ["HTTPS://WWW.IMDB.COM/list/ls990000001", "https://www.imdb.com/list/ls990000001."]
)
def test_people_write_hosts_as_they_like(text: str) -> None:
    form = recognise(text)
    assert form is not None
    assert (form.service, form.groups) == ("IMDb", {"id": "ls990000001"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://trakt.tv/x", True),
        ("imdb.com/list/ls1", True),
        ("ftp://x", False),
        ("user/name", False),
        ("Dr.No", False),
        ("lists/watchlist.csv", False),
    ],
)
def test_addresses_are_told_from_names(text: str, expected: bool) -> None:
    assert is_address(text) is expected


def test_an_address_of_another_service_is_said_to_be_one() -> None:
    assert foreign("https://trakt.tv/shows/trending", "mdblist") == (
        "'https://trakt.tv/shows/trending' belongs to Trakt, not to MDBList"
    )
    assert "no known address" in str(foreign("https://example.com/lists/1", "mdblist"))
    assert foreign("user/name", "mdblist") is None
    assert foreign("https://mdblist.com/lists/user/name", "mdblist") is None
