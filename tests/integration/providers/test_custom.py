from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from listsync.config_types import SecretStr
from listsync.domain.lists import Fetched, Validators
from listsync.domain.media import MediaType
from listsync.errors import ListsyncError, RefusedError, ResponseChangedError
from listsync.providers.custom.source import (
    CustomSource,
    checked_address,
    data_address,
    parse,
    tokens_of,
)
from tests.contract.providers.cases_custom import URL, custom_provider
from tests.contract.providers.site import Site, answer

_KEY = "n0t-a-real-key-0123456789"
_TITLED = b'[{"title": "The Lantern Keeper", "year": 2019}]'


def read(
    body: bytes | str,
    content_type: str | None = "application/json",
    url: str = URL,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Fetched:
    content = body if isinstance(body, bytes) else body.encode()
    given = answer(content, 200, content_type, **headers or {})
    return custom_provider(Site.of({"*": given}), url, **more).fetch(None)


def titles(fetched: Fetched) -> list[str | None]:
    return [one.title for one in fetched.entries]


# -- what is written


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/list.json",
        " HTTP://example.org:8080/a ",
        "https://user:password@example.org/list",
        "https://mdblist.com/lists/sample_user/films/json",
    ],
)
def test_an_address_stands_for_itself(text: str) -> None:
    assert parse(text).url == text.strip()


_GIST = "https://gist.github.com/u/0123456789abcdef0123"
_SHEET = "https://docs.google.com/spreadsheets/d"


@pytest.mark.parametrize(
    ("page", "data"),
    [
        ("https://github.com/u/r/blob/main/a/b.csv#L3", "https://github.com/u/r/raw/main/a/b.csv"),
        (
            "https://gitlab.com/g/s/r/-/blob/main/a.txt",
            "https://gitlab.com/g/s/r/-/raw/main/a.txt",
        ),
        (
            "https://gist.github.com/u/0123456789abcdef0123",
            "https://gist.githubusercontent.com/u/0123456789abcdef0123/raw",
        ),
        ("https://pastebin.com/AbCd1234", "https://pastebin.com/raw/AbCd1234"),
        (f"{_SHEET}/1aB-c/edit?usp=sharing#gid=7", f"{_SHEET}/1aB-c/export?format=csv&gid=7"),
        (f"{_SHEET}/1aB-c/edit", f"{_SHEET}/1aB-c/export?format=csv"),
        (
            "https://gist.github.com/u/0123456789abcdef0123?file=a.csv",
            "https://gist.githubusercontent.com/u/0123456789abcdef0123/raw/a.csv",
        ),
        (f"{_SHEET}/e/2PACX-1/pubhtml", f"{_SHEET}/e/2PACX-1/pub?output=csv"),
        (
            f"{_SHEET}/e/2PACX-1/pubhtml?gid=3&single=true",
            f"{_SHEET}/e/2PACX-1/pub?gid=3&single=true&output=csv",
        ),
        (
            "https://www.dropbox.com/scl/fi/x/a.csv?rlkey=k&dl=0",
            "https://www.dropbox.com/scl/fi/x/a.csv?rlkey=k&dl=1",
        ),
    ],
)
def test_of_a_page_that_shows_a_file_the_file_is_asked_for(page: str, data: str) -> None:
    assert data_address(page) == data
    assert data_address(data) == data
    assert parse(page).url == page


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with https://"),
        ("example.org/list.json", "begins with https://"),
        ("lists/mine.json", "begins with https://"),
        ("file:///etc/passwd", "begins with https://"),
        ("ftp://example.org/a", "begins with https://"),
        ("https://", "expected an address"),
        ("https://example.org/a b", "expected an address"),
        ("https://example.org:0/", "expected an address"),
        ("https://letterboxd.com/sample_user/watchlist/", "belongs to Letterboxd: `letterboxd:`"),
        ("https://www.imdb.com/list/ls990000001/", "belongs to IMDb: `imdb:`"),
        (f"{_GIST}#file-a-csv", "names a file of a gist .*: give the address behind its `Raw`"),
    ],
)
def test_what_is_no_address_of_ones_own_is_refused_with_what_to_write(
    text: str, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        checked_address(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/list.json", "https://example.org/list.json"),
        ("https://example.org/my-top-250-films-of-2024.json", "the same"),
        ("https://example.org/list?apikey=" + _KEY, "https://example.org/list #"),
        ("https://me:secret-word@example.org/list", "https://example.org/list #"),
        ("https://example.org/feed/a1b2c3d4e5f6a7b8c9d0e1f2/rss", "https://example.org/… #"),
        ("https://example.org/%61a1b2c3d4e5f6a7b8c9d0e1.xml", "https://example.org/… #"),
        ("https://[half", "an address #"),
    ],
)
def test_a_list_is_called_by_its_address_without_what_is_secret_there(
    url: str, shown: str
) -> None:
    name = str(CustomSource(url=url))
    assert name == url if shown in {"the same", url} else name.startswith(shown)
    assert not any(secret in name for secret in tokens_of(url))


