"""Where a secret is looked for, in which order; and what is said where one stands open."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from listsync.config import secret_forms
from listsync.config.configuration import Config, load, secrets_of
from listsync.config.environment import SERVER_KEY
from listsync.config.secret_forms import SecretKeeper
from listsync.config.settings_in_force import settings_of
from listsync.errors import ConfigError
from listsync.secrets import places
from listsync.secrets.vault import Vault, open_vault

LoadWith = Callable[..., Config]


@pytest.fixture(name="vault")
def _vault(tmp_path: Path) -> Vault:
    return open_vault(tmp_path / "listsync.yaml", tmp_path / "state", {})


@pytest.fixture(name="load_with")
def _load_with(tmp_path: Path, vault: Vault) -> LoadWith:
    """Load a configuration of a server, with what the file says of its key and more."""

    def load_with(said: str = "", more: str = "", asked: str = "", **environ: str) -> Config:
        path = tmp_path / "listsync.yaml"
        key = f", api_key: {said}" if said else ""
        path.write_text(f"server: {{url: 'http://h:1'{key}}}\nlists: [{{file: l.csv}}]\n{more}")
        keeper = SecretKeeper(lambda: vault, (lambda _: asked) if asked else None)
        return load(path, environ, keeper=keeper)

    return load_with


def secret_file(path: Path, content: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    path.chmod(0o600)
    return str(path)


def key_of(config: Config) -> str:
    assert config.server.api_key is not None
    return config.server.api_key.get_secret_value()


def test_the_most_private_of_all_that_is_given_wins(
    load_with: LoadWith, vault: Vault, tmp_path: Path
) -> None:
    vault.set(SERVER_KEY, "of-vault")
    secret_file(tmp_path / "credentials" / SERVER_KEY, "of-systemd\n")
    given = {
        "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
        f"{SERVER_KEY}_FILE": secret_file(tmp_path / "a", "of-file\n"),
        f"FILE__{SERVER_KEY}": secret_file(tmp_path / "b", "of-linuxserver\r\n"),
        SERVER_KEY: "of-environment",
    }
    won, origins = [], []
    while True:
        config = load_with("of-yaml" if given else "", asked="of-person", **given)
        won.append(key_of(config))
        origins += [one.origin for one in settings_of(config) if one.path == "server.api_key"]
        if not given:
            break
        given.pop(next(iter(given)))
    assert won == ["of-systemd", "of-file", "of-linuxserver", "of-environment", "of-vault"]
    assert origins == [
        f"the systemd credential {SERVER_KEY}",
        f"{SERVER_KEY}_FILE",
        f"FILE__{SERVER_KEY}",
        SERVER_KEY,
        str(vault.path),
    ]
    assert key_of(load_with("of-yaml")) == "of-yaml"
    vault.remove(SERVER_KEY)
    assert key_of(load_with(asked="of-person")) == "of-person"
    with pytest.raises(ConfigError, match="api_key"):
        load_with()


@pytest.mark.parametrize(
    ("variable", "value_of"),
    [
        ("TMDB_KEY", lambda config: config.providers.tmdb.api_key),
        ("TRAKT_CLIENT_ID", lambda config: config.providers.trakt.client_id),
        ("TRAKT_CLIENT_SECRET", lambda config: config.providers.trakt.client_secret),
        ("DISCORD_WEBHOOK_URL", lambda config: config.notify[0].discord.url),
        ("TELEGRAM_BOT_TOKEN", lambda config: config.notify[0].telegram.token),
    ],
)
def test_every_secret_variable_may_be_a_file_a_credential_or_encrypted(
    load_with: LoadWith,
    vault: Vault,
    tmp_path: Path,
    variable: str,
    value_of: Callable[[Config], object],
) -> None:
    secret = {
        "DISCORD_WEBHOOK_URL": "https://discord.com/api/webhooks/1/no-hook-of-anybody",
        "TELEGRAM_BOT_TOKEN": "123456:no-token-of-anybody-at-all-nobody00",
    }.get(variable, "no-key-of-anybody-at-all")
    file = secret_file(tmp_path / "credentials" / variable, f"{secret}\n")
    chat = {"TELEGRAM_CHAT_ID": "-5"}
    for environ in (
        {variable: secret},
        {f"{variable}_FILE": file},
        {f"FILE__{variable}": file},
        {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")},
        {},
    ):
        if not environ:
            vault.set(variable, secret)
        config = load_with("k", **environ, **chat)
        value = value_of(config)
        assert value.get_secret_value() == secret  # type: ignore[attr-defined]  # a SecretStr
        assert secret in secrets_of(config)
        about_variable = [one for one in config.warnings if variable in one.file]
        assert not about_variable


def test_a_variable_that_the_file_names_may_be_a_file_as_well(
    load_with: LoadWith, tmp_path: Path
) -> None:
    environ = {"MINE": "of-environment", "MINE_FILE": secret_file(tmp_path / "a", "of-file\n")}
    assert key_of(load_with("{env: MINE}", **environ)) == "of-file"
    environ["MINE_FILE"] = " "
    assert key_of(load_with("{env: MINE}", **environ)) == "of-environment"


def test_the_forms_of_systemd_and_of_the_vault(
    load_with: LoadWith, vault: Vault, tmp_path: Path
) -> None:
    secret_file(tmp_path / "credentials" / "seerr-key", "of-systemd\n")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path / "credentials")}
    assert key_of(load_with("{credential: seerr-key}", **environ)) == "of-systemd"
    vault.set("seerr-key", "of-vault")
    assert key_of(load_with("{encrypted: seerr-key}", **environ)) == "of-vault"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("{credential: nope}", '"nope" is not there: LoadCredential=nope:/path in the unit'),
        ("{credential: empty}", 'the systemd credential "empty" is empty'),
        ("{credential: ../x}", "is not there"),
        ("{encrypted: nope}", r"no secrets are kept: .*listsync\.secrets does not exist"),
        ("{encrypted: a/b}", "cannot be the name of a secret"),
        ("{encrypted: [x]}", "expected the secret as text"),
    ],
)
def test_a_secret_that_cannot_be_had_is_told_at_its_place(
    load_with: LoadWith, tmp_path: Path, form: str, said: str
) -> None:
    secret_file(tmp_path / "credentials" / "empty", "\n")
    secret_file(tmp_path / "x", "outside\n")
    with pytest.raises(ConfigError, match=said) as caught:
        load_with(form, CREDENTIALS_DIRECTORY=str(tmp_path / "credentials"))
    (problem,) = caught.value.problems
    assert problem.line == 1


def test_without_systemd_a_credential_says_so(load_with: LoadWith) -> None:
    with pytest.raises(ConfigError, match="cannot be seen from here: systemd shows it to the"):
        load_with("{credential: seerr-key}")


@pytest.mark.parametrize(("uid", "is_found"), [(0, True), (1000, False)], ids=["root", "other"])
def test_root_sees_a_credential_of_the_service_that_runs(
    load_with: LoadWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uid: int, is_found: bool
) -> None:
    secret_file(tmp_path / "credentials" / "seerr-key", "of-service\n")
    monkeypatch.setattr(places, "_OF_THE_SERVICE", tmp_path / "credentials")
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    if not is_found:
        with pytest.raises(ConfigError, match="cannot be seen from here"):
            load_with("{credential: seerr-key}")
        return
    assert key_of(load_with("{credential: seerr-key}")) == "of-service"
    secret_file(tmp_path / "credentials" / SERVER_KEY, "by-its-name\n")
    assert key_of(load_with()) == "by-its-name"
    assert key_of(load_with(**{SERVER_KEY: "mine"})) == "mine", "what root says itself counts"


@pytest.fixture
def unit_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Write lines for the unit of the service; gives what does, by the name of the drop-in."""
    folders = (tmp_path / "etc", tmp_path / "usr")
    stores = (tmp_path / "none", tmp_path / "credstore")
    monkeypatch.setattr(places, "_UNITS", folders)
    monkeypatch.setattr(places, "_CREDENTIAL_STORES", stores)

    def write(lines: str, place: str = "etc/listsync.service.d/key.conf") -> None:
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(f"[Service]\n{lines}\n")

    return write


