from __future__ import annotations

import pytest

from listsync.domain.history import TitleStatus, title_status
from listsync.domain.server import MediaStatus, RequestStatus, ResponseKind

_REQUESTED = ResponseKind.REQUESTED.value


@pytest.mark.parametrize(
    ("state", "requests", "answer", "is_newer", "status"),
    [
        pytest.param(2, (), _REQUESTED, False, TitleStatus.REQUESTED, id="pending"),
        pytest.param(3, (), _REQUESTED, False, TitleStatus.REQUESTED, id="on-its-way"),
        pytest.param(3, (), None, False, TitleStatus.REQUESTED, id="by-somebody-else"),
        pytest.param(5, (4,), _REQUESTED, False, TitleStatus.AVAILABLE, id="there"),
        pytest.param(4, (), None, False, TitleStatus.PARTLY_AVAILABLE, id="in-part"),
        pytest.param(3, (4,), _REQUESTED, False, TitleStatus.FAILED, id="failed-at-radarr"),
        pytest.param(2, (0,), None, False, TitleStatus.FAILED, id="row-without-a-request"),
        pytest.param(6, (3,), None, False, TitleStatus.BLOCKLISTED, id="blocklisted"),
        pytest.param(7, (), _REQUESTED, False, TitleStatus.DELETED, id="deleted"),
        pytest.param(1, (3,), _REQUESTED, False, TitleStatus.DECLINED, id="declined"),
        pytest.param(1, (), _REQUESTED, False, TitleStatus.GONE, id="declined-or-deleted"),
        pytest.param(1, (), None, False, TitleStatus.GONE, id="was-there-and-is-not"),
        pytest.param(1, (), "cancelled", False, TitleStatus.CANCELLED, id="cancelled"),
        pytest.param(1, (), _REQUESTED, True, TitleStatus.REQUESTED, id="since-the-index"),
        pytest.param(7, (), "covered", True, TitleStatus.REQUESTED, id="again-since-the-index"),
        pytest.param(1, (3,), _REQUESTED, True, TitleStatus.REQUESTED, id="after-a-decline"),
        pytest.param(1, (), "quota", True, TitleStatus.GONE, id="refused-since-the-index"),
        pytest.param(99, (), None, False, TitleStatus.REQUESTED, id="a-newer-server"),
    ],
)
def test_what_became_of_a_title_is_one_word(
    state: int,
    requests: tuple[int, ...],
    answer: str | None,
    status: TitleStatus,
    *,
    is_newer: bool,
) -> None:
    assert title_status(state, requests, answer, is_newer=is_newer) is status


def test_every_status_of_the_server_has_a_word() -> None:
    for state in MediaStatus:
        for request in RequestStatus:
            assert title_status(state, (request,), None, is_newer=False) in TitleStatus