def test_lists_whose_addresses_differ_by_a_key_are_two_and_a_password_changes_none() -> None:
    one, other = (CustomSource(url=f"https://h.example/l?key={key}") for key in ("one1", "two2"))
    assert str(one) != str(other)
    assert str(CustomSource(url="https://h.example/l", rows="a")) != "https://h.example/l"
    by_password = {str(CustomSource(url=f"https://me:{word}@h.example/l")) for word in ("a", "b")}
    assert len(by_password) == 1


def test_what_is_as_good_as_a_key_is_known_as_one() -> None:
    source = CustomSource(
        url=f"https://me:secret-word@h.example/a1b2c3d4e5f6a7b8c9d0e1f2/x?apikey={_KEY}",
        headers=(("X-Api-Key", SecretStr("in-a-header")),),
        parameters=(("token", SecretStr("in-a-parameter")),),
    )
    wanted = {"secret-word", "a1b2c3d4e5f6a7b8c9d0e1f2", _KEY, "in-a-header", "in-a-parameter"}
    assert wanted <= set(source.secrets())


# -- what is asked


def test_headers_and_parameters_go_with_the_request_beside_those_of_the_address() -> None:
    site = Site.of({"*": answer(_TITLED)})
    provider = custom_provider(
        site,
        "https://h.example/l?kind=movie#top",
        headers=(("X-Api-Key", SecretStr("one")),),
        parameters=(("apikey", SecretStr("two")),),
    )
    provider.fetch(None)
    (request,) = site.seen
    assert str(request.url) == "https://h.example/l?kind=movie&apikey=two"
    assert request.headers["x-api-key"] == "one"


def test_an_unchanged_list_costs_one_call_and_no_reading() -> None:
    site = Site.of({"*": [answer(_TITLED, etag='"a"'), answer(status=304)]})
    provider = custom_provider(site)
    first = provider.fetch(None)
    again = provider.fetch(first.validators)
    assert again.is_unchanged
    assert again.validators == first.validators
    assert [one.headers.get("if-none-match") for one in site.seen] == [None, '"a"']


def test_the_same_bytes_are_unchanged_where_nothing_names_their_state() -> None:
    provider = custom_provider(Site.of({"*": answer(_TITLED)}))
    first = provider.fetch(None)
    assert provider.fetch(first.validators).is_unchanged


def test_a_list_that_is_read_otherwise_is_read_anew() -> None:
    first = custom_provider(Site.of({"*": answer(_TITLED, etag='"a"')})).fetch(None)
    site = Site.of({"*": answer(_TITLED, etag='"a"')})
    again = custom_provider(site, fields=(("year", "year"),)).fetch(first.validators)
    assert not again.is_unchanged
    assert "if-none-match" not in site.seen[0].headers
    assert custom_provider(site).fetch(Validators(etag='"a"')).entries


# -- what comes


