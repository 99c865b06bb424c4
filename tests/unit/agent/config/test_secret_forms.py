from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.config.configuration import load
from listsync.config.secret_forms import SecretSource
from listsync.errors import ConfigError
from listsync.file_access import open_to_others

SECRET = "MTczaunter2key=="


@pytest.fixture
def load_key(tmp_path: Path) -> Callable[[str], str | None]:
    """Load a configuration whose API key is given in the form asked for."""

    def load_key(form: str) -> str | None:
        path = tmp_path / "listsync.yaml"
        path.write_text(f"server:\n  url: http://localhost:5055\n  api_key: {form}\n")
        config = load(path, {"KEY": f" {SECRET}\n", "EMPTY": "", "LINES": "a\nb"})
        assert SECRET not in repr(config)
        return config.server.api_key.get_secret_value() if config.server.api_key else None

    return load_key


@pytest.mark.parametrize(
    "form", [SECRET, f'"{SECRET}"', "{env: KEY}", "{file: key}", "{file: folder/../key}"]
)
def test_a_secret_in_each_form(
    load_key: Callable[[str], str | None], tmp_path: Path, form: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "key").write_text(SECRET + "\r\n")
    (tmp_path / "key").chmod(0o600)
    assert load_key(form) == SECRET


def test_a_numeric_key_keeps_its_zeros(load_key: Callable[[str], str | None]) -> None:
    assert load_key("0050083") == "0050083"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        pytest.param(
            "{env: NOPE}",
            '3:12: server.api_key: the environment variable "NOPE" is not set',
            id="unset",
        ),
        pytest.param("{env: EMPTY}", 'the environment variable "EMPTY" is empty', id="empty-env"),
        pytest.param("{env: LINES}", "may not hold line breaks", id="two-lines"),
        pytest.param("{env: [a]}", "expected the secret as text", id="env-of-list"),
        pytest.param("{env: KEY, file: x}", "expected the secret as text", id="two-forms"),
        pytest.param(
            "{vault: KEY}",
            "as text, {env: NAME}, {file: PATH}, {credential: NAME} or {encrypted: NAME}",
            id="unknown-form",
        ),
        pytest.param("[a]", "3:12: .*expected the secret as text", id="list"),
        pytest.param('""', "server.api_key: is empty", id="empty"),
        pytest.param('"a b"', "no spaces", id="space"),
        pytest.param("schlüssel", "only ASCII", id="not-ascii"),
        pytest.param("{file: missing}", '/missing" does not exist', id="missing-file"),
        pytest.param("{file: .}", "is a directory", id="directory"),
        pytest.param("{file: empty}", '/empty" is empty', id="empty-file"),
        pytest.param("{file: binary}", '/binary" is not UTF-8', id="binary-file"),
        pytest.param("{file: large}", '/large" is larger than 64 KiB', id="large-file"),
        pytest.param("{file: lines}", "may not hold line breaks", id="lines-in-file"),
        pytest.param("{file: ~nobody-has-this-name/x}", "whose home is meant", id="no-home"),
    ],
)
def test_a_secret_that_cannot_be_had(
    load_key: Callable[[str], str | None], tmp_path: Path, form: str, said: str
) -> None:
    contents = {"empty": b"\n", "binary": b"\xff", "large": b"x" * 100_000, "lines": b"a\nb\n"}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    with pytest.raises(ConfigError, match=said) as caught:
        load_key(form)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize(
    ("mode", "owner", "user"),
    [
        pytest.param(0o600, 1000, 1000, id="own"),
        pytest.param(0o400, 1000, 1000, id="own-read-only"),
        pytest.param(0o444, 0, 1000, id="container-secret"),
        pytest.param(0o640, 0, 1000, id="roots-for-a-group"),
        pytest.param(0o600, 1000, 0, id="a-users-own-read-by-root"),
    ],
)
def test_files_that_may_hold_a_secret(mode: int, owner: int, user: int) -> None:
    assert not open_to_others(facts(mode, owner), user)


@pytest.mark.parametrize(
    ("mode", "owner", "user", "said"),
    [
        pytest.param(0o644, 1000, 1000, "open to other users .mode 0644.*0600", id="own-open"),
        pytest.param(0o640, 1000, 1000, "open to other users", id="own-group"),
        pytest.param(0o666, 0, 1000, "open to other users", id="roots-writable"),
        pytest.param(0o644, 2000, 1000, "belongs to another user .uid 2000", id="foreign"),
        pytest.param(0o644, 2000, 0, "belongs to another user", id="foreign-for-root"),
    ],
)
def test_files_that_may_not(mode: int, owner: int, user: int, said: str) -> None:
    assert re.search(said, open_to_others(facts(mode, owner), user))


def facts(mode: int, owner: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 0, 0, 1, owner, 0, 0, 0, 0, 0))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_foreign_open_file_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(SECRET)
    path.chmod(0o644)
    os.chown(path, 2000, 2000)
    with pytest.raises(ValueError, match="belongs to another user") as caught:
        SecretSource({}, tmp_path).read({"file": "key"})
    assert SECRET not in str(caught.value)
