from __future__ import annotations

from dataclasses import replace

import pytest

from listsync.domain.list_rules import ListRules
from listsync.domain.lists import Fetched, ListEntry, ListOutcome, SkippedRow, Validators
from listsync.domain.media import MediaType
from listsync.domain.notices import NoticeKind
from listsync.domain.report import ListReport, Verdict
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.row_limit import demand_room
from listsync.sync.fetch_lists import Before, Followed, Reading, read_lists
from listsync.sync.list_intake import Gathered, gather
from listsync.sync.progress import ProgressBoard
from listsync.sync.report import Tally
from tests.builders import MOVIE, TV, entry, rules
from tests.fakes import SERVER, FakeList, FakeMemory, whole
from tests.fakes import Reading as Played

A, B = rules("a"), rules("b")
NOT_THESE = rules("not these", is_exclusion=True)
DUNE = entry("Dune", 2021, MOVIE, imdb="tt1", rank=1)
LOST = entry("Lost", 2004, TV, imdb="tt2", rank=2)
HEAT = entry("Heat", 1995, imdb="tt3", rank=3)
DOWN = UnavailableError("file", "no such file")
MARK = Validators(etag="1")


class Shelf:
    """A memory, and what the last gathering told."""

    def __init__(self) -> None:
        self.memory = FakeMemory()
        self.memory.guard.use(SERVER)
        self.board = ProgressBoard()
        self.tally = Tally()

    def gather(self, *lists: tuple[ListRules, Played], eager: bool = True) -> Gathered:
        self.tally = Tally()
        self.board.start("run", tuple(of.name for of, _ in lists))
        followed = [Followed(of, FakeList(reading)) for of, reading in lists]
        return gather(followed, self.memory, self.board, self.tally, eager=eager)

    def read(self, reading: Played, of: ListRules = A) -> list[str]:
        return titles(self.gather((of, reading)))

    @property
    def reports(self) -> tuple[ListReport, ...]:
        return self.tally.lists()


def titles(gathered: Gathered) -> list[str]:
    return [str(member.entry.title) for member in gathered.wanted]


# Reading


def read(played: Played) -> Reading:
    (reading,) = read_lists([Followed(A, FakeList(played))], {A.source: Before()})
    return reading