@pytest.mark.parametrize(
    ("body", "kind", "url", "read_as"),
    [
        ('["tt90000011", "Salt and Iron (1957)"]', None, URL, [None, "Salt and Iron"]),
        ("title;year\nSalt and Iron;1957\n", "text/csv", URL, ["Salt and Iron"]),
        ("Salt and Iron (1957)\n", "text/plain", URL, ["Salt and Iron"]),
        ("Salt\nIron\n", "text/plain", f"{URL}.txt", ["Salt", "Iron"]),
        ("title\tyear\nSalt\t1957\n", "text/plain", URL, ["Salt"]),
        ("name\nSalt\n", "text/csv", URL, ["Salt"]),
        ("name\nSalt\n", "application/octet-stream", f"{URL}.csv?x=1", ["Salt"]),
        ('{"movies": [{"title": "A"}], "shows": [{"title": "B"}]}', None, URL, ["A", "B"]),
        ('\ufeff[{"title": "A"}]', "text/plain", URL, ["A"]),
        ("[\n]", "application/json", URL, None),
    ],
)
def test_forms_are_told_by_what_comes(
    body: str, kind: str | None, url: str, read_as: list[str | None] | None
) -> None:
    if read_as is None:
        with pytest.raises(ResponseChangedError, match="nothing says that this is meant"):
            read(body, kind, url)
    else:
        assert titles(read(body, kind, url)) == read_as


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ("<html><title>Hello</title></html>", "text/html", 'web page "Hello" came where a list'),
        ("<?xml version='1.0'?><!doctype html><html/>", "text/html", "a web page came"),
        ('{"error": "quota", "code": 7}', None, "its keys are error, code"),
        ("[603, 604]", None, "a number, and nothing says whose"),
        ('"text"', None, "no list of titles"),
        ('[{"title": "A"', None, "cut off"),
        ("Out of order", "text/plain", "nothing shows that it is a list"),
        ("<rss><channel><item></channel></rss>", "text/xml", "mismatched tag"),
        ('<?xml version="1.0" encoding="ebcdic-of-nobody"?><rss/>', "text/xml", "encoding"),
        ("<rss>" + "<a>" * 200, "text/xml", "nested too deep"),
        (f"<rss><a b='{'x' * 3_000_000}'/></rss>", "text/xml", "larger than any"),
        (f"<rss><!--{'x' * 3_000_000}--></rss>", "text/xml", "larger than any"),
        ("\x1f\u2039\x08", "application/gzip", "binary|archive|not text"),
        ("[" * 100_000, None, "out of all bounds|one value|cut off"),
    ],
)
def test_what_is_no_list_is_refused_in_words(body: str, kind: str | None, words: str) -> None:
    with pytest.raises(ListsyncError, match=words):
        read(body, kind or "application/json")


@pytest.mark.parametrize(
    "more", [{}, {"link": '<https://h.example/?page=2>; rel="next"'}], ids=["all", "a-page"]
)
def test_a_page_of_a_longer_list_is_not_taken_for_all_of_it(more: dict[str, str]) -> None:
    assert read(_TITLED, headers=more).outcome.whole == (not more)


def test_ids_without_names_are_read_where_it_is_said_whose_they_are() -> None:
    fetched = read("[603, 604]", fields=(("tmdb_id", "."),))
    assert [one.ids.tmdb for one in fetched.entries] == [603, 604]


def _zipped(name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(name, content)
    return archive.getvalue()


@pytest.mark.parametrize("fields", [(), (("title", "film"),)], ids=["usual", "own"])
@pytest.mark.parametrize(
    "packed", [gzip.compress, lambda content: _zipped("list.csv", content)], ids=["gzip", "zip"]
)
def test_a_packed_list_is_read_as_what_is_in_it(
    packed: Callable[[bytes], bytes], fields: tuple[tuple[str, str], ...]
) -> None:
    content = packed(b"film,year\nThe Lantern Keeper,2019\nHarbour Street,2016\n")
    fetched = read(content, "application/octet-stream", fields=fields)
    assert titles(fetched) == ["The Lantern Keeper", "Harbour Street"]
    assert fetched.outcome.whole


# -- names of one's own


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ('[{"Film": {"de": "Salz"}, "von": "1957", "nr": "tt90000011", "id": 4}]', None),
        ('{"d": {"x": [{"Film": {"de": "Salz"}, "von": 1957, "nr": "tt90000011"}]}}', None),
        ("Film.de;von;nr;id\nSalz;1957;tt90000011;4\n", "text/csv"),
        (
            (
                "<rss><channel><item><title>x</title><Film.de>Salz</Film.de><von>1957</von>"
                "<nr>tt90000011</nr></item></channel></rss>"
            ),
            "text/xml",
        ),
    ],
    ids=["array", "inside", "table", "feed"],
)
def test_fields_are_read_under_the_names_that_the_user_gives(body: str, kind: str | None) -> None:
    names = (("title", "Film.de"), ("year", "von"), ("imdb_id", "nr"))
    (entry,) = read(body, kind, fields=names, rows="d.x" if '"d"' in body else "").entries
    assert (entry.title, entry.year, entry.ids.imdb) == ("Salz", 1957, "tt90000011")
    assert (entry.ids.tmdb, entry.bare_id) == (None, None)


