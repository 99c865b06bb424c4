from __future__ import annotations

from typing import Any

import pytest

from listsync.domain.history import Choice, ReviewRow
from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Candidate
from listsync.protocol import Reason
from tests.unit.agent.commands.test_items_and_runs import shown
from tests.unit.agent.commands.world import AT, ISO, World

_HAGGIS, _CRONENBERG = TitleKey(MediaType.MOVIE, 1640), TitleKey(MediaType.MOVIE, 884)


def a_review(title: str = "Crash", **more: Any) -> ReviewRow:
    given: dict[str, Any] = {
        "lookup": f"title:{title.lower()}||movie",
        "lists": ("one", "gone"),
        "since": AT,
        "score": 1.0,
        "reasons": (
            "no year, and 2 titles of this name",
            "Crash (2005) [movie/1640]: same title, year unknown (1.00)",
        ),
        "candidates": (
            Candidate(key=_HAGGIS, title="Crash", original_title="Crash", year=2005),
            Candidate(
                key=_CRONENBERG,
                title="Crash",
                original_title="Crash!",
                year=None,
                votes=1234,
                countries=("CA", "GB"),
            ),
        ),
    }
    return ReviewRow(label=title, **{**given, **more})


@pytest.fixture
def waiting(world: World) -> World:
    world.state.kept.reviews = [a_review()]
    return world


def short_id(world: World) -> str:
    return world.state.kept.reviews[0].short_id


def test_what_waits_is_told_with_the_evidence_of_each_candidate(waiting: World) -> None:
    assert waiting.ask("review") == {
        "total": 1,
        "next": None,
        "reviews": [
            {
                "id": short_id(waiting),
                "title": "Crash",
                "lists": "one, gone",
                "since": ISO,
                "score": 1.0,
                "why": "no year, and 2 titles of this name",
                "candidates": [
                    {
                        "number": 1,
                        "key": "movie/1640",
                        "title": "Crash",
                        "original_title": "Crash",
                        "year": 2005,
                        "countries": [],
                        "votes": 0,
                        "evidence": "same title, year unknown (1.00)",
                    },
                    {
                        "number": 2,
                        "key": "movie/884",
                        "title": "Crash",
                        "original_title": "Crash!",
                        "year": None,
                        "countries": ["CA", "GB"],
                        "votes": 1234,
                        "evidence": "CA/GB, 1,234 votes",
                    },
                ],
                "choice": None,
                "lookup": "title:crash||movie",
            }
        ],
    }


def test_the_client_shows_what_waits(waiting: World) -> None:
    text = shown("review", waiting.ask("review"))
    assert text.splitlines()[:3] == [
        f"{short_id(waiting)}  Crash on one, gone, since now: no year, and 2 titles of this name",
        "  1  Crash (2005) [movie/1640]   same title, year unknown (1.00)",
        "  2  Crash / Crash! [movie/884]  CA/GB, 1,234 votes",
    ]
    assert "listsyncctl review accept ID NUMBER" in text


def test_the_client_says_that_nothing_waits(world: World) -> None:
    assert shown("review", world.ask("review")) == "No titles to review."


def test_what_waits_is_paged(world: World) -> None:
    world.state.kept.reviews = [a_review(f"Film {number}") for number in range(60)]
    assert len(world.ask("review")["reviews"]) == 50
    page = world.ask("review", limit=2, offset=58)
    assert [one["title"] for one in page["reviews"]] == ["Film 58", "Film 59"]
    assert "50 of 60" in shown("review", world.ask("review"))


@pytest.mark.parametrize(
    ("choice", "key"),
    [
        ("1", "movie/1640"),
        ("2", "movie/884"),
        (" MOVIE/884 ", "movie/884"),
        ("tmdb:movie/884", "movie/884"),
        ("tv/1396", "tv/1396"),
        ("https://www.themoviedb.org/movie/884-crash", "movie/884"),
        ("https://www.themoviedb.org/movie/884-crash?language=de-DE", "movie/884"),
        ("https://themoviedb.org/tv/1396-breaking-bad/seasons", "tv/1396"),
        (" WWW.TheMovieDB.org/movie/884 ", "movie/884"),
    ],
)
def test_a_title_is_accepted(waiting: World, choice: str, key: str) -> None:
    reply = waiting.ask("review_decide", id=short_id(waiting), choice=choice)
    chosen = waiting.state.kept.reviews[0].choice
    assert chosen is not None
    assert str(chosen.key) == reply["key"] == key
    assert "the next sync requests it" in reply["message"]
    assert waiting.ask("review")["total"] == 0


def test_a_candidate_is_named_in_the_answer_and_in_the_books(waiting: World) -> None:
    reply = waiting.ask("review_decide", id=short_id(waiting), choice="1")
    assert reply["message"].startswith("Crash is Crash (2005) [movie/1640]: ")
    chosen = waiting.state.kept.reviews[0].choice
    assert chosen is not None
    assert chosen.title == "Crash (2005)"


@pytest.mark.parametrize(
    "choice",
    [
        *("tt0375679", "imdb:tt0375679", " TT0375679 "),
        "https://www.imdb.com/title/tt0375679/",
        "https://m.imdb.com/title/tt0375679/?ref_=nv_sr_1",
        "imdb.com/de/title/tt0375679/fullcredits",
    ],
)
def test_an_imdb_id_is_stored_for_the_next_sync_to_look_up(waiting: World, choice: str) -> None:
    reply = waiting.ask("review_decide", id=short_id(waiting), choice=choice)
    assert (reply["key"], reply["imdb_id"]) == (None, "tt0375679")
    assert reply["message"].startswith("Crash is tt0375679: the next sync looks that up")
    chosen = waiting.state.kept.reviews[0].choice
    assert chosen is not None
    assert (chosen.key, chosen.imdb, chosen.is_open) == (None, "tt0375679", True)
    text = shown("review", waiting.ask("review", decided=True))
    assert ": the next sync looks it up" in text
    assert (
        "undecided again"
        in waiting.ask("review_decide", id=short_id(waiting), choice="undo")["message"]
    )
    assert waiting.ask("review")["total"] == 1


