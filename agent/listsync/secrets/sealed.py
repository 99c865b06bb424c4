"""The file of encrypted secrets: how it is written, read and judged; and how one is encrypted.

Fernet (AES-128 in CBC with an HMAC-SHA-256) encrypts each secret together with its name, so that
a secret that was moved to another name is found out.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from listsync.errors import SecretError
from listsync.parsing.decoding import prepared

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

# cryptography costs 10 MB: it is imported where something is encrypted or decrypted.
# ruff: noqa: PLC0415

FORMAT: Final = "listsync secrets 1"
MOST_BYTES = 4 * 1024 * 1024
MOST_SECRET = 64 * 1024
"""Characters."""
_CHECK = ""  # no secret has this name
_KEY_BYTES = 32

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
_SPELLING = "letters, digits, `.`, `_` and `-`, at most 64, the first a letter or digit"


class PassphraseRecipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a passphrase becomes the key: Argon2id, with the second set of RFC 9106, section 4.

    What a file may ask for is bounded: reading a foreign one must not take the machine's memory.
    """

    salt: Annotated[str, Meta(min_length=20, max_length=100)]
    memory_kib: Annotated[int, Meta(ge=8 * 1024, le=1024 * 1024)] = 64 * 1024
    passes: Annotated[int, Meta(ge=1, le=16)] = 3
    lanes: Annotated[int, Meta(ge=1, le=16)] = 4

    @classmethod
    def new(cls) -> PassphraseRecipe:
        import secrets

        return cls(salt=base64.b64encode(secrets.token_bytes(16)).decode())


class SealedSecrets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file holds. `check` tells whether a key is the right one.

    `passphrase` is None where the key lies in a file of its own.
    """

    format: Literal["listsync secrets 1"] = FORMAT
    passphrase: PassphraseRecipe | None
    check: str
    secrets: dict[Name, str]


def parse(data: bytes) -> SealedSecrets:
    """Read the file's content; raises ValueError, which says what is wrong with it."""
    if not data.strip():
        raise ValueError("it is empty")
    try:
        return msgspec.json.decode(data, type=prepared(SealedSecrets))
    except msgspec.ValidationError:
        raise ValueError(_why_foreign(data)) from None
    except (ValueError, RecursionError):  # also what is no UTF-8
        raise ValueError("it is cut off, or was never a file of secrets") from None


def _why_foreign(data: bytes) -> str:
    try:
        whole = msgspec.json.decode(data)
    except RecursionError:
        whole = None
    named = whole.get("format") if isinstance(whole, dict) else None
    if isinstance(named, str) and named.startswith("listsync secrets") and named != FORMAT:
        return "a newer listsync wrote it"
    return "it is not a file of secrets, or somebody changed it"


def render(sealed: SealedSecrets) -> bytes:
    return msgspec.json.format(msgspec.json.encode(sealed), indent=2) + b"\n"


def check_name(name: str) -> None:
    try:
        msgspec.convert(name, Name)
    except msgspec.ValidationError:
        raise SecretError(f"{name[:80]!r} cannot be the name of a secret: {_SPELLING}") from None


def check_value(value: str) -> None:
    """Refuse what cannot be a secret: raises SecretError without it."""
    if not value.strip():
        raise SecretError("the secret is empty")
    if not value.isprintable():
        raise SecretError("a secret may not hold line breaks or control characters")
    if len(value) > MOST_SECRET:
        raise SecretError(f"a secret may have at most {MOST_SECRET:,} characters")


# -- keys ------------------------------------------------------------------------------------


def new_key() -> str:
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode()


def is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, altchars=b"-_", validate=True)) == _KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def derive_key(passphrase: str, recipe: PassphraseRecipe) -> str:
    """Make the key of a passphrase; takes its memory for as long as it lasts (0.4 s and more).

    Raises:
        ValueError: the recipe's salt is none.
        MemoryError: there is no room for it.
    """
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    argon = Argon2id(
        salt=base64.b64decode(recipe.salt, validate=True),
        length=_KEY_BYTES,
        iterations=recipe.passes,
        lanes=recipe.lanes,
        memory_cost=recipe.memory_kib,
    )
    return base64.urlsafe_b64encode(argon.derive(passphrase.encode())).decode()


class _Bound(Struct, frozen=True):
    """What is encrypted: a secret, bound to its name."""

    name: str
    value: str


class Sealer:
    """Encrypts with the first of some keys, and decrypts with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        from cryptography.fernet import Fernet, MultiFernet

        self._fernet: MultiFernet = MultiFernet([Fernet(one) for one in keys])

    def seal(self, name: str, value: str) -> str:
        return self._fernet.encrypt(msgspec.json.encode(_Bound(name, value))).decode()

    def open(self, name: str, token: str) -> str | None:
        """Give the secret; None: none of the keys is the right one, or it is not whole."""
        from cryptography.fernet import InvalidToken

        try:
            bound = msgspec.json.decode(self._fernet.decrypt(token), type=prepared(_Bound))
        except (InvalidToken, ValueError):
            return None
        return bound.value if bound.name == name else None

    def fits(self, sealed: SealedSecrets) -> bool:
        return self.open(_CHECK, sealed.check) is not None

    def seal_all(
        self, secrets: Mapping[str, str], passphrase: PassphraseRecipe | None
    ) -> SealedSecrets:
        tokens = {name: self.seal(name, value) for name, value in sorted(secrets.items())}
        return SealedSecrets(
            passphrase=passphrase, check=self.seal(_CHECK, _CHECK), secrets=tokens
        )
