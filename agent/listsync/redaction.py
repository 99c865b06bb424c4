"""Secrets kept out of everything that is said or stored: known ones, and those in addresses.

What services and proxies answer may quote what we sent: in clear, or as an address, JSON, HTML or
a login has it. It is blotted out where it comes in, before anything is cut short or kept.
"""

from __future__ import annotations

import base64
import os
import re
import threading
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property, lru_cache
from urllib.parse import unquote, urlsplit

Header = tuple[bytes, bytes]

_BLOT = b"***"
_STRONG = 8
"""Characters: a shorter secret may be in an answer by chance; blotted out, it would break it."""
_WEAK = 3
_NEEDLE = 4
_STEP = 64 * 1024
"""Bytes that are searched at a time, so that other threads get their turns."""
_RUN = re.compile(r"[A-Za-z0-9]+")
_NAMED = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class Redactor:
    """Blots some secrets out, in every form in which they are quoted.

    `data` is for good answers, of which nothing else may be changed: it knows secrets of 8
    characters and more. `words` and `text` are for what is only read: they know shorter ones, too,
    where these stand by themselves.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        strong = {
            form for one in secrets for form in (one, one.rstrip("=")) if len(form) >= _STRONG
        }
        coded = {form for one in strong for form in _coded(one)} - strong
        forms = [(one, True) for one in strong] + [(one, False) for one in coded]
        forms.sort(key=lambda one: len(one[0]), reverse=True)
        self._quotations = [_Quotation(one, is_itself=itself) for one, itself in forms]
        self._weak = sorted(one for one in secrets if _WEAK <= len(one) < _STRONG)

    def text(self, text: str) -> str:
        """Blot them out of a text for people."""
        data = text.encode("utf-8", "surrogatepass")
        clean = self.words(data)
        return text if clean == data else clean.decode("utf-8", "surrogatepass")

    def answer(
        self, headers: Sequence[Header], body: bytes, *, is_good: bool
    ) -> tuple[list[Header], bytes]:
        """Blot them out of an answer, before anybody can repeat it."""
        blot = self.data if is_good else self.words
        if len(body) <= _STEP:  # as most are: one look at all of it
            whole = b"\n".join((*(value for _, value in headers), body))
            if blot(whole) == whole:
                return list(headers), body
        return [(name, blot(value)) for name, value in headers], blot(body)

    def words(self, data: bytes) -> bytes:
        data = self.data(data)
        return self._weak_pattern.sub(_BLOT, data) if self._weak else data

    def data(self, data: bytes) -> bytes:
        for one in self._quotations:
            data = one.blotted(data)
        return data

    @cached_property
    def _weak_pattern(self) -> re.Pattern[bytes]:
        forms = b"|".join(map(_forms_of, self._weak))
        return re.compile(rb"(?<![0-9A-Za-z])(?:" + forms + rb")(?![0-9A-Za-z])", re.IGNORECASE)


class _Quotation:
    """One secret, or (not *is_itself*) a coded form of one, as it may be quoted.

    That none is there costs little to see: each has one of a few *needles* in it, and only where
    there is one, a slow and thorough search follows.
    """

    def __init__(self, secret: str, *, is_itself: bool) -> None:
        self._secret = secret
        self._reach = 16 * len(secret)
        run = max(_RUN.findall(secret), key=len, default="")
        self._is_bare = len(run) < _NEEDLE  # nothing that all encodings leave as it is
        cases = (run, run.lower(), run.upper()) if is_itself or run.lower() == run else (run,)
        self._needles = tuple({form.encode() for form in cases})
        self._in_code = tuple(_needles_in_code(run)) if is_itself and not self._is_bare else ()

    def blotted(self, data: bytes) -> bytes:
        if not self._is_in(data, 0, len(data)):
            return data
        pieces, done = [], 0
        for start in range(0, len(data), _STEP):
            end = start + _STEP + self._reach
            if self._is_in(data, start, end):
                for found in self._pattern.finditer(data, max(start, done), end):
                    pieces += [data[done : found.start()], _BLOT]
                    done = found.end()
        return b"".join([*pieces, data[done:]])

    def _is_in(self, data: bytes, start: int, end: int) -> bool:
        def has(needle: bytes) -> bool:
            return data.find(needle, start, end) >= 0

        return (
            self._is_bare
            or any(map(has, self._needles))
            or any(has(sign) and any(map(has, needles)) for sign, needles in self._in_code)
        )

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        begin = rb"(?=[" + re.escape(self._secret[0].encode()) + rb"%&\\])"
        return re.compile(begin + _forms_of(self._secret), re.IGNORECASE)


def _needles_in_code(run: str) -> Iterator[tuple[bytes, tuple[bytes, ...]]]:
    """Give the signs of codes in which letters may be written, and how *run* begins in them."""
    for sign, forms in (
        ("%", ("%{:02x}", "%{:02X}", "%25{:02x}", "%25{:02X}")),
        ("\\", ("u{:04x}", "u{:04X}", "x{:02x}", "x{:02X}")),
        ("&#", ("&#{};", "&#x{:x};", "&#x{:X};", "&#X{:X};")),
    ):
        yield sign.encode(), tuple(form.format(ord(run[0])).encode() for form in forms)


_MOST_KNOWN = 500
_known: dict[str, None] = {}
_lock = threading.Lock()


def remember(*secrets: str) -> None:
    """Let no line of the log hold any of *secrets* from now on; short ones are not taken."""
    new = {one: None for one in secrets if len(one) >= _STRONG and one not in _known}
    if new:
        with _lock:  # replaced and not changed: others may be reading it
            globals()["_known"] = dict([*_known.items(), *new.items()][-_MOST_KNOWN:])


def known_secrets() -> frozenset[str]:
    """Give what was remembered in this process."""
    return frozenset(_known)


def forget_secrets() -> None:
    """Begin anew, as another process does."""
    globals()["_known"] = {}


@lru_cache(maxsize=64)
def redactor_of(secrets: frozenset[str]) -> Redactor:
    return Redactor(secrets)


def logins_in(*addresses: str) -> frozenset[str]:
    """Give what is secret in *addresses* that have a login before an @: in clear, and as sent."""
    return frozenset(one for address in addresses for one in _login_in(address))


def tokens_in(address: str) -> frozenset[str]:
    """Give what in an address is as good as a key: its login, parameters and parts of its path."""
    if not any(sign in address for sign in "=/@"):
        return frozenset()
    parameters = (found[0].partition("=")[2] for found in _CREDENTIAL.finditer(address))
    paths = (found[0].rpartition("/")[2] for found in _PATH.finditer(address))
    random = (found[1] for found in _RANDOM.finditer(address))
    found = {form for one in (*parameters, *paths, *random) for form in (one, unquote(one))}
    return logins_in(address) | frozenset(found - {""})


def proxy_logins() -> frozenset[str]:
    """Give `logins_in` the proxies that the environment names."""
    names = (name for name in os.environ if name.lower().endswith("_proxy"))
    return logins_in(*(os.environ[name] for name in names))


def _login_in(address: str) -> Iterator[str]:
    if "@" not in address:
        return
    try:
        place = urlsplit(address if "://" in address else f"http://{address}")
    except ValueError:
        return
    if place.password:
        name, password = unquote(place.username or ""), unquote(place.password)
        yield from (password, place.password, basic_token(name, password))


def basic_token(name: str, password: str) -> str:
    """Write a login as the header Authorization has it."""
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def _coded(secret: str) -> Iterator[str]:
    """Write a secret in hexadecimal and base64, there also as a piece of something longer."""
    data = secret.encode()
    yield data.hex()
    for before in range(3):
        coded = base64.b64encode(bytes(before) + data).decode()
        whole = coded[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
        yield whole
        yield whole.translate(str.maketrans("+/", "-_"))


def _forms_of(secret: str) -> bytes:
    return b"".join(map(_forms_of_letter, secret))


@lru_cache(maxsize=512)
def _forms_of_letter(letter: str) -> bytes:
    """Match a letter as addresses, JSON, program texts and HTML write it."""
    plain = letter.encode()
    units = letter.encode("utf-16-be").hex()
    forms = [
        (b"" if letter.isalnum() else rb"\\*") + re.escape(plain),
        b"".join(b"%%(?:25){0,2}%02x" % byte for byte in plain),
        rb"".join(rb"\\{1,4}u" + units[at : at + 4].encode() for at in range(0, len(units), 4)),
        b"".join(rb"\\{1,4}x%02x" % byte for byte in plain),
        b"&#(?:0{0,6}%d|x0{0,6}%x);" % (ord(letter), ord(letter)),
    ]
    if letter == " ":
        forms.append(rb"\+")
    if letter in _NAMED:
        forms.append(f"&{_NAMED[letter]};".encode())
    return b"(?:" + b"|".join(forms) + b")"


# -- addresses -------------------------------------------------------------------------------

_LOGIN = re.compile(r"(\w+://)(?:[^\s\"'/?#]*|[^@\s\"']*)@")
_ANY_LOGIN = re.compile(_LOGIN.pattern + r"|(?<![^\s\"'])[^\s\"'/@]*:[^\s\"'@]*@")
_QUERY = re.compile(
    r"((?:\w+://|(?:[\w-]+\.)+[a-z]{2,}/)[^?#\s\\\"']*)[?#][^\s\\\"']*", re.IGNORECASE
)
_PATH = re.compile(
    r"(/list/[\w-]+)/share/[A-Za-z0-9]+"
    r"|(\b(?:rss|discover\.provider)\.plex\.tv/(?:rss/)?)[\w-]{5,}",
    re.IGNORECASE,
)
"""Paths that are as good as a key: of Letterboxd's unlisted lists, and of Plex's watchlists."""
_NAME = (
    r"(?:(?:api|app|auth|access|client|guest|private|refresh|request|user|id)[_-]?)*"
    r"(?:key|token|secret|pass(?:word|wd)?|pwd|auth|session(?:[_-]?id)?|sid|sig(?:nature)?)"
)
_CREDENTIAL = re.compile(rf"(?<=[?&;#]){_NAME}=[^&;#\s\\\"']*", re.IGNORECASE)
_RANDOM = re.compile(r"[?&;#][^=&;#\s]*=(?=[^&;#\s]*\d)(?=[^&;#\s]*[a-zA-Z])([\w%~+-]{16,})")
"""What is in a parameter of any name and looks as if nobody had thought of it."""
_IS_CREDENTIAL = re.compile(_NAME, re.IGNORECASE)


def is_credential(name: str) -> bool:
    """Tell a parameter of an address that holds a key, a token or the like."""
    return _IS_CREDENTIAL.fullmatch(name) is not None


def without_secrets(text: str) -> str:
    """Write addresses in *text* without logins, queries and paths that are as good as a key."""
    if not _may_hold_secret(text):
        return text
    text = _LOGIN.sub(r"\1", text)
    text = _PATH.sub(lambda found: found[1] or found[2], text)
    return without_credentials(_QUERY.sub(r"\1", text))


def without_credentials(text: str) -> str:
    """Write filters of a list without keys among them; all others stay."""
    if not _CREDENTIAL.search(text):
        return text
    return re.sub(r"(?<=[?&])&+|[?&;#]+(?=$|[\s\\\"'])", "", _CREDENTIAL.sub("", text))


def with_marks(text: str) -> str:
    """Write a text that was meant for an address, with … where something secret may have been."""
    if not _may_hold_secret(text):
        return text
    text = _ANY_LOGIN.sub(lambda found: f"{found[1] or ''}…@", text)
    text = _PATH.sub(lambda found: f"{found[1]}/share/…" if found[1] else f"{found[2]}…", text)
    return _CREDENTIAL.sub("…", _QUERY.sub(r"\1?…", text))


def _may_hold_secret(text: str) -> bool:
    lowered = text.lower()
    return any(sign in lowered for sign in ("@", "?", "#", "&", "/share/", ".plex.tv/"))