@pytest.mark.parametrize(
    ("lines", "is_its_own"),
    [
        (f"LoadCredential={SERVER_KEY}:/etc/listsync/key", True),
        (f" LoadCredentialEncrypted = {SERVER_KEY}", True),
        (f"SetCredential={SERVER_KEY}:of-the-unit", True),
        (f"SetCredentialEncrypted={SERVER_KEY}: \\\n  Whxqht+dQJ \\\n  AAAA==", True),
        (f"LoadCredential={SERVER_KEY}:/x\nSetCredential=\n", True),
        (f"LoadCredential={SERVER_KEY}:/x\nLoadCredentialEncrypted=\n", False),
        (f"# LoadCredential={SERVER_KEY}:/x\nLoadCredential=OTHER:/x", False),
        (f"SetCredential=OTHER:a \\\nLoadCredential={SERVER_KEY}:/x", False),
    ],
    ids=[
        "of-a-file",
        "encrypted",
        "in-the-unit",
        "encrypted-in-the-unit",
        "others-taken-back",
        "taken-back",
        "of-another",
        "text-of-another",
    ],
)
def test_a_key_that_only_the_service_has_is_not_called_missing(
    load_with: LoadWith,
    tmp_path: Path,
    unit_lines: Callable[[str], None],
    lines: str,
    is_its_own: bool,
) -> None:
    unit_lines(lines)
    words = "systemd shows it to the service alone" if is_its_own else 'missing key "api_key"'
    with pytest.raises(ConfigError, match=words):
        load_with()
    assert key_of(load_with(**{SERVER_KEY: "mine"})) == "mine"
    with pytest.raises(ConfigError, match='missing key "api_key"'):
        load_with(CREDENTIALS_DIRECTORY=str(tmp_path))


