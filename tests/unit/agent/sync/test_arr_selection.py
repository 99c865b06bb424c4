"""From what a list names of Radarr and Sonarr to the server's numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from listsync.domain.arr_services import (
    NO_ARR_NAMES,
    ArrChoice,
    ArrFailure,
    ArrNames,
    ArrOffer,
    ArrSelection,
    ArrService,
)
from listsync.domain.server import AS_SERVER_DECIDES, Destination
from listsync.sync.arr_selection import OpenSelection, WhyOpen, key_of, resolve
from tests.builders import MOVIE, NOON, TV

MAIN = ArrService(id=0, name="Main", is_default=True, profile=ArrChoice(4, "HD"), folder="/films")
TWINS = tuple(
    ArrService(id=number, name=name) for number, name in ((1, "Twin"), (2, "twin"), (3, "TWIN"))
)
ULTRA = ArrService(id=5, name="Ultra", four_k=True)
SETTINGS = ArrNames(services=(MAIN, *TWINS, ULTRA))
OFFER = ArrOffer(
    profiles=(ArrChoice(4, "HD"), ArrChoice(6, "hd"), ArrChoice(7, "Any"), ArrChoice(8, "4")),
    root_folders=(ArrChoice(1, "/films/"), ArrChoice(2, "/")),
    tags=(ArrChoice(1, "lists"), ArrChoice(2, "Cartoons")),
    language_profiles=(ArrChoice(1, "English"),),
)
ALL = SETTINGS.with_offer(0, OFFER, NOON)


def wanted(*, four_k: bool = False, **named: Any) -> ArrSelection:
    return ArrSelection(kind=named.pop("kind", MOVIE), four_k=four_k, **named)


def sought(one: ArrSelection, names: ArrNames = ALL) -> ArrNames:
    return replace(names, sought={key_of(one): NOON})


def why(one: ArrSelection, names: ArrNames | None = None) -> OpenSelection:
    found = resolve(one, sought(one) if names is None else names)
    assert isinstance(found, OpenSelection), found
    return found


@pytest.mark.parametrize(
    ("named", "destination"),
    [
        pytest.param({}, AS_SERVER_DECIDES, id="nothing"),
        pytest.param({"profile": "4"}, Destination(profile_id=4), id="profile"),
        pytest.param({"tags": ("3", "1")}, Destination(tags=(3, 1)), id="tags"),
        pytest.param(
            {"kind": TV, "language_profile": "2"}, Destination(language_profile_id=2), id="spoken"
        ),
    ],
)
def test_numbers_need_no_look_up(named: dict[str, Any], destination: Destination) -> None:
    assert resolve(wanted(**named), NO_ARR_NAMES) == destination


@pytest.mark.parametrize(
    ("named", "destination"),
    [
        pytest.param({"service": "0"}, Destination(server_id=0), id="service-by-number"),
        pytest.param({"service": "main"}, Destination(server_id=0), id="service"),
        pytest.param({"service": "TWIN"}, Destination(server_id=3), id="to-the-letter"),
        pytest.param({"profile": "HD"}, Destination(server_id=0, profile_id=4), id="profile"),
        pytest.param({"profile": " hd"}, Destination(server_id=0, profile_id=4), id="folded"),
        pytest.param(
            {"root_folder": "/Films/", "profile": "9", "tags": ("5",)},
            Destination(server_id=0, root_folder="/films", profile_id=9, tags=(5,)),
            id="folder-and-numbers",
        ),
        pytest.param(
            {"service": "Ultra", "four_k": True}, Destination(server_id=5), id="4k-service"
        ),
    ],
)
def test_the_servers_settings_answer_without_the_service(
    named: dict[str, Any], destination: Destination
) -> None:
    assert resolve(wanted(**named), SETTINGS) == destination


@pytest.mark.parametrize(
    ("named", "destination"),
    [
        pytest.param({"profile": "hd"}, Destination(server_id=0, profile_id=6), id="profile"),
        pytest.param({"profile": "any"}, Destination(server_id=0, profile_id=7), id="folded"),
        pytest.param({"profile": "4"}, Destination(profile_id=4), id="a-number-is-an-id"),
        pytest.param({"root_folder": "/"}, Destination(server_id=0, root_folder="/"), id="top"),
        pytest.param(
            {"root_folder": "2"}, Destination(server_id=0, root_folder="/"), id="folder-by-id"
        ),
        pytest.param(
            {"tags": ("LISTS", "7", "lists"), "more_tags": ("cartoons", "none", "9")},
            Destination(server_id=0, tags=(1, 7, 2, 9)),
            id="tags-of-other-lists",
        ),
    ],
)
def test_what_a_service_offers_is_found(named: dict[str, Any], destination: Destination) -> None:
    assert resolve(wanted(**named), ALL) == destination


def test_language_profiles_are_sonarrs() -> None:
    one = wanted(kind=TV, language_profile="english")
    assert resolve(one, ALL) == Destination(server_id=0, language_profile_id=1)


@pytest.mark.parametrize(
    ("named", "names", "said"),
    [
        ({"profile": "Any"}, NO_ARR_NAMES, "profile not looked up yet: 'Any'"),
        ({"service": "Main", "profile": "x"}, NO_ARR_NAMES, "service not looked up yet: 'Main'"),
        ({"profile": "Any"}, SETTINGS, "profile not looked up yet: 'Any'"),
        ({"tags": ("4", "dora")}, SETTINGS, "tag not looked up yet: 'dora'"),
        ({"root_folder": "/kids"}, ALL, "root folder not looked up yet: '/kids'"),
        ({"more_tags": ("dora",)}, SETTINGS, "tag not looked up yet: 'dora'"),
    ],
)
def test_what_was_never_looked_up_is_not_said_to_be_missing(
    named: dict[str, Any], names: ArrNames, said: str
) -> None:
    assert (why(wanted(**named), names).reason, why(wanted(**named), names).why) == (
        WhyOpen.UNKNOWN,
        said,
    )


@pytest.mark.parametrize(
    ("named", "said"),
    [
        pytest.param(
            {"service": "Big"},
            "the server has no Radarr 'Big'; there are: Main, Twin, twin, TWIN, Ultra",
            id="service",
        ),
        pytest.param(
            {"service": "9"},
            "the server has no Radarr '9'; there are: Main, Twin, twin, TWIN, Ultra",
            id="service-number",
        ),
        pytest.param(
            {"service": "tWin"},
            "more than one Radarr is called 'tWin': use the id, of 1, 2, 3",
            id="services",
        ),
        pytest.param(
            {"service": "ultra"},
            "Radarr 'Ultra' is for 4K: set four_k: true for the list, or name one that is not: "
            "Main, Twin, twin, TWIN",
            id="4k-service-for-usual-titles",
        ),
        pytest.param(
            {"service": "main", "four_k": True},
            "Radarr 'Main' is not for 4K: set four_k: false for the list, or name one that is: "
            "Ultra",
            id="usual-service-for-4k-titles",
        ),
        pytest.param(
            {"profile": "HD", "four_k": True},
            "no Radarr for 4K is the default: name one as service; there are: Ultra",
            id="no-default",
        ),
        pytest.param(
            {"profile": "x"},
            "Radarr 'Main' has no profile 'x'; there are: HD, hd, Any, 4",
            id="profile",
        ),
        pytest.param(
            {"profile": "hD"},
            "Radarr 'Main' has more than one profile 'hD': use the id, of 4, 6",
            id="profiles",
        ),
        pytest.param({"profile": ""}, "Radarr 'Main' has no profile ''", id="empty"),
        pytest.param(
            {"tags": ("lists", "dora")},
            "Radarr 'Main' has no tag 'dora'; there are: lists, Cartoons",
            id="tag",
        ),
    ],
)
def test_what_is_not_there_is_said_with_what_is(named: dict[str, Any], said: str) -> None:
    one = wanted(**named)
    is_unfit = any(word in said for word in ("4K", "more than one"))
    assert why(one).reason is (WhyOpen.UNFIT if is_unfit else WhyOpen.MISSING)
    assert why(one).why.startswith(said)


@pytest.mark.parametrize(
    ("services", "four_k", "said"),
    [
        pytest.param((), False, "the server has no Radarr", id="none"),
        pytest.param((), True, "the server has no Radarr for 4K", id="none-4k"),
        pytest.param((ULTRA,), False, "the server has no Radarr that is not for 4K", id="only-4k"),
    ],
)
def test_no_service_is_said(services: tuple[ArrService, ...], four_k: bool, said: str) -> None:
    assert why(wanted(profile="HD", four_k=four_k), ArrNames(services=services)).why == said


@pytest.mark.parametrize(
    "services", [(MAIN,), (replace(MAIN, name="radarr"), ULTRA)], ids=["only", "so-called"]
)
def test_a_radarr_that_needs_no_name_has_none(services: tuple[ArrService, ...]) -> None:
    one = wanted(tags=("dora",))
    names = replace(sought(one), services=services)
    assert why(one, names).why.startswith("Radarr has no tag 'dora'")


def test_all_that_is_not_there_is_said_at_once() -> None:
    one = wanted(profile="x", root_folder="/nowhere", tags=("lists", "dora"))
    said = why(one).why
    for what in ("root folder '/nowhere'", "profile 'x'", "tag 'dora'"):
        assert said.count(f"Radarr 'Main' has no {what}; there are: ") == 1
    assert "'lists'" not in said


def test_a_failure_is_said_where_it_may_be_the_reason() -> None:
    one = wanted(tags=("dora",))
    names = sought(one).with_failure(0, ArrFailure(why="no answer within 10 s"), NOON)
    assert why(one, names).why == (
        "Radarr 'Main' could not be asked for tag 'dora': no answer within 10 s"
    )
    assert isinstance(resolve(wanted(tags=("lists",)), names), Destination)


def test_settings_that_cannot_be_read_are_said() -> None:
    found = why(wanted(service="Main"), ArrNames(settings_failure="the API key is refused"))
    assert found.why == "the settings of Radarr could not be read: the API key is refused"
    assert found.reason is WhyOpen.FAILED


def test_many_and_long_names_are_cut() -> None:
    profiles = tuple(ArrChoice(number, f"p{number}") for number in range(50))
    one = wanted(profile="x" * 100)
    names = sought(one, SETTINGS.with_offer(0, ArrOffer(profiles=profiles), NOON))
    assert why(one, names).why.endswith("p10, p11, …")
    assert "x" * 60 not in why(one, names).why


def test_selections_have_different_keys() -> None:
    ones = [
        wanted(profile="a"),
        wanted(profile="a", four_k=True),
        wanted(root_folder="a"),
        wanted(tags=("a",)),
        wanted(tags=("a", "b")),
        wanted(tags=("a",), more_tags=("b",)),
        wanted(service="a"),
        wanted(language_profile="a"),
    ]
    assert len({key_of(one) for one in ones}) == len(ones)
