"""What forks begin with is what they would have made."""

from __future__ import annotations

import pytest

from listsync.sandbox import catalogue, server_model
from listsync.sandbox.catalogue import COLLECTIONS, PERSONS, SandboxCatalogue, invented
from listsync.sandbox.title_search import Entry, Search
from tests import new_sandboxes

OTHERS = (*PERSONS, *COLLECTIONS)


@pytest.fixture(autouse=True)
def _copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "load_titles", catalogue.load_titles)
    monkeypatch.setitem(vars(server_model), "Search", new_sandboxes.REAL)
    new_sandboxes.install()


def indexed(of: SandboxCatalogue, others: tuple[Entry, ...] = OTHERS) -> Search:
    """Index as the server does."""
    made: Search = vars(server_model)["Search"](of, others)
    return made


@pytest.mark.parametrize("others", [OTHERS, PERSONS])
def test_a_copy_finds_what_one_that_was_made_finds(others: tuple[Entry, ...]) -> None:
    copied = indexed(SandboxCatalogue(), others)
    made = new_sandboxes.REAL(SandboxCatalogue(), others)
    own, theirs = ({**vars(one), "_catalogue": None} for one in (copied, made))
    assert own == theirs
    assert copied.find("mad max") == made.find("mad max")
    assert copied.find("mad max").entries


def test_what_is_put_into_one_is_in_no_other() -> None:
    first, second = (indexed(SandboxCatalogue()) for _ in range(2))
    first.add(invented(1))
    assert first.find("sandbox film 000001").entries
    for one in (second, indexed(SandboxCatalogue())):
        assert not one.find("sandbox film 000001").entries


def test_other_titles_than_those_of_the_file_are_indexed_anew() -> None:
    changed = SandboxCatalogue()
    changed.put(invented(1))
    assert indexed(changed).find("sandbox film 000001").entries
