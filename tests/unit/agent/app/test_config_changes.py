from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from listsync.app.config_loader import (
    lists_to_sync,
    schedules_of,
    snapshot_of,
)
from listsync.config.configuration import Config, check
from listsync.config.yaml_document import parse_document
from listsync.domain.list_rules import ListRules
from listsync.domain.media import MediaType
from listsync.domain.runs import Scope
from listsync.triggers.schedule.rules import EVERYTHING, Every

_SERVER = "server: {url: sandbox}"
_ONE, _TWO = "- file: /one", "- file: /two"
_SOURCE_ONE, _SOURCE_TWO, _POPULAR = "file:/one", "file:/two", "stevenlu:movies"
_NOT = "- {file: /not, exclude: true}"
_OFF = "- {file: /one, enabled: false}"
_NOT_OFF = "- {file: /not, exclude: true, enabled: false}"
_DOOR = "http: {listen: '127.0.0.1:4222'}"


def config(*lists: str, server: str = _SERVER, more: str = "") -> Config:
    return read(lines(*lists, server=server, more=more))


def lines(*lists: str, server: str = _SERVER, more: str = "") -> str:
    entries = "\n".join(f"  {one}" for one in lists)
    return f"{server}\nlists:\n{entries}\n{more}\n"


def read(text: str) -> Config:
    return check(parse_document(text, "f"), {}, Path("/"))


# -- what a change concerns --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "scope"),
    [
        pytest.param(lines(_ONE), lines(_ONE), frozenset(), id="nothing"),
        pytest.param(lines(_ONE), lines(_ONE, _TWO), {_SOURCE_TWO}, id="a-new-list"),
        pytest.param(lines(), lines(_ONE, _TWO), {_SOURCE_ONE, _SOURCE_TWO}, id="two-new-lists"),
        pytest.param(lines(_ONE, _TWO), lines(_ONE), frozenset(), id="a-list-gone"),
        pytest.param(lines(_ONE, _TWO), lines(_OFF, _TWO), frozenset(), id="disabled"),
        pytest.param(lines(_TWO), lines(_TWO, _OFF), frozenset(), id="new-and-disabled"),
        pytest.param(lines(_OFF, _TWO), lines(_ONE, _TWO), {_SOURCE_ONE}, id="enabled-again"),
        pytest.param(lines(_ONE, _NOT), lines(_ONE, _NOT_OFF), None, id="an-exclusion-disabled"),
        pytest.param(lines(_ONE, _TWO), lines(_TWO, _ONE), frozenset(), id="another-order"),
        pytest.param(
            lines(_ONE), lines("- {file: /one, name: mine}"), frozenset(), id="a-new-name"
        ),
        pytest.param(
            lines(_ONE, _TWO),
            lines("- {file: /one, limit: 5}", _TWO),
            {_SOURCE_ONE},
            id="another-limit",
        ),
        pytest.param(
            lines(_ONE, _TWO),
            lines("- {file: /one, kind: tv}", _TWO),
            {_SOURCE_ONE},
            id="a-kind",
        ),
        pytest.param(
            lines(_ONE, _TWO),
            lines("- {file: /one, four_k: true}", _TWO),
            {_SOURCE_ONE},
            id="one-list-in-4k",
        ),
        pytest.param(
            lines(_ONE, "- {file: /two, four_k: false}"),
            lines(_ONE, "- {file: /two, four_k: false}", more="sync: {four_k: true}"),
            {_SOURCE_ONE},
            id="4k-for-those-that-do-not-say-otherwise",
        ),
        pytest.param(
            lines(_ONE), lines("- {file: /one, every: 1h}"), frozenset(), id="a-schedule"
        ),
        pytest.param(
            lines(_ONE), lines(_ONE, more="sync: {every: 1h}"), frozenset(), id="the-schedule"
        ),
        pytest.param(
            lines(_ONE), lines(_ONE, more="log: {level: debug}"), frozenset(), id="the-log"
        ),
        pytest.param(
            lines(_ONE, "- stevenlu: popular"),
            lines(_ONE, "- stevenlu: popular", more="providers: {stevenlu: {timeout_s: 5}}"),
            {_POPULAR},
            id="how-a-service-is-reached",
        ),
        pytest.param(
            lines(_ONE),
            lines(_ONE, more="providers: {stevenlu: {timeout_s: 5}}"),
            frozenset(),
            id="a-service-of-no-list",
        ),
        pytest.param(
            lines(_ONE),
            lines(_ONE, server="server: {url: 'http://s:5055', api_key: k}"),
            None,
            id="another-server",
        ),
        pytest.param(
            lines(_ONE, server="server: {url: 'http://s:5055', api_key: k}"),
            lines(_ONE, server="server: {url: 'http://s:5055', api_key: l}"),
            None,
            id="another-key",
        ),
        pytest.param(lines(_ONE), lines(_ONE, _NOT), frozenset(), id="a-new-exclusion-list"),
        pytest.param(lines(_ONE, _NOT), lines(_ONE), None, id="an-exclusion-list-gone"),
        pytest.param(
            lines(_ONE, _NOT),
            lines(_ONE, "- {file: /not, exclude: true, limit: 1}"),
            None,
            id="an-exclusion-list-with-a-limit",
        ),
        pytest.param(
            lines(_ONE, _NOT),
            lines(_ONE, "- {file: /not, exclude: true, name: never}"),
            frozenset(),
            id="a-new-name-of-an-exclusion-list",
        ),
        pytest.param(lines(_ONE, _NOT), lines(_ONE, "- file: /not"), None, id="excluded-no-more"),
        pytest.param(
            lines(_ONE, "- file: /not"), lines(_ONE, _NOT), frozenset(), id="excluded-now"
        ),
        pytest.param(
            lines(_ONE),
            lines(_ONE, more="exclude: [tmdb:movie/603]"),
            frozenset(),
            id="a-title-excluded",
        ),
        pytest.param(
            lines(_ONE, more="exclude: [tmdb:movie/603]"),
            lines(_ONE, more="exclude: [tmdb:movie/604]"),
            None,
            id="a-title-excluded-no-more",
        ),
        pytest.param(lines(_ONE), lines(_ONE, more=_DOOR), None, id="feeds-from-now-on"),
        pytest.param(lines(_ONE, more=_DOOR), lines(_ONE), frozenset(), id="feeds-no-more"),
        pytest.param(
            lines(_ONE, more=_DOOR),
            lines("- {file: /one, name: another}", more=_DOOR),
            frozenset({"file:/one"}),
            id="a-feed-with-a-new-name",
        ),
        pytest.param(
            lines(_ONE, more=_DOOR),
            lines(_ONE, more=f"{_DOOR}\nexclude: [tmdb:movie/603]"),
            None,
            id="feeds-without-a-title",
        ),
        pytest.param(
            lines(_ONE, more=_DOOR),
            lines(_ONE, _NOT, more=_DOOR),
            None,
            id="feeds-without-an-exclusion-list",
        ),
    ],
)
def test_a_change_concerns(old: str, new: str, scope: Scope) -> None:
    assert lists_to_sync(read(old), read(new)) == scope


