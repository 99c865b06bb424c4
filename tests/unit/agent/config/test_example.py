"""The example names every option, and is a configuration that works."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from listsync.config.configuration import Config, check, load
from listsync.config.list_options import ListDefaults, ListForm
from listsync.config.schema import ConfigForm, ProvidersOptions
from listsync.config.schema_keys import keys_of, models_in
from listsync.config.values import NOT_YET, SERVICES
from listsync.config.yaml_document import KeyPath, YamlDocument, load_document
from listsync.config_types import Options
from listsync.triggers.schedule.rules import Cron, Every

EXAMPLE = Path(__file__).parents[4] / "listsync.yaml.example"


@pytest.fixture(scope="module")
def config() -> Config:
    return load(EXAMPLE, {})


def options_of(model: type[Options], at: KeyPath = ()) -> Iterator[KeyPath]:
    """Give every option of *model* and of what it holds; entries of sequences have no number."""
    for key, options in keys_of(model).items():
        yield (*at, key)
        for inner in () if inner_is_told(key) else models_in(options.type):
            yield from options_of(inner, (*at, key))


def inner_is_told(key: str) -> bool:
    """Tell what is told elsewhere: an option for all lists is one of a list."""
    return key == "defaults" and keys_of(ListDefaults).keys() <= keys_of(ListForm).keys()


_COMMENTED = (
    ("  # - name: phone", "  # "),
    ("# - webhook:", "# "),
    ("  # - from: /movies", "  # "),
    ("  # - plex:", "  # "),
    ("  # - radarr:", "  # "),
)


def whole_example(folder: Path) -> Path:
    """Take the comment signs from what has no default to be shown."""
    lines = EXAMPLE.read_text().splitlines()
    for first, sign in _COMMENTED:
        start = lines.index(first)
        for number in range(start, len(lines)):
            if not lines[number].startswith(sign):
                break
            rest = lines[number].removeprefix(sign)
            if rest.startswith(("- ", "  ")):  # what is said of the next one stays a comment
                lines[number] = sign.replace("# ", "") + rest
    whole = folder / "listsync.yaml"
    whole.write_text("\n".join(lines))
    return whole


def test_it_names_every_option(tmp_path: Path) -> None:
    named = {
        tuple(step for step in path if isinstance(step, str))
        for path in load_document(whole_example(tmp_path)).keys
    }
    assert sorted(set(options_of(ConfigForm)) - named) == []


def test_it_shows_every_service() -> None:
    assert {entry.service for entry in load(EXAMPLE, {}).lists} == SERVICES.keys()


def test_it_shows_the_defaults_of_what_is_not_said_otherwise(config: Config) -> None:
    smallest = check(YamlDocument(file="f", data={"server": {"url": "sandbox"}}), {}, Path())
    assert config.server == smallest.server
    assert config.sync == smallest.sync
    assert config.schedule == Every(timedelta(hours=24))
    assert config.control == smallest.control
    assert config.http == smallest.http
    assert config.log == smallest.log
    assert config.transfers == smallest.transfers
    assert config.providers.stevenlu == smallest.providers.stevenlu
    assert config.providers.mdblist == smallest.providers.mdblist


def test_it_shows_both_kinds_of_a_lists_own_schedule(config: Config) -> None:
    assert {type(entry.schedule) for entry in config.lists} == {Every, Cron, type(None)}


def test_it_has_a_comment_for_every_option() -> None:
    lines = EXAMPLE.read_text().splitlines()
    seen: set[str] = set()
    for n, line in enumerate(lines):
        key = line.strip().removeprefix("- ").partition(":")[0]
        if line.startswith("  ") and not line.lstrip().startswith("#") and key not in seen:
            seen.add(key)
            is_entry = line.lstrip().startswith(("- tmdb", "- imdb", "- tvdb", "- title"))
            is_section = line.rstrip().endswith(":") and lines[n + 1].startswith("    ")
            assert is_entry or is_section or lines[n - 1].lstrip().startswith("#"), line


def test_editors_read_it_as_the_agent_does() -> None:
    """Text stands where the agent gives text, whatever YAML makes of a plain word."""
    theirs = yaml.safe_load(EXAMPLE.read_text())
    ours = load_document(EXAMPLE).data
    assert _as_text(theirs) == ours


def test_every_service_has_its_key_and_its_options() -> None:
    assert SERVICES.keys() <= keys_of(ListForm).keys()
    options = keys_of(ProvidersOptions).keys() - {"anime_ids"}  # no lists
    assert SERVICES.keys() - {"seerr"} == options  # which is reached as `server` says
    assert not SERVICES.keys() & NOT_YET.keys()


def _as_text(data: object) -> object:
    match data:
        case dict():
            return {key: _as_text(value) for key, value in data.items()}
        case list():
            return [_as_text(value) for value in data]
        case bool():
            return str(data).lower()
        case None:
            return None
        case _:
            return str(data)
