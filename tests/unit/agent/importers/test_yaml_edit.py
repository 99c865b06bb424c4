from __future__ import annotations

import pytest
import yaml

from listsync.importers.yaml_edit import UneditableError, add_entries, add_key, scalar

LISTS = [[("imdb", "ls026785255"), ("user", "7")], [("trakt", "trending:movies")]]
WANTED = [{"imdb": "ls026785255", "user": "7"}, {"trakt": "trending:movies"}]


def data_of(text: str) -> object:
    return yaml.load(text, yaml.BaseLoader)


TEXTS = {
    "block": "server:\n  url: a # why\nlists:\n  # mine\n  - imdb: top # best\n\n# end\nlog: {}\n",
    "flush-left": "lists:\n- imdb: top\n- {imdb: boxoffice}\nlog: {keep: 3}\n",
    "deep": "lists:\n    -   imdb: top\n        filters:\n            kind: movie  # films\n",
    "block-text": "lists:\n  - imdb: top\n    name: |\n      a\n      b\n\nlog: {}\n",
    "flow": "lists: [{imdb: top}] # few\nlog: {}\n",
    "flow-of-lines": "lists: [\n  {imdb: top},\n  {imdb: boxoffice}\n]\n",
    "flow-with-comma": 'lists: [{"imdb": "top"}, ]\n',
    "json": '{"lists": [{"imdb": "top"}], "log": {"keep": "3"}}',
    "crlf": "log:\r\n  keep: 3\r\nlists:\r\n  - imdb: top\r\n",
    "no-end-of-line": "lists:\n  - imdb: top",
    "anchor": "lists: &mine\n  -   imdb: top\nlog: {}\n",
    "quotes": 'lists:\n  - imdb: \'ls1: #no comment\'\n  - file: "a\\"b"\n',
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_lists_are_added_behind_those_that_are_there(text: str) -> None:
    before = data_of(text)
    assert isinstance(before, dict)
    after = add_entries(text, "lists", LISTS)
    assert data_of(after) == {**before, "lists": [*before["lists"], *WANTED]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_each_line_that_was_there_stays_as_it_is(text: str) -> None:
    after = add_key(add_entries(text, "lists", LISTS), ("sync", "every"), "12h")
    rest = iter(after)
    # A flow list of lines may get its bracket moved up; nothing else is taken away.
    assert all(sign in rest for sign in text if not sign.isspace())


@pytest.mark.parametrize(
    "text", ["", "# only words\n", "log: {}\n", "lists: []\n", "lists:\n", "lists: ~\n"]
)
def test_lists_are_begun_where_there_are_none(text: str) -> None:
    before = data_of(text) or {}
    assert isinstance(before, dict)
    after = add_entries(text, "lists", LISTS)
    assert data_of(after) == {**before, "lists": WANTED}
    assert all(line in after for line in text.splitlines() if line.startswith("#"))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("server:\n  url: a\n", ("server", "api_key")),
        ("server: {url: a}\n", ("server", "api_key")),
        ("server: {}\n", ("server", "api_key")),
        ("log: {}\n", ("providers", "trakt", "client_id")),
        ("providers:\n  imdb:\n    pace_s: 1\nlog: {}\n", ("providers", "trakt", "client_id")),
        ("providers:\nlog: {}\n", ("providers", "trakt", "client_id")),
        ('{"log": {}}', ("providers", "trakt", "client_id")),
        ("", ("server", "url")),
    ],
)
def test_a_key_is_added_with_the_sections_above_it(text: str, keys: tuple[str, ...]) -> None:
    after = add_key(text, keys, {"encrypted": "name"})
    found = data_of(after)
    for key in keys:
        assert isinstance(found, dict)
        found = found[key]
    assert found == {"encrypted": "name"}
    before = data_of(text) or {}
    assert isinstance(before, dict)
    assert before.keys() <= data_of(after).keys()  # type: ignore[attr-defined]


def test_a_key_that_is_there_stays() -> None:
    assert add_key("sync: {every: 1h}\n", ("sync", "every"), "2h") == "sync: {every: 1h}\n"


@pytest.mark.parametrize(
    "text", ["- a\n", "lists: text\n", "lists: {a: b}\n", "lists: [a # b\n]\n"]
)
def test_what_cannot_be_added_to_safely_is_refused(text: str) -> None:
    with pytest.raises(UneditableError):
        add_entries(text, "lists", LISTS)


@pytest.mark.parametrize(
    "text",
    [
        *("top", "trending:movies", "https://a.b/c?d=e&f=g", "12h", "true", "0", "movie", "a b"),
        *(
            "yes",
            "null",
            "~",
            "",
            "-",
            "a: b",
            "a #b",
            "'",
            '"',
            "é\u2028",
            "*a",
            "a:",
            "[x]",
            "007",
        ),
        *(
            "imdb:tt0133093",
            "tmdb:movie/603",
            "@a",
            "%a",
            "a\nb",
            "\x1b",
            "😀",
            "x, y",
            "{a}",
            "007",
        ),
    ],
)
def test_a_text_is_read_again_as_it_was_written(text: str) -> None:
    assert data_of(f"a: {{b: {scalar(text)}}}\n") == {"a": {"b": text}}
    assert data_of(f"a: {scalar(text)}\n") == {"a": text}
