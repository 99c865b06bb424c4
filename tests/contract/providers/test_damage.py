"""Whatever comes in place of a sample, there is one of our errors or an honest reading."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.domain.lists import Fetched, ListOutcome
from listsync.errors import RefusedError, ResponseChangedError, UnavailableError
from tests.contract.providers.cases import Case, file_provider
from tests.contract.providers.site import FIXTURES, body_of, harmed
from tests.contract.providers.test_providers import CASES
from tests.thorough import tries

OURS = (UnavailableError, RefusedError, ResponseChangedError)


def bodies(case: Case) -> list[str]:
    return [name for name in case.samples if (FIXTURES / name).exists() and ".headers" not in name]


def service(case: Case) -> str:
    """Name the reader of *case*: that of files reads what services export."""
    folder, _, rest = bodies(case)[0].partition("/")
    return "file" if rest.startswith("csv/") else folder


DAMAGED = [case for case in CASES if bodies(case)]
SERVICES = sorted({service(case) for case in DAMAGED})
LISTS = [case for case in DAMAGED if case.titles]
SUFFIXES = (".txt", ".csv", ".json", ".yml", "")


def read(case: Case, name: str, comes: bytes) -> Fetched | None:
    """Read *case* while *comes* stands in place of the sample *name*, or of all without one."""
    with (
        harmed(lambda given, body: comes if name in ("", given) else body),
        contextlib.suppress(*OURS),
    ):
        return case.provider().fetch(case.previous)
    return None


_RULE = re.compile(r"([-*_=~.])(?: ?\1)+|\[ \]")
"""A line that parts others, or a box that nothing stands behind."""
SAYS_NOTHING = (b"null", b"[]", b"{}")
"""How services say that a list is empty; only what is right beside it confirms that."""


def shows_emptiness(data: bytes) -> bool:
    """Say whether a person would agree that this file is an empty list."""
    text = data.decode("latin-1").replace("\0", "").strip("\ufeffï»¿ÿþ")
    lines = [line for line in re.split(r"[\r\n]", text) if line.strip()]
    shown = [line for line in lines if not _RULE.fullmatch(line.strip())]
    titles = [line for line in shown if not line.lstrip().startswith(("#", "//"))]
    if "".join("".join(titles).split()) == "[]":
        return True
    header = "".join(titles[-1:]).lower()
    lone = len(titles) == 1 or header.startswith("position,name,year")
    columns = ("title", "name", "const", "imdb")
    return not titles or (lone and any(word in header for word in columns))


def must_be_honest(case: Case, fetched: Fetched | None, comes: bytes) -> None:
    if fetched is None:
        return
    if fetched.outcome is ListOutcome.EMPTY:
        is_file = service(case) == "file"
        assert case.expected is ListOutcome.EMPTY or (is_file and shows_emptiness(comes))
    for entry in fetched.entries:
        assert entry.title or entry.ids
        entry.label.encode()


def damaged(data: bytes, draw: st.DataObject) -> bytes:
    """Cut *data*, change bytes, or put other pieces in the place of some."""
    if draw.draw(st.booleans(), label="truncate"):
        return data[: draw.draw(st.integers(0, len(data)), label="length")]
    changed = bytearray(data)
    for _ in range(draw.draw(st.integers(1, 3), label="changes")):
        place = draw.draw(st.integers(0, max(len(changed) - 1, 0)), label="place")
        size = draw.draw(st.just(1) | st.integers(0, 60), label="size")
        changed[place : place + size] = draw.draw(st.binary(max_size=2), label="bytes")
    return bytes(changed)


@pytest.mark.parametrize("name", SERVICES)
@given(draw=st.data())
@settings(max_examples=tries(20, 2000))
def test_a_damaged_answer(name: str, draw: st.DataObject) -> None:
    case = draw.draw(st.sampled_from([one for one in DAMAGED if service(one) == name]))
    body = draw.draw(st.sampled_from(bodies(case)), label="sample")
    comes = damaged(body_of(body), draw)
    must_be_honest(case, read(case, body, comes), comes)


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.name)
def test_an_answer_cut_anywhere_is_never_the_whole_list(case: Case) -> None:
    for name in bodies(case):
        body = body_of(name)
        end = len(body.rpartition(b"</html>")[0] or body.rstrip())
        for length in range(0, end, 1 + end // tries(6, 300)):
            fetched = read(case, name, body[:length])
            must_be_honest(case, fetched, body[:length])
            # Text has no end of its own: where a service breaks off, HTTP tells.
            has_end = service(case) != "file" and not name.endswith((".txt", ".csv"))
            if fetched is not None and has_end and fetched.outcome.whole:
                assert fetched.read >= case.titles + case.skipped, (name, length)


@pytest.mark.parametrize("name", SERVICES)
@given(
    draw=st.data(),
    comes=st.sampled_from(SAYS_NOTHING)
    | st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode()),
)
@settings(max_examples=tries(12, 1000))
def test_any_answer_at_all_is_never_a_list(name: str, comes: bytes, draw: st.DataObject) -> None:
    case = draw.draw(st.sampled_from([one for one in DAMAGED if service(one) == name]))
    fetched = read(case, "", comes)
    must_be_honest(case, fetched, comes)
    if fetched is not None and name != "file":
        assert fetched.outcome is ListOutcome.EMPTY
        assert comes.strip() in SAYS_NOTHING


@given(
    suffix=st.sampled_from(SUFFIXES), text=st.text('[]{}",:;#\n\t -<>ab1\\&*!|?%@`tn', max_size=40)
)
@settings(max_examples=tries(30, 3000))
def test_any_marks_at_all(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, text: str
) -> None:
    target = tmp_path_factory.getbasetemp() / f"marks{suffix}"
    target.write_text(text)
    with contextlib.suppress(*OURS):
        file_provider(target).fetch(None)
