"""What went wrong on the way to the server and back, as one line that says what to do."""

from __future__ import annotations

import socket
import ssl
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import urlsplit

import httpcore

from listsync.certificates import distrust
from listsync.errors import (
    ListsyncError,
    NotTakenError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
    UnreachableError,
    root_of,
)
from listsync.http.deadline import NotResolvedError, Timeouts
from listsync.http.response import Response, retry_after_s
from listsync.http.transport import BodyError
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode
from listsync.redaction import Redactor
from listsync.seerr.address import API, Address
from listsync.text_cleaning import one_line

Shape = TypeVar("Shape")
_LOOK = 4096
"""Bytes of an answer, of which a sample is cut when nothing is left in it to blot out."""


class _Complaint(ResponseShape, frozen=True):
    """Both shapes of an error: `{message, errors?}` and `{status, error}`."""

    message: str | None = None
    error: str | None = None


class PassingError(UnavailableError):
    """This may be over in a second: a read is tried again."""


class UnsentError(PassingError):
    """The server did not get to see the call: even a request may be sent again."""


class UnreachedError(UnsentError, UnreachableError):
    """There is no way to the server, or nobody at its end."""


class ConnectionLostError(PassingError):
    """The connection broke after the call was sent: what the server did is not known."""


class TimedOutError(UnavailableError):
    """No answer in time: the server may still be at work."""


class WrongAskingError(RefusedError):
    """What the user wants a request to be made with, or as whom, is not at the server."""