@pytest.mark.parametrize(
    ("fetched", "outcome", "why"),
    [
        (whole(DUNE), ListOutcome.COMPLETE, ""),
        (Fetched(entries=(DUNE,)), ListOutcome.COMPLETE, ""),
        (whole(), ListOutcome.EMPTY, ""),
        (Fetched.unchanged(MARK), ListOutcome.UNCHANGED, ""),
        (
            Fetched(entries=(DUNE,), declared=3),
            ListOutcome.PARTIAL,
            "only 1 of 3 rows could be read",
        ),
        (
            Fetched(entries=(DUNE,), declared=3, remark="no ids"),
            ListOutcome.PARTIAL,
            "only 1 of 3 rows could be read; no ids",
        ),
        (Fetched(entries=(DUNE,), remark="no ids"), ListOutcome.COMPLETE, "no ids"),
        (Fetched(declared=3), ListOutcome.PARTIAL, "only 0 of 3 rows could be read"),
        (
            Fetched(entries=(DUNE,) * 1200, declared=1200, repeated=9),
            ListOutcome.PARTIAL,
            (
                "only 1,191 of 1,200 rows are distinct: 9 rows only repeated another, "
                "while others never came"
            ),
        ),
        (
            Fetched(entries=(DUNE,) * 2, repeated=1),
            ListOutcome.COMPLETE,
            "1 row only repeated another",
        ),
        (
            Fetched(),
            ListOutcome.DRIFT,
            "nothing was read, and nothing says that the list is empty",
        ),
    ],
    ids=[
        "complete",
        "undeclared",
        "empty",
        "unchanged",
        "partial",
        "partial-and",
        "remark",
        "nothing-of-3",
        "repeated",
        "repeated-without-a-count",
        "nothing",
    ],
)
def test_a_reading_is_judged_by_its_counts(
    fetched: Fetched, outcome: ListOutcome, why: str
) -> None:
    reading = read(fetched)
    assert (reading.outcome, reading.why, reading.fetched) == (outcome, why, fetched)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (DOWN, ListOutcome.UNAVAILABLE),
        (ResponseChangedError("file", "new format", sample="<html>"), ListOutcome.DRIFT),
        (RefusedError("file", Refusal.NOT_FOUND, "no"), ListOutcome.NOT_FOUND),
        (RefusedError("file", Refusal.PRIVATE, "no"), ListOutcome.PRIVATE),
        (RefusedError("file", Refusal.CREDENTIAL, "no"), ListOutcome.CREDENTIAL),
        (RefusedError("file", Refusal.SUBSCRIPTION, "no"), ListOutcome.SUBSCRIPTION),
        (RefusedError("file", Refusal.PERMISSION, "no"), ListOutcome.CREDENTIAL),
        (RefusedError("file", Refusal.RATE_LIMITED, "no"), ListOutcome.RATE_LIMITED),
        (RefusedError("file", Refusal.QUOTA, "no"), ListOutcome.RATE_LIMITED),
        (RefusedError("file", Refusal.BLOCKED, "no"), ListOutcome.BLOCKED),
        (ListsyncError("odd"), ListOutcome.DRIFT),
        (KeyError("a bug"), ListOutcome.DRIFT),
    ],
    ids=str,
)
def test_each_error_has_its_outcome(error: Exception, outcome: ListOutcome) -> None:
    reading = read(error)
    assert reading.outcome is outcome
    assert reading.why
    assert (reading.entries, reading.skipped) == ((), ())


def test_every_refusal_has_an_outcome() -> None:
    for kind in Refusal:
        assert not read(RefusedError("file", kind, "no")).outcome.whole


def test_a_fault_of_ours_is_logged_with_its_place(caplog: pytest.LogCaptureFixture) -> None:
    reading = read(KeyError("title"))
    assert reading.why == "a fault in listsync itself (KeyError); the log says where"
    assert caplog.records[0].exc_info is not None


def test_a_new_format_is_logged_with_a_sample(caplog: pytest.LogCaptureFixture) -> None:
    read(ResponseChangedError("file", "new format", sample="<html>"))
    assert vars(caplog.records[0])["sample"] == "<html>"


def test_readings_come_in_the_order_of_the_lists() -> None:
    lists = [Followed(rules(str(n)), FakeList(whole())) for n in range(9)]
    readings = read_lists(lists, {one.rules.source: Before() for one in lists})
    assert [reading.rules.name for reading in readings] == [str(n) for n in range(9)]


# Snapshots


def test_a_list_gives_its_entries_in_order() -> None:
    assert Shelf().read(whole(DUNE, LOST)) == ["Dune", "Lost"]


def test_several_lists_stand_in_their_order() -> None:
    assert titles(Shelf().gather((A, whole(LOST)), (B, whole(DUNE)))) == ["Lost", "Dune"]


def test_the_last_good_read_makes_the_next_one_cheap() -> None:
    shelf, provider = Shelf(), FakeList(Fetched(entries=(DUNE,), validators=MARK))
    for _ in range(2):
        gather([Followed(A, provider)], shelf.memory, shelf.board, Tally())
    assert provider.asked == [None, MARK]


def test_an_unchanged_list_is_what_it_was() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    assert shelf.read(Fetched.unchanged(MARK)) == ["Dune", "Lost"]
    assert (shelf.reports[0].read, shelf.reports[0].from_memory) == (2, False)


@pytest.mark.parametrize(
    "error", [DOWN, KeyError("a bug"), Fetched()], ids=["down", "bug", "drift"]
)
def test_a_failed_list_keeps_its_last_good_snapshot(error: Played) -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    for _ in range(3):
        assert shelf.read(error) == ["Dune", "Lost"]
    assert shelf.reports[0].from_memory
    assert shelf.memory.lists[A.source].failures == 3


