"""Paths drawn at random, mapped."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from listsync.transfers.mapping import (
    PathRefusal,
    find_place,
)
from tests.thorough import tries
from tests.webhooks import mapping

_ROOTS = ["/movies", "/movies/4k", "/tv", "D:\\Media", r"\\nas\media", "/a b/ü"]
_PIECES = st.sampled_from(
    ["..", ".", "", "/", "\\", "\0", "\ud800", "movies", "MOVIES", "4k", "D:", "D:\\", "C:", "~",
     "\\\\nas\\media", "nas", "media", "Media", "etc", "a" * 255, "a" * 256, "-rf", "\n", "*", ":",
     "a b", "ü"]
)  # fmt: skip


@settings(max_examples=tries(60, 5000), deadline=None)
@given(
    root=st.sampled_from(["", *_ROOTS]),
    pieces=st.lists(_PIECES, max_size=8),
    signs=st.lists(st.sampled_from(["/", "\\", "//", ""]), min_size=8, max_size=8),
    tail=st.text(max_size=5),
)
def test_nothing_ever_maps_outside_of_its_roots(
    root: str, pieces: list[str], signs: list[str], tail: str
) -> None:
    text = root + "".join(a + b for a, b in zip(signs, pieces, strict=False)) + tail
    libraries = [mapping(one, f"/src/{n}", f"/dst/{n}") for n, one in enumerate(_ROOTS)]
    found = find_place(text, libraries)
    if isinstance(found, PathRefusal):
        return
    assert found.relative.parts
    assert not found.relative.is_absolute()
    assert ".." not in found.relative.parts
    assert all("/" not in one and "\0" not in one for one in found.relative.parts)
    assert all(len(one.encode()) <= 255 for one in found.relative.parts)
    for path, above in (
        (found.source, found.source_root),
        (found.destination, found.destination_root),
    ):
        assert above is not None
        assert path is not None
        assert path.is_relative_to(above)
        assert path != above