def test_a_name_that_no_row_has_beside_a_title_is_told_with_the_list() -> None:
    fetched = read('[{"t": "Salt"}]', fields=(("title", "t"), ("imdb_id", "imbd")))
    assert titles(fetched) == ["Salt"]
    assert fetched.remark == "no row has 'imbd' (fields.imdb_id); the first one has t"


def test_what_the_user_does_not_name_is_found_by_itself() -> None:
    body = '[{"label": "Harbour Lights", "tvdb_id": 800011, "year": 2021}]'
    (entry,) = read(body, fields=(("title", "label"),)).entries
    assert (entry.ids.tvdb, entry.year, entry.kind) == (800011, 2021, MediaType.TV)


@pytest.mark.parametrize(
    ("body", "kind"),
    [('[{"a": 1, "b": 2}]', None), ("a;b\nx;y\n", "text/csv"), ("just a line", "text/plain")],
)
def test_a_name_that_nothing_has_is_told_with_those_that_are_there(
    body: str, kind: str | None
) -> None:
    with pytest.raises(ResponseChangedError, match=r"'film' \(fields\.title\)|not of the known"):
        read(body, kind, fields=(("title", "film"),))


def test_rows_may_be_in_several_places_or_have_their_ids_as_names() -> None:
    body = '{"groups": [{"items": [{"title": "A"}]}, {"items": [{"title": "B"}]}]}'
    assert titles(read(body, rows="groups.items")) == ["A", "B"]
    assert titles(read('{"d": {"1": {"title": "A"}}}', rows="d")) == ["A"]
    with pytest.raises(ResponseChangedError, match="is no list"):
        read('{"d": 7}', rows="d")


@pytest.mark.parametrize("head", ['<?xml version="1.0"?>\n', ""])
def test_an_export_of_myanimelist_is_read_as_a_file_of_it_is(head: str) -> None:
    anime = "".join(
        f"<anime><series_animedb_id>{number}</series_animedb_id><series_title>{title}"
        f"</series_title><my_status>{status}</my_status></anime>"
        for number, title, status in ((1, "Bebop", "Plan to Watch"), (2, "Seen", "Completed"))
    )
    fetched = read(f"{head}<myanimelist>{anime}</myanimelist>", "text/xml")
    assert titles(fetched) == ["Bebop"]
    assert [row.what for row in fetched.skipped] == ["Seen"]


@pytest.mark.parametrize(
    ("statuses", "wanted"),
    [
        (("planned",), ["Planned"]),
        (("watching", "completed"), ["Now", "Seen"]),
        (("planned", "watching", "completed", "paused"), ["Planned", "Now", "Seen", "Later"]),
    ],
)
def test_what_is_wanted_of_an_export_of_anime_can_be_said(
    statuses: tuple[str, ...], wanted: list[str]
) -> None:
    said = {
        "Planned": "Plan to Watch",
        "Now": "Watching",
        "Seen": "Completed",
        "Later": "On-Hold",
        "Never": "Dropped",
    }
    anime = "".join(
        f"<anime><series_animedb_id>{n}</series_animedb_id><series_title>{title}</series_title>"
        f"<my_status>{status}</my_status></anime>"
        for n, (title, status) in enumerate(said.items(), 1)
    )
    fetched = read(f"<myanimelist>{anime}</myanimelist>", "text/xml", statuses=statuses)
    assert titles(fetched) == wanted


