"""Whatever comes in place of what others write: a parser reads it, or refuses it in its words."""

from __future__ import annotations

import contextlib
import importlib
import json
import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.parsing.decoding import ResponseShape, UnknownFormError, decode
from tests.documents import ROOT
from tests.parsers import PARSERS, corpus_of
from tests.thorough import tries

_READS = re.compile(
    r"json\.loads?\(|json\.decode\(|yaml\.(?:parse|load|compose)|csv\.reader|ParserCreate|parse_qs\("
    r"|struct\.unpack|int\.from_bytes|\bZipFile\(|\bgzip\.|zlib\.|re\.compile\(rb"
)
"""How a module takes apart what somebody wrote."""
_OWN = {
    *(
        "listsync.agent",
        "listsync.store",
        "listsync.sandbox",
        "listsync.process",
        "listsync.fleet",
    ),
    *(
        "listsync.browser.__main__",
        "listsync.transfers.probe_program",
        "listsync.transfers.probes",
    ),
    *("listsync.triggers.schedule", "listsync.log_file", "listsync.web.tokens"),
    *("listsync.domain.run_notes", "listsync.notify.daily", "listsync.http.anime_ids"),
    *("listsync.browser.client", "listsync.web.dashboard", "listsync.web.feed_routes"),
    *("listsync.app.doctor_agent", "listsync.commands.mapping"),
}
"""Packages and modules that read only what this program itself has written."""
_ELSEWHERE = {
    "listsync.providers": "tests/contract/providers/test_damage.py",
    "listsync.parsing": "tests/contract/providers/test_damage.py",
    "listsync.config": "tests/integration/test_fuzz.py",
    "listsync.control.rpc": "tests/integration/test_fuzz.py",
    "listsync.transfers.events": "tests/integration/test_fuzz.py",
    "listsync.web.routes": "tests/integration/app/test_http_api.py",
    "listsyncctl": "tests/integration/ctl/test_strange_replies.py",
}
"""Where else those of a package are fed with what is drawn."""
_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "0", "-1", "tt0111161", "2026-01-01T00:00:00Z", "null", "\ufeff"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def changed(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """Cut one of *seeds* off, put other bytes into it, double a piece, or draw all anew."""
    data = bytearray(draw(st.sampled_from(seeds)))
    way = draw(st.sampled_from(["cut", "put", "put", "double", "new"]))
    if way == "new":
        return draw(st.binary(max_size=80))
    at = draw(st.integers(0, len(data)))
    end = min(len(data), at + draw(st.integers(0, 30)))
    if way == "cut":
        return bytes(data[:at])
    data[at:end] = bytes(data[at:end]) * 3 if way == "double" else draw(st.binary(max_size=8))
    return bytes(data)


@pytest.mark.parametrize("name", sorted(PARSERS))
@given(data=st.data())
@settings(max_examples=tries(20, 3000))
def test_whatever_comes_is_read_or_refused(name: str, data: st.DataObject) -> None:
    parser = PARSERS[name]
    comes = data.draw(changed(corpus_of(name)))
    with contextlib.suppress(*parser.refuses):
        parser.read(comes)


@pytest.mark.parametrize("name", sorted(PARSERS))
def test_what_was_kept_because_of_a_fault_is_read_or_refused(name: str) -> None:
    parser = PARSERS[name]
    for comes in corpus_of(name):
        with contextlib.suppress(*parser.refuses):
            parser.read(comes)


@cache
def _modules() -> dict[str, str]:
    """Give the text of every module, by name."""
    found = {}
    for root in (ROOT / "agent", ROOT / "ctl"):
        for path in root.rglob("*.py"):
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            if ".sandbox" not in name:
                found[name.removesuffix(".__init__")] = path.read_text(encoding="utf-8")
    return found


@cache
def _shapes() -> dict[str, type[ResponseShape]]:
    """Find every form in which an answer of somebody is read."""
    for name, text in _modules().items():
        if "ResponseShape" in text or "Confidential" in text:
            importlib.import_module(name)
    found, waiting = {}, [ResponseShape]
    while waiting:
        for one in waiting.pop().__subclasses__():
            if one.__module__.startswith("listsync"):
                found[f"{one.__module__}.{one.__qualname__}"] = one
            waiting.append(one)
    assert len(found) > 100
    return found


@given(data=st.data())
@settings(max_examples=tries(40, 30_000))
def test_every_form_of_an_answer_is_read_or_refused(data: st.DataObject) -> None:
    shapes = _shapes()
    shape = shapes[data.draw(st.sampled_from(sorted(shapes)))]
    names = [*shape.__struct_encode_fields__, "more"]
    fields = st.dictionaries(st.sampled_from(names), _VALUES, max_size=6)
    with contextlib.suppress(UnknownFormError):
        decode(json.dumps(data.draw(fields | _VALUES)).encode(), shape)


def test_no_parser_is_left_out() -> None:
    known = {name.partition(":")[0] for name in PARSERS}
    for name, text in _modules().items():
        reads = _READS.search(text) is not None
        if reads and name not in known:
            assert _is_below(name, _OWN) or _is_below(name, _ELSEWHERE), f"nobody feeds {name}"


def test_who_feeds_others_draws_what_they_are_fed_with() -> None:
    for file in _ELSEWHERE.values():
        text = (ROOT / file).read_text(encoding="utf-8")
        assert "@given" in text or "drawing()" in text, file


def _is_below(name: str, packages: set[str] | dict[str, str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in packages for count in range(1, len(parts) + 1))
