"""E-mail: one plain text for each message, over an SMTP server and a connection of its own.

A mail has the same `Message-ID` each time that it is tried: whoever gets it twice can tell.
"""

from __future__ import annotations

import base64
import hashlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import partial

from listsync.cancellation import CancelToken, call_bounded
from listsync.certificates import CaFileError, distrust
from listsync.domain.messages import Message
from listsync.errors import Refusal, RefusedError, UnavailableError, UndeliverableError
from listsync.http.transport import trusted
from listsync.notify.options import EmailOptions, split_address
from listsync.notify.text_fitting import body_rows
from listsync.redaction import basic_token, redactor_of
from listsync.text_cleaning import one_line, printable

_MOST_WORDS = 200
_MOST_TEXT = 100_000
_TOO_LARGE = 552
_MUST_LOG_IN = 530


class EmailSender:
    """Sends messages as e-mails to all recipients of a target."""

    apart_s = 0.0

    def __init__(self, name: str, options: EmailOptions, token: CancelToken) -> None:
        self._name = name
        self._options = options
        self._token = token
        self._taken: tuple[str, frozenset[str]] = ("", frozenset())
        """The mail that was tried last, and for whom it was taken."""
        password = options.password.get_secret_value() if options.password else ""
        self._login = (options.user or "", password)
        self._redactor = redactor_of(frozenset({password, basic_token(*self._login)} - {""}))

    def send(self, message: Message) -> str:
        mail = mail_of(message, self._options)
        tried, taken = self._taken
        before = taken if tried == mail["Message-ID"] else frozenset()
        wanted = [one for one in map(_plain, self._options.to) if one not in before]
        with self._judged():
            refused = self._delivered(mail, wanted)
        self._taken = (mail["Message-ID"], before.union(wanted).difference(refused))
        return self._answer_of(refused)

    def _delivered(self, mail: EmailMessage, wanted: list[str]) -> _Refused:
        link = _Link(self._options)
        deliver = partial(self._deliver, link, mail, wanted)
        with self._token.breaking(link.leave):
            try:
                refused = call_bounded(
                    deliver, self._options.timeout_s, self._token, lambda _: link.close()
                )
            except TimeoutError:
                link.leave()
                raise
        link.quit()
        return refused

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    def _deliver(self, link: _Link, mail: EmailMessage, wanted: list[str]) -> _Refused:
        try:
            smtp = link.connected()
            if self._login[1]:
                _log_in(smtp, *self._login)
            return smtp.sendmail(_plain(self._options.sender), wanted, mail.as_bytes(policy=SMTP))
        except BaseException:
            link.close()
            raise

    def _answer_of(self, refused: _Refused) -> str:
        """Say what came of it; raises UnavailableError where some may take it later."""
        if not refused:
            return "taken by the server"
        said = "; ".join(f"{who}: {self._words(*answer)}" for who, answer in refused.items())
        if any(400 <= code < 500 for code, _ in refused.values()):
            raise UnavailableError(self._name, f"not taken yet for {said}")
        return f"taken by the server, but not for {said}"

    def _words(self, code: int, answer: bytes | str) -> str:
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
        return one_line(self._redactor.text(f"{code} {text}"), _MOST_WORDS)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        """Make of whatever goes wrong what is to be done about it."""
        try:
            yield
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
            said = "; ".join(f"{who}: {self._words(*answer)}" for who, answer in refused.items())
            code = min(code for code, _ in refused.values())
            raise self._refusal(code, Refusal.NOT_FOUND, said) from None
        except smtplib.SMTPDataError as error:
            words = self._words(error.smtp_code, error.smtp_error)
            if error.smtp_code < 500:
                raise UnavailableError(self._name, words) from None
            raise UndeliverableError(f"{self._name}: {words}") from None
        except smtplib.SMTPResponseException as error:
            raise self._of_response(error) from None
        except smtplib.SMTPNotSupportedError as error:
            words = one_line(str(error))
            raise RefusedError(self._name, Refusal.PERMISSION, words) from None
        except (OSError, CaFileError) as error:  # all other errors of smtplib, too
            raise UnavailableError(self._name, self._why_not(error)) from None

    def _of_response(self, error: smtplib.SMTPResponseException) -> Exception:
        words = self._words(error.smtp_code, error.smtp_error)
        if error.smtp_code == _TOO_LARGE:
            return UndeliverableError(f"{self._name}: {words}")
        is_login = isinstance(error, smtplib.SMTPAuthenticationError)
        is_login = is_login or error.smtp_code == _MUST_LOG_IN
        kind = Refusal.CREDENTIAL if is_login else Refusal.PERMISSION
        return self._refusal(error.smtp_code, kind, words)

    def _refusal(self, code: int, kind: Refusal, words: str) -> UnavailableError | RefusedError:
        if 500 <= code < 600:
            return RefusedError(self._name, kind, words)
        return UnavailableError(self._name, words)

    def _why_not(self, error: Exception) -> str:
        # smtplib makes an end of the connection of a time-out, unless we have cut it before.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return "does not answer in time"
        if isinstance(error, ssl.SSLCertVerificationError):
            return one_line(distrust(error, "notify[].email.ca_file"), 300)
        if isinstance(error, CaFileError):
            return f"its ca_file {self._options.ca_file} {error}"
        if isinstance(error, ssl.SSLError):
            return f"no encryption comes about ({error.reason}): check port and security"
        return one_line(self._redactor.text(f"cannot be reached: {error}"))


