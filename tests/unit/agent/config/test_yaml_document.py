from __future__ import annotations

import contextlib
import itertools
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from listsync.config.yaml_document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_VALUES,
    YamlDocument,
    load_document,
    parse_document,
    quote,
)
from listsync.errors import ConfigError

NINE_LEVELS = "abcdefghi"


def read(text: str) -> YamlDocument:
    return parse_document(text, "a.yaml")


def complaint(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(text)
    (problem,) = caught.value.problems
    return str(problem)


def bomb(entry: str) -> str:
    """Build nine levels, each naming the one before nine times."""
    lines = [f"a: &a {entry}"]
    for before, name in itertools.pairwise(NINE_LEVELS):
        inner = ", ".join([f"*{before}"] * 9)
        lines.append(
            f"{name}: &{name} {'{<<: [' + inner + ']}' if '{' in entry else f'[{inner}]'}"
        )
    return "\n".join(lines)


def test_places_of_keys_and_values_count_from_one() -> None:
    document = read("server:\n  url: x\nlists:\n  - file: a.csv\n    limit: 5\n")
    assert document.data == {
        "server": {"url": "x"},
        "lists": [{"file": "a.csv", "limit": "5"}],
    }
    assert document.keys["server", "url"] == (2, 3)
    assert document.values["server", "url"] == (2, 8)
    assert document.values["lists", 0] == (4, 5)
    assert document.keys["lists", 0, "limit"] == (5, 5)
    assert document.values["lists", 0, "limit"] == (5, 12)


@pytest.mark.parametrize(
    "text", ["0050083", "0123", "1917", "on", "No", "true", "2024-01-01", "12:30", "1e5", "0x10"]
)
def test_scalars_stay_as_they_are_written(text: str) -> None:
    assert read(f"title: {text}").data == {"title": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("", None, id="empty"),
        pytest.param("~", None, id="tilde"),
        pytest.param("null", None, id="null"),
        pytest.param('""', "", id="quoted-empty"),
        pytest.param("'null'", "null", id="quoted-null"),
    ],
)
def test_nothing_is_none_unless_quoted(text: str, value: str | None) -> None:
    assert read(f"title: {text}").data == {"title": value}


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfserver: x\r\n")
    assert load_document(path).data == {"server": "x"}


def test_an_alias_is_a_copy_and_a_merge_gives_way_to_own_keys() -> None:
    document = read("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd: {<<: [*a, {z: 4}]}")
    assert document.data == {
        "a": {"x": "1", "y": "2"},
        "b": {"x": "1", "y": "2"},
        "c": {"y": "3", "x": "1"},
        "d": {"x": "1", "y": "2", "z": "4"},
    }
    assert document.values["b", "x"] == (1, 11)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("a: 1\nb: 2\na: 3", '3:1: the key "a" is given twice', id="twice"),
        pytest.param("a: {b: 1, b: 2}", '1:11: the key "b" is given twice', id="twice-inside"),
        pytest.param("? [a]\n: 1", "1:3: a key must be a plain text", id="key-is-a-list"),
        pytest.param("a: !thing b", "1:4: tags such as !name", id="own-tag"),
        pytest.param("a: !!python/name:os.system b", "1:4: tags", id="python-tag"),
        pytest.param("a: {<<: b}", "1:9: << expects a mapping", id="merge-of-text"),
    ],
)
def test_reading_goes_on_after_small_problems(text: str, said: str) -> None:
    (problem,) = read(text).problems
    assert said in str(problem)


