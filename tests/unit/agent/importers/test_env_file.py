from __future__ import annotations

from pathlib import Path

import pytest

from listsync.importers.env_file import plan_of_variables, read_env_file


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("A=1\nB = 2\n", {"A": "1", "B": "2"}),
        ("export A=1", {"A": "1"}),
        ("A=1   # why\nB=a#b\n", {"A": "1", "B": "a#b"}),
        ("A='x # y'\nB=\"x # y\" # z\n", {"A": "x # y", "B": "x # y"}),
        ('A="a\\"b\\n"', {"A": 'a"b\n'}),
        ("# A=1\n\n no variable\nA=\n", {"A": ""}),
        ("A=# nothing\n", {"A": ""}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ('A="top,\nboxoffice"\nB=1', {"A": "top,\nboxoffice", "B": "1"}),
        ('A="never closed\nB=1', {"A": '"never closed', "B": "1"}),
        ('A="never closed\n' + 300 * "#\n" + "B=1", {"A": '"never closed', "B": "1"}),
        ('A="never closed\nB=1\n' + 300 * "#\n", {"A": '"never closed', "B": "1"}),
        ("# it's so\nB='1'", {"B": "1"}),
        ("A=1\nA=2", {"A": "2"}),
    ],
)
def test_a_file_of_variables_is_read(tmp_path: Path, text: str, variables: dict[str, str]) -> None:
    path = tmp_path / ".env"
    path.write_bytes(text.encode())
    assert read_env_file(path) == variables


@pytest.mark.parametrize(
    ("variable", "text", "keys", "value"),
    [
        ("SYNC_INTERVAL", "0.5", ("sync", "every"), "30m"),
        ("SYNC_INTERVAL", "24", ("sync", "every"), "24h"),
        ("SYNC_INTERVAL", "1.5", ("sync", "every"), "90m"),
        ("SYNC_INTERVAL", "0", ("sync", "every"), "0"),
        ("AUTOMATED_MODE", "false", ("sync", "every"), "0"),
        ("OVERSEERR_USER_ID", "7", ("server", "request_as"), "7"),
        ("OVERSEERR_4K", "True", ("sync", "four_k"), "true"),
        ("LOG_LEVEL", "DEBUG", ("log", "level"), "debug"),
        ("TZ", "GMT", ("sync", "timezone"), "GMT"),
        (
            "TRAKT_SPECIAL_ITEMS_LIMIT",
            "50",
            ("providers", "trakt", "special_items_limit"),
            "50",
        ),
    ],
)
def test_a_setting_is_written_in_our_words(
    variable: str, text: str, keys: tuple[str, ...], value: str
) -> None:
    assert plan_of_variables({variable: text}, "x").settings == {keys: value}


@pytest.mark.parametrize(
    ("variable", "text"),
    [("OVERSEERR_USER_ID", "1"), ("OVERSEERR_4K", "false"), ("LOG_LEVEL", "INFO"), ("TZ", "")],
)
def test_what_is_so_anyway_is_not_written(variable: str, text: str) -> None:
    plan = plan_of_variables({variable: text}, "x")
    assert (plan.settings, plan.left) == ({}, ())


@pytest.mark.parametrize(
    ("variable", "text", "said"),
    [
        ("SYNC_INTERVAL", "daily at noon", "expected a duration"),
        ("OVERSEERR_USER_ID", "-1", "expected a user name"),
        ("OVERSEERR_4K", "perhaps", "is neither true nor false"),
        ("TRAKT_SPECIAL_ITEMS_LIMIT", "many", "is no number of titles"),
        ("TRAKT_SPECIAL_ITEMS_LIMIT", "10001", "is no number of titles"),
        ("LOG_LEVEL", "loud", "is no level of a log"),
        ("TZ", "Nowhere/Land", "is no time zone that this machine knows"),
        ("OVERSEERR_API_KEY", "your_overseerr_api_key_here", "the value of the template"),
        ("OVERSEERR_API_KEY", "a\x1bb", "line breaks or control characters"),
        ("SIMKL_USER_TOKEN", "abc", "a login at Simkl is made by `listsync login simkl`"),
        ("NUXT_PUBLIC_API_URL", "http://x", "is of ListSync's own container"),
        ("SOMETHING", "else", "has no counterpart here"),
    ],
)
def test_what_is_not_taken_over_is_named(variable: str, text: str, said: str) -> None:
    plan = plan_of_variables({variable: text}, "the file")
    (left,) = plan.left
    assert left.startswith(f"{variable} (the file): ")
    assert said in left
    assert (plan.settings, plan.secrets) == ({}, ())


def test_a_key_that_is_no_text_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_bytes(b"OVERSEERR_API_KEY=abc\xffdefgh\n")
    plan = plan_of_variables(read_env_file(path), "x")
    assert plan.secrets == ()
    assert plan.left == ("OVERSEERR_API_KEY (x): is not UTF-8 text",)
