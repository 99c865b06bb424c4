"""A server that quotes what it was sent: nothing of it gets further than the wire."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import httpx
import pytest

from listsync.errors import ListsyncError
from listsync.seerr.client import Seerr
from tests.builders import film_body
from tests.unit.agent.seerr.playback import KEY, Playback, html_reply, json_reply, message

_PASSWORD = "of the/server's"
_URL = f"http://me:{quote(_PASSWORD, safe='')}@seerr.test:5055"
_FILM = film_body()


def _quoted(request: httpx.Request) -> str:
    sent = "\n".join(f"{name}: {value}" for name, value in request.headers.items())
    login = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
    return f"{request.url}\n{sent}\n{login}\n{quote(sent)}\n{json.dumps(sent)}"


Responder = Callable[[str], httpx.Response]
ANSWERS: dict[str, Responder] = {
    "message": lambda said: message(500, said),
    "error": lambda said: json_reply({"status": 403, "error": said}, 403),
    "late": lambda said: message(409, "x" * 150 + said),
    "html": lambda said: html_reply(404, f"<title>{said}</title>"),
    "redirect": lambda said: httpx.Response(
        302, headers={"Location": f"http://{KEY.lower().strip('=')}.test/{quote(said)}"}
    ),
    "redirect-here": lambda said: httpx.Response(
        302, headers={"Location": f"/other/{quote(said)}"}
    ),
    "header": lambda said: json_reply(
        {"message": said}, 429, Retry_After=f"{KEY} {_PASSWORD}", Content_Type=f"text/{KEY}"
    ),
    "shape": lambda said: json_reply([said, "x"]),
    "shape-cut": lambda said: json_reply(["x" * (4090 - len(KEY) // 2), said]),
    "created": lambda said: json_reply({"id": said, "media": {"tmdbId": said}}, 201),
    "words": lambda said: json_reply({"results": [{"title": said, "mediaType": "movie"}]}),
}


@pytest.mark.parametrize("form", ANSWERS)
@pytest.mark.parametrize("asked", ["request", "search", "identify", "requests"])
def test_no_error_and_no_answer_repeats_what_was_sent(
    form: str, asked: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    class Parrot(Playback):
        def answer(self, request: httpx.Request) -> httpx.Response:
            return ANSWERS[form](_quoted(request))

    seerr = Parrot().seerr(_URL)
    calls: dict[str, Callable[[Seerr], object]] = {
        "request": lambda one: one.request(_FILM),
        "search": lambda one: one.search("alien"),
        "identify": lambda one: one.identify(),
        "requests": lambda one: one.find_requests(_FILM),
    }
    try:
        told = repr(calls[asked](seerr))
    except ListsyncError as error:
        told = f"{error!r} {error} {getattr(error, 'sample', '')} {error.__cause__!r}"
    shown = f"{told} {caplog.text}"
    token = base64.b64encode(f"me:{_PASSWORD}".encode()).decode()
    for secret in (KEY, KEY.strip("="), _PASSWORD, quote(_PASSWORD, safe=""), token):
        assert secret.lower() not in shown.lower()
    assert KEY[: len(KEY) // 2] not in shown
