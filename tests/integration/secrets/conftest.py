from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from listsync.secrets import keys
from listsync.secrets.sealed import PassphraseRecipe
from listsync.secrets.vault import Vault, open_vault

OpenVault = Callable[..., Vault]
new_recipe = PassphraseRecipe.new


@pytest.fixture(name="vault_of")
def _vault_of(tmp_path: Path) -> OpenVault:
    """Give what opens the vault of a configuration, with *environ* and whoever is asked."""

    def vault_of(environ: dict[str, str] | None = None, ask: keys.Ask | None = None) -> Vault:
        config = tmp_path / "config" / "listsync.yaml"
        return open_vault(config, tmp_path / "state", environ or {}, ask)

    return vault_of


@pytest.fixture(name="vault")
def _vault(vault_of: OpenVault) -> Vault:
    return vault_of()


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    """Let each test, as each process, ask for its passphrase."""
    keys.forget()
    yield
    keys.forget()


@pytest.fixture(autouse=True)
def _passphrases_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make keys of passphrases with the least that a recipe may say."""

    def new() -> PassphraseRecipe:
        return replace(new_recipe(), memory_kib=8 * 1024, passes=1, lanes=1)

    monkeypatch.setattr(PassphraseRecipe, "new", new)


@pytest.fixture(name="passphrase_file")
def _passphrase_file(tmp_path: Path) -> Path:
    path = tmp_path / "passphrase"
    path.write_text("no passphrase of anybody\n")
    path.chmod(0o600)
    return path