def test_an_imdb_id_that_is_known_already_is_that_title(waiting: World) -> None:
    waiting.state.kept.titles_of_imdb["tt0375679"] = (_HAGGIS, "Crash (2005)")
    reply = waiting.ask("review_decide", id=short_id(waiting), choice="tt0375679")
    assert (reply["key"], reply["imdb_id"]) == ("movie/1640", "tt0375679")
    assert reply["message"].startswith(
        "Crash is Crash (2005) [movie/1640]: the next sync requests"
    )
    text = shown("review", waiting.ask("review", decided=True))
    assert "  you chose Crash (2005) [movie/1640] (tt0375679), " in text


def test_an_id_that_led_nowhere_is_told_until_something_else_is_chosen(world: World) -> None:
    reasons = ("you chose tt0000003, but it is a person", "no year, and 2 titles of this name")
    world.state.kept.reviews = [a_review(reasons=reasons)]
    assert "you chose tt0000003, but it is a person; no year" in shown(
        "review", world.ask("review")
    )
    world.ask("review_decide", id=short_id(world), choice="1")
    (row,) = world.ask("review", decided=True)["reviews"]
    assert row["why"] == "no year, and 2 titles of this name"


def test_evidence_and_numbers_stand_in_columns(world: World) -> None:
    films = tuple(
        Candidate(
            key=TitleKey(MediaType.MOVIE, number),
            title="Name" * number,
            original_title="Name" * number,
            year=2000,
            votes=number,
        )
        for number in (*range(1, 10), 40)
    )
    world.state.kept.reviews = [a_review(candidates=films)]
    _, *lines = shown("review", world.ask("review")).splitlines()[:11]
    assert [line[:4] for line in lines] == ["   1", *(f"   {n}" for n in range(2, 10)), "  10"]
    assert len({line.index("  ", 6) for line in lines[:8]}) > 1
    assert len({line.rindex("  ") for line in lines[:9]}) == 1


def test_only_lists_that_are_followed_can_be_synced_for_it(waiting: World) -> None:
    waiting.follow(*(waiting.configuration.current.snapshot.lists[:1]))
    assert waiting.ask("review_decide", id=short_id(waiting), choice="1")["lists"] == ["one"]


def test_a_title_is_rejected_and_that_can_be_taken_back(waiting: World) -> None:
    name = short_id(waiting)
    reply = waiting.ask("review_decide", id=name, choice="reject")
    assert reply["key"] is None
    (decided,) = waiting.ask("review", decided=True)["reviews"]
    assert decided["choice"]["key"] is None
    assert "is undecided again" in waiting.ask("review_decide", id=name, choice="undo")["message"]
    assert waiting.ask("review")["total"] == 1
    assert (
        "You have not decided" in waiting.ask("review_decide", id=name, choice="undo")["message"]
    )


def test_the_client_shows_what_was_decided(world: World) -> None:
    world.state.kept.reviews = [
        a_review("A", choice=Choice(_HAGGIS, "Crash (2005)", AT)),
        a_review("B", choice=Choice(None, "", AT)),
    ]
    text = shown("review", world.ask("review", decided=True))
    assert "  you chose Crash (2005) [movie/1640], now" in text
    assert "  you rejected all candidates, now" in text
    assert "review accept" not in text


@pytest.mark.parametrize(
    "choice",
    [
        *("", "0", "3", "Crash", "movie/0", "movie/603/x", "603", "tt12", "nm0000158"),
        "https://www.imdb.com/name/nm0000158/",
        "https://www.imdb.com.example/title/tt0375679/",
        "https://www.themoviedb.org/person/31-tom-hanks",
        "https://www.themoviedb.org/movie/0",
        f"https://www.themoviedb.org/movie/{'9' * 30}",
        "https://example.org/?u=https://www.imdb.com/title/tt0375679/",
        "x" * 5000,
    ],
)
def test_what_says_no_title_is_refused_with_what_would(waiting: World, choice: str) -> None:
    refused = waiting.refusal("review_decide", id=short_id(waiting), choice=choice)
    assert refused.reason is Reason.INVALID
    assert "a candidate's number (1 to 2), an id like movie/603" in refused.message
    assert "themoviedb.org or imdb.com" in refused.message
    assert waiting.state.kept.reviews[0].choice is None


def test_without_candidates_no_number_is_asked_for(world: World) -> None:
    world.state.kept.reviews = [a_review(candidates=())]
    refused = world.refusal("review_decide", id=short_id(world), choice="1")
    assert "number" not in refused.message


@pytest.mark.parametrize("name", ["", "abc", "zzzzzz", "x" * 60_000])
def test_an_id_of_nothing_is_refused(waiting: World, name: str) -> None:
    refused = waiting.refusal("review_decide", id=name, choice="1")
    assert refused.reason is Reason.NOT_FOUND
    assert len(refused.message) < 200


def test_an_id_of_two_titles_is_refused_with_both(world: World) -> None:
    twin, other = a_review("Film 12"), a_review("Film 98494")
    assert other.long_id[:4] == twin.long_id[:4]
    world.state.kept.reviews = [twin, other]
    refused = world.refusal("review_decide", id=twin.long_id[:4], choice="1")
    assert refused.reason is Reason.INVALID
    assert other.long_id[:12] in refused.message
    assert world.ask("review_decide", id=twin.long_id[:12], choice="1")["title"] == "Film 12"
