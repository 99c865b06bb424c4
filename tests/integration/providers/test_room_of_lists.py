"""What has no room beside the other lists is read no further, whichever service gives it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from listsync.domain.list_rules import ListRules
from listsync.providers.file.reader import ListFile
from listsync.providers.file.source import FileOptions, FileSource
from listsync.row_limit import NoRoomError, within
from listsync.sync.fetch_lists import Followed
from listsync.sync.list_intake import gather
from listsync.sync.progress import ProgressBoard
from listsync.sync.report import Tally
from tests.fakes import SERVER, FakeMemory
from tests.integration.providers.lists import SERVICES, provider
from tests.integration.providers.pages import page
from tests.integration.providers.trap import HeardRequest, trap

ROWS = [(number, f"Film {number}") for number in range(1, 21)]
FILES = {
    "a.txt": "tt0133093\n" * 9,
    "a.csv": "imdb_id,title\n" + "tt0133093,The Matrix\n" * 9,
    "a.json": "[" + ",".join(9 * ['{"imdb_id": "tt0133093"}']) + "]",
    "bad.json": "[" + ",".join(9 * ["{}"]) + "]",
    "a.yml": "collections: {a: {imdb_id: [" + ",".join(9 * ["tt0133093"]) + "]}}",
}


@pytest.mark.parametrize("service", SERVICES)
def test_a_list_of_a_service_is_read_no_further_than_it_has_room(service: str) -> None:
    def answer(question: HeardRequest) -> Iterable[bytes]:
        return [page(service, question, ROWS)]

    with trap(answer) as site, provider(service, site.url) as one:
        with within(lambda rows: rows <= len(ROWS)):
            assert len(one.fetch(None).entries) == len(ROWS)
        with within(lambda rows: rows < len(ROWS)), pytest.raises(NoRoomError):
            one.fetch(None)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_no_further_than_it_has_room(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    asked: list[int] = []

    def is_little(rows: int) -> bool:
        asked.append(rows)
        return rows <= 5

    with within(is_little), pytest.raises(NoRoomError):
        ListFile(FileSource(tmp_path / name), FileOptions()).fetch(None)
    assert max(asked) == 6


def test_files_for_which_no_room_is_left_are_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("listsync.row_limit.MOST_OF_ALL", 9)
    memory, board = FakeMemory(), ProgressBoard()
    memory.guard.use(SERVER)
    paths = [tmp_path / f"{number}.txt" for number in range(9)]
    for path in paths:
        path.write_text("".join(f"tt{1_000_000 + row}\n" for row in range(9)), encoding="utf-8")
    lists = [
        Followed(
            ListRules(source=f"file:{path}", name=path.name, service="file"),
            ListFile(FileSource(path), FileOptions()),
        )
        for path in paths
    ]
    for _ in range(2):
        tally = Tally()
        board.start("run", tuple(path.name for path in paths))
        assert len(gather(lists, memory, board, tally).wanted) == 9
        refused = {report.why.partition(" have ")[0] for report in tally.lists()[1:]}
        assert refused == {"with it all lists together"}
        for path in paths[1:]:  # if it were opened now, it would be missed
            path.unlink(missing_ok=True)
