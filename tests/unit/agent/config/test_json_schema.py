from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from listsync.config.json_schema import EDITOR_LINE, schema, write_schema
from listsync.config.schema import LogOptions
from listsync.errors import StateError
from tests.unit.agent.config.editors import validator

EXAMPLE = Path(__file__).parents[4] / "listsync.yaml.example"
SERVER = {"server": {"url": "sandbox"}}


def test_the_example_fits() -> None:
    document = yaml.load(EXAMPLE.read_text(), yaml.CSafeLoader)  # ten times as quick
    assert [error.message for error in validator().iter_errors(document)] == []


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(SERVER, id="smallest"),
        pytest.param({"server": {"url": "http://a", "api_key": "x", "act_as": 7}}, id="id"),
        pytest.param({"server": {"url": "http://a", "api_key": {"file": "x"}}}, id="file"),
        pytest.param(SERVER | {"sync": {"every": 0}}, id="never"),
        pytest.param(SERVER | {"sync": {"every": "1.5d"}}, id="text"),
        pytest.param(SERVER | {"sync": {"every": "1h30m"}}, id="two-units"),
        pytest.param(SERVER | {"sync": {"every": "daily"}}, id="word"),
        pytest.param(SERVER | {"sync": {"cron": "0 4 * * *"}}, id="cron"),
        pytest.param(SERVER | {"sync": {"every": "1h", "cron": None}}, id="cron-empty"),
        pytest.param(SERVER | {"sync": {"every": None, "cron": "0 4 * * *"}}, id="every-empty"),
        pytest.param(
            SERVER | {"log": dict.fromkeys(LogOptions.__struct_fields__)}, id="log-empty"
        ),
        pytest.param({"http": {"listen": "127.0.0.1:4222"}}, id="feeds-alone"),
        pytest.param(
            SERVER | {"log": {"level": "debug", "file": "a.log", "max_mb": 0.5}}, id="log"
        ),
        pytest.param(SERVER | {"control": {"group": "media"}}, id="group"),
        pytest.param(SERVER | {"notify": [{"discord": "https://h/x"}]}, id="target"),
        pytest.param(SERVER | {"notify": [{"ntfy": {"env": "TOPIC"}}]}, id="secret-target"),
        pytest.param(SERVER | {"providers": {"imdb": {"timeout_s": "30s"}}}, id="seconds"),
        pytest.param(SERVER | {"lists": ["https://letterboxd.com/a/watchlist"]}, id="address"),
        pytest.param(SERVER | {"lists": [["imdb:top", {"trakt": "a/b"}]]}, id="addresses"),
        pytest.param(SERVER | {"lists": [{"imdb": ["top", "toptv"], "limit": 5}]}, id="several"),
        pytest.param(SERVER | {"lists": [{"urls": ["top"], "profile": "HD"}]}, id="other-names"),
        pytest.param(SERVER | {"lists": [{"imdb": "top", "rating": ">=6.5"}]}, id="span"),
        pytest.param(
            SERVER
            | {"lists": [{"imdb": "top", "filters": {"genres_not": ["war"], "year": 1999}}]},
            id="filters",
        ),
        pytest.param(SERVER | {"defaults": {"limit": 5, "filters": {"votes": 5}}}, id="defaults"),
        pytest.param(SERVER | {"server": {"url": "http://a", "request_as": "b"}}, id="request-as"),
        pytest.param(SERVER | {"lists": [{"file": "a", "every": 0}]}, id="list-never"),
        pytest.param(SERVER | {"lists": [{"file": "a", "limit": 5}]}, id="list"),
        pytest.param(SERVER | {"exclude": ["tvdb:81189", {"title": "Cats"}]}, id="exclude"),
        pytest.param(SERVER | {"providers": {"mdblist": {"api_key": {"env": "X"}}}}, id="key"),
    ],
)
def test_what_loads_fits(document: dict[str, object]) -> None:
    assert validator().is_valid(document)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"server": None}, id="empty-server"),
        pytest.param({"http": {"base_path": "/a"}}, id="no-server-and-no-http"),
        pytest.param({"server": {}}, id="no-url"),
        pytest.param({"server": {"url": "localhost:5055"}}, id="no-scheme"),
        pytest.param({"server": {"url": "http://a", "api_key": {"env": 5}}}, id="env-number"),
        pytest.param({"server": {"url": "http://a", "api_key": {"vault": "x"}}}, id="form"),
        pytest.param({"server": {"url": "http://a", "api_key": {}}}, id="no-form"),
        pytest.param(SERVER | {"list": []}, id="unknown-section"),
        pytest.param(SERVER | {"sync": {"evry": "1h"}}, id="unknown-key"),
        pytest.param(SERVER | {"sync": {"every": "soon"}}, id="no-duration"),
        pytest.param(SERVER | {"sync": {"every": 12}}, id="no-unit"),
        pytest.param(SERVER | {"sync": {"cron": "0 4 * *"}}, id="four-fields"),
        pytest.param(SERVER | {"sync": {"every": "1h", "cron": "0 4 * * *"}}, id="every-and-cron"),
        pytest.param(
            SERVER | {"lists": [{"file": "a", "every": "5h", "cron": "0 4 * * *"}]}, id="list-both"
        ),
        pytest.param(SERVER | {"control": {"user": "media"}}, id="control"),
        pytest.param(SERVER | {"log": {"level": "loud"}}, id="level"),
        pytest.param(SERVER | {"log": {"format": "xml"}}, id="format"),
        pytest.param(SERVER | {"log": {"max_mb": 0}}, id="no-room"),
        pytest.param(SERVER | {"log": {"keep": 101}}, id="too-many-files"),
        pytest.param(SERVER | {"lists": [{}]}, id="no-source"),
        pytest.param(SERVER | {"lists": [[]]}, id="no-address"),
        pytest.param(SERVER | {"lists": [{"imdb": "a", "addresses": ["b"]}]}, id="both"),
        pytest.param(SERVER | {"lists": [{"imdb": "a", "filters": {"limit": 5}}]}, id="no-filter"),
        pytest.param(SERVER | {"defaults": {"exclude": True}}, id="default-exclude"),
        pytest.param(SERVER | {"defaults": {"imdb": "top"}}, id="default-list"),
        pytest.param(SERVER | {"lists": [{"file": "a", "mdblist": "b/c"}]}, id="two-sources"),
        pytest.param(SERVER | {"lists": [{"kitsu": "top"}]}, id="unknown"),
        pytest.param(SERVER | {"lists": [{"file": "a", "limit": 0}]}, id="limit"),
        pytest.param(SERVER | {"lists": [{"file": "a", "kind": "films"}]}, id="kind"),
        pytest.param(SERVER | {"exclude": ["603"]}, id="bare-number"),
        pytest.param(SERVER | {"exclude": [{"year": 2019}]}, id="no-title"),
        pytest.param(SERVER | {"providers": {"kitsu": {}}}, id="provider"),
    ],
)
def test_mistakes_do_not_fit(document: dict[str, object]) -> None:
    assert not validator().is_valid(document)


