from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from listsync.config.configuration import load
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import holds, keys_of, models_in
from listsync.config.secret_forms import NAMES
from listsync.config_types import Options, SecretStr

_WORDS = "holds a secret and can be read by every user"


def secrets_of(model: type[Options]) -> Iterator[str]:
    for name, key in keys_of(model).items():
        if holds(key.type).kind is SecretStr:
            yield name
        for inner in models_in(key.type):
            yield from secrets_of(inner)


def test_all_keys_of_secrets_are_known() -> None:
    assert set(secrets_of(ConfigForm)) == NAMES


@pytest.mark.parametrize(
    "hook",
    [
        "{url: http://h/x}",
        "http://h/x",
        "{url: {env: HOOK}, headers: {Authorization: Bearer no-token}}",
    ],
)
def test_the_address_of_a_target_is_a_secret_and_its_headers(open_folder: Path, hook: str) -> None:
    path = open_folder / "listsync.yaml"
    target = f"notify: [{{webhook: {hook}}}]"
    path.write_text(f"server: {{url: sandbox}}\nlists: [{{stevenlu: popular}}]\n{target}\n")
    path.chmod(0o644)
    environ = {"HOOK": "http://h/x"}
    assert any(_WORDS in one.what for one in load(path, environ).warnings)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder that everybody may pass through to."""
    above = [one for one in tmp_path.parents if not one.stat().st_mode & 0o001]
    modes = [one.stat().st_mode for one in above]
    for one in above:
        one.chmod(0o711)
    tmp_path.chmod(0o755)
    yield tmp_path
    for one, mode in zip(above, modes, strict=True):
        one.chmod(mode)


@pytest.mark.parametrize(
    ("server", "mode", "is_warned"),
    [
        ("url: http://h, api_key: key", 0o644, True),
        ("url: http://h, api_key: key", 0o640, False),
        ("url: http://h, api_key: {env: KEY}", 0o644, False),
        ("url: 'http://me:pass@h', api_key: {env: KEY}", 0o644, True),
        ("url: sandbox", 0o644, False),
    ],
)
def test_a_secret_that_every_user_can_read_is_warned_of(
    open_folder: Path, server: str, mode: int, is_warned: bool
) -> None:
    path = open_folder / "listsync.yaml"
    path.write_text(f"server: {{{server}}}\nlists: [{{stevenlu: popular}}]\n", encoding="utf-8")
    path.chmod(mode)
    told = [one for one in load(path, {"KEY": "k"}).warnings if _WORDS in one.what]
    assert bool(told) == is_warned
    open_folder.chmod(0o700)
    assert not [one for one in load(path, {"KEY": "k"}).warnings if _WORDS in one.what]