def test_a_failed_list_without_a_snapshot_gives_nothing() -> None:
    shelf = Shelf()
    assert shelf.read(DOWN) == []
    assert (shelf.reports[0].why, shelf.reports[0].from_memory) == ("no such file", False)


def test_a_failed_list_never_stops_the_others() -> None:
    shelf = Shelf()
    gathered = shelf.gather((A, DOWN), (B, whole(DUNE)), (rules("c"), KeyError("a bug")))
    assert titles(gathered) == ["Dune"]
    assert [report.is_good for report in shelf.reports] == [False, True, False]


def test_a_partial_reading_adds_but_never_removes() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    for _ in range(3):
        assert shelf.read(Fetched(entries=(HEAT,), declared=3)) == ["Dune", "Lost", "Heat"]
    assert shelf.reports[0].outcome is ListOutcome.PARTIAL


def test_an_entry_missing_once_is_not_worked_on_but_remembered() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    assert shelf.read(whole(DUNE)) == ["Dune"]
    assert set(shelf.memory.lists[A.source].entries) == {"imdb:tt1", "imdb:tt2"}


def test_an_entry_leaves_after_two_whole_readings_without_it() -> None:
    shelf = Shelf()
    for read in (whole(DUNE, LOST), whole(DUNE), whole(DUNE)):
        shelf.read(read)
    assert set(shelf.memory.lists[A.source].entries) == {"imdb:tt1"}


@pytest.mark.parametrize(
    "second",
    [
        Fetched.unchanged(MARK),
        Fetched(entries=(DUNE,), declared=9),
        Fetched(entries=(DUNE,), broken=1),
        Fetched(entries=(DUNE, DUNE), repeated=1),
        DOWN,
    ],
    ids=["unchanged", "partial", "broken", "repeated", "failed"],
)
def test_what_is_no_fresh_whole_reading_beyond_doubt_confirms_nothing(second: Played) -> None:
    shelf = Shelf()
    for read in (whole(DUNE, LOST), whole(DUNE), second, second):
        shelf.read(read)
    assert set(shelf.memory.lists[A.source].entries) == {"imdb:tt1", "imdb:tt2"}
    shelf.read(whole(DUNE))
    assert set(shelf.memory.lists[A.source].entries) == {"imdb:tt1"}


@pytest.mark.parametrize(
    "doubtful", [Fetched(broken=1), Fetched(repeated=1), Fetched(lacks_count=True)], ids=str
)
def test_a_doubtful_reading_keeps_all_that_is_known_and_says_so(doubtful: Fetched) -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    gathered = shelf.gather((A, replace(doubtful, entries=(DUNE, DUNE), validators=MARK)))
    assert titles(gathered) == ["Dune", "Lost"]
    assert gathered.surely_read == set()
    assert shelf.memory.snapshots.validators(A.source) is None
    (notice,) = gathered.notices
    assert (notice.kind, notice.list_name) == (NoticeKind.LIST_DOUBTED, "a")
    assert not notice.needs_person


def test_what_shows_its_newest_entries_only_keeps_all_that_it_once_showed_without_a_word() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    newest = replace(whole(HEAT), newest_only=True, validators=MARK)
    shelf.read(newest)
    shelf.read(newest)
    gathered = shelf.gather((A, newest))
    assert titles(gathered) == ["Dune", "Lost", "Heat"]
    assert (gathered.surely_read, gathered.notices) == (set(), [])
    assert shelf.memory.snapshots.validators(A.source) == MARK


