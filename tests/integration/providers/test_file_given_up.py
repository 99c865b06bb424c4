"""What a list says is dropped, or not wanted, is skipped; what is only seen stays wanted."""

from __future__ import annotations

import json

import pytest

from listsync.domain.lists import Fetched
from listsync.domain.media import MediaType
from tests.integration.providers.reader import Reader

_DROPPED, _NOT_WANTED = "dropped, as the list says", "not wanted, as the list says"


def _labels(fetched: Fetched) -> list[str]:
    return [entry.label for entry in fetched.entries]


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("dropped", _DROPPED),
        ("Abandoned", _DROPPED),
        ("stopped", _DROPPED),
        ("Dropped (S1)", _DROPPED),
        ("Dropped after 2 episodes", _DROPPED),
        ("Gave up", _DROPPED),
        ("Did not finish", _DROPPED),
        ("didn't finish", _DROPPED),
        ("DNF", _DROPPED),
        ("Abgebrochen", _DROPPED),
        ("Abandonn\u00e9e", _DROPPED),
        ("Abandonada", _DROPPED),
        ("Abbandonato", _DROPPED),
        ("Yar\u0131da b\u0131rak\u0131ld\u0131", _DROPPED),
        ("\u0411\u0440\u043e\u0448\u0435\u043d\u043e", _DROPPED),
        ("\u5f03\u5267", _DROPPED),
        ("notinteresting", _NOT_WANTED),
        ("Not interested", _NOT_WANTED),
        ("Skipped", _NOT_WANTED),
        ("ignore", _NOT_WANTED),
        ("unwanted", _NOT_WANTED),
        ("Kein Interesse", _NOT_WANTED),
    ],
)
def test_a_status_that_says_not_wanted_leaves_a_row_out(
    read: Reader, status: str, why: str
) -> None:
    fetched = read(json.dumps([{"title": "A", "year": 1999, "status": status}]), "a.json")
    assert [(row.what, row.why) for row in fetched.skipped] == [("A", why)]
    assert not read(f"Title,Year,Status\nA,1999,{status}\n", "a.csv").entries


@pytest.mark.parametrize(
    "status",
    [
        *("watched", "Seen", "Completed", "Done", "Gesehen", "Vu", "Visto", "hold", "Canceled"),
        *("plantowatch", "Ended", "Planned"),
    ],
)
def test_what_is_only_seen_stays_wanted(read: Reader, status: str) -> None:
    assert _labels(read(f"Title,Year,Status\nA,1999,{status}\n", "a.csv")) == ["A (1999)"]
    assert _labels(read(f"# {status}\nA (1999) ({status})\n")) != []


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        *(("Dropped", "yes"), ("Dropped?", "x"), ("Skip", "TRUE"), ("ignore", "1")),
        *(("Exclude", "\u2713"), ("Do not want", "ja"), ("Abgebrochen", "2024-01-05")),
        *(("Unwanted", "si"), ("isDropped", "true"), ("Want", "no"), ("wanted", "FALSE")),
        *(("Want to watch?", "nein"), ("In Watchlist", "0"), ("wanted", "\u2717")),
    ],
)
def test_a_column_that_says_not_wanted_leaves_a_row_out(
    read: Reader, column: str, cell: str
) -> None:
    other = "no" if cell in ("yes", "x", "TRUE", "1") else ""
    fetched = read(f"Title,Year,{column}\nA,1999,{cell}\nB,2000,{other}\nC,2001,\n", "a.csv")
    assert _labels(fetched) == ["B (2000)", "C (2001)"]
    assert [row.why for row in fetched.skipped] == [_NOT_WANTED]


@pytest.mark.parametrize(
    "said", [{"want": False}, {"unwanted": True}, {"exclude": 1}, {"ignored": "yes"}, {"want": 0}]
)
def test_a_field_that_says_not_wanted_leaves_a_title_out(
    read: Reader, said: dict[str, object]
) -> None:
    turned = {name: "want" in name and name != "unwanted" for name in said}
    rows = [{"title": "A", "year": 1999, **said}, {"title": "B", "year": 2000, **turned}]
    assert _labels(read(json.dumps(rows), "a.json")) == ["B (2000)"]


def test_a_film_that_is_called_as_such_a_column_is_a_title(read: Reader) -> None:
    assert _labels(read("Wanted\nHeat\n", "a.csv")) == ["Wanted", "Heat"]
    labels = ["Abandoned (2010)", "The Abandoned (2006)", "Cube - Abandoned (2012)", "Dropped"]
    assert _labels(read("\n".join(labels))) == labels


def test_a_group_and_a_heading_leave_out_what_is_under_them(read: Reader) -> None:
    groups = {"dropped": [{"title": "A", "year": 1999}], "later": [{"title": "B", "year": 2000}]}
    fetched = read(json.dumps(groups), "a.json")
    assert (_labels(fetched), len(fetched.skipped)) == (["B (2000)"], 1)
    text = "# Dropped\n- A (1999)\n- tt90000011\n## Movies\n- B (1999)\n# Watching\n- C (2000)\n"
    fetched = read(f"{text}## Abgebrochene Serien\n- D (2000)\n## Films seen\n- E (2001)\n")
    assert [(one.label, one.kind) for one in fetched.entries] == [
        ("C (2000)", None),
        ("E (2001)", MediaType.MOVIE),
    ]
    assert [row.why for row in fetched.skipped] == [_DROPPED] * 4


@pytest.mark.parametrize("then", ["To watch:", "Movies:", "Something else:", "## Watching"])
def test_what_is_dropped_ends_with_the_next_heading(read: Reader, then: str) -> None:
    fetched = read(f"Dropped:\nA (1999)\n{then}\nB (2000)\n")
    assert "B (2000)" in _labels(fetched)
    assert "A (1999)" not in _labels(fetched)


@pytest.mark.parametrize(
    "line",
    [
        *("A (1999) - dropped", "A (1999) (dropped)", "A (1999) [abgebrochen]", "A #dropped"),
        *("A (1999) DROPPED", "A \u2013 dropped after 2 episodes", "- **A** (1999) \u2014 skip"),
        *("A (1999) - not wanted", "tt90000011 - dropped", "A (1999): abandonn\u00e9"),
    ],
)
def test_a_mark_behind_a_title_leaves_it_out(read: Reader, line: str) -> None:
    fetched = read(f"{line}\nB (2000) (seen)\n")
    assert len(fetched.entries) == 1
    assert [row.why.partition(",")[0] for row in fetched.skipped] in (
        [["dropped"], ["not wanted"]]
    )
