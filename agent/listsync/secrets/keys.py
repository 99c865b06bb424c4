"""The keys of encrypted secrets: a file of their own, or made of a passphrase that is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from listsync import redaction
from listsync.errors import SecretError
from listsync.file_access import replace_private
from listsync.lean_dataclasses import dataclass
from listsync.secrets.places import SecretPlace, is_missing
from listsync.secrets.sealed import PassphraseRecipe, derive_key, is_key, new_key

LEAST_PASSPHRASE = 8
"""Characters."""

Ask = Callable[[str], str]
"""Asks a person, with these words, for what is shown nowhere."""

_MOST_KEYS = 1000
"""Of one file, which can be read only up to a size."""
_HEAD = """\
# The key of listsync's encrypted secrets; the first one encrypts, older ones only read.
# Who has it reads them all; without it nobody does. Keep a copy elsewhere.
"""
_derived: dict[PassphraseRecipe, str] = {}
"""Keys of passphrases that were right, so that nobody is asked twice by one process."""


@dataclass(frozen=True, slots=True)
class KeyFile:
    """Holds keys, one a line, the newest first."""

    place: SecretPlace

    def exists(self) -> bool:
        return not is_missing(self.place.path)

    def load(self) -> tuple[str, ...]:
        """Give the keys; raises SecretError when there is not one."""
        lines = (line.strip() for line in self.place.read().splitlines())
        keys = tuple(line for line in lines if line and not line.startswith("#"))
        if not keys or not all(map(is_key, keys)):
            raise SecretError(f"{self.place} is damaged: it holds no key, or more than keys")
        redaction.remember(*keys)
        return keys

    def add_key(self) -> tuple[str, ...]:
        """Make a new key, and keep those before it: copies of secrets may need them."""
        if self.place.is_credential:
            raise SecretError(
                f"the key comes from {self.place}, which is not ours to change: run this where "
                "LISTSYNC_SECRET_KEY_FILE names its file"
            )
        older = self.load() if self.exists() else ()
        if len(older) >= _MOST_KEYS:
            raise SecretError(
                f"{self.place} holds {len(older):,} keys: remove the last ones, which only old "
                "copies of the secrets need"
            )
        keys = (new_key(), *older)
        try:
            replace_private(self.place.path, (_HEAD + "\n".join(keys) + "\n").encode())
        except OSError as error:
            raise SecretError(
                f"the key {self.place} cannot be written: {error.strerror}"
            ) from error
        return keys


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Where the passphrase comes from: its file, a person, or neither."""

    place: SecretPlace | None
    ask: Ask | None

    @property
    def tries(self) -> int:
        """How often one is worth trying: a person may mistype."""
        return 3 if self.place is None and self.ask is not None else 1

    def keys(
        self, recipe: PassphraseRecipe, of: str, *, is_again: bool = False
    ) -> tuple[str, ...]:
        """Make the key of what *of* names; raises SecretError where nobody tells a passphrase."""
        if recipe in _derived:
            return (_derived[recipe],)
        return (_derive(self._told(of, is_again=is_again), recipe),)

    def _told(self, of: str, *, is_again: bool) -> str:
        if self.place is not None:
            return _demand(self.place.read(), str(self.place))
        if self.ask is None:
            raise SecretError(
                f"{of} is encrypted with a passphrase, and nobody is here to ask for it: put it "
                "into a file that LISTSYNC_PASSPHRASE_FILE names, or into the systemd credential "
                "listsync-passphrase; or start listsync on a terminal"
            )
        words = "That is not it. Passphrase of" if is_again else "Passphrase of"
        return _demand(self.ask(f"{words} {of}"), "what was typed")

    def source(self) -> str:
        return str(self.place) if self.place is not None else "the terminal"


def _demand(passphrase: str, source: str) -> str:
    if not passphrase.strip():
        raise SecretError(f"the passphrase is empty ({source})")
    return passphrase


def key_of(passphrase: str, recipe: PassphraseRecipe) -> str:
    """Make the key of a new passphrase, which must not be too short."""
    if len(passphrase) < LEAST_PASSPHRASE:
        raise SecretError(f"a passphrase must have {LEAST_PASSPHRASE} characters or more")
    return _derive(passphrase, recipe)


def _derive(passphrase: str, recipe: PassphraseRecipe) -> str:
    redaction.remember(passphrase)
    try:
        return derive_key(passphrase, recipe)
    except MemoryError:
        need = recipe.memory_kib // 1024
        raise SecretError(f"there is no room for a passphrase: it takes {need} MiB") from None
    except ValueError:
        raise SecretError("what the passphrase is mixed with (its salt) is damaged") from None


def remember(recipe: PassphraseRecipe | None, keys: Sequence[str]) -> None:
    """Note that a passphrase was the right one."""
    if recipe is not None:
        _derived[recipe] = keys[0]


def forget() -> None:
    """Let whoever asks next tell the passphrase again."""
    _derived.clear()
