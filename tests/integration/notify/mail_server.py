"""A real SMTP server: with or without encryption and logins, that says no as it is told to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP as MAIL
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.integration.http.authority import authority

WAIT_S = 60.0
OK = "250 OK"


@dataclass
class MailServer:
    """Takes mail at `port`. `answers` are given instead of OK, by command; "" = never any."""

    port: int = 0
    answers: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    """What is said of recipients."""
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    taken: list[tuple[Envelope, EmailMessage]] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    was_encrypted: list[bool] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 - as aiosmtpd calls it
        self, smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        cipher = smtp.transport and smtp.transport.get_extra_info("cipher")
        self.was_encrypted.append(cipher is not None)
        envelope.mail_from = address
        envelope.mail_options += options
        return await self._said("MAIL")

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, _: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del session
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options += options
        return await self._said("RCPT")

    async def handle_DATA(  # noqa: N802 - see above
        self, _: SMTP, session: Session, envelope: Envelope
    ) -> str:
        del session
        said = await self._said("DATA")
        if said == OK and isinstance(envelope.content, bytes):
            mail = BytesParser(EmailMessage, policy=MAIL).parsebytes(envelope.content)
            self.taken.append((envelope, mail))
        return said

    async def _said(self, command: str) -> str:
        said = self.answers.get(command, OK)
        if not said:
            self.asked.set()
            await asyncio.sleep(WAIT_S)
        return said

    def authenticate(
        self, _: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        del session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password))
        if said := self.answers.get("AUTH"):
            return AuthResult(success=False, handled=False, message=said)
        return AuthResult(success=True)


def tls_context(folder: Path) -> ssl.SSLContext:
    """Give the server's end of encryption, with a certificate of the test's own authority."""
    file = folder / "mail.pem"
    file.write_bytes(authority("mail").signed("localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def authority_file(folder: Path) -> Path:
    file = folder / "authority.pem"
    file.write_bytes(authority("mail").pem)
    file.chmod(0o644)
    return file


@contextmanager
def taking_mail(
    starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    server = MailServer()
    loop = asyncio.new_event_loop()

    def session() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example.org",
            tls_context=starttls,
            require_starttls=starttls is not None,
            authenticator=server.authenticate,
            auth_require_tls=False,
            loop=loop,
        )

    bound = socket.create_server(("127.0.0.1", 0))
    server.port = bound.getsockname()[1]
    made = loop.run_until_complete(loop.create_server(session, sock=bound, ssl=tls))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_end(made), loop).result(WAIT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end(made: asyncio.Server) -> None:
    made.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for one in others:
        one.cancel()
    await asyncio.gather(*others, return_exceptions=True)