def test_lists_of_other_statuses_are_other_lists() -> None:
    one = CustomSource(url="https://example.org/a.xml")
    other = CustomSource(url="https://example.org/a.xml", statuses=("planned", "paused"))
    assert (str(one), str(other)) == (one.url, f"{one.url} (planned, paused)")


def test_rows_under_names_of_the_users_own_lie_where_lists_have_them() -> None:
    body = json.dumps({"response": {"movies": [{"film_name": "Alien", "released": 1979}]}})
    fetched = read(body, fields=(("title", "film_name"), ("year", "released")))
    assert [(one.label, one.kind) for one in fetched.entries] == [
        ("Alien (1979)", MediaType.MOVIE)
    ]


# -- feeds


def feed(*items: str) -> str:
    return f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>"


@pytest.mark.parametrize(
    ("item", "wanted"),
    [
        ("<title>Salt (1957)</title>", ("Salt", 1957, None, None)),
        ("<title>1917</title>", ("1917", None, None, None)),
        ("<title>Salt</title><guid>tt90000012</guid>", ("Salt", None, "tt90000012", None)),
        (
            "<title>S</title><link>http://imdb.com/title/tt90000012/</link>",
            ("S", None, "tt90000012", None),
        ),
        ("<title>S</title><guid>tmdb://movie/603</guid>", ("S", None, None, 603)),
        ("<title>S</title><tmdb_id>603</tmdb_id>", ("S", None, None, 603)),
        (
            "<title>S</title><description>tt90000012 or tt90000013</description>",
            ("S", None, None, None),
        ),
        ("<title>Salt &amp;amp; Iron</title>", ("Salt & Iron", None, None, None)),
    ],
)
def test_an_item_of_a_feed_says_its_title(item: str, wanted: tuple[object, ...]) -> None:
    fetched = read(feed(f"<item>{item}</item>"), "application/rss+xml")
    (entry,) = fetched.entries
    assert (entry.title, entry.year, entry.ids.imdb, entry.ids.tmdb) == wanted
    assert fetched.newest_only


def test_an_episode_in_a_feed_is_none_of_its_titles() -> None:
    episode = "<item><title>Harbour Lights S01E02</title></item>"
    fetched = read(feed(episode, "<item><title>Salt</title></item>", "<item/>"), "text/xml")
    assert titles(fetched) == ["Salt"]
    assert [one.why for one in fetched.skipped] == ["an episode", "no title and no id"]


@pytest.mark.parametrize(
    ("is_complete", "body", "newest_only"),
    [
        (None, feed("<item><title>A</title></item>"), True),
        (True, feed(), False),
        (None, _TITLED, False),
        (False, _TITLED, True),
    ],
)
def test_what_is_missing_has_left_only_a_list_that_is_complete(
    is_complete: bool | None, body: str | bytes, newest_only: bool
) -> None:
    kind = "text/xml" if isinstance(body, str) else "application/json"
    fetched = read(body, kind, is_complete=is_complete)
    assert (fetched.newest_only, fetched.outcome.whole) == (newest_only, True)


@pytest.mark.parametrize("code", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_a_feed_is_read_in_the_letters_that_it_names(code: str) -> None:
    text = f'<?xml version="1.0" encoding="{code}"?>' + feed(
        "<item><title>Am\xe9lie</title></item>"
    )
    assert titles(read(text.encode(code), "text/xml")) == ["Am\xe9lie"]


def test_a_long_text_in_a_feed_is_no_large_tag() -> None:
    text = f"<item><title>A</title><description>{'x' * 3_000_000}</description></item>"
    assert titles(read(feed(text), "text/xml")) == ["A"]


# -- whatever comes


def test_this_machine_is_asked_only_where_the_user_lets_it_be() -> None:
    url = "http://127.0.0.1:9/list.json"
    assert custom_provider(Site.of({"*": answer(_TITLED)}), url).fetch(None).entries
    site = Site.of({"*": answer(_TITLED)})
    with pytest.raises(RefusedError, match=r"127\.0\.0\.1, which is this machine"):
        custom_provider(site, url, allow_private=False).fetch(None)
    assert site.seen == []
