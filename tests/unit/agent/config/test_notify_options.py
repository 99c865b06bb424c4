"""The key `notify`: which targets there are, and what is refused before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from listsync.app.notifications import rules_of
from listsync.config.configuration import load
from listsync.config.json_schema import schema
from listsync.config.notify_options import NotifyForm
from listsync.domain.messages import USUAL_KINDS, MessageKind
from listsync.errors import ConfigError

URL = {"url": "https://h.example/x"}
HOOK = {"webhook": URL}
BEAT = {"heartbeat": URL}


def targets(folder: Path, *forms: dict[str, Any]) -> tuple[NotifyForm, ...]:
    file = folder / "listsync.yaml"
    data = {"server": {"url": "sandbox"}, "lists": [{"file": "/a"}], "notify": forms}
    file.write_text(json.dumps(data, indent=1), encoding="utf-8")
    return load(file, {}).notify


def test_a_heartbeat_is_told_of_syncs_alone_and_nothing_else_is(tmp_path: Path) -> None:
    beat, hook = rules_of(targets(tmp_path, BEAT, HOOK))
    assert beat.kinds == {MessageKind.HEARTBEAT}
    assert hook.kinds == USUAL_KINDS


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "this target is of no kind"),
    ({"webhook": None}, "this target is of no kind"),
    ({**BEAT, **HOOK}, "of a kind already (heartbeat)"),
    ({**BEAT, "on": ["summary"]}, "a heartbeat is told of every sync"),
    ({**BEAT, "lists": ["a"]}, "expected no lists"),
    ({**BEAT, "severity": "error"}, "expected no severity"),
    ({"heartbeat": {"url": "ftp://h/x"}}, "notify[0].heartbeat.url: expected an address"),
    ({"heartbeat": {**URL, "form": "cronitor"}}, "'healthchecks' or 'uptime_kuma'"),
]


@pytest.mark.parametrize(("form", "words"), WRONG, ids=lambda one: str(one)[:50])
def test_what_cannot_be_is_refused_with_its_place(
    tmp_path: Path, form: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError) as found:
        targets(tmp_path, form)
    (problem,) = found.value.problems
    assert words in problem.what
    assert problem.line is not None
    assert problem.line > 10
    assert problem.column


@pytest.mark.parametrize("form", [HOOK, BEAT, {**HOOK, "on": ["daily"]}])
def test_editors_take_what_the_agent_takes(form: dict[str, Any]) -> None:
    document = {"server": {"url": "sandbox"}, "notify": [form]}
    assert not list(Draft202012Validator(schema()).iter_errors(document))


@pytest.mark.parametrize("form", [form for form, _ in WRONG if form.get("heartbeat", URL) == URL])
def test_editors_refuse_what_the_agent_refuses(form: dict[str, Any]) -> None:
    document = {"server": {"url": "sandbox"}, "notify": [form]}
    assert list(Draft202012Validator(schema()).iter_errors(document))