def test_what_could_not_be_learnt_besides_the_rows_is_said_until_it_can() -> None:
    shelf = Shelf()
    said = "no film could be looked up for its ids (letterboxd: a bot wall)"
    gathered = shelf.gather((A, Fetched(entries=(DUNE,), remark=said)))
    (notice,) = gathered.notices
    assert (notice.kind, notice.text, notice.list_name) == (NoticeKind.LOOK_UPS_FAILED, said, "a")
    assert not notice.needs_person
    assert gathered.surely_read == {A.source}
    assert shelf.gather((A, whole(DUNE))).notices == []


def test_what_was_still_being_written_takes_nothing_off_the_list_and_that_is_said() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    half = replace(whole(DUNE), is_unfinished=True, validators=MARK)
    gathered = shelf.gather((A, half))
    assert titles(gathered) == ["Dune", "Lost"]
    assert gathered.surely_read == set()
    assert shelf.memory.snapshots.validators(A.source) is None
    (notice,) = gathered.notices
    assert (notice.kind, notice.needs_person) == (NoticeKind.LIST_DOUBTED, False)
    assert "read as it is" in notice.text


def test_a_doubtful_reading_that_lacks_nothing_is_not_worth_a_notice() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE))
    assert shelf.gather((A, Fetched(entries=(DUNE,), broken=1))).notices == []


def test_what_a_reading_lacked_makes_the_next_one_fresh_and_only_that() -> None:
    shelf, provider = Shelf(), FakeList(*[replace(whole(DUNE), validators=MARK)] * 4)
    shelf.read(replace(whole(DUNE, LOST), validators=MARK))
    for _ in range(4):
        shelf.board.start("run", ("a",))
        gather([Followed(A, provider)], shelf.memory, shelf.board, Tally())
    assert provider.asked == [MARK, None, MARK, MARK]


@pytest.mark.parametrize("played", [Fetched(entries=(DUNE,), declared=9), DOWN], ids=str)
def test_one_edition_that_was_read_badly_makes_the_list_unsure(played: Played) -> None:
    four_k = replace(A, name="a in 4K", four_k=True)
    assert Shelf().gather((A, whole(DUNE)), (four_k, whole(DUNE))).surely_read == {A.source}
    assert Shelf().gather((A, whole(DUNE)), (four_k, played)).surely_read == set()


@pytest.mark.parametrize(
    "between",
    [DOWN, Fetched(entries=(LOST,), declared=9), whole(DUNE, LOST)],
    ids=["failed", "partial", "seen"],
)
def test_only_two_whole_readings_in_a_row_count(between: Played) -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE, LOST))
    shelf.read(whole(DUNE))
    shelf.read(between)
    assert "imdb:tt2" in shelf.memory.lists[A.source].entries


def test_an_emptied_list_wants_nothing() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE))
    assert shelf.read(whole()) == []


def test_a_source_followed_twice_is_counted_once_a_run() -> None:
    shelf = Shelf()
    of_4k = ListRules(source=A.source, name="a in 4k", service="file", four_k=True)
    shelf.gather((A, whole(DUNE, LOST)), (of_4k, whole(DUNE, LOST)))
    gathered = shelf.gather((A, whole(DUNE)), (of_4k, whole(DUNE)))
    assert titles(gathered) == ["Dune", "Dune"]
    assert "imdb:tt2" in shelf.memory.lists[A.source].entries


def test_a_source_followed_twice_is_as_good_as_its_better_reading() -> None:
    shelf = Shelf()
    of_4k = ListRules(source=A.source, name="a in 4k", service="file", four_k=True)
    assert titles(shelf.gather((A, whole(DUNE)), (of_4k, DOWN))) == ["Dune", "Dune"]
    assert shelf.memory.lists[A.source].failures == 0
    assert titles(shelf.gather((A, DOWN), (of_4k, whole(DUNE, LOST)))) == ["Dune", "Dune", "Lost"]


def test_new_entries_are_counted() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE))
    shelf.read(whole(DUNE, LOST))
    assert shelf.reports[0].new == 1


# Rules


def test_a_limit_takes_titles_from_the_top() -> None:
    assert Shelf().read(whole(DUNE, LOST, HEAT), rules(limit=2)) == ["Dune", "Lost"]


