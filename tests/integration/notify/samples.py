"""Messages and answers that the tests of several targets share."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from listsync.domain.messages import Importance, Message, MessageKind
from tests.integration.notify.receiver import CannedResponse

PAGE = b"<!doctype html><html><head><title>502 Bad Gateway</title></head><body>" + b"x" * 9_000
MESSAGE = Message(
    key="run:1:summary",
    kind=MessageKind.SUMMARY,
    importance=Importance.WARNING,
    at=datetime(2026, 3, 1, 12, tzinfo=UTC),
    title="partly done: 3 requested",
    lines=("films: the server was away",),
    facts=(("films", "3 new"), ("series", "")),
    titles=("Alien (1979)", "Heat (1995)"),
    more=1,
)
EVIL = "a\u202eb\ud800c\nd\u2066"
EVIL_SHOWN = "a\ufffdb\ufffdc\ufffdd\ufffd"
EVIL_MESSAGE = replace(MESSAGE, title=EVIL, lines=(EVIL,), facts=((EVIL, EVIL),), titles=(EVIL,))
_TEXTS = st.text(max_size=300) | st.text('*_`:@#-. <&>"\\\t😀é', max_size=5_000)
MESSAGES = st.builds(
    replace,
    st.just(MESSAGE),
    title=_TEXTS,
    lines=st.lists(_TEXTS, max_size=8).map(tuple),
    facts=st.lists(st.tuples(_TEXTS, _TEXTS), max_size=40).map(tuple),
    titles=st.lists(_TEXTS, max_size=8).map(tuple),
    more=st.integers(0, 10_000),
)


def answered(status: int, said: dict[str, object], **headers: str) -> CannedResponse:
    """Answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CannedResponse(
        status, json.dumps(said).encode(), {"Content-Type": "application/json", **named}
    )
