"""Targets that can never work are refused, each at its place, and their secrets are not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import Config, load
from listsync.errors import ConfigError, Problem

_KEY = "no-key-of-anybody-at-all"
_TOKEN = f"123:{_KEY}"
_HOOK = f"https://discord.com/api/webhooks/123/{_KEY}"


def wrong_in(folder: Path, target: str) -> list[str]:
    """Say what is wrong with one target, which stands in the third line."""
    path = folder / "listsync.yaml"
    path.write_text(f"server: {{url: sandbox}}\nnotify:\n  - {target}\n")
    path.chmod(0o600)
    problems: tuple[Problem, ...] = ()
    try:
        load(path, {})
    except ConfigError as error:
        problems = error.problems
    told = [str(one).removeprefix(str(path)) for one in problems]
    assert _KEY not in repr(told)
    return told


@pytest.mark.parametrize(
    "target",
    [
        f"discord: {{url: '{_HOOK}'}}",
        f"discord: {{url: '{_HOOK.replace('/api', '/api/v10')}?thread_id=5'}}",
        f"discord: {{url: 'https://canary.discordapp.com/api/webhooks/1/{_KEY}'}}",
        "discord: {url: 'http://127.0.0.1:8080/anything', username: us, avatar: 'http://h/a.png'}",
        f"telegram: {{token: '{_TOKEN}', chat: 5}}",
        f"telegram: {{token: ' {_TOKEN} ', chat: -1001234567890, topic: 3}}",
        f"telegram: {{token: '{_TOKEN}', chat: '@our_channel', base_url: 'http://127.0.0.1:8'}}",
        "ntfy: {url: 'https://ntfy.sh/our-topic'}",
        f"ntfy: {{url: 'http://me:pass@h:8/push/our_topic/', token: {_KEY}}}",
        f"discord: {_HOOK}",
        "ntfy: https://ntfy.sh/our-topic",
        f"webhook: https://h/{_KEY}",
        f"heartbeat: https://h/{_KEY}",
    ],
)
def test_what_may_work_is_taken(tmp_path: Path, target: str) -> None:
    assert wrong_in(tmp_path, target) == []


@pytest.mark.parametrize(
    ("target", "place", "words"),
    [
        (f"discord: {{url: 'https://discord.com/channels/1/{_KEY}'}}", ":3:20", "is no webhook"),
        ("discord: {url: 'https://discord.com/api/webhooks/123'}", ":3:20", "is no webhook"),
        (f"discord: {{url: '{_HOOK}/slack'}}", ":3:20", "is no webhook"),
        ("discord: {url: 'ftp://h/x'}", ":3:20", "expected an address"),
        ("discord: https://discord.com/api/webhooks/123", ":3:14", "is no webhook"),
        ("ntfy: {env: NOT_SET}", ":3:11", 'variable "NOT_SET" is not set'),
        ("discord: {}", ":3:14", 'missing key "url"'),
        (f"discord: {{url: '{_HOOK}', username: MyDiscord}}", "", "without discord or clyde"),
        (f"discord: {{url: '{_HOOK}', username: {'x' * 81}}}", "", "at most 80"),
        (f"discord: {{url: '{_HOOK}', avatar: me.png}}", "", "expected an address"),
        (f"telegram: {{token: {_KEY}, chat: 5}}", ":3:23", "is no token of a bot"),
        (f"telegram: {{token: 'bot{_TOKEN}', chat: 5}}", ":3:23", "is no token of a bot"),
        (f"telegram: {{token: '{_TOKEN}'}}", ":3:15", 'missing key "chat"'),
        (f"telegram: {{token: '{_TOKEN}', chat: me}}", ":3:61", "expected the number of a chat"),
        (f"telegram: {{token: '{_TOKEN}', chat: '{_TOKEN}'}}", "", "the number of a chat"),
        (f"telegram: {{token: '{_TOKEN}', chat: '@x'}}", "", "expected the number of a chat"),
        (f"telegram: {{token: '{_TOKEN}', chat: 5, topic: 0}}", "", "at least 1"),
        ("ntfy: {url: 'https://ntfy.sh'}", ":3:17", "names no topic"),
        ("ntfy: {url: 'https://ntfy.sh/'}", ":3:17", "names no topic"),
        ("ntfy: {url: 'https://ntfy.sh/our topic'}", ":3:17", "expected an address"),
        ("ntfy: {url: 'https://ntfy.sh/our.topic'}", ":3:17", "names no topic"),
        (f"ntfy: {{url: 'https://h/t', token: '{_KEY} x'}}", "", "without spaces"),
    ],
)
def test_what_can_never_work_is_refused_at_its_place(
    tmp_path: Path, target: str, place: str, words: str
) -> None:
    (told,) = wrong_in(tmp_path, target)
    assert told.startswith(place or ":3:")
    assert words in told


def loaded(folder: Path, notify: str, environ: dict[str, str]) -> Config:
    path = folder / "listsync.yaml"
    path.write_text(f"server: {{url: sandbox}}\nlists: [{{stevenlu: popular}}]\n{notify}\n")
    path.chmod(0o600)
    (folder / "hook").write_text(f"{_HOOK}\n")
    (folder / "hook").chmod(0o600)
    return load(path, environ)


_BOT = {"TELEGRAM_BOT_TOKEN": _TOKEN, "TELEGRAM_CHAT_ID": "-5"}
_ENVIRON = {"DISCORD_WEBHOOK_URL": f" {_HOOK} ", **_BOT}


def test_names_of_the_environment_alone_make_targets(tmp_path: Path) -> None:
    discord, telegram = loaded(tmp_path, "", _ENVIRON).notify
    assert discord.discord is not None
    assert discord.discord.url.get_secret_value() == _HOOK
    assert telegram.telegram is not None
    assert telegram.telegram.token.get_secret_value() == _TOKEN
    assert telegram.telegram.chat == "-5"
    none = loaded(tmp_path, "", {"DISCORD_WEBHOOK_URL": "", "TELEGRAM_CHAT_ID": " "})
    assert (none.notify, none.warnings) == ((), ())


@pytest.mark.parametrize(
    ("notify", "kinds"),
    [
        (f"[discord: {{url: '{_HOOK}'}}]", ["discord", "telegram"]),
        ("[discord: {url: {env: DISCORD_WEBHOOK_URL}}]", ["discord", "telegram"]),
        ("[discord: {url: {file: hook}}]", ["discord", "telegram"]),
        (f"[discord: {{url: '{_HOOK}2'}}]", ["discord", "discord", "telegram"]),
        (f"[telegram: {{token: '{_TOKEN}', chat: -5, topic: 3}}]", ["telegram", "discord"]),
        (f"[telegram: {{token: '{_TOKEN}', chat: 6}}]", ["telegram", "discord", "telegram"]),
        ("[webhook: {url: 'http://h/x'}]", ["webhook", "discord", "telegram"]),
        ("", ["discord", "telegram"]),
    ],
)
def test_what_the_file_names_already_is_no_second_target(
    tmp_path: Path, notify: str, kinds: list[str]
) -> None:
    assert [one.kind for one in loaded(tmp_path, f"notify: {notify}", _ENVIRON).notify] == kinds


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"),
        ("TELEGRAM_CHAT_ID", "TELEGRAM_BOT_TOKEN"),
    ],
)
def test_one_half_of_a_target_is_warned_of_with_what_is_missing(
    tmp_path: Path, name: str, missing: str
) -> None:
    config = loaded(tmp_path, "", {name: _BOT[name]})
    assert config.notify == ()
    (warning,) = config.warnings
    assert str(warning) == (
        f"{name}: does nothing without {missing}: Telegram is told only with both"
    )
    token = "{env: TELEGRAM_BOT_TOKEN}"
    used = f"notify: [telegram: {{token: {token}, chat: 6}}]"
    assert loaded(tmp_path, used, {"TELEGRAM_BOT_TOKEN": _TOKEN}).warnings == ()


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        (
            {"DISCORD_WEBHOOK_URL": f"https://discord.com/{_KEY}"},
            "DISCORD_WEBHOOK_URL: notify[0].discord.url: is no webhook of Discord",
        ),
        (
            {**_BOT, "TELEGRAM_BOT_TOKEN": _KEY},
            "TELEGRAM_BOT_TOKEN: notify[0].telegram.token: is no token of a bot",
        ),
        (
            {**_BOT, "TELEGRAM_CHAT_ID": _TOKEN},
            "TELEGRAM_CHAT_ID: notify[0].telegram.chat: expected the number of a chat",
        ),
    ],
)
def test_what_can_never_work_is_refused_by_the_name_that_it_came_from(
    tmp_path: Path, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "", environ)
    (problem,) = caught.value.problems
    assert str(problem).startswith(words)
    assert _KEY not in str(problem)


def test_a_wrong_notify_is_refused_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="notify: expected a list of entries"):
        loaded(tmp_path, "notify: {discord: 5}", _ENVIRON)


@pytest.mark.parametrize("form", [f"'{_HOOK}'", "{env: HOOK}", "{file: hook}"])
def test_an_address_alone_is_the_target_with_that_address(tmp_path: Path, form: str) -> None:
    environ = {"HOOK": _HOOK}
    short = loaded(tmp_path, f"notify: [discord: {form}]", environ)
    assert short.notify == loaded(tmp_path, f"notify: [discord: {{url: {form}}}]", environ).notify
