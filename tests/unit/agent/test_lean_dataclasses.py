"""Our `dataclass` beside the standard library's: what differs is only when it is written."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from dataclasses import KW_ONLY, FrozenInstanceError, asdict, field, fields, replace
from functools import cached_property
from typing import Any, ClassVar

import pytest

from listsync import lean_dataclasses
from listsync.domain.media import MediaType, TitleKey

lean: Any = lean_dataclasses.dataclass


def film(dataclass: Any, **how: bool) -> Any:
    """Make a class by either of them."""

    @dataclass(**how)
    class Film:
        """A film."""

        name: str
        year: int = field(default=1999, compare=False)
        _: KW_ONLY
        genres: list[str] = field(default_factory=list, hash=False)
        note: str = field(default="", repr=False)
        made: ClassVar[int] = 0

        @property
        def shown(self) -> str:
            return f"{self.name} ({self.year})"

    return Film


FORMS: tuple[dict[str, bool], ...] = (
    {},
    {"frozen": True},
    {"slots": True},
    {"eq": False, "slots": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "kw_only": True},
)


@pytest.fixture(name="pair", params=FORMS, ids=str)
def _pair(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    return film(lean, **request.param), film(dataclasses.dataclass, **request.param)


def test_a_record_shows_what_is_in_it(pair: tuple[Any, Any]) -> None:
    ours, other = (make(name="Heat", genres=["crime"], note="a") for make in pair)
    assert repr(ours) == repr(other)
    assert asdict(ours) == asdict(other)
    assert ours.shown == "Heat (1999)"


def test_records_are_as_equal(pair: tuple[Any, Any]) -> None:
    for make in pair:
        one, same, changed = make(name="Heat"), make(name="Heat", year=1), make(name="Up")
        assert (one == same) is ("__eq__" in vars(pair[1]))
        assert one != changed
        assert one != "Heat"


def test_records_are_as_hashable(pair: tuple[Any, Any]) -> None:
    ours, other = (make(name="Heat") for make in pair)
    assert (type(ours).__hash__ is None) is (type(other).__hash__ is None)
    if type(ours).__hash__ is not None:
        assert (hash(ours) == hash(type(ours)(name="Heat"))) is ("__eq__" in vars(pair[1]))


def test_records_are_as_frozen(pair: tuple[Any, Any]) -> None:
    results = []
    for make in pair:
        one = make(name="Heat")
        try:
            one.name = "Up"
            del one.year
        except FrozenInstanceError:
            results.append("frozen")
        else:
            results.append(one.name)
    assert results[0] == results[1]


def test_classes_tell_the_same_of_themselves(pair: tuple[Any, Any]) -> None:
    ours, other = pair
    for told in ("__doc__", "__match_args__", "__module__", "__name__", "__slots__", "made"):
        assert getattr(ours, told, "none") == getattr(other, told, "none")
    assert [str(one) for one in fields(ours)] == [str(one) for one in fields(other)]
    assert hasattr(ours(name="Heat"), "__dict__") == hasattr(other(name="Heat"), "__dict__")


def test_a_wrong_call_fails_alike(pair: tuple[Any, Any]) -> None:
    for wrong in ({}, {"name": "Heat", "director": "Mann"}):
        messages = []
        for make in pair:
            with pytest.raises(TypeError) as caught:
                make(**wrong)
            messages.append(str(caught.value))
        assert messages[0] == messages[1]


def test_a_changed_copy_is_another_record(pair: tuple[Any, Any]) -> None:
    one = pair[0](name="Heat")
    assert replace(one, name="Up").name == "Up"
    assert copy.copy(one).name == one.name == "Heat"


def test_a_record_survives_a_pickle() -> None:
    key = TitleKey(MediaType.MOVIE, 603)
    assert pickle.loads(pickle.dumps(key)) == key


def test_what_a_class_says_itself_stays() -> None:
    @lean_dataclasses.dataclass(frozen=True)
    class Named:
        name: str

        def __post_init__(self) -> None:
            if not self.name:
                raise ValueError("no name")

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Named) and self.name.lower() == other.name.lower()

        def __hash__(self) -> int:
            return hash(self.name.lower())

        def __repr__(self) -> str:
            return f"<{self.name}>"

        @cached_property
        def length(self) -> int:
            return len(self.name)

    assert {Named("Up"), Named("UP")} == {Named("up")}
    assert repr(Named("Up")) == "<Up>"
    assert Named("Up").length == 2
    with pytest.raises(ValueError, match="no name"):
        Named("")


def test_a_class_of_which_no_record_was_made_has_no_methods_yet() -> None:
    make = film(lean, frozen=True, slots=True)
    assert {"__eq__", "__hash__", "__repr__", "__setattr__"} & vars(make).keys() == set()
    make("Heat")
    assert {"__eq__", "__hash__", "__repr__", "__setattr__"} <= vars(make).keys()


@pytest.mark.parametrize(
    "ask", [repr, hash, lambda one: one == copy.copy(one)], ids=["shown", "hashed", "equal"]
)
def test_how_a_record_is_shown_and_compared_is_written_when_it_is(
    ask: Callable[[object], object],
) -> None:
    make = film(lean, frozen=True, slots=True)
    one = make("Heat")
    before = {name: vars(make)[name] for name in ("__eq__", "__hash__", "__repr__")}
    first = ask(one)
    written = {name: vars(make)[name] for name in before}
    assert not set(before.values()) & set(written.values())
    assert ask(one) == first
    assert {name: vars(make)[name] for name in before} == written


def test_what_is_not_wanted_is_not_written() -> None:
    make = film(lean, repr=False)
    assert repr(make("Heat")).startswith("<")
