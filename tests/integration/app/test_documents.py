"""The pieces of configuration that documents show are valid as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from listsync.config.configuration import load
from listsync.config.schema import ConfigForm
from listsync.config.schema_keys import keys_of
from listsync.errors import ConfigError
from tests.documents import Document, documents

_VARIABLE = re.compile(r"\{env: (?P<name>\w+)\}")
_FILE = re.compile(r"\{file: (?P<name>[\w./-]+)\}")
_SERVER = "server: {url: sandbox}\n"


@pytest.mark.parametrize("document", documents(), ids=lambda one: one.name)
def test_every_piece_of_configuration_that_is_shown_is_valid(
    document: Document, tmp_path: Path
) -> None:
    for number, block in enumerate(document.blocks("yaml")):
        if not (_top_level(block) <= keys_of(ConfigForm).keys()):
            continue  # it is another program's
        folder = tmp_path / str(number)
        folder.mkdir()
        _write_secrets(folder, block)
        file = folder / "listsync.yaml"
        is_whole = "server" in _top_level(block) or "/feeds/" in block
        file.write_text(block if is_whole else _SERVER + block, encoding="utf-8")
        environ = {one["name"]: _secret(one["name"]) for one in _VARIABLE.finditer(block)}
        try:
            load(file, {"HOME": str(tmp_path), **environ})
        except ConfigError as error:
            pytest.fail(f"{document.name}:\n{block}\n{error}")


def _top_level(block: str) -> set[str]:
    data = yaml.safe_load(block)
    return set(data) if isinstance(data, dict) else {""}


def _write_secrets(folder: Path, block: str) -> None:
    for found in _FILE.finditer(re.sub(r"#.*", "", block)):
        path = folder / found["name"]
        path.write_text(_secret(found["name"]), encoding="ascii")
        path.chmod(0o600)


def _secret(name: str) -> str:
    """Make up what may stand in a file or variable of that name: an address, or a long word."""
    if name.endswith(("CHANNEL", "HOOK", "URL")):
        return f"https://hooks.example.org/{name.lower()}"
    if name.endswith("BOT_TOKEN"):
        return f"1234:{name.lower()}".ljust(40, "x")
    return f"the-made-up-value-of-{name.lower()}".ljust(32, "x")
