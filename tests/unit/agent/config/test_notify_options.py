"""The key `notify`: which targets there are, and what is refused before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from listsync.app.notifications import rules_of
from listsync.config.configuration import load, secrets_of
from listsync.config.notify_options import NotifyForm
from listsync.domain.messages import USUAL_KINDS, MessageKind
from listsync.errors import ConfigError
from tests.unit.agent.config.editors import validator

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


def test_headers_have_free_names_and_secret_values(tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer no-token", "X-Token": {"env": "X_TOKEN"}}
    file = tmp_path / "listsync.yaml"
    data = {"server": {"url": "sandbox"}, "notify": [{"webhook": {**URL, "headers": headers}}]}
    file.write_text(json.dumps(data), encoding="utf-8")
    config = load(file, {"X_TOKEN": "no-real-token"})
    hook = config.notify[0].webhook
    assert hook is not None
    told = {name: one.get_secret_value() for name, one in hook.headers.items()}
    assert told == {"Authorization": "Bearer no-token", "X-Token": "no-real-token"}
    assert "token" not in repr(config.notify)
    assert {"Bearer no-token", "no-real-token"} <= secrets_of(config)
    assert not list(validator().iter_errors(data))


MAIL = {"host": "mail.example", "from": "Me <a@b.example>", "to": "a@b.example"}
LOGIN = {"user": "me", "password": "no-pass"}


def mail(**more: Any) -> dict[str, Any]:
    return {"email": {**MAIL, **more}}


def test_a_mail_target_needs_little(tmp_path: Path) -> None:
    (form,) = targets(tmp_path, mail(**LOGIN))
    options = form.email
    assert options is not None
    assert (options.host, options.port_in_use, options.security) == (
        "mail.example",
        587,
        "starttls",
    )
    assert (options.sender, options.to) == ("Me <a@b.example>", ("a@b.example",))


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_each_kind_of_encryption_has_its_port(tmp_path: Path, security: str, port: int) -> None:
    (usual, own) = targets(tmp_path, mail(security=security), mail(security=security, port=2525))
    assert usual.email is not None
    assert own.email is not None
    assert (usual.email.port_in_use, own.email.port_in_use) == (port, 2525)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "[::1]"])
def test_this_machine_may_have_the_password_as_it_is(tmp_path: Path, host: str) -> None:
    assert targets(tmp_path, mail(host=host, security="none", **LOGIN))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "this target is of no kind"),
    ({"webhook": None}, "this target is of no kind"),
    ({**BEAT, **HOOK}, "of a kind already (heartbeat)"),
    ({**BEAT, "on": ["summary"]}, "a heartbeat is told of every sync"),
    ({**BEAT, "lists": ["a"]}, "expected no lists"),
    ({**BEAT, "severity": "error"}, "expected no severity"),
    ({"heartbeat": {"url": "ftp://h/x"}}, "notify[0].heartbeat.url: expected an address"),
    ({"webhook": {**URL, "headers": ["X-Token"]}}, "webhook.headers: expected a mapping"),
    ({"webhook": {**URL, "headers": {"X Token": "a"}}}, "expected the name of a header"),
    ({"webhook": {**URL, "headers": {"host": "a"}}}, "host: is a header of our own"),
    ({"webhook": {**URL, "headers": {"X-Token": {"env": "NONE"}}}}, '"NONE" is not set'),
    ({"webhook": {**URL, "headers": {"X-Token": "a\nb"}}}, "X-Token: a secret may not hold line"),
    ({"webhook": {**URL, "headers": {"X-Token": "pässword"}}}, "X-Token: expected ASCII letters"),
    (mail(to=[]), "expected at least one address"),
    (mail(to=["me@example.org", "me"]), "notify[0].email.to[1]: expected an address such as"),
    (mail(to="a@b.example\r\nBcc: c@d.example"), "expected an address such as"),
    ({"email": {**MAIL, "from": "A\nB <a@b.example>"}}, "email.from: expected an address such as"),
    ({"email": {"host": "h", "to": "a@b.example"}}, 'missing key "from" in notify[0].email'),
    (mail(port=70000), "notify[0].email.port: expected at most 65535"),
    (mail(port=0), "notify[0].email.port: expected at least 1"),
    (mail(host="smtps://mail.example"), "expected a name such as smtp.example.org"),
    (mail(host="mail.example:587"), "the port has a key of its own"),
    (mail(host=""), "expected a name such as smtp.example.org"),
    (mail(security="ssl"), "expected 'starttls', 'tls' or 'none'"),
    (mail(security="none", **LOGIN), "the password would be sent for all to read"),
    (mail(user="me"), "there is a user alone"),
    (mail(password="no-pass"), "there is a password alone"),
    (mail(form="x"), 'unknown key "form" in notify[0].email, did you mean "from"?'),
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


@pytest.mark.parametrize("form", [HOOK, BEAT, {**HOOK, "on": ["daily"]}, mail(**LOGIN)])
def test_editors_take_what_the_agent_takes(form: dict[str, Any]) -> None:
    document = {"server": {"url": "sandbox"}, "notify": [form]}
    assert not list(validator().iter_errors(document))


@pytest.mark.parametrize(
    "form",
    [
        *({}, {"webhook": None}, {**BEAT, **HOOK}, {**BEAT, "on": ["summary"]}),
        *({**BEAT, "lists": ["a"]}, {"heartbeat": {**URL, "form": "x"}}, mail(port=0)),
        {"webhook": {**URL, "headers": {"X-Token": 7}}},
    ],
)
def test_editors_refuse_what_the_agent_refuses(form: dict[str, Any]) -> None:
    document = {"server": {"url": "sandbox"}, "notify": [form]}
    assert list(validator().iter_errors(document))