def test_a_limit_counts_what_the_kind_leaves() -> None:
    of = rules(limit=1, kind=TV)
    assert Shelf().read(whole(DUNE, LOST, HEAT), of) == ["Lost"]


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (entry("Heat", 1995), MOVIE),
        (entry("Heat", imdb="tt3"), None),
        (entry("Heat", kind=MOVIE), MOVIE),
    ],
    ids=["title", "id", "kind"],
)
def test_a_title_takes_the_kind_of_its_list(one: ListEntry, kind: MediaType | None) -> None:
    gathered = Shelf().gather((rules(kind=MOVIE), whole(one)))
    assert gathered.wanted[0].entry.kind is kind


def test_the_kind_of_a_list_does_not_rename_its_entries() -> None:
    gathered = Shelf().gather((rules(kind=MOVIE), whole(entry("Heat", 1995))))
    assert gathered.wanted[0].entry_id == "title:heat|1995|"


# Exclusions


def test_an_exclusion_list_excludes() -> None:
    gathered = Shelf().gather((NOT_THESE, whole(DUNE)), (A, whole(LOST)))
    assert [member.entry.title for member in gathered.excluded] == ["Dune"]
    assert titles(gathered) == ["Lost"]
    assert gathered.on_hold is None


def test_an_unread_exclusion_list_holds_everything_back() -> None:
    gathered = Shelf().gather((NOT_THESE, DOWN), (A, whole(LOST)))
    assert gathered.on_hold == 'the exclusion list "not these" could not be read: no such file'


def test_an_exclusion_list_is_good_for_as_long_as_its_snapshot() -> None:
    shelf = Shelf()
    shelf.gather((NOT_THESE, whole(DUNE)))
    gathered = shelf.gather((NOT_THESE, DOWN))
    assert gathered.on_hold is None
    assert len(gathered.excluded) == 1


def test_an_empty_exclusion_list_excludes_nothing() -> None:
    gathered = Shelf().gather((NOT_THESE, whole()))
    assert (gathered.on_hold, gathered.excluded) == (None, [])


# What is told


def test_rows_that_are_no_titles_are_told() -> None:
    shelf = Shelf()
    row = SkippedRow(rank=2, what="Al Pacino", why="a person")
    shelf.read(Fetched(entries=(DUNE,), skipped=(row,), declared=2))
    assert shelf.reports[0].read == 2
    assert [(item.label, item.why) for item in shelf.tally.items] == [("Al Pacino", "a person")]


def test_the_board_shows_what_each_list_gave() -> None:
    shelf = Shelf()
    shelf.gather((A, whole(DUNE, LOST)), (B, DOWN), (NOT_THESE, whole(HEAT)))
    shown = [(one.state, one.read, one.total) for one in shelf.board.snapshot().lists]
    assert shown == [("complete", 2, 2), ("unavailable", 0, 0), ("complete", 1, 0)]