@pytest.mark.parametrize(
    ("line", "scope", "expected"),
    [
        pytest.param(_ONE, None, True, id="all-are-meant"),
        pytest.param(_ONE, frozenset({_SOURCE_ONE}), True, id="named"),
        pytest.param(_ONE, frozenset({_SOURCE_TWO}), False, id="another-is-named"),
        pytest.param(_NOT, frozenset({_SOURCE_TWO}), True, id="exclusions-always"),
    ],
)
def test_a_list_is_meant(line: str, scope: Scope, *, expected: bool) -> None:
    assert config(line).lists[0].is_read_in(scope) is expected


# -- schedules ---------------------------------------------------------------------------------


def test_lists_without_a_schedule_follow_the_one_of_all() -> None:
    assert schedules_of(config(_ONE, more="sync: {every: 2h}")) == {
        EVERYTHING: Every(timedelta(hours=2))
    }


def test_who_only_copies_has_nothing_to_sync() -> None:
    copies = "transfers: {mappings: [{from: /movies, source: /a, destination: /b}]}"
    assert schedules_of(config(server=_DOOR, more=copies)) == {}
    assert schedules_of(config(_ONE, server=_DOOR, more=copies)).keys() == {EVERYTHING}
    assert schedules_of(config(more=f"{_DOOR}\n{copies}")).keys() == {EVERYTHING}


def test_a_list_may_have_its_own_schedule() -> None:
    found = schedules_of(config("- {file: /one, every: 1h}", _TWO, more="sync: {every: 2h}"))
    assert found[_SOURCE_ONE] == Every(timedelta(hours=1))
    assert set(found) == {EVERYTHING, _SOURCE_ONE}


def test_a_list_that_is_never_due_is_not_due_with_the_others() -> None:
    assert schedules_of(config("- {file: /one, every: 0}"))[_SOURCE_ONE] == Every(timedelta())


def test_a_list_may_have_a_schedule_where_there_is_none_for_all() -> None:
    found = schedules_of(config("- {file: /one, every: 1h}", more="sync: {every: 0}"))
    assert found.get(EVERYTHING, Every(timedelta())) == Every(timedelta())
    assert _SOURCE_ONE in found


# -- what the agent follows --------------------------------------------------------------------


def test_the_agent_is_told_what_it_must_know() -> None:
    read = config(
        "- {file: /one, name: mine, limit: 5, kind: movie, four_k: true, exclude: true}",
        server="server: {url: 'http://seerr:5055/api/v1', api_key: k}",
        more="sync: {on_config_change: false}",
    )
    told = snapshot_of(read)
    assert told.lists == (
        ListRules(
            source=_SOURCE_ONE,
            name="mine",
            service="file",
            limit=5,
            kind=MediaType.MOVIE,
            is_exclusion=True,
            four_k=True,
        ),
    )
    assert (told.server, told.sync_on_change) == ("http://seerr:5055", False)
    assert told.content is read


def test_the_sandbox_is_called_so() -> None:
    assert snapshot_of(config()).server == "sandbox"


def test_equal_files_are_the_same_to_the_agent() -> None:
    assert snapshot_of(config(_ONE, more="# a comment")) == snapshot_of(config(_ONE))


def test_a_disabled_list_has_no_schedule_and_is_not_tried_again() -> None:
    lists = ("- {file: /one, every: 1h, enabled: false}", "- {file: /two, every: 2h}")
    followed = config(*lists)
    assert schedules_of(followed).keys() == {EVERYTHING, _SOURCE_TWO}
    snapshot = snapshot_of(followed)
    both = frozenset({_SOURCE_ONE, _SOURCE_TWO})
    assert snapshot.still_followed(both) == frozenset({_SOURCE_TWO})
    assert [one.source for one in snapshot.lists] == [_SOURCE_ONE, _SOURCE_TWO], "it is kept"
