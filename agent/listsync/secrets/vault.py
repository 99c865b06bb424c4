"""The vault: secrets by name, encrypted, in a file beside the configuration."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from msgspec.structs import replace

from listsync.errors import BusyError, SecretError
from listsync.file_access import (
    doubt_about,
    load_small,
    make_folder,
    open_for_owner,
    own_path,
    replace_private,
)
from listsync.lean_dataclasses import dataclass
from listsync.secrets.keys import Ask, KeyFile, Passphrase, key_of, remember
from listsync.secrets.places import (
    doubt_of_secret,
    is_missing,
    is_of_the_service,
    key_place,
    passphrase_place,
    vault_path,
)
from listsync.secrets.sealed import (
    MOST_BYTES,
    PassphraseRecipe,
    SealedSecrets,
    Sealer,
    check_name,
    check_value,
    parse,
    render,
)

_PATIENCE_S = 10.0
_LOOK_AGAIN_S = 0.05


def open_vault(
    config: Path | None, state: Path, environ: Mapping[str, str], ask: Ask | None = None
) -> Vault:
    """Find the vault of a configuration; nothing is read yet, and it need not be there.

    Args:
        config: The configuration; None: the one that is yet to be written.
        state: The state folder, where the key lies.
        environ: May name the files of key and passphrase.
        ask: Asks for a passphrase; None: nobody is there.

    Raises:
        SecretError: the environment names a place that cannot be.
    """
    path = vault_path(config, environ)
    return Vault(
        path,
        KeyFile(key_place(path, state, environ)),
        Passphrase(passphrase_place(environ), ask),
    )


@dataclass(frozen=True, slots=True)
class Vault:
    """Secrets by name. Whoever changes one is alone; who reads has all of the old or of the new.

    All methods raise SecretError, with words for people, and leave what is there as it is; those
    that change something raise BusyError where another process does so for long.
    """

    path: Path
    key_file: KeyFile
    passphrase: Passphrase

    def exists(self) -> bool:
        return not is_missing(self.path)

    def has_passphrase(self) -> bool:
        """Tell whether it is encrypted with a passphrase, or would be if it were made now."""
        if not self.exists():
            return self.passphrase.place is not None
        return self._parsed(self._load()).passphrase is not None

    def names(self) -> tuple[str, ...]:
        """Give the names of all secrets; needs no key."""
        return tuple(sorted(self._parsed(self._load()).secrets)) if self.exists() else ()

    def get(self, name: str) -> str:
        check_name(name)
        if name not in self._parsed(self._load()).secrets:  # for which no key is needed
            raise SecretError(f"{self.path} holds no secret {name}: `listsync secret set {name}`")
        sealed, sealer = self._opened()
        return self._decrypted(sealer, name, sealed.secrets.get(name, ""))

    def set(self, name: str, value: str) -> None:
        """Keep *value*; the first one makes the vault, and its key where there is none yet."""
        check_name(name)
        check_value(value)
        with self._alone():
            sealed, sealer = self._opened() if self.exists() else self._new()
            self._save(replace(sealed, secrets={**sealed.secrets, name: sealer.seal(name, value)}))

    def remove(self, name: str) -> None:
        """Forget a secret; needs no key, so that one that is damaged can go."""
        with self._alone():
            sealed = self._parsed(self._load())
            if name not in sealed.secrets:
                raise SecretError(f"{self.path} holds no secret {name}")
            rest = {other: token for other, token in sealed.secrets.items() if other != name}
            self._save(replace(sealed, secrets=rest))

    def rotate(self, passphrase: str | None = None) -> None:
        """Encrypt all secrets anew: with a new key in the key's file, or with *passphrase*.

        One who reads meanwhile, or is cut off in the middle, has the old key or both.
        """
        with self._alone():
            secrets = self._all() if self.exists() else {}
            recipe = None if passphrase is None else PassphraseRecipe.new()
            if passphrase is None or recipe is None:
                keys = self.key_file.add_key()
            else:
                keys = (key_of(passphrase, recipe),)
            self._save(Sealer(keys).seal_all(secrets, recipe))
            remember(recipe, keys)

    def check(self) -> None:
        """See whether all of it can be read; there need be nothing."""
        if self.exists():
            self._all()

    def export_key(self) -> str:
        """Give the content of the key's file."""
        if self.exists() and self._parsed(self._load()).passphrase is not None:
            raise SecretError(f"{self.path} has no key but its passphrase: keep that")
        return "\n".join(self.key_file.load())

    def doubts(self) -> Iterator[tuple[Path, str]]:
        """Say what others may do with its files, and what to run; the words follow the name."""
        if self.exists() and (doubt := doubt_about(self.path, above=False)):
            yield self.path, doubt
        key = self.key_file.place
        with suppress(OSError):  # who needs it says why it cannot be had
            facts = key.path.stat()
            doubt = "" if is_of_the_service(key.path) else doubt_about(key.path)
            if not doubt and not key.is_credential:
                doubt = doubt_of_secret(key.path, facts)
            if doubt:
                yield key.path, doubt

    # -- reading -----------------------------------------------------------------------------

    def _all(self) -> dict[str, str]:
        sealed, sealer = self._opened()
        return {
            name: self._decrypted(sealer, name, token) for name, token in sealed.secrets.items()
        }

    def _opened(self) -> tuple[SealedSecrets, Sealer]:
        """Read it with the keys that fit; both may be replaced by others in this moment."""
        while True:
            data = self._load()
            sealed = self._parsed(data)
            try:
                return sealed, self._sealer_of(sealed)
            except SecretError:
                if self._load() == data:
                    raise

    def _sealer_of(self, sealed: SealedSecrets) -> Sealer:
        recipe = sealed.passphrase
        for again in range(self.passphrase.tries if recipe is not None else 1):
            if recipe is None:
                keys = self._file_keys()
            else:
                keys = self.passphrase.keys(recipe, str(self.path), is_again=bool(again))
            sealer = Sealer(keys)
            if sealer.fits(sealed):
                remember(recipe, keys)
                return sealer
        raise SecretError(self._misfit(sealed))

    def _file_keys(self) -> tuple[str, ...]:
        if self.key_file.exists():
            return self.key_file.load()
        names = ", ".join(self.names()) or "it holds none"
        raise SecretError(
            f"the key of {self.path} is missing: {self.key_file.place} does not exist. "
            "Was its folder moved, or is another one meant (--state-dir, LISTSYNC_STATE_DIR, "
            "LISTSYNC_SECRET_KEY_FILE)? Put the key back from there or from your copy; only where "
            f"it is lost, remove {self.path} and set its secrets anew ({names})"
        )

    def _misfit(self, sealed: SealedSecrets) -> str:
        if sealed.passphrase is not None:
            return f"the passphrase from {self.passphrase.source()} is not that of {self.path}"
        return (
            f"the key in {self.key_file.place} is not that of {self.path}: put the right one back"
        )

    def _decrypted(self, sealer: Sealer, name: str, token: str) -> str:
        value = sealer.open(name, token)
        if not value:
            raise SecretError(
                f"the secret {name} in {self.path} is damaged, or was put there in the place of "
                f"another: `listsync secret set {name}`"
            )
        return value

    def _load(self) -> bytes:
        try:
            return load_small(self.path, MOST_BYTES)[0]
        except FileNotFoundError:
            raise SecretError(
                f"no secrets are kept: {self.path} does not exist; `listsync secret set NAME` "
                "makes it"
            ) from None
        except PermissionError:
            uid = os.geteuid()
            raise SecretError(f"{self.path} may not be read by this user (uid {uid})") from None
        except OSError as error:
            raise SecretError(f"{self.path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise SecretError(f"{self.path} {error}") from None

    def _parsed(self, data: bytes) -> SealedSecrets:
        try:
            return parse(data)
        except ValueError as error:
            raise SecretError(
                f"{self.path} cannot be used: {error}. Put it back from a copy, or remove it and "
                "set its secrets anew"
            ) from None

    # -- writing -----------------------------------------------------------------------------

    def _new(self) -> tuple[SealedSecrets, Sealer]:
        place, recipe = self.passphrase.place, None
        if place is not None:
            recipe = PassphraseRecipe.new()
            keys: tuple[str, ...] = (key_of(place.read(), recipe),)
        else:
            keys = self.key_file.load() if self.key_file.exists() else self.key_file.add_key()
        sealer = Sealer(keys)
        remember(recipe, keys)
        return sealer.seal_all({}, recipe), sealer

    def _save(self, sealed: SealedSecrets) -> None:
        data = render(sealed)
        if len(data) > MOST_BYTES:
            raise SecretError(f"{self.path} would become too large")
        self._on_disk(lambda: replace_private(self.path, data))

    def _on_disk(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            hint = (
                " (run this as its owner, or as root)"
                if isinstance(error, PermissionError)
                else ""
            )
            raise SecretError(
                f"{self.path} cannot be written: {error.strerror}{hint}; it is as it was"
            ) from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock file beside the vault, which stays: a new one would let a second one in."""
        handle = -1

        def take() -> None:
            nonlocal handle
            handle = self._open_lock()

        self._on_disk(take)
        try:
            self._await_lock(handle)
            yield
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        path = own_path(self.path).with_name(f".{self.path.name}.lock")
        make_folder(path.parent)
        return open_for_owner(path, os.O_RDWR)

    def _await_lock(self, handle: int) -> None:
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise BusyError(f"another listsync is changing {self.path}") from None
                time.sleep(_LOOK_AGAIN_S)
            else:
                return