@pytest.mark.parametrize(
    ("pattern", "stored"),
    [
        (SERVER_KEY, SERVER_KEY),
        ("OVERSEERR_*", SERVER_KEY),
        (f"listsync.key:{SERVER_KEY}", "listsync.key"),
        ("listsync.*:OVERSEERR_", "listsync.API_KEY"),
    ],
    ids=["by-name", "several", "renamed", "several-renamed"],
)
def test_a_key_that_the_unit_imports_is_its_own_where_a_store_has_it(
    load_with: LoadWith,
    tmp_path: Path,
    unit_lines: Callable[[str], None],
    pattern: str,
    stored: str,
) -> None:
    unit_lines(f"ImportCredential={pattern}")
    secret_file(tmp_path / "credstore" / "OTHER", "of-another\n")
    with pytest.raises(ConfigError, match='missing key "api_key"'):
        load_with()
    secret_file(tmp_path / "credstore" / stored, "of-the-system\n")
    with pytest.raises(ConfigError, match="systemd shows it to the service alone"):
        load_with()


def test_a_drop_in_of_the_owner_takes_the_place_of_a_packages(
    load_with: LoadWith, unit_lines: Callable[..., None]
) -> None:
    unit_lines(f"LoadCredential={SERVER_KEY}", "usr/listsync.service.d/key.conf")
    with pytest.raises(ConfigError, match="systemd shows it to the service alone"):
        load_with()
    unit_lines("LoadCredential=OTHER", "etc/listsync.service.d/key.conf")
    with pytest.raises(ConfigError, match='missing key "api_key"'):
        load_with()
    unit_lines(f"SetCredential={SERVER_KEY}:x", "usr/listsync.service")
    with pytest.raises(ConfigError, match="systemd shows it to the service alone"):
        load_with()


