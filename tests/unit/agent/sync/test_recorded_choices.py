"""What a run writes down of the IMDb ids that a person chose."""

from __future__ import annotations

import pytest

from listsync.domain.decisions import ChosenId, Found, How, Match, Prepared, Skip, SkipReason
from listsync.sync.knowledge import RunKnowledge, Stored
from listsync.sync.run_recorder import Recorder
from tests.builders import MOVIE, entry, wish
from tests.fakes import SERVER, FakeMemory, a_film

CHOSEN = ChosenId("title:dune||movie", "tt1160419")
DUNE = a_film(438631, "Dune", 2021, imdb="tt1160419")


@pytest.mark.parametrize(
    ("match", "overwrites"),
    [
        pytest.param(
            Match(found=Found.FOUND, how=How.CHOICE, key=DUNE.key, reasons=("r",), chosen=CHOSEN),
            False,
            id="a-title",
        ),
        pytest.param(
            Match(found=Found.REVIEW, how=How.TITLE, reasons=("r",), chosen=CHOSEN),
            True,
            id="nothing",
        ),
    ],
)
def test_what_waited_before_a_choice_is_overwritten_only_if_it_waits_again(
    match: Match, *, overwrites: bool
) -> None:
    memory = FakeMemory()
    memory.guard.use(SERVER)
    memory.shelf.chosen_ids[CHOSEN.lookup] = CHOSEN.imdb
    recorder = Recorder(memory, RunKnowledge(Stored()), {})
    one = Prepared(wish=wish(entry("Dune", kind=MOVIE)), match=match, is_fresh=True)
    recorder.note(one, Skip(SkipReason.REVIEW))
    recorder.write()
    ((notes, _),) = memory.commits
    assert notes.chosen == [match]
    assert (CHOSEN.lookup in notes.matches) is overwrites
    assert memory.matches.chosen_ids() == {}
