"""One request to a service, as a record; cheap to import, unlike what sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from listsync.config_types import SecretStr
from listsync.http.rate_limit import LargeTurn
from listsync.http.response import Judge, no_opinion
from listsync.lean_dataclasses import dataclass
from listsync.redaction import logins_in

MIB = 1024 * 1024
PAGE_BYTES = 2 * MIB
"""Of one page of a list, several of which are read at a time: four times what the fullest has."""
LIST_BYTES = 32 * MIB
"""Of a list that comes as a whole: 100,000 rows of 300 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """One request to one service.

    `secrets` go into the query, `secret_headers` into the headers, and both into nothing that is
    logged, raised or printed; `hidden` holds what is secret in the address. `judge` knows the
    service's own ways of saying no. `deadline_s` bounds one response, body included. With a `body`
    (JSON, if its headers do not say otherwise) it is a POST, if `method` does not say otherwise.
    Not `follows`: a redirect is an answer like any other. `wait_for` (a CSS selector) shows a
    browser that a page is there; None: that it has been loaded. Not `waits`: a time that the
    service names is left to whoever asks. Not `needs_body`: of a good answer that breaks off, or
    is too large, what came is enough. `public_only`: also its own address must not be that of this
    machine, nor in a private network.
    Its `turn` is waited for as soon as an answer proves large.
    """

    service: str
    url: str
    params: Mapping[str, str | int] = field(default_factory=dict)
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_headers: Mapping[str, SecretStr] = field(default_factory=dict)
    hidden: tuple[SecretStr, ...] = ()
    judge: Judge = no_opinion
    body: bytes | None = field(default=None, repr=False)
    method: str = ""
    accept: str = "application/json"
    wait_for: str | None = None
    limit_bytes: int = PAGE_BYTES
    deadline_s: float = 120
    waits: bool = True
    follows: bool = True
    needs_body: bool = True
    public_only: bool = False
    turn: LargeTurn | None = field(default=None, repr=False)

    @property
    def known_secrets(self) -> frozenset[str]:
        """Give all that a response must not repeat; of `Bearer TOKEN` that is the token."""
        sent = (*self.secrets.values(), *self.secret_headers.values(), *self.hidden)
        texts = (one.get_secret_value().removeprefix("Bearer ") for one in sent)
        return logins_in(self.url).union(texts)