@pytest.mark.parametrize("place", ["config/systemd/user", "run/systemd/user", "data/systemd/user"])
def test_a_key_that_only_the_unit_of_ones_own_systemd_has_is_not_called_missing(
    load_with: LoadWith, tmp_path: Path, unit_lines: Callable[..., None], place: str
) -> None:
    folders = {"CONFIG_HOME": "config", "RUNTIME_DIR": "run", "DATA_HOME": "data"}
    own = {f"XDG_{name}": str(tmp_path / folder) for name, folder in folders.items()}
    unit_lines(f"LoadCredential={SERVER_KEY}:%h/key", f"{place}/listsync.service")
    with pytest.raises(ConfigError, match="systemd shows it to the service alone"):
        load_with(**own)
    unit_lines("LoadCredential=", "config/systemd/user/listsync.service.d/own.conf")
    unit_lines("ImportCredential=OVERSEERR_*", "run/systemd/user/listsync.service.d/z.conf")
    with pytest.raises(ConfigError, match='missing key "api_key"'):
        load_with(**own)
    secret_file(tmp_path / "config" / "credstore" / SERVER_KEY, "mine\n")
    with pytest.raises(ConfigError, match="systemd shows it to the service alone"):
        load_with(**own)


def test_a_user_sees_a_credential_of_the_own_service_that_runs(
    load_with: LoadWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret_file(tmp_path / "credentials/listsync.service" / SERVER_KEY, "by-its-name\n")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert key_of(load_with(XDG_RUNTIME_DIR=str(tmp_path))) == "by-its-name"


def test_a_file_that_a_variable_names_and_is_not_there_is_told_with_the_variable(
    load_with: LoadWith, tmp_path: Path
) -> None:
    missing = str(tmp_path / "missing")
    with pytest.raises(ConfigError, match="does not exist") as caught:
        load_with(**{f"{SERVER_KEY}_FILE": missing, SERVER_KEY: "never-instead"})
    assert [one.file for one in caught.value.problems] == [f"{SERVER_KEY}_FILE"]


def test_a_damaged_vault_is_an_error_even_where_the_file_names_no_secret_of_it(
    load_with: LoadWith, vault: Vault
) -> None:
    vault.set(SERVER_KEY, "of-vault")
    vault.path.write_text("{")
    with pytest.raises(ConfigError) as caught:
        load_with("of-yaml")
    assert [one.file for one in caught.value.problems] == [str(vault.path)]


# -- what stands open ----------------------------------------------------------------------------


@pytest.fixture(name="reachable")
def _reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every folder on the way be one that all users may pass."""
    monkeypatch.setattr(
        secret_forms, "can_everybody_read", lambda path: bool(path.stat().st_mode & 4)
    )


@pytest.mark.usefixtures("reachable")
def test_roots_file_that_everybody_reads_is_warned_of_but_not_a_container_engines(
    load_with: LoadWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secret_forms, "open_to_others", lambda *_: "")  # as root's file
    path = Path(secret_file(tmp_path / "key", "no-key-of-anybody"))
    path.chmod(0o644)
    (warning,) = load_with(f"{{file: {path}}}").warnings
    assert str(warning).endswith(f"can be read by every user: `chmod o-r {path}`")
    monkeypatch.setattr(places, "_ENGINES", tmp_path)
    assert not load_with(f"{{file: {path}}}").warnings


def test_a_container_engines_file_may_be_of_any_mode_that_nobody_else_writes(
    load_with: LoadWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_ENGINES", tmp_path)
    monkeypatch.setattr("os.geteuid", lambda: 4321)
    path = Path(secret_file(tmp_path / "key", "of-engine"))
    path.chmod(0o444)
    assert key_of(load_with(f"{{file: {path}}}")) == "of-engine"
    path.chmod(0o666)
    with pytest.raises(ConfigError, match=f"open to other users.*`chmod 600 {path}`"):
        load_with(f"{{file: {path}}}")


def test_a_vault_or_key_that_others_may_change_is_warned_of(
    load_with: LoadWith, vault: Vault
) -> None:
    vault.set("other", "value")
    assert not load_with("of-yaml").warnings
    vault.path.chmod(0o606)
    vault.key_file.place.path.chmod(0o604)
    said = [str(one) for one in load_with("of-yaml").warnings]
    assert any(f"can be changed by every user: `chmod o-w {vault.path}`" in one for one in said)
    assert any(f"`chmod o-rwx {vault.key_file.place.path}`" in one for one in said) or any(
        "open to other users" in one for one in said
    )
