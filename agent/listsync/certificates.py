"""Certificate authorities that the user names, and what to say where a certificate is refused.

`ssl` is imported where it is used: an agent that waits can do without.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from listsync.file_access import load_small

if TYPE_CHECKING:
    import ssl

_MOST_BYTES = 4 * 1024 * 1024
_OTHERS_WRITE = 0o002
# What OpenSSL calls these (x509_vfy.h); its words stand before ours.
_TIME = {9, 10}
_NAME = {62, 64}


class CaFileError(ValueError):
    """The file of authorities cannot be used; the message says why, without its name."""


def check_ca_file(path: Path) -> None:
    """Raise CaFileError unless *path* holds certificates that not everybody can change."""
    import ssl  # noqa: PLC0415 - see above

    trust_ca_file(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path)


def trust_ca_file(context: ssl.SSLContext, path: Path) -> None:
    """Let *context* trust the certificates in *path*, PEM or DER, beside what it trusts already.

    Raises:
        CaFileError: they cannot be read, or are none.
    """
    import ssl  # noqa: PLC0415 - see above

    try:
        content, facts = load_small(path, _MOST_BYTES)
        if facts.st_mode & _OTHERS_WRITE:
            mode = facts.st_mode & 0o777
            raise CaFileError(f"can be changed by every user (mode {mode:04o}), expected 0644")
        is_text = b"-----BEGIN" in content
        context.load_verify_locations(
            cadata=content.decode("ascii", "ignore") if is_text else content
        )
    except ssl.SSLError:
        raise CaFileError(
            "holds no certificate that can be read, expected -----BEGIN CERTIFICATE-----"
        ) from None
    except OSError as error:
        raise CaFileError(f"cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise error if isinstance(error, CaFileError) else CaFileError(str(error)) from None


def distrust(error: ssl.SSLCertVerificationError, option: str) -> str:
    """Say why a certificate is refused, and what to do; *option* names an authority's file."""
    code = getattr(error, "verify_code", 0)
    if code in _TIME:
        advice = "renew it there, or set the clock right"
    elif code in _NAME:
        advice = "use a name that is in the certificate"
    else:
        advice = f"if it is of an authority of your own, name its file in {option}"
    return f"its certificate is not trusted ({error.verify_message}): {advice}"
