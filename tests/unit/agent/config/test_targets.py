"""Targets that can never work are refused, each at its place, and their secrets are not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import load
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
