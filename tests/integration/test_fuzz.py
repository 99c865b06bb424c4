"""What comes from outside, changed at random: read, or refused in one of our own errors."""

from __future__ import annotations

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from listsync.config.configuration import check
from listsync.config.values import SERVICES
from listsync.config.yaml_document import parse_document
from listsync.control.authorization import Peer
from listsync.control.rpc import RpcHandler
from listsync.errors import ConfigError
from listsync.protocol import METHODS, RefusedCommand
from listsync.transfers.events import WebhookShapeError, read_event
from tests.documents import ROOT
from tests.webhooks import samples

_EXAMPLE = (ROOT / "listsync.yaml.example").read_text(encoding="utf-8")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False),
    _TEXT,
    st.sampled_from(["", "0", "-1", "/etc/passwd", "\0", "{", "&a", "1e999", "tt0111161"]),
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3)
)
_ADDRESSES = [
    one["input"]
    for one in json.loads((ROOT / "tests/fixtures/addresses/url-forms.json").read_text())["cases"]
]


@st.composite
def changed(draw: st.DrawFn, document: Any) -> Any:
    """Give *document* with one to three of its values replaced, removed or doubled."""
    result = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        at = result
        while isinstance(at, (dict, list)) and at:
            keys = [*at] if isinstance(at, dict) else [*range(len(at))]
            key = draw(st.sampled_from(keys))
            if not isinstance(at[key], (dict, list)) or not at[key] or draw(st.booleans()):
                _change(draw, at, key)
                break
            at = at[key]
    return result


def _change(draw: st.DrawFn, at: Any, key: Any) -> None:
    what = draw(st.sampled_from(["value", "gone", "more"]))
    if what == "gone":
        del at[key]
    elif what == "more" and isinstance(at, dict):
        at[draw(_TEXT)] = draw(_VALUES)
    else:
        at[key] = draw(_VALUES)


@pytest.mark.parametrize("app", ["radarr", "sonarr"])
@given(data=st.data())
def test_a_webhook_is_read_or_refused(app: str, data: st.DataObject) -> None:
    bodies = [one.body for one in samples("sync") if one.app == app]
    body = data.draw(changed(data.draw(st.sampled_from(bodies))))
    with contextlib.suppress(WebhookShapeError):
        read_event(body if isinstance(body, dict) else {})


@given(data=st.data())
def test_a_configuration_is_read_or_every_place_is_named(data: st.DataObject) -> None:
    document = data.draw(changed(yaml.safe_load(_EXAMPLE)))
    problems: tuple[object, ...] = (None,)
    try:
        check(parse_document(yaml.safe_dump(document), "f"), {}, Path("/nowhere"))
    except ConfigError as error:
        problems = tuple(error.problems)
    assert problems


@given(at=st.integers(0, len(_EXAMPLE)), cut=st.integers(0, 40), put=_TEXT)
def test_a_configuration_that_is_cut_anywhere_is_read_or_refused(
    at: int, cut: int, put: str
) -> None:
    text = _EXAMPLE[:at] + put + _EXAMPLE[at + cut :]
    with contextlib.suppress(ConfigError):
        check(parse_document(text, "f"), {}, Path("/nowhere"))


@given(data=st.data())
def test_a_message_on_the_control_socket_is_answered(data: st.DataObject) -> None:
    def call(*_: object) -> RefusedCommand:
        raise AssertionError("a command with an odd message was carried out")

    message = {
        "jsonrpc": "2.0",
        "id": "a",
        "method": data.draw(st.sampled_from(sorted(METHODS))),
        "params": {},
        "deadline": 0,
    }
    body = json.dumps(data.draw(changed(message))).encode()
    reply = json.loads(
        RpcHandler(call, group=None, clock=lambda: 1e300).reply(body, Peer(0, 0, 1))
    )
    assert "error" in reply


@pytest.mark.parametrize("service", sorted(SERVICES))
@given(data=st.data())
def test_an_address_is_a_list_or_refused_in_words(service: str, data: st.DataObject) -> None:
    text = data.draw(st.sampled_from(_ADDRESSES))
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(_TEXT) + text[at + data.draw(st.integers(0, 5)) :]
    try:
        found = SERVICES[service](text)
    except ValueError as error:
        found = error
    assert str(found)