_Refused = dict[str, tuple[int, bytes]]


class _Link:
    """One connection to a server; `leave` wakes whoever waits for it, from any thread."""

    def __init__(self, options: EmailOptions) -> None:
        self._options = options
        self._smtp: smtplib.SMTP | None = None
        self._spare: socket.socket | None = None
        self._is_left = False

    def connected(self) -> smtplib.SMTP:
        """Connect, encrypted as the options say; raises what smtplib and ssl raise."""
        options = self._options
        is_plain = options.security == "none"
        context = None if is_plain else trusted(options.ca_file, with_machine=True)
        where = (options.host, options.port_in_use)
        connection = socket.create_connection(where, options.timeout_s)
        smtp = self._smtp = smtplib.SMTP(local_hostname=_own_name(connection))
        smtp.sock = connection
        self._spare = connection.dup()  # encryption takes the other one
        if self._is_left:
            raise TimeoutError
        if context is not None and options.security == "tls":
            _encrypt(smtp, context, options.host)
        _greet(smtp)
        if context is not None and options.security == "starttls":
            _start_encryption(smtp, context, options.host)
        return smtp

    def leave(self) -> None:
        """Break it off; whoever uses it closes it."""
        self._is_left = True
        if self._spare is not None:
            with suppress(OSError):
                self._spare.shutdown(socket.SHUT_RDWR)

    def quit(self) -> None:
        """End it where all is said, without waiting for a last word."""
        if self._smtp is not None:
            with suppress(OSError):
                self._smtp.putcmd("quit")
        self.close()

    def close(self) -> None:
        if self._smtp is not None:
            self._smtp.close()
        if self._spare is not None:
            self._spare.close()


def _own_name(connection: socket.socket) -> str:
    """Give the address of this end as EHLO takes it: the name of a machine is its own affair."""
    address = connection.getsockname()[0].partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _greet(smtp: smtplib.SMTP) -> None:
    code, words = smtp.getreply()
    if code != 220:
        raise smtplib.SMTPConnectError(code, words)
    smtp.ehlo_or_helo_if_needed()


def _start_encryption(smtp: smtplib.SMTP, context: ssl.SSLContext, host: str) -> None:
    """Go on encrypted, and forget all that was said before."""
    if not smtp.has_extn("starttls"):
        raise smtplib.SMTPNotSupportedError(
            "offers no STARTTLS: set security to tls, and its port"
        )
    code, words = smtp.docmd("STARTTLS")
    if code != 220:
        raise smtplib.SMTPResponseException(code, words)
    _encrypt(smtp, context, host)
    smtp.file = None
    smtp.ehlo_resp = smtp.helo_resp = None
    smtp.esmtp_features, smtp.does_esmtp = {}, False
    smtp.ehlo_or_helo_if_needed()


def _encrypt(smtp: smtplib.SMTP, context: ssl.SSLContext, host: str) -> None:
    if smtp.sock is not None:
        smtp.sock = context.wrap_socket(smtp.sock, server_hostname=host)


def _log_in(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """Log in; smtplib cannot where there are letters that are not ASCII."""
    smtp.ehlo_or_helo_if_needed()
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        smtp.login(user, password)
        return
    told = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, words = smtp.docmd("AUTH", f"PLAIN {told}")
    if code not in (235, 503):  # 503: we are known already
        raise smtplib.SMTPAuthenticationError(code, words)


def mail_of(message: Message, options: EmailOptions) -> EmailMessage:
    """Write *message* as a mail that is the same whenever it is written."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = _address(options.sender)
    mail["To"] = [_address(one) for one in options.to]
    mail["Subject"] = one_line(message.title, _MOST_WORDS) or message.kind
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = _id_of(message, options)
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answer is wanted
    mail.set_content(_text_of(message), charset="utf-8")
    return mail


def _id_of(message: Message, options: EmailOptions) -> str:
    """Name a mail by its message: a state that is begun anew may have the same keys."""
    what = f"{message.key}\n{message.at.isoformat()}\n{options.sender}"
    digest = hashlib.sha256(what.encode()).hexdigest()[:32]
    return f"<listsync.{digest}@{_plain(options.sender).rpartition('@')[2]}>"


def _text_of(message: Message) -> str:
    rows = body_rows(message, _MOST_TEXT, len)
    return "\n".join([printable(message.title), *([""] if rows else []), *rows, ""])


def _address(text: str) -> Address:
    name, plain = split_address(text)
    return Address(name, addr_spec=plain)


def _plain(text: str) -> str:
    return split_address(text)[1]