def test_it_is_written_where_the_first_line_of_a_configuration_finds_it(tmp_path: Path) -> None:
    (tmp_path / "listsync.yaml").write_text(EXAMPLE.read_text())
    written = write_schema(tmp_path)
    first = EXAMPLE.read_text().splitlines()[0]
    assert first == EDITOR_LINE
    assert tmp_path / first.partition("=")[2] == written
    assert json.loads(written.read_text()) == schema()
    assert {one.name for one in tmp_path.iterdir()} == {"listsync.yaml", written.name}


def test_editors_are_offered_the_documented_names_alone() -> None:
    built = schema()["$defs"]
    offered = {*built["ListForm"]["properties"], *built["ListDefaults"]["properties"]}
    taken = {one.strip("^$") for one in built["ListForm"]["patternProperties"]}
    assert {"profile", "user", "tag", "filters", "genres_not", "rating"} <= taken
    assert not offered & taken
    assert "request_as" in built["ServerOptions"]["properties"]


def test_a_folder_that_takes_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"cannot write .*listsync\.schema\.json: No such file"):
        write_schema(tmp_path / "none")


def test_everything_is_titled_and_described() -> None:
    built = schema()
    bare = [
        name
        for name, part in _named(built)
        if not {"title", "description"} <= (part | _target(built, part)).keys()
    ]
    assert bare == []


def test_a_secret_has_its_forms_and_no_default() -> None:
    server = schema()["$defs"]["ServerOptions"]["properties"]
    assert server["api_key"]["anyOf"][0] == {"$ref": "#/$defs/Secret"}
    assert "default" not in server["api_key"]


def _named(built: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "", built
    for model, part in {"": built, **built["$defs"]}.items():
        yield model, part
        for key, option in part.get("properties", {}).items():
            yield f"{model}.{key}", option


def _target(built: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    references = [part, *part.get("anyOf", [])]
    names = [one["$ref"].rsplit("/", 1)[1] for one in references if "$ref" in one]
    target: dict[str, Any] = built["$defs"][names[0]] if names else {}
    return target
