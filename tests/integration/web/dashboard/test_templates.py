"""Pages hold nothing that their own Content-Security-Policy would stop without a word."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from tests.integration.web.dashboard.conftest import RENDERER

FOLDER = resources.files("listsync.web.dashboard") / "templates"
NAMES = sorted(one.name for one in FOLDER.iterdir())
FORBIDDEN = {
    "a style of its own": r"<style|\sstyle\s*=",
    "a script of its own": r"<script(?![^>]*\ssrc=)|javascript:|\son\w+\s*=",
    "htmx's own scripts": r"hx-on|\bjs:|hx-live|hx-vars",
    "a filter of a trigger": r"hx-trigger\s*=\s*(\"[^\"]*\[|'[^']*\[)",
    "an address elsewhere": r"(?:src|href|action|hx-(?:get|post))\s*=\s*[\"'](?:https?:)?//",
    "a link that leaves out the base path": r"(?:src|href|action|hx-(?:get|post)|connect)=\"/",
    "text that is not escaped": r"\|\s*safe\b|autoescape|Markup",
    "a second document": r"<(?:iframe|object|embed|base)\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_no(name: str, what: str) -> None:
    found = re.search(FORBIDDEN[what], FOLDER.joinpath(name).read_text(encoding="utf-8"))
    assert found is None, found


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a style of its own", '<p style="x">'),
        ("a script of its own", "<script>x</script>"),
        ("a script of its own", '<p onclick="x">'),
        ("htmx's own scripts", '<p hx-on:click="x">'),
        ("htmx's own scripts", """<p hx-vals='js:{a: 1}'>"""),
        ("a filter of a trigger", '<p hx-trigger="click[ctrlKey]">'),
        ("an address elsewhere", '<a href="https://example.org">'),
        ("a link that leaves out the base path", '<a href="/ui/lists">'),
        ("text that is not escaped", "{{ title | safe }}"),
    ],
)
def test_each_of_these_would_be_seen(what: str, text: str) -> None:
    assert re.search(FORBIDDEN[what], text)


def test_every_template_can_be_read() -> None:
    assert RENDERER.names == NAMES
