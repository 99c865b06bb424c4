from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.errors import ConfigError
from listsync.triggers.schedule.rules import Every

ALONE = {"OVERSEERR_URL": "http://seerr:5055", "OVERSEERR_API_KEY": "abc"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "listsync.yaml"
    path.write_text(
        "server: {url: 'http://file', api_key: {env: NOT_SET}, act_as: bob}\n"
        "sync: {every: 1h, four_k: false}\n"
        "lists:\n  - mdblist: anna/films\n  - stevenlu: popular\n"
    )
    return path


def key_of(config: Config) -> str | None:
    return config.server.api_key.get_secret_value() if config.server.api_key else None


def complaints(path: Path | None, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ)
    return [str(problem) for problem in caught.value.problems]


def test_the_environment_alone_is_enough() -> None:
    config = load(
        None,
        ALONE
        | {
            "OVERSEERR_USER_ID": "7",
            "OVERSEERR_4K": "true",
            "SYNC_INTERVAL": "0.5",
            "MDBLIST_LISTS": " anna/films, bob/series ,",
            "STEVENLU_LISTS": "all",
        },
    )
    assert config.server.url == "http://seerr:5055"
    assert key_of(config) == "abc"
    assert config.server.request_as == 7
    assert config.sync.every == timedelta(minutes=30)
    assert [entry.name for entry in config.lists] == [
        "mdblist: anna/films",
        "mdblist: bob/series",
        "stevenlu: all",
    ]
    assert all(entry.rules.four_k for entry in config.lists)


def test_the_environment_wins_over_the_file(path: Path) -> None:
    config = load(path, ALONE | {"OVERSEERR_USER_ID": "1", "SYNC_INTERVAL": "12"})
    assert (config.server.url, key_of(config)) == ("http://seerr:5055", "abc")
    assert config.server.request_as is None
    assert config.sync.every == timedelta(hours=12)


def test_the_interval_in_the_environment_replaces_the_files_cron(path: Path) -> None:
    path.write_text(path.read_text().replace("every: 1h", "cron: 0 4 * * *"))
    config = load(path, ALONE | {"SYNC_INTERVAL": "12"})
    assert config.schedule == Every(timedelta(hours=12))


@pytest.mark.parametrize(
    ("environ", "hours"),
    [
        pytest.param({"SYNC_INTERVAL_HOURS": "6"}, 6, id="other-name"),
        pytest.param({"SYNC_INTERVAL_HOURS": "6", "SYNC_INTERVAL": "3"}, 3, id="both"),
        pytest.param({"SYNC_INTERVAL_HOURS": "6", "SYNC_INTERVAL": ""}, 6, id="one-empty"),
        pytest.param({"SYNC_INTERVAL_MIN": "90"}, 1.5, id="minutes"),
        pytest.param({"SYNC_INTERVAL_MIN": "0"}, 0, id="never"),
        pytest.param({"SYNC_INTERVAL_MIN": "90", "SYNC_INTERVAL": "3"}, 3, id="minutes-and-hours"),
    ],
)
def test_the_interval_has_three_names(environ: dict[str, str], hours: float) -> None:
    assert load(None, ALONE | environ).sync.every == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("DEBUG", "debug"),
        ("INFO", "info"),
        ("Warning", "warning"),
        (" error ", "error"),
        ("CRITICAL", "error"),
    ],
)
def test_the_level_of_the_log_in_any_case(path: Path, text: str, level: str) -> None:
    path.write_text(path.read_text() + "log: {level: error, keep: 7}\n")
    config = load(path, ALONE | {"LOG_LEVEL": text})
    assert (config.log.level, config.log.keep) == (level, 7)


def test_the_level_of_the_log_has_two_names() -> None:
    config = load(None, ALONE | {"SYNC_LOG_LEVEL": "DEBUG", "LOG_LEVEL": "ERROR"})
    assert config.log.level == "debug"


