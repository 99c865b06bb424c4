from __future__ import annotations

import pytest

from listsync.domain.media import MediaType
from listsync.errors import ResponseChangedError
from tests.unit.agent.seerr.playback import Playback, json_reply


def test_genres_are_read_in_english_and_folded() -> None:
    rows = [{"id": 1, "name": " Sci-Fi &  Fantasy"}, {"id": 2, "name": "Drama"}, {"id": 3}]
    playback = Playback().on("GET /genres/tv", json_reply(rows))
    assert playback.seerr().genres(MediaType.TV) == {"sci-fi & fantasy", "drama"}
    assert playback.targets == ["GET /api/v1/genres/tv?language=en"]


def test_languages_are_read_by_their_codes() -> None:
    rows = [{"iso_639_1": "EN", "name": "English"}, {"name": "odd"}]
    playback = Playback().on("GET /languages", json_reply(rows))
    assert playback.seerr().languages() == {"en"}


def test_another_shape_is_told() -> None:
    playback = Playback().on("GET /languages", json_reply({"results": []}))
    with pytest.raises(ResponseChangedError, match="/languages"):
        playback.seerr().languages()
