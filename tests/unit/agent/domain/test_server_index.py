from __future__ import annotations

from itertools import permutations

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import IndexPage, TitleState, index_of

FILM = TitleKey(MediaType.MOVIE, 1396)
SERIES = TitleKey(MediaType.TV, 1396)


def _page(*rows: tuple[TitleKey, TitleState]) -> IndexPage:
    return IndexPage(etag=None, total=len(rows), titles=rows)


def test_a_film_and_a_series_of_one_number_stay_apart() -> None:
    pages = [_page((FILM, TitleState(5, 1)), (SERIES, TitleState(2, 1, 81189)))]
    assert index_of(pages) == {FILM: TitleState(5, 1), SERIES: TitleState(2, 1, 81189)}


@pytest.mark.parametrize(
    ("statuses", "counts"),
    [
        pytest.param((1, 2), 2, id="pending-over-unknown"),
        pytest.param((7, 3), 3, id="requested-again-over-deleted"),
        pytest.param((5, 4), 5, id="available-over-partial"),
        pytest.param((5, 6), 6, id="blocklisted-over-all"),
        pytest.param((5, 9), 9, id="a-number-of-the-future-is-left-alone"),
    ],
)
def test_of_two_rows_the_most_advanced_counts_in_each_edition(
    statuses: tuple[int, int], counts: int
) -> None:
    for one, other in permutations(statuses):
        pages = [_page((FILM, TitleState(one, 1))), _page((FILM, TitleState(other, one)))]
        assert index_of(pages)[FILM].status == counts
        assert index_of(pages)[FILM].status_4k == (one if one != 1 else 1)