@pytest.mark.parametrize("folder", ["/logs", "/logs/", " /logs "])
def test_the_folder_of_logs_names_the_file_there(path: Path, folder: str) -> None:
    path.write_text(path.read_text() + "log: {file: own.log, keep: 7, history: false}\n")
    config = load(path, ALONE | {"SYNC_LOG_PATH": folder})
    assert (config.log.file, config.log.keep) == (Path("/logs/listsync.log"), 7)
    assert config.log.history == Path("/logs/history.log")


def test_the_automated_mode_means_nothing() -> None:
    assert load(None, ALONE | {"AUTOMATED_MODE": "true"}) == load(None, ALONE)


def test_what_is_empty_counts_as_unset(path: Path) -> None:
    config = load(path, {"NOT_SET": "x", "OVERSEERR_URL": "", "SYNC_INTERVAL": " "})
    assert config.server.url == "http://file"
    assert config.server.request_as == "bob"
    assert config.sync.every == timedelta(hours=1)


def test_lists_are_added_once_whatever_their_spelling(path: Path) -> None:
    lists = "https://mdblist.com/lists/anna/films,bob/series,bob/series"
    config = load(path, ALONE | {"MDBLIST_LISTS": lists, "STEVENLU_LISTS": "movies"})
    assert [entry.name for entry in config.lists] == [
        "mdblist: anna/films",
        "stevenlu: popular",
        "mdblist: bob/series",
    ]


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        pytest.param(
            {"OVERSEERR_URL": "seerr"}, "OVERSEERR_URL: server.url: expected an address", id="url"
        ),
        pytest.param(
            {"OVERSEERR_USER_ID": "0"}, "OVERSEERR_USER_ID: server.request_as: expected", id="user"
        ),
        pytest.param(
            {"OVERSEERR_4K": "perhaps"}, "OVERSEERR_4K: sync.four_k: expected true", id="4k"
        ),
        pytest.param(
            {"SYNC_INTERVAL": "soon"}, "SYNC_INTERVAL: sync.every: expected a", id="interval"
        ),
        pytest.param(
            {"SYNC_INTERVAL_HOURS": "soon"},
            "SYNC_INTERVAL_HOURS: sync.every: expected a",
            id="interval-hours",
        ),
        pytest.param(
            {"LOG_LEVEL": "WARN"},
            "LOG_LEVEL: log.level: expected 'debug', 'info', 'warning' or 'error', "
            'found "warn", did you mean "warning"?',
            id="log-level",
        ),
        pytest.param(
            {"TRAKT_SPECIAL_ITEMS_LIMIT": "many"},
            "TRAKT_SPECIAL_ITEMS_LIMIT: providers.trakt.special_items_limit: ",
            id="trakt-limit",
        ),
    ],
)
def test_a_problem_names_the_variable(environ: dict[str, str], said: str) -> None:
    (complaint,) = complaints(None, ALONE | environ)
    assert complaint.startswith(said)


def test_a_key_in_the_environment_is_not_shown() -> None:
    (complaint,) = complaints(None, ALONE | {"OVERSEERR_API_KEY": "hunter2 and more"})
    assert complaint.startswith("OVERSEERR_API_KEY: server.api_key: is no API key")
    assert "hunter2" not in complaint


def test_problems_of_the_file_come_before_those_of_the_environment(path: Path) -> None:
    path.write_text(path.read_text() + "sink: {}\n")
    told = complaints(path, {"SYNC_INTERVAL": "x", "NOT_SET": "x"})
    assert [line.split(":")[0] for line in told] == [str(path), "SYNC_INTERVAL"]


def test_without_a_file_the_missing_variable_is_named() -> None:
    assert complaints(None, {}) == [
        "listsync.yaml: no configuration file was found, and OVERSEERR_URL is not set"
    ]
    (complaint,) = complaints(None, {"OVERSEERR_URL": "http://seerr:5055"})
    assert complaint.startswith("environment: ")
    assert "set OVERSEERR_API_KEY" in complaint


def test_a_file_of_a_wrong_shape_is_not_hidden_by_the_environment(path: Path) -> None:
    path.write_text("server: text\nlists: text\n")
    assert len(complaints(path, ALONE | {"MDBLIST_LISTS": "a/b"})) == 2
    path.write_text("- a\n")
    assert len(complaints(path, ALONE)) == 1
