"""Radarr and Sonarr, asked for what they know and told to change it (`/api/v3`).

Source: `Radarr.Api.V3` and `Sonarr.Api.V3` of both programs, read 2026-11. Since August 2026 they
answer 400 "Invalid Hostname" to who calls them by a name that is not among their Allowed Hosts.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from listsync.cancellation import CancelToken
from listsync.config_types import SecretStr, ServiceOptions, parse_web_address
from listsync.domain.transfers import ImportApp
from listsync.errors import (
    ListsyncError,
    Refusal,
    RefusedError,
    ResponseChangedError,
    UnavailableError,
)
from listsync.http.request import LIST_BYTES, ServiceRequest
from listsync.http.response import Response, retry_after_s
from listsync.http.service_client import ask, build_client, send_once
from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode
from listsync.redaction import without_secrets
from listsync.text_cleaning import one_line

ShapeT = TypeVar("ShapeT")
_TIMEOUT_S = 60.0
_INVALID_HOST = re.compile(r"invalid host", re.IGNORECASE)


class _Status(ResponseShape, frozen=True, rename="camel"):
    version: str = ""
    app_name: str = ""


class ArrClient:
    """Asks one Radarr or Sonarr; used by one thread at a time. All raise a ListsyncError.

    Of these, UnavailableError says that it may work later, RefusedError what a person must do.
    """

    def __init__(
        self,
        app: ImportApp,
        address: str,
        key: SecretStr,
        *,
        ca_file: Path | None = None,
        token: CancelToken | None = None,
    ) -> None:
        self.name = app.value.capitalize()
        self.base = arr_base(address)
        self._key = key
        self._client = build_client(
            ServiceOptions(
                base_url=self.base,
                timeout_s=_TIMEOUT_S,
                list_timeout_s=math.inf,  # it may be used for as long as the agent runs
                ca_file=ca_file,
            ),
            token=token,
        )

    def get(
        self, path: str, shape: type[ShapeT], params: Mapping[str, str] | None = None
    ) -> ShapeT:
        """Read what is at *path*, below `/api/v3/`; what may pass is tried a few times."""
        return self._decoded(ask(self._client, self._request(path, params)), shape)

    def send(self, method: str, path: str, body: object = None) -> Response:
        """Send a change; an answer of 400 that is JSON is returned, too: it says what is wrong."""
        response = send_once(self._client, self._request(path, None, method, body))
        is_said = response.status == 400 and response.is_json
        if not is_said and (error := self._error_in(response)) is not None:
            raise error
        return response

    def check(self) -> str:
        """Make sure that it is the right program; returns its version."""
        status = self.get("system/status", _Status)
        if status.app_name and status.app_name.lower() != self.name.lower():
            other = one_line(status.app_name, 50)
            why = f"at {without_secrets(self.base)} there is {other}"
            raise RefusedError(self.name, Refusal.NOT_FOUND, why)
        return one_line(status.version, 50)

    def close(self) -> None:
        self._client.close()

    def _request(
        self,
        path: str,
        params: Mapping[str, str] | None,
        method: str = "",
        body: object = None,
    ) -> ServiceRequest:
        query = f"?{urlencode(params)}" if params else ""
        return ServiceRequest(
            service=self.name,
            url=f"{self.base}/api/v3/{path}{query}",
            secret_headers={"X-Api-Key": self._key},
            limit_bytes=LIST_BYTES,
            judge=self._error_in,
            method=method,
            body=None if body is None else json.dumps(body).encode(),
            follows=False,  # what is sent on becomes a GET
        )

    def _decoded(self, response: Response, shape: type[ShapeT]) -> ShapeT:
        try:
            return decode(response.body, shape)
        except UnknownFormError as error:
            what = "a web page came" if response.is_page else str(error)
            where = without_secrets(self.base)
            words = f"what is at {where} does not answer as {self.name} of now does: {what}"
            raise ResponseChangedError(self.name, words, sample=response.sample) from None

    def _error_in(self, response: Response) -> ListsyncError | None:
        """Say what a status means."""
        status = response.status
        if status < 300:
            return None
        if status in (401, 403):
            why = f"refuses the API key (HTTP {status}); it is in Settings, General, Security"
            return RefusedError(self.name, Refusal.CREDENTIAL, why)
        if status == 400 and _INVALID_HOST.search(response.look):
            return RefusedError(self.name, Refusal.PERMISSION, self._host_words())
        if status < 400 or status == 404:
            return RefusedError(self.name, Refusal.NOT_FOUND, self._place_words(response))
        words = f"HTTP {status}: {response.title or response.sample}".rstrip(": ")
        wait_s = retry_after_s(response.headers)
        return UnavailableError(self.name, words, retry_after_s=wait_s)

    def _host_words(self) -> str:
        host = one_line(urlsplit(self.base).hostname or "", 100)
        return (
            f'does not want to be called {host} (400 "Invalid Hostname"): add {host} to Allowed '
            "Hosts there (Settings, General, Security), or use a name or address of its own"
        )

    def _place_words(self, response: Response) -> str:
        to = urlsplit(response.location or "")
        where = f" and sends us on to {one_line(to.path, 100)}" if to.path else ""
        return (
            f"knows no /api/v3 at {without_secrets(self.base)} (HTTP {response.status}){where}: "
            "is its URL Base (Settings, General) part of the address?"
        )


def arr_base(address: str) -> str:
    """Read the address of Radarr or Sonarr, as people copy it; raises ListsyncError."""
    try:
        base = parse_web_address(address)
    except ValueError as error:
        raise ListsyncError(f"{one_line(without_secrets(address))!r}: {error}") from None
    return re.sub(r"/(api(/v\d)?/?)?$", "", base.rstrip("/") + "/")
