"""Files as large as they may be, of anything: what reading one takes, in memory and in time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.providers.child import read_apart

MOST_MB = 125  # beyond the 45 of a process that has done nothing yet
MB = 1024 * 1024
pytestmark = [pytest.mark.timeout(60), pytest.mark.slow]


WORST: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "3-million-ids": ("a.txt", lambda: b"tt0133093\n" * 3_000_000, "100,001 rows are more than"),
    "objects": ("a.json", lambda: b"[" + b"{}," * (21 * MB) + b"{}]", "100,001 rows"),
    "one-object": (
        "a.json",
        lambda: b'[{"title": "A", "a": [' + b"[]," * (20 * MB) + b"1]}]",
        "one value of the JSON has more than 250,000 characters",
    ),
    "wide-letters": ("a.txt", lambda: (50 * "\U0001f600" + "\n").encode() * 300_000, "25 MB in"),
    "yaml": (
        "a.yml",
        lambda: b"collections: {a: {imdb_id: [" + b"[]," * 330_000 + b"a]}}",
        "100,000 values",
    ),
}


@pytest.mark.parametrize("worst", WORST)
def test_the_worst_files_take_little_memory(worst: str, tmp_path: Path) -> None:
    name, content, told = WORST[worst]
    path = tmp_path / name
    path.write_bytes(content())
    [read] = read_apart(str(path), "file")
    assert told in read.told
    assert read.grown_mb < MOST_MB


_FIFTH = range(1_000_001, 1_020_001)
FORMS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "a.json": (
        "[",
        lambda number: (
            f'{{"title": "Film {number} \u5343", "year": 2019, "ids": {{"imdb": "tt{number}"}}}}'
            f"{']' if number == _FIFTH[-1] else ','}"
        ),
        "",
    ),
    "a.jsonl": ("", lambda number: f'{{"imdb_id": "tt{number}", "title": "Film {number}"}}\n', ""),
    "a.txt": ("", lambda number: f"Film {number} \u5343 (2019)\n", ""),
    "a.xml": (
        "<myanimelist>",
        lambda number: (
            f"<anime><series_animedb_id>{number}</series_animedb_id><series_title><![CDATA[Film "
            f"{number} \u5343]]></series_title><my_status>Plan to Watch</my_status></anime>\n"
        ),
        "</myanimelist>",
    ),
}


def test_the_longest_list_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = (
        f"tt{number},Film {number} \u5343,2019,movie" for number in range(1_000_001, 1_100_001)
    )
    path.write_text("imdb_id,title,year,type\n" + "\n".join(rows) + "\n", encoding="utf-8")
    [read] = read_apart(str(path), "file")
    assert read.told == "read"
    assert read.grown_mb < MOST_MB


@pytest.mark.parametrize("name", FORMS)
def test_a_fifth_of_the_longest_list_takes_a_fifth_in_each_form(name: str, tmp_path: Path) -> None:
    path, (head, row, end) = tmp_path / name, FORMS[name]
    path.write_text(head + "".join(map(row, _FIFTH)) + end, encoding="utf-8")
    [read] = read_apart(str(path), "file")
    assert read.told == "read"
    assert read.grown_mb < MOST_MB / 5


def test_a_file_of_100_mb_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title\nHeat\n")
    with path.open("r+b") as file:
        file.truncate(100 * MB)  # which takes no room on the disk
    [read] = read_apart(str(path), "file")
    assert "larger than 64 MiB; not read" in read.told
    assert read.grown_mb < MOST_MB / 5