SPACE = 'is not valid YAML: a space is missing behind the ":"'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "a.yaml: is empty", id="empty"),
        pytest.param("# only\n# comments\n", "a.yaml: is empty", id="comments"),
        pytest.param("~", "a.yaml: is empty", id="null"),
        pytest.param("a:\n\t- b", "a.yaml:2:1: a tab stands here", id="tab"),
        pytest.param(
            "a:\n- b: c\n\t  d: 5", "a.yaml:3:1: a tab stands here", id="tab-below-a-value"
        ),
        pytest.param("a:\n  b: c\n  \td: 5", "a.yaml:3:3: a tab stands here", id="tab-and-spaces"),
        pytest.param("a:\n- b: c\n  d:5\n- e: f", f"a.yaml:3:3: {SPACE} here", id="no-space"),
        pytest.param("a:\n- b: c\n  d:5\n", f"a.yaml:3:3: {SPACE} here", id="no-space-at-the-end"),
        pytest.param("a:\n  b:5\n  c: d", f"a.yaml:3:4: {SPACE} in line 2", id="no-space-before"),
        pytest.param(
            "a:\n  b: c\n  d\ne: f", 'a.yaml:3:3: is not valid YAML: expected "key', id="no-colon"
        ),
        pytest.param("a: b: c", "a.yaml:1:5: is not valid YAML: no", id="two-colons"),
        pytest.param("a: 'b", "a.yaml:1:6: is not valid YAML: a quoted", id="open-quote"),
        pytest.param("a: [b", "bracket is missing", id="open-bracket"),
        pytest.param("a: @b", "a.yaml:1:4: is not valid YAML: no value", id="at-sign"),
        pytest.param("- a\nb: c", "a.yaml:2:1: is not valid YAML: expected an entry", id="mixed"),
        pytest.param("a: |2x", "a.yaml:1:6: is not valid YAML", id="rare"),
        pytest.param("a: *b", "a.yaml:1:4: is not valid YAML: *name", id="no-anchor"),
        pytest.param("a: 1\n---\nb: 2", "a.yaml:2:1: is not valid YAML: a second", id="documents"),
        pytest.param("a: b\0c", "a.yaml:1:5: holds the character U+0000", id="control"),
        pytest.param("a: \ud800", "a.yaml:1:4: holds the character U+D800", id="surrogate"),
        pytest.param("[" * 50_000, f"nested more than {MAX_DEPTH} levels", id="deep-lists"),
        pytest.param("{a: " * 50_000, f"nested more than {MAX_DEPTH} levels", id="deep-maps"),
        pytest.param("- " * 50_000, f"nested more than {MAX_DEPTH} levels", id="deep-block"),
        pytest.param("a: &a [*a]", f"nested more than {MAX_DEPTH} levels", id="own-child"),
        pytest.param("a: &a {<<: *a}", f"nested more than {MAX_DEPTH} levels", id="own-merge"),
        pytest.param(bomb("[x]"), "once aliases are filled in", id="alias-bomb"),
        pytest.param(bomb("{x: y}"), "once aliases are filled in", id="merge-bomb"),
        pytest.param("- a\n" * (MAX_VALUES + 1), "holds more than", id="many"),
    ],
)
def test_unusable_text_is_one_clear_problem(text: str, said: str) -> None:
    started = time.thread_time()
    assert said in complaint(text)
    assert time.thread_time() - started < 20


@pytest.mark.parametrize("text", ["a: *hunter2", "a: 'hunter2", "a: !hunter2 b: c", "a: %hunter2"])
def test_the_parsers_complaint_does_not_repeat_the_text(text: str) -> None:
    assert "hunter2" not in complaint(text)


def test_an_empty_file_and_a_large_one(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"")
    with pytest.raises(ConfigError, match="is empty"):
        load_document(path)
    path.write_bytes(b"a: b\n" * 2_000_000)
    with pytest.raises(ConfigError, match=f"is larger than {MAX_BYTES // 1024} KiB"):
        load_document(path)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: b\nc: \xff\xfe")
    with pytest.raises(ConfigError, match=r"a\.yaml:2:1: is not UTF-8 text \(byte 0xff\)"):
        load_document(path)
    path.write_bytes(bytes(range(128)))
    with pytest.raises(ConfigError, match="is this a text file"):
        load_document(path)


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a directory"):
        load_document(tmp_path)
    with pytest.raises(ConfigError, match="does not exist"):
        load_document(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="cannot be read: File name too long"):
        load_document(tmp_path / ("x" * 300))
    with pytest.raises(ConfigError, match="not a usable file name"):
        load_document(Path("a\0b"))


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    os.mkfifo(path)
    with pytest.raises(ConfigError, match="is not a regular file"):
        load_document(path)


def test_a_quoted_text_is_trimmed_and_has_no_control_characters() -> None:
    assert quote("a\x1b[31m\nb") == '"a\\x1b[31m\\nb"'
    assert quote("x" * 100) == '"' + "x" * 39 + '…"'


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        read(text)


@given(st.text(alphabet="ab:-[]{}<&*!?|>'\"#%@~,\n\t ", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigError):
        read(text)
