"""Each step of a mapping, and the mistakes that people make with them."""

from __future__ import annotations

import pytest

from listsync.domain.transfer_rules import PathMapping
from listsync.domain.transfers import JobKind
from listsync.transfers.mapping_advice import advise, explain
from tests.webhooks import LIBRARIES, mapping

FILM = "/movies/A (2024)/a.mkv"


def test_each_step_is_shown() -> None:
    found = explain(FILM, LIBRARIES)
    assert found.place is not None
    assert (str(found.place.source), str(found.place.destination), found.media_server) == (
        "/src/movies/A (2024)/a.mkv",
        "/dst/Movies/A (2024)/a.mkv",
        "/data/movies/A (2024)/a.mkv",
    )
    assert (found.refusal, found.advice) == ("", "")
    taken = [one for one in found.trials if one.is_taken]
    assert [(one.number, one.mapping.sender) for one in taken] == [(0, "/movies")]
    assert len(found.trials) == len(LIBRARIES)


def test_mappings_are_tried_in_their_order_until_one_is_taken() -> None:
    libraries = [mapping("/m"), mapping("/m/4k", instance="Other"), mapping("/m/4k/x")]
    trials = explain("/m/4k/A/a.mkv", libraries, ["Radarr"]).trials
    assert [(one.number, one.is_taken, one.why) for one in trials] == [
        (2, False, "the path is not below it"),
        (1, False, "is for Other, and this is Radarr"),
        (0, True, "the path is below it"),
    ]
    more = explain("/m/4k/A/a.mkv", libraries, ["other"]).trials
    assert more[-1].why == "is not needed: a longer one is taken"


@pytest.mark.parametrize(
    ("path", "libraries", "names", "downloads", "words"),
    [
        pytest.param(
            FILM,
            [mapping("/downloads/complete")],
            (),
            ("/downloads/complete/A.2024-GRP/a.mkv",),
            "/downloads/complete is where downloads lie, before the import; expected the library, "
            "where they lie after it: from: /movies",
            id="download-folder",
        ),
        pytest.param(
            "/src/movies/A (2024)/a.mkv",
            [mapping("/movies", "/src/movies")],
            (),
            (),
            "write from: /src/movies",
            id="as-seen-here",
        ),
        pytest.param(
            "/dst/movies/A (2024)/a.mkv",
            [mapping("/movies", "/src/movies", "/dst/movies")],
            (),
            (),
            "write from: /dst/movies",
            id="as-the-copy-is-seen-here",
        ),
        pytest.param(
            "/Movies/A (2024)/a.mkv",
            LIBRARIES,
            (),
            (),
            "/movies differs only in small and capital letters",
            id="case",
        ),
        pytest.param(
            FILM,
            [mapping("/movies", instance="Radarr-4K")],
            ("Radarr",),
            (),
            "is mapped for the instance Radarr-4K alone, and the sender is Radarr",
            id="instance",
        ),
        pytest.param(
            FILM,
            [mapping("/movies", instance="Radarr-4K")],
            (),
            (),
            "and the sender has no instance name",
            id="no-instance",
        ),
        pytest.param(FILM, [mapping("/tv")], (), (), "map its library: from: /movies", id="none"),
        pytest.param(r"D:\M\A\a.mkv", [], (), (), r"map its library: from: D:\M", id="windows"),
    ],
)
def test_a_mistake_is_named(
    path: str,
    libraries: list[PathMapping],
    names: tuple[str, ...],
    downloads: tuple[str, ...],
    words: str,
) -> None:
    assert words in advise(path, libraries, names, downloads, JobKind.MOVIE)
    found = explain(path, libraries, names, downloads, JobKind.MOVIE)
    assert found.refusal == "is under no mapping"
    assert words in found.advice


def test_the_library_of_an_episode_is_above_its_season() -> None:
    path = "/media/tv/Show/Season 01/a.mkv"
    assert advise(path, [], kind=JobKind.EPISODE) == "map its library: from: /media/tv"
    assert advise("/tv/a.mkv", [], kind=JobKind.EPISODE) == "map its library: from: /tv"


@pytest.mark.parametrize("path", ["", "relative", "/movies/../etc", "/movies", FILM])
def test_there_is_no_advice_where_no_mapping_would_help(path: str) -> None:
    assert advise(path, LIBRARIES) == ""