@pytest.mark.parametrize(
    ("played", "line"),
    [
        (whole(DUNE, LOST), "Found 2 items in file list a"),
        (Fetched.unchanged(MARK), "file list a is unchanged"),
        (DOWN, "Error fetching file list a: unavailable: no such file"),
    ],
    ids=["read", "unchanged", "failed"],
)
def test_each_list_is_a_line_in_the_diary(
    played: Played, line: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    Shelf().read(played)
    assert caplog.messages == [line]


# Patience


def many(count: int) -> list[ListEntry]:
    return [entry(f"Film {n}", kind=MOVIE, tmdb=n, rank=n) for n in range(1, count + 1)]


def test_a_list_that_failed_is_left_alone_by_the_schedule() -> None:
    shelf = Shelf()
    shelf.read(whole(DUNE))
    shelf.read(DOWN)
    gathered = shelf.gather((A, whole(LOST)), eager=False)
    assert titles(gathered) == ["Dune"]
    (report,) = shelf.reports
    assert report.outcome is ListOutcome.UNAVAILABLE
    assert "next try from" in report.why
    assert shelf.memory.lists[A.source].failures == 1


def test_a_person_does_not_wait_for_a_list_that_failed() -> None:
    shelf = Shelf()
    shelf.read(DOWN)
    assert titles(shelf.gather((A, whole(LOST)))) == ["Lost"]


def test_a_limit_of_the_service_holds_for_everybody() -> None:
    shelf = Shelf()
    shelf.read(RefusedError("file", Refusal.RATE_LIMITED, "slowly", retry_after_s=3600))
    assert titles(shelf.gather((A, whole(LOST)))) == []


def test_a_sudden_shrink_is_held_while_additions_pass(caplog: pytest.LogCaptureFixture) -> None:
    shelf = Shelf()
    entries = many(40)
    shelf.read(whole(*entries))
    left = [*entries[:20], entry("New", kind=MOVIE, tmdb=99, rank=21)]
    for _ in range(3):
        assert len(shelf.gather((A, whole(*left))).wanted) == 41
    (report,) = shelf.reports
    assert "20 entries are gone at once" in report.why
    assert "gone at once" in caplog.text


# What is left out


def left_out(of: ListRules, *entries: ListEntry) -> dict[str, int]:
    shelf = Shelf()
    shelf.gather((of, whole(*entries)))
    return dict(shelf.reports[0].left_out)


@pytest.mark.parametrize(
    ("of", "entries", "reasons"),
    [
        (A, (DUNE, LOST, HEAT), {}),
        (rules("a", limit=1), (DUNE, LOST, HEAT), {"beyond its limit of 1": 2}),
        (rules("a", kind=MOVIE), (DUNE, LOST), {"not of kind movie": 1}),
        (
            rules("a", kind=MOVIE, limit=1),
            (DUNE, LOST, HEAT),
            {"not of kind movie": 1, "beyond its limit of 1": 1},
        ),
        (A, (DUNE, DUNE._replace(rank=2)), {"named twice on the list": 1}),
        (NOT_THESE, (DUNE, LOST), {"says what not to request": 2}),
    ],
    ids=["nothing", "limit", "kind", "kind-and-limit", "twice", "exclusion"],
)
def test_rows_of_which_nothing_will_be_told_are_counted_by_the_reason(
    of: ListRules, entries: tuple[ListEntry, ...], reasons: dict[str, int]
) -> None:
    assert left_out(of, *entries) == reasons


# Room for all of them


@pytest.fixture
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, rows in (("MOST_OF_ALL", 3), ("_MOST_AHEAD", 1), ("_FEW_ROWS", 0)):
        monkeypatch.setattr(f"listsync.row_limit.{name}", rows)


@pytest.mark.usefixtures("little_room")
def test_a_list_that_would_be_too_much_is_refused_and_keeps_what_it_had() -> None:
    shelf = Shelf()
    assert shelf.read(whole(LOST, HEAT), B) == ["Lost", "Heat"]
    gathered = shelf.gather((A, whole(DUNE, HEAT)), (B, whole(LOST, HEAT)))
    assert titles(gathered) == ["Dune", "Heat"]
    assert gathered.surely_read == {A.source}
    refused = shelf.reports[1]
    assert (refused.outcome, refused.read) == (ListOutcome.DRIFT, 0)
    assert refused.why.startswith("with it all lists together have more than")
    assert len(shelf.memory.snapshots.entries(B.source)) == 2


@pytest.mark.usefixtures("little_room")
def test_no_list_of_exclusions_is_left_out_silently() -> None:
    gathered = Shelf().gather((A, whole(DUNE, HEAT)), (NOT_THESE, whole(LOST, DUNE)))
    assert gathered.on_hold is not None
    assert "not these" in gathered.on_hold


@pytest.mark.usefixtures("little_room")
def test_what_is_read_before_its_turn_is_read_again_where_it_took_too_much_room() -> None:
    lists = [rules(str(number)) for number in range(9)]
    followed = [Followed(one, FakeList(whole(DUNE, HEAT))) for one in lists]
    readings = list(read_lists(followed, {one.source: Before() for one in lists}))
    assert [reading.rules for reading in readings] == lists
    assert all(len(reading.entries) == 2 for reading in readings)


class LongList:
    """Gives *rows* rows, as far as there is room; `asked` are the most that it held, a reading."""

    def __init__(self, rows: int) -> None:
        self._rows = many(rows)
        self.asked: list[int] = []

    def fetch(self, previous: Validators | None) -> Fetched:
        del previous
        self.asked.append(0)
        for rows in range(1, len(self._rows) + 1):
            demand_room(rows)
            self.asked[-1] = rows
        return whole(*self._rows)


@pytest.mark.usefixtures("little_room")
def test_lists_for_which_no_room_is_left_are_not_read() -> None:
    shelf = Shelf()
    providers = [LongList(3) for _ in range(9)]
    for known in (False, True):
        shelf.tally = Tally()
        shelf.board.start("run", tuple(map(str, range(9))))
        lists = [Followed(rules(str(n)), one) for n, one in enumerate(providers)]
        gathered = gather(lists, shelf.memory, shelf.board, shelf.tally)
        assert len(gathered.wanted) == 3
        assert gathered.surely_read == {lists[0].rules.source}
        for one, report in zip(providers[1:], shelf.reports[1:], strict=True):
            assert all(asked <= 1 for asked in one.asked)
            assert report.why.startswith("with it all lists together have more than")
            if not known:
                one.asked.clear()
    assert not any(one.asked for one in providers[1:])


@pytest.mark.usefixtures("little_room")
def test_a_list_is_read_no_further_than_it_has_room() -> None:
    shelf, last = Shelf(), LongList(9)
    lists = [Followed(A, LongList(1)), Followed(B, last)]
    shelf.board.start("run", ("a", "b"))
    gathered = gather(lists, shelf.memory, shelf.board, shelf.tally)
    assert len(gathered.wanted) == 1
    assert last.asked[-1] == 2
    assert shelf.reports[1].why.startswith("with it all lists together have more than")


@pytest.mark.usefixtures("little_room")
def test_a_list_that_was_too_long_is_read_once_there_is_room() -> None:
    shelf = Shelf()
    shelf.gather((A, whole(DUNE, HEAT)), (B, whole(LOST, HEAT)))
    assert titles(shelf.gather((A, whole(DUNE)), (B, whole(LOST, HEAT)))) == [
        "Dune",
        "Lost",
        "Heat",
    ]


LONG = entry("T" * 600, 2019, MOVIE, imdb="tt9", rank=1)  # takes up two rows, as others three


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("again", [whole(LONG), Fetched.unchanged(MARK), DOWN])
def test_long_titles_take_the_room_of_several_rows_of_all_lists(again: Played) -> None:
    shelf = Shelf()
    assert len(shelf.read(whole(LONG), B)) == 1
    assert len(shelf.gather((A, whole(DUNE)), (B, again)).wanted) == 2
    gathered = shelf.gather((A, whole(DUNE, HEAT)), (B, again))
    assert titles(gathered) == ["Dune", "Heat"]
    assert shelf.reports[1].why.startswith("with it all lists together have more than")
    assert B.source not in gathered.surely_read


def test_rows_that_are_no_titles_take_room_and_are_told_to_an_end() -> None:
    rows = tuple(SkippedRow(rank=number, what="x", why="a game") for number in range(1, 1501))
    shelf = Shelf()
    shelf.gather((A, Fetched(entries=(DUNE,), skipped=rows)))
    assert shelf.reports[0].verdicts[Verdict.SKIPPED] == 1500
    assert len(shelf.tally.items) == 1001
    assert shelf.tally.items[-1].label == "500 more rows"
