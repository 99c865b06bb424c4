"""Targets that can never work are refused, each at its place, and their secrets are not shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.config.configuration import load
from listsync.errors import ConfigError, Problem

_KEY = "no-key-of-anybody-at-all"
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
    ],
)
def test_what_can_never_work_is_refused_at_its_place(
    tmp_path: Path, target: str, place: str, words: str
) -> None:
    (told,) = wrong_in(tmp_path, target)
    assert told.startswith(place or ":3:")
    assert words in told
