"""The vault on a real disk: what it keeps, who reads it, every way in which it can break."""

from __future__ import annotations

import json
import os
import re
import resource
import stat
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import pytest

from listsync.errors import BusyError, ListsyncError, SecretError
from listsync.secrets import places
from listsync.secrets import vault as module
from listsync.secrets.sealed import SealedSecrets, new_key, parse
from listsync.secrets.vault import Vault, open_vault
from tests.integration.secrets.conftest import OpenVault, new_recipe

SECRET = "no-key-of-anybody="


def test_a_secret_is_kept_and_nobody_reads_it_off_the_disk(vault: Vault, tmp_path: Path) -> None:
    vault.set("server", SECRET)
    vault.set("trakt.client-id", "another one")
    assert vault.get("server") == SECRET
    assert vault.names() == ("server", "trakt.client-id")
    for path in (one for one in tmp_path.rglob("*") if one.is_file()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert SECRET.encode() not in path.read_bytes()
    vault.remove("server")
    with pytest.raises(SecretError, match="holds no secret server: `listsync secret set server`"):
        vault.get("server")
    assert vault.get("trakt.client-id") == "another one"


def test_the_key_lies_in_another_folder_than_what_it_decrypts(vault: Vault) -> None:
    vault.set("server", SECRET)
    key = vault.key_file.place.path
    assert key.is_file()
    assert vault.path.parent != key.parent
    assert vault.export_key() in key.read_text()
    assert vault.export_key() not in vault.path.read_text()


@pytest.mark.parametrize("name", ["", ".x", "a/b", "a b", "ü", "x" * 65, "a\n"])
def test_a_name_that_none_can_have_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(SecretError, match="cannot be the name of a secret"):
        vault.set(name, SECRET)
    assert not vault.exists()


@pytest.mark.parametrize("value", ["", "  ", "a\nb", "a\0", "x" * 65_537])
def test_what_cannot_be_a_secret_is_refused_and_not_repeated(vault: Vault, value: str) -> None:
    with pytest.raises(SecretError) as caught:
        vault.set("server", value)
    assert "x" * 50 not in str(caught.value)
    assert not vault.exists()


# -- what may be wrong with it -------------------------------------------------------------------


def changed(path: Path, change: Callable[[dict[str, dict[str, str]]], object]) -> None:
    """Change the vault's content by hand."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def swap(content: dict[str, dict[str, str]]) -> None:
    secrets = content["secrets"]
    secrets["one"], secrets["two"] = secrets["two"], secrets["one"]


def spoil(content: dict[str, dict[str, str]]) -> None:
    token = content["secrets"]["one"]
    content["secrets"]["one"] = token[:40] + ("A" if token[40] != "A" else "B") + token[41:]


@pytest.mark.parametrize("damage", [swap, spoil])
def test_a_secret_that_was_changed_or_put_in_the_place_of_another_is_found_out(
    vault: Vault, damage: Callable[[dict[str, dict[str, str]]], object]
) -> None:
    vault.set("one", SECRET)
    vault.set("two", "the second")
    changed(vault.path, damage)
    with pytest.raises(SecretError, match=r"the secret one in .* is damaged.*secret set one"):
        vault.get("one")
    before = vault.path.read_bytes()
    with pytest.raises(SecretError, match="is damaged"):
        vault.rotate()
    assert vault.path.read_bytes() == before
    vault.set("one", "mended")
    assert vault.get("one") == "mended"


_FOREIGN = b'{"format": "of somebody else", "secrets": {}}'
_NEWER = b'{"format": "listsync secrets 2", "entries": []}'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"server: x\n", "cut off, or was never", id="text"),
        pytest.param(b"\xff\xfe\0", "cut off, or was never", id="binary"),
        pytest.param(b"[1]", "not a file of secrets", id="array"),
        pytest.param(_FOREIGN, "not a file of secrets", id="foreign"),
        pytest.param(_NEWER, "a newer listsync wrote it", id="newer"),
        pytest.param(b" " * 5_000_000, "is larger than", id="large"),
    ],
)
def test_a_vault_that_is_none_is_told_and_never_written_over(
    vault: Vault, content: bytes, said: str
) -> None:
    vault.set("server", SECRET)
    vault.path.write_bytes(content)
    works: list[Callable[[], object]] = [
        lambda: vault.get("server"),
        vault.names,
        lambda: vault.set("server", SECRET),
        lambda: vault.remove("server"),
        vault.rotate,
    ]
    for work in works:
        with pytest.raises(SecretError, match=said):
            work()
    assert vault.path.read_bytes() == content


def test_every_half_written_vault_is_found_out(vault: Vault) -> None:
    vault.set("server", SECRET)
    whole = vault.path.read_bytes().rstrip()
    for end in range(0, len(whole), 7):
        vault.path.write_bytes(whole[:end])
        with pytest.raises(SecretError, match=r"it is (empty|cut off)"):
            vault.get("server")
    vault.path.write_bytes(whole)
    assert vault.get("server") == SECRET


def test_what_somebody_was_killed_over_is_in_nobodys_way(vault: Vault) -> None:
    vault.set("server", SECRET)
    beside = vault.path.with_name(f".{vault.path.name}.new")
    beside.write_text("half of")
    beside.chmod(0o400)
    vault.set("other", "value")
    assert vault.get("server") == SECRET
    assert not beside.exists()


# -- the key -------------------------------------------------------------------------------------


def test_without_its_key_nothing_is_told_nor_made_anew(vault: Vault) -> None:
    vault.set("server", SECRET)
    key = vault.key_file.place.path
    kept = key.rename(key.with_name("elsewhere"))
    works: list[Callable[[], object]] = [
        lambda: vault.get("server"),
        lambda: vault.set("other", "x"),
        vault.rotate,
    ]
    asked = re.escape("--state-dir, LISTSYNC_STATE_DIR, LISTSYNC_SECRET_KEY_FILE)?")
    lost = re.escape(
        f"only where it is lost, remove {vault.path} and set its secrets anew (server)"
    )
    for work in works:
        with pytest.raises(SecretError, match=f"{re.escape(str(key))} .*{asked}.*{lost}"):
            work()
    assert not key.exists()
    kept.rename(key)
    assert vault.get("server") == SECRET


def test_a_key_of_another_vault_is_told_from_a_damaged_secret(
    vault: Vault, tmp_path: Path
) -> None:
    vault.set("server", SECRET)
    other = open_vault(tmp_path / "o" / "x.yaml", tmp_path / "other", {})
    other.set("server", SECRET)
    other.key_file.place.path.replace(vault.key_file.place.path)
    with pytest.raises(SecretError, match=r"is not that of .*put the right one back"):
        vault.get("server")


@pytest.mark.parametrize("content", ["", "# only words\n", "short\n", "{key}\nshort\n"])
def test_a_damaged_key_is_told_and_stays(vault: Vault, content: str) -> None:
    vault.set("server", SECRET)
    key = vault.key_file.place.path
    damaged = content.format(key=vault.export_key())
    key.write_text(damaged)
    with pytest.raises(SecretError, match="is damaged: it holds no key, or more than keys"):
        vault.get("server")
    vault.path.unlink()
    with pytest.raises(SecretError, match="is damaged"):
        vault.set("server", SECRET)
    assert key.read_text() == damaged


def test_a_key_that_others_can_read_is_refused_with_what_to_run(vault: Vault) -> None:
    vault.set("server", SECRET)
    key = vault.key_file.place.path
    key.chmod(0o644)
    with pytest.raises(SecretError, match=rf"mode 0644.*: `chmod .* {key}`"):
        vault.get("server")


def test_a_passphrase_of_a_container_engine_may_be_open_to_read_but_not_to_write(
    vault_of: OpenVault, passphrase_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_ENGINES", passphrase_file.parent)
    vault = vault_of({"LISTSYNC_PASSPHRASE_FILE": str(passphrase_file)})
    passphrase_file.chmod(0o444)
    vault.set("server", SECRET)
    forget_all()
    passphrase_file.chmod(0o666)
    with pytest.raises(SecretError, match="open to other users"):
        vault.get("server")


def test_a_key_may_lie_where_the_environment_says_or_be_a_systemd_credential(
    vault_of: OpenVault, tmp_path: Path
) -> None:
    named = {"LISTSYNC_SECRET_KEY_FILE": str(tmp_path / "elsewhere" / "key")}
    vault_of(named).set("server", SECRET)
    assert vault_of(named).get("server") == SECRET
    with pytest.raises(SecretError, match=r"the key of .* is missing"):
        vault_of().get("server")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (tmp_path / "elsewhere" / "key").rename(credentials / "listsync-key")
    (credentials / "listsync-key").chmod(0o440)  # as systemd has it, with an ACL
    of_systemd = {"CREDENTIALS_DIRECTORY": str(credentials), **named}
    assert vault_of(of_systemd).get("server") == SECRET
    with pytest.raises(SecretError, match="systemd credential listsync-key, which is not ours"):
        vault_of(of_systemd).rotate()
    assert vault_of(of_systemd).get("server") == SECRET


def test_a_new_key_encrypts_all_and_copies_of_before_can_still_be_read(vault: Vault) -> None:
    vault.set("one", SECRET)
    vault.set("two", "the second")
    old, first = vault.path.read_bytes(), vault.export_key()
    vault.rotate()
    assert (vault.get("one"), vault.get("two")) == (SECRET, "the second")
    new, *older = vault.export_key().split()
    assert older == [first]
    vault.key_file.place.path.write_text(new)  # the old one is not needed any more
    assert vault.get("one") == SECRET
    vault.key_file.place.path.write_text(f"{new}\n{first}\n")
    vault.path.write_bytes(old)
    assert vault.get("one") == SECRET


def test_who_is_cut_off_between_the_new_key_and_the_new_vault_has_lost_nothing(
    vault: Vault,
) -> None:
    vault.set("server", SECRET)
    before = vault.path.read_bytes()
    with (
        mock.patch.object(module, "replace_private", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        vault.rotate()
    assert len(vault.key_file.load()) == 2
    assert vault.path.read_bytes() == before
    assert vault.get("server") == SECRET
    vault.rotate()
    assert vault.get("server") == SECRET


def test_who_reads_while_keys_are_replaced_reads_again(vault: Vault) -> None:
    """The reader has the old vault in its hands when vault and key are both other ones."""
    vault.set("server", SECRET)

    def replaced(data: bytes) -> SealedSecrets:
        seen.append(data)
        if len(seen) == 2:  # the first look is for the name alone
            vault.rotate()
            vault.key_file.place.path.write_text(vault.export_key().split()[0])
        return parse(data)

    seen: list[bytes] = []
    with mock.patch.object(module, "parse", replaced):
        assert vault.get("server") == SECRET
    assert seen


# -- a passphrase --------------------------------------------------------------------------------


def test_a_passphrase_in_a_file_needs_no_key(
    vault_of: OpenVault, passphrase_file: Path, tmp_path: Path
) -> None:
    environ = {"LISTSYNC_PASSPHRASE_FILE": str(passphrase_file)}
    vault_of(environ).set("server", SECRET)
    assert not (tmp_path / "state").exists()
    assert vault_of(environ).get("server") == SECRET
    with pytest.raises(SecretError, match="has no key but its passphrase"):
        vault_of(environ).export_key()


def test_a_wrong_passphrase_is_told_and_changes_nothing(
    vault_of: OpenVault, passphrase_file: Path
) -> None:
    vault = vault_of({"LISTSYNC_PASSPHRASE_FILE": str(passphrase_file)})
    vault.set("server", SECRET)
    forget_all()
    passphrase_file.write_text("another one, typed wrong")
    before = vault.path.read_bytes()
    works: list[Callable[[], object]] = [
        lambda: vault.get("server"),
        lambda: vault.set("server", "new"),
        vault.rotate,
    ]
    for work in works:
        with pytest.raises(SecretError, match=r"the passphrase from .* is not that of") as caught:
            work()
        assert "typed wrong" not in str(caught.value)
    assert vault.path.read_bytes() == before


def forget_all() -> None:
    from listsync.secrets import keys  # noqa: PLC0415 - as another process would begin

    keys.forget()


def test_a_passphrase_is_asked_for_once_and_only_where_somebody_is(vault_of: OpenVault) -> None:
    asked: list[str] = []

    def ask(words: str) -> str:
        asked.append(words)
        return "typed by somebody"

    vault_of(ask=ask).rotate("typed by somebody")
    vault_of(ask=ask).set("server", SECRET)
    assert asked == []  # who has just chosen it is not asked
    forget_all()
    with pytest.raises(SecretError, match=r"nobody is here to ask.*LISTSYNC_PASSPHRASE_FILE"):
        vault_of().get("server")
    assert vault_of(ask=ask).get("server") == SECRET
    assert len(asked) == 1
    assert vault_of().get("server") == SECRET  # as an agent does that reads it again


def test_who_mistypes_is_asked_again_and_not_for_ever(vault_of: OpenVault) -> None:
    typed = [
        "wrong one",
        "wrong two",
        "the right one",
        "wrong",
        "wrong too",
        "wrong again",
        "the right one",
    ]
    asked: list[str] = []

    def ask(words: str) -> str:
        asked.append(words)
        return typed.pop(0)

    vault_of().rotate("the right one")
    vault_of().set("server", SECRET)
    forget_all()
    assert vault_of(ask=ask).get("server") == SECRET
    assert [one.startswith("That is not it.") for one in asked] == [False, True, True]
    forget_all()
    with pytest.raises(SecretError, match="the passphrase from the terminal is not that of"):
        vault_of(ask=ask).get("server")
    assert typed == ["the right one"]


def test_from_key_to_passphrase_and_back_nothing_is_lost(
    vault: Vault, vault_of: OpenVault
) -> None:
    vault.set("server", SECRET)
    vault.rotate("chosen by somebody")
    assert vault.has_passphrase()
    assert vault.get("server") == SECRET
    vault.rotate()
    assert not vault.has_passphrase()
    forget_all()
    assert vault_of().get("server") == SECRET


@pytest.mark.parametrize("passphrase", ["", "short"])
def test_a_passphrase_that_is_too_short_is_refused(vault: Vault, passphrase: str) -> None:
    vault.set("server", SECRET)
    with pytest.raises(SecretError, match="8 characters"):
        vault.rotate(passphrase)
    assert vault.get("server") == SECRET


@pytest.mark.parametrize(
    ("key", "value"), [("memory_kib", 1 << 40), ("passes", 10_000), ("salt", "x"), ("lanes", 0)]
)
def test_a_vault_cannot_ask_for_all_memory_or_time(
    vault_of: OpenVault, passphrase_file: Path, key: str, value: object
) -> None:
    vault = vault_of({"LISTSYNC_PASSPHRASE_FILE": str(passphrase_file)})
    vault.set("server", SECRET)
    changed(vault.path, lambda content: content["passphrase"].update({key: value}))  # type: ignore[dict-item]  # what it must not be
    with pytest.raises(SecretError, match="cannot be used"):
        vault.get("server")


def test_a_passphrase_is_made_a_key_as_slowly_as_was_decided() -> None:
    recipe = new_recipe()
    assert (recipe.memory_kib, recipe.passes, recipe.lanes) == (64 * 1024, 3, 4)
    assert recipe.salt != new_recipe().salt


# -- the disk, and others ------------------------------------------------------------------------


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file grow past *size*, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [0, 100])
def test_on_a_full_disk_all_is_as_it_was(vault: Vault, size: int) -> None:
    with files_end_at(size), pytest.raises(SecretError, match="cannot be written: File too large"):
        vault.set("server", SECRET)
    vault.set("server", SECRET)
    before = vault.path.read_bytes(), vault.key_file.place.path.read_bytes()
    works: list[Callable[[], object]] = [
        lambda: vault.set("other", "value"),
        vault.rotate,
        lambda: vault.remove("server"),
    ]
    with files_end_at(size):
        for work in works:
            with pytest.raises(SecretError, match="cannot be written: File too large"):
                work()
    assert (vault.path.read_bytes(), vault.key_file.place.path.read_bytes()) == before
    assert not [one.name for one in vault.path.parent.iterdir() if one.name.endswith(".new")]


def test_two_who_write_at_once_both_are_kept(vault_of: OpenVault) -> None:
    vault_of().set("first", SECRET)

    def write(number: int) -> None:
        vault_of().set(f"secret-{number}", f"value {number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(24)))
    assert len(vault_of().names()) == 25
    assert vault_of().get("secret-7") == "value 7"


def test_a_writer_that_never_ends_is_not_waited_for_for_ever(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    with vault._alone(), pytest.raises(BusyError, match="another listsync is changing"):
        vault.set("server", SECRET)
    vault.set("server", SECRET)


def test_a_folder_in_the_place_of_a_file_is_told(vault: Vault) -> None:
    vault.path.mkdir(parents=True)
    for work in (lambda: vault.get("x"), lambda: vault.set("x", SECRET)):
        with pytest.raises(ListsyncError, match=r"(is no regular file|Is a directory)"):
            work()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_keeps_for_a_service_can_be_read_by_it(vault: Vault, tmp_path: Path) -> None:
    """As in /etc/listsync, which is root's, and in /var/lib/listsync, which is the service's."""
    (tmp_path / "config").mkdir(mode=0o750)
    os.chown(tmp_path / "config", 0, 4444)
    (tmp_path / "state").mkdir(mode=0o700)
    os.chown(tmp_path / "state", 4444, 4444)
    vault.set("server", SECRET)
    for path, owner, mode in (
        (vault.path, (0, 4444), 0o640),
        (vault.key_file.place.path, (4444, 4444), 0o600),
    ):
        facts = path.stat()
        assert ((facts.st_uid, facts.st_gid), stat.S_IMODE(facts.st_mode)) == (owner, mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give something away")
def test_root_gives_away_no_file_that_was_there_before(vault: Vault, tmp_path: Path) -> None:
    """The folder's owner may have given a file of root's another name there."""
    roots = tmp_path / "shadow"
    roots.touch(mode=0o640)
    vault.path.parent.mkdir(exist_ok=True)
    os.chown(vault.path.parent, 4444, 4444)
    vault.path.with_name(f".{vault.path.name}.lock").hardlink_to(roots)
    vault.set("server", SECRET)
    assert (roots.stat().st_uid, roots.stat().st_mode & 0o777) == (0, 0o640)


def test_a_key_file_never_grows_larger_than_can_be_read(vault: Vault) -> None:
    vault.set("server", SECRET)
    path = vault.key_file.place.path
    path.write_text(path.read_text() + f"{new_key()}\n" * 1000)
    with pytest.raises(SecretError, match="holds 1,001 keys: remove the last ones"):
        vault.rotate()
    assert vault.get("server") == SECRET


def test_the_key_of_a_service_that_never_started_is_put_where_it_will_look(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder, state = tmp_path / "etc", tmp_path / "var"
    monkeypatch.setattr(places, "SYSTEM_FOLDER", folder)
    monkeypatch.setattr(places, "SYSTEM_STATE", state)
    own = tmp_path / ".local/state/listsync"

    def place() -> Path:
        vault = folder / places.VAULT_NAME
        return places.key_place(vault, own, {"HOME": str(tmp_path)}).path

    assert place().parent == own
    folder.mkdir(mode=0o750)
    of_a_group = folder.stat().st_gid != 0
    assert place().parent == (state if of_a_group else own)
    if os.geteuid() == 0:
        os.chown(folder, 0, 4444)
        assert place().parent == state
        os.chown(folder, 0, 0)
    state.mkdir()
    assert place().parent == state


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_root_does_not_doubt_what_the_service_keeps_for_itself(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.set("server", SECRET)
    path = vault.key_file.place.path
    monkeypatch.setattr(places, "SYSTEM_STATE", path.parent)
    os.chown(path, 4444, 4444)
    assert [one for one, _ in vault.doubts()] == [path]
    os.chown(path.parent, 4444, 4444)
    assert [*vault.doubts()] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")
@pytest.mark.parametrize("which", ["vault", "key"])
def test_what_another_user_may_not_read_is_told_with_who_that_is(
    which: str,
) -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own are closed to others
        folder = Path(name)
        folder.chmod(0o755)
        vault = open_vault(folder / "listsync.yaml", folder / "state", {})
        vault.set("server", SECRET)
        vault.key_file.place.path.parent.chmod(0o755)
        places_of = {"vault": vault.path, "key": vault.key_file.place.path}
        os.chown(next(one for other, one in places_of.items() if other != which), 65534, 65534)
        os.seteuid(65534)
        try:
            with pytest.raises(SecretError) as caught:
                open_vault(folder / "listsync.yaml", folder / "state", {}).get("server")
        finally:
            os.seteuid(0)
    assert str(places_of[which]) in str(caught.value)
    assert "may not be read by this user (uid 65534)" in str(caught.value)
