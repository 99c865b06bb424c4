"""Secrets are blotted out in whatever form they are quoted; addresses are shown without any."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from listsync.redaction import (
    Redactor,
    basic_token,
    is_credential,
    known_secrets,
    logins_in,
    redactor_of,
    remember,
    tokens_in,
    with_marks,
    without_credentials,
    without_secrets,
)

KEY = "MTcz+Nz/Q4OTk2abc-d=="
PASSWORD = 'pä ss"wo\\rd<&1'
SECRETS = (KEY, PASSWORD, "a-b-c:d-e")
HIDING = redactor_of(frozenset(SECRETS))


def _all(pattern: str, text: str) -> str:
    return "".join(pattern.format(one) for one in text.encode())


QUOTED: dict[str, Callable[[str], str]] = {
    "plain": lambda one: one,
    "other-case": lambda one: one.upper() if one.isascii() else one,
    "address": lambda one: quote(one, safe=""),
    "address-lower": lambda one: quote(one, safe="").lower() if one.isascii() else one,
    "form": quote_plus,
    "address-twice": lambda one: quote(quote(one, safe=""), safe=""),
    "every-letter-in-hex": lambda one: _all("%{:02x}", one),
    "json": json.dumps,
    "json-in-json": lambda one: json.dumps(json.dumps(one)),
    "json-careful": lambda one: one.replace("=", "\\u003d").replace("/", "\\/"),
    "json-careful-upper": lambda one: one.replace("=", "\\u003D").replace("<", "\\u003C"),
    "json-every-letter": lambda one: "".join(f"\\u{ord(letter):04X}" for letter in one),
    "html": html.escape,
    "html-numbers": lambda one: "".join(f"&#{ord(letter)};" for letter in one),
    "html-hex": lambda one: "".join(f"&#x{ord(letter):X};" for letter in one),
    "program": repr,
    "hex": lambda one: one.encode().hex().upper(),
    "base64": lambda one: base64.b64encode(one.encode()).decode(),
}


@pytest.mark.parametrize("form", QUOTED)
@pytest.mark.parametrize("secret", SECRETS)
def test_no_form_of_a_secret_is_left(secret: str, form: str) -> None:
    quoted = QUOTED[form](secret)
    text = f"the header was {quoted} and more"
    core = quoted.strip("\"'\\=")[:-2]  # the last letters of base64 are of two bytes
    assert core in text
    found = HIDING.text(text)
    assert "***" in found
    assert core not in found
    assert found.startswith("the header was ")
    assert found.endswith(" and more")


@pytest.mark.parametrize("name", ["u", "us", "use", "user"])
def test_a_password_is_found_in_a_login_as_it_is_sent(name: str) -> None:
    sent = basic_token(name, PASSWORD)
    found = HIDING.text(f"Basic {sent}")
    assert len(found) < len(f"Basic {sent}") - len(PASSWORD)
    whole = redactor_of(logins_in(f"http://{name}:{quote(PASSWORD)}@proxy:3128"))
    assert whole.text(f"Basic {sent}") == "Basic ***"
    assert whole.text(PASSWORD) == "***"


def test_other_data_stays_as_it_is_and_short_secrets_break_none() -> None:
    data = json.dumps({"id": 1234, "key": "other", "pin": "1234"}).encode()
    hiding = Redactor({"1234", KEY, ""})
    assert hiding.data(data) is data
    assert hiding.words(data) == b'{"id": ***, "key": "other", "pin": "***"}'
    assert hiding.text("12345 a1234 1234-") == "12345 a1234 ***-"
    assert Redactor(()).text("anything \udcff") == "anything \udcff"


def test_a_secret_is_found_wherever_a_long_answer_is_searched_piece_by_piece() -> None:
    filling = b'{"tmdbId": 603},' * 4096
    for before in range(65_500, 65_560, 7):
        data = filling[:before] + KEY.encode() + filling + KEY.encode()
        assert HIDING.data(data) == filling[:before] + b"***" + filling + b"***"


@pytest.mark.parametrize(
    ("text", "shown", "marked"),
    [
        ("https://h.org/l?apikey=T", "https://h.org/l", "https://h.org/l?…"),
        ("mdblist.com/lists/u/l/json?k=T", "mdblist.com/lists/u/l/json", None),
        ("https://u:p@h.org/l.json#T", "https://h.org/l.json", "https://…@h.org/l.json?…"),
        ("https://u:p@s@h.org/l", "https://h.org/l", "https://…@h.org/l"),
        ("https://u:p/s@h.org/l", "https://h.org/l", "https://…@h.org/l"),
        ("u:p@h.org", "u:p@h.org", "…@h.org"),
        ("user/list?api_key=T", "user/list", "user/list?…"),
        ("discover/movie?api_key=T&a=1", "discover/movie?a=1", "discover/movie?…&a=1"),
        ("discover/movie?a=1&Session_ID=T", "discover/movie?a=1", "discover/movie?a=1&…"),
        ("discover/movie?with_keywords=1", "discover/movie?with_keywords=1", None),
        ("a/list/b-c/share/T0ken", "a/list/b-c", "a/list/b-c/share/…"),
        ("https://rss.plex.tv/12-34", "https://rss.plex.tv/", "https://rss.plex.tv/…"),
        ("What's new? yes", "What's new? yes", "What's new? yes"),
        ('["mdblist: https://h.org/l?k=T", "b"]', '["mdblist: https://h.org/l", "b"]', None),
    ],
)
def test_addresses_are_shown_without_what_is_secret(
    text: str, shown: str, marked: str | None
) -> None:
    assert without_secrets(text) == shown
    assert without_secrets(shown) == shown
    assert marked is None or with_marks(text) == marked


def test_filters_of_a_list_stay_beside_a_key_that_goes() -> None:
    named = "tmdb:discover/movie?apikey=T&with_genres=27&year=1999"
    assert without_credentials(named) == "tmdb:discover/movie?with_genres=27&year=1999"
    assert not any(map(is_credential, ("with_keywords", "country", "keywords", "monkey_x")))
    assert all(map(is_credential, ("apikey", "api_key", "key", "access-token", "sid")))


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("https://mdblist.com/lists/u/l/json?apikey=t0ken", {"t0ken"}),
        ("https://h.org/l?k=aRandom0ne%2Fof20letters&page=2", {"aRandom0ne/of20letters"}),
        ("https://letterboxd.com/me/list/mine/share/T0ken/", {"T0ken"}),
        ("https://rss.plex.tv/12-34-56", {"12-34-56"}),
        ("https://me:pass@h.org/l.json", {"pass"}),
        ("https://h.org/l?sort_by=primary_release_date.desc&year=1999", set()),
        ("discover/movie?with_genres=27", set()),
    ],
)
def test_what_is_as_good_as_a_key_in_an_address_is_known(address: str, secret: set[str]) -> None:
    found = tokens_in(address)
    assert secret <= found
    assert bool(found) == bool(secret)


def test_what_was_remembered_is_known_and_the_oldest_goes_when_there_are_very_many() -> None:
    remember("short", "no-key-of-anybody")
    assert known_secrets() == {"no-key-of-anybody"}
    remember(*(f"no-key-of-anybody-{number}" for number in range(500)))
    assert len(known_secrets()) == 500
    assert "no-key-of-anybody" not in known_secrets()