class ServerErrors:
    """Names errors for the server at one address, without what *redactor* knows."""

    def __init__(
        self, address: Address, timeouts: Timeouts, redactor: Redactor, key_name: str | None = None
    ) -> None:
        """Name them; *key_name* is the name that `listsync secret` keeps the API key under."""
        self._address = address
        self._timeouts = timeouts
        self._redactor = redactor
        self._key_name = key_name
        self.service = f"server {address.base}"

    def unavailable(self, why: str) -> UnavailableError:
        return UnavailableError(self.service, why)

    def not_taken(self, why: str) -> NotTakenError:
        return NotTakenError(self.service, why)

    def refused(self, kind: Refusal, why: str) -> RefusedError:
        return RefusedError(self.service, kind, why)

    def wrong_asking(self, why: str) -> WrongAskingError:
        return WrongAskingError(self.service, Refusal.NOT_FOUND, why)

    def too_many_titles(self, count: int, most: int) -> ResponseChangedError:
        why = f"its library has {count:,} titles, more than the {most:,} that listsync reads"
        return ResponseChangedError(self.service, why)

    def changed(self, what: str, sample: bytes = b"") -> ResponseChangedError:
        why = f"{what} is not of the known shape; is this Overseerr, Jellyseerr or Seerr?"
        return ResponseChangedError(self.service, why, sample=self._beginning(sample))

    def _beginning(self, content: bytes) -> str:
        return self._clean(content[:_LOOK].decode("utf-8", "replace"))

    def _clean(self, text: str, limit: int = 200) -> str:
        return one_line(self._redactor.text(text), limit)

    def read(self, response: Response, shape: type[Shape], what: str) -> Shape:
        """Read *what* was answered; raises ResponseChangedError where it is not of that shape."""
        try:
            return decode(response.body, shape)
        except UnknownFormError as error:
            raise self.changed(what, response.body) from error

    def of_exception(self, error: Exception) -> UnavailableError:
        """Name what kept the call from being answered."""
        match error:
            case httpcore.ConnectTimeout() | httpcore.PoolTimeout():
                return self._of_no_connection(error)
            case httpcore.TimeoutException():
                return self.timed_out()
            case httpcore.ConnectError():
                return self._of_connecting(root_of(error))
            case httpcore.ProxyError():
                reason = self._clean(str(error))
                return self._unreached(
                    f"the proxy fails ({reason}): check HTTP_PROXY and NO_PROXY"
                )
            case httpcore.UnsupportedProtocol() | httpcore.LocalProtocolError():
                return self.unavailable(f"the call cannot be sent ({type(error).__name__})")
            case _:
                return ConnectionLostError(self.service, _how_lost(error))

    def _of_no_connection(self, error: Exception) -> UnreachedError:
        if isinstance(error, NotResolvedError):
            return self._unreached(f"the name {self._host} is not looked up in time: check DNS")
        return self._unreached(
            f"no connection within {self._timeouts.connect_s:g} s: is the host in "
            "server.url right, and does a firewall let it pass?"
        )

    def timed_out(self, *, is_whole: bool = False) -> TimedOutError:
        """Name an answer that did not come in time; *is_whole*: some of it came, and came."""
        if is_whole:
            why = f"its answer is not whole after {self._timeouts.whole_s:g} s"
        else:
            why = f"no answer within {self._timeouts.answer_s:g} s"
        return TimedOutError(self.service, why)

    @property
    def _host(self) -> str:
        return urlsplit(self._address.base).hostname or ""

    def _of_connecting(self, root: BaseException) -> UnavailableError:
        match root:
            case ssl.SSLCertVerificationError():
                return self.unavailable(self._clean(distrust(root, "server.ca_file"), 300))
            case ssl.SSLError():
                reason = self._clean(getattr(root, "reason", None) or str(root))
                why = f"no encryption ({reason}): should server.url start with http:// instead?"
                return self.unavailable(why)
            case _ if self._address.find_proxy() is not None:
                reason = self._clean(getattr(root, "strerror", None) or str(root))
                why = f"the proxy cannot be reached ({reason}): check HTTP_PROXY and NO_PROXY"
                return self._unreached(why)
            case socket.gaierror():
                return self._unreached(
                    f"the name {self._host} is not known: check server.url and DNS"
                )
            case ConnectionRefusedError():
                return self._unreached(
                    "connection refused: is the server running, and is server.url right?"
                )
            case _:
                reason = self._clean(getattr(root, "strerror", None) or str(root))
                return self._unreached(f"cannot be reached ({reason}): check server.url")

    def _unreached(self, why: str) -> UnreachedError:
        return UnreachedError(self.service, why)

    def of_redirect(self, target: Address) -> UnavailableError:
        """Name a redirect to another server; it is not followed, so that the key stays here."""
        base = self._clean(target.base.partition(API)[0].rstrip("/"))
        return self.unavailable(
            f"redirects to {base}: set server.url to that, or let {API} pass the login that "
            "stands in front of it"
        )

    def of_answer(self, response: Response) -> ListsyncError:
        """Name an answer that is not what was asked for."""
        status = response.status
        reason = complaint(response) or _phrase(status)
        if status == 429:
            wait_s = retry_after_s(response.headers)
            return UnsentError(self.service, "asks us to slow down (429)", retry_after_s=wait_s)
        if status >= 500:
            return PassingError(self.service, f"answered {status}: {reason}")
        if status in {401, 403, 407}:
            return self._of_refusal(response)
        if status == 404:
            return self.unavailable(
                f"nothing is known at {one_line(response.path)} (404): is server.url "
                "right, without a page such as /login, and with its base path if it has one?"
            )
        if not response.is_json:
            return self.unavailable(
                f"answers with a web page (status {status}) instead of data: is server.url "
                "right, or does a login stand in front of it?"
            )
        sample = self._beginning(response.body)
        return ResponseChangedError(self.service, f"answered {status}: {reason}", sample=sample)

    def _of_refusal(self, response: Response) -> RefusedError:
        status = response.status
        if status == 407:
            why = "the proxy asks for a login (407): check HTTP_PROXY"
            return self.refused(Refusal.CREDENTIAL, why)
        if not response.is_json:
            kind = Refusal.CREDENTIAL if status == 401 else Refusal.BLOCKED
            why = f"something in front of the server keeps us out ({status}): let {API} pass it"
            return self.refused(kind, why)
        if status == 401:
            return self.refused(
                Refusal.CREDENTIAL,
                "no API key arrived (401): set server.api_key; if it is set, a proxy takes the "
                "header X-Api-Key away",
            )
        why = (
            "the API key is refused (403): copy it again from the server's general settings; it "
            "often ends in '=', which is easily lost"
        )
        if self._key_name is not None:
            set_again = f"`listsync secret set {one_line(self._key_name)}`"
            why += f"; store it by {set_again}, then `listsyncctl reload`"
        return self.refused(Refusal.CREDENTIAL, why)


def complaint(response: Response) -> str:
    """Read what the server says about an error; empty when it says nothing readable."""
    if not response.is_json:
        return ""
    try:
        content = decode(response.body, _Complaint)
    except UnknownFormError:
        return ""
    return one_line(content.message or content.error or "")


def _how_lost(error: Exception) -> str:
    if isinstance(error, BodyError):
        return f"its answer {error}"
    return "the connection broke before an answer came"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "no reason given"
