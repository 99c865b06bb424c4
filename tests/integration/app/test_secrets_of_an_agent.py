"""What a running agent makes of secrets that change, and of a vault that breaks meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from listsync.secrets import keys
from listsync.secrets.vault import Vault, open_vault
from listsyncctl.client import ClientError
from tests.integration.app.conftest import AgentInProcess

ENCRYPTED: dict[str, object] = {"server.api_key": {"encrypted": "seerr-key"}}


@pytest.fixture(name="vault")
def _vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path / "listsync.yaml", tmp_path / "state", {})


@pytest.fixture(name="encrypted")
def _encrypted(agent: AgentInProcess, vault: Vault) -> AgentInProcess:
    """Give an agent whose server's key is the encrypted `first-of-all`."""
    vault.set("seerr-key", "first-of-all")
    agent.write(ENCRYPTED)
    agent.reload()
    return agent


def key_in_force(agent: AgentInProcess) -> str:
    server = agent.daemon._configuration.current.snapshot.content.server
    assert server.api_key is not None
    return server.api_key.get_secret_value()


def test_a_reload_takes_a_secret_that_was_set_anew(
    encrypted: AgentInProcess, vault: Vault
) -> None:
    assert key_in_force(encrypted) == "first-of-all"
    vault.set("seerr-key", "second-of-all")
    encrypted.reload()
    assert key_in_force(encrypted) == "second-of-all"


def test_a_new_key_changes_nothing_for_an_agent(encrypted: AgentInProcess, vault: Vault) -> None:
    vault.rotate()
    assert encrypted.reload()["pending"] == []
    assert key_in_force(encrypted) == "first-of-all"


def test_with_a_new_passphrase_that_nobody_told_it_an_agent_goes_on_as_it_was(
    encrypted: AgentInProcess, vault: Vault
) -> None:
    vault.rotate("chosen by somebody")
    keys.forget()  # another process has chosen it
    with pytest.raises(ClientError, match=r"encrypted with a passphrase.*last good configuration"):
        encrypted.reload()
    assert key_in_force(encrypted) == "first-of-all"


@pytest.mark.parametrize("broken", ["vault", "key"])
def test_what_breaks_meanwhile_is_told_and_the_old_secret_stays(
    encrypted: AgentInProcess, vault: Vault, broken: str
) -> None:
    path = vault.path if broken == "vault" else vault.key_file.place.path
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ClientError, match="last good configuration stays in force"):
        encrypted.reload()
    assert str(path) in str(encrypted.ask("config"))
    assert key_in_force(encrypted) == "first-of-all"
    path.write_bytes(whole)
    encrypted.reload()
    assert key_in_force(encrypted) == "first-of-all"
