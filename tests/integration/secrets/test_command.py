"""`listsync secret` as people and scripts use it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from listsync.cli import options, secret
from listsync.cli.program import listsync
from listsync.secrets.vault import open_vault
from tests.integration.secrets.test_vault import SECRET, forget_all

Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(tmp_path: Path) -> Run:
    def run(*arguments: str, input: str | bytes = "", **environ: str) -> Result:  # noqa: A002 - click's
        places = {"XDG_CONFIG_HOME": str(tmp_path / "c"), "XDG_STATE_HOME": str(tmp_path / "s")}
        clear = {name: None for name in os.environ if name.startswith("LISTSYNC_")}
        env = {**clear, **places, **environ}
        return CliRunner().invoke(listsync, arguments, input=input, env=env)

    return run


def test_a_secret_is_set_before_there_is_a_configuration_and_used_by_it(
    run: Run, tmp_path: Path
) -> None:
    done = run("secret", "set", "seerr-key", input=f"{SECRET}\n")
    assert done.exit_code == 0, done.output
    assert "{encrypted: seerr-key}" in done.stdout
    assert "keep a copy" in done.stderr
    assert SECRET not in done.output
    config = tmp_path / "c" / "listsync" / "listsync.yaml"
    config.write_text(
        "server: {url: 'http://h:1', api_key: {encrypted: seerr-key}}\nlists: [{file: a.csv}]\n"
    )
    checked = run("check")
    assert (checked.exit_code, checked.stderr) == (0, ""), checked.output
    assert run("secret", "get", "seerr-key").stdout == f"{SECRET}\n"
    listed = run("secret", "list")
    assert listed.stdout == "seerr-key  server.api_key\n"
    assert json.loads(run("secret", "list", "--json").stdout)["secrets"] == {
        "seerr-key": ["server.api_key"]
    }
    removed = run("secret", "remove", "seerr-key")
    assert "listsync.yaml still uses it: server.api_key" in removed.stderr
    told = run("check")
    assert told.exit_code == 78
    assert "holds no secret seerr-key: `listsync secret set seerr-key`" in told.stderr


def test_a_new_key_and_the_old_one_are_given_out_for_a_copy(run: Run, tmp_path: Path) -> None:
    run("secret", "set", "one", input=SECRET)
    before = run("secret", "export-key").stdout
    done = run("secret", "rotate")
    assert "1 secret anew with a new key" in done.stdout
    after = run("secret", "export-key").stdout
    assert after.endswith(before)
    assert len(after) == 2 * len(before)
    (tmp_path / "s" / "listsync" / "secret.key").write_text(after)
    assert run("secret", "get", "one").stdout == f"{SECRET}\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [("", "the secret is empty"), (b"\xff\xfe", "not UTF-8"), ("a\nb\n", "line breaks")],
)
def test_what_is_no_secret_is_told(run: Run, given: str | bytes, said: str) -> None:
    done = run("secret", "set", "one", input=given)
    assert done.exit_code == 1
    assert said in done.stderr
    assert run("secret", "list").stdout == ""


def test_no_command_takes_a_secret_as_an_argument(run: Run) -> None:
    assert run("secret", "set", "one", SECRET).exit_code == 2
    assert run("secret", "set", "one", "--value", SECRET).exit_code == 2


def test_from_key_to_passphrase_and_to_another_one(run: Run, tmp_path: Path) -> None:
    run("secret", "set", "one", input=SECRET)
    done = run("secret", "rotate", "--passphrase", input="the first passphrase\n")
    assert "anew with the new passphrase" in done.stdout
    file = tmp_path / "passphrase"
    file.write_text("the first passphrase\n")
    file.chmod(0o600)
    named = {"LISTSYNC_PASSPHRASE_FILE": str(file)}
    forget_all()
    done = run("secret", "rotate", input="the second passphrase", **named)
    assert f"Write the new passphrase into {file} now" in done.stderr
    forget_all()
    wrong = run("secret", "get", "one", **named)
    assert wrong.exit_code == 1
    assert f"the passphrase from {file} is not that of" in wrong.stderr
    file.write_text("the second passphrase\n")
    assert run("secret", "get", "one", **named).stdout == f"{SECRET}\n"
    assert "a new key" in run("secret", "rotate", "--key", **named).stdout
    assert run("secret", "get", "one").stdout == f"{SECRET}\n"


def test_key_and_secrets_in_one_volume_are_warned_of(run: Run, tmp_path: Path) -> None:
    volume = {
        "LISTSYNC_CONFIG": str(tmp_path / "listsync.yaml"),
        "LISTSYNC_STATE_DIR": str(tmp_path / "state"),
    }
    said = run("secret", "set", "one", input=SECRET, **volume).stderr
    assert f"both lie in {tmp_path}" in said
    assert "LISTSYNC_SECRET_KEY_FILE" in said


# -- where somebody is there ---------------------------------------------------------------------


@pytest.fixture(name="asked")
def _asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Answer what is asked for; the questions that came are taken out."""
    answers: dict[str, str] = {}

    def ask(words: str) -> str:
        key = next(one for one in answers if words.startswith(one))
        return answers.pop(key)

    for module in (options, secret):
        monkeypatch.setattr(module, "is_interactive", lambda: True)
        monkeypatch.setattr(module, "ask_hidden", ask)
    return answers


def test_on_a_terminal_a_secret_is_asked_for(run: Run, asked: dict[str, str]) -> None:
    asked["Secret one"] = SECRET
    run("secret", "set", "one")
    assert not asked
    assert run("secret", "get", "one").stdout == f"{SECRET}\n"


def test_a_new_passphrase_is_asked_for_twice(run: Run, asked: dict[str, str]) -> None:
    asked.update({"Secret": SECRET, "New passphrase": "a passphrase", "The same": "another"})
    run("secret", "set", "one")
    done = run("secret", "rotate", "--passphrase")
    assert "the two differ; nothing was changed" in done.stderr
    assert run("secret", "get", "one").stdout == f"{SECRET}\n"


def test_what_nobody_gave_is_asked_for_before_an_agent_starts(
    asked: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "listsync.yaml"
    config.write_text("server: {url: 'http://h:1'}\nlists: [{file: a.csv}]\n")
    asked["API key of http://h:1"] = SECRET
    environ = {"HOME": str(tmp_path)}
    told = options.environment_with_told(config, tmp_path / "state", environ)
    assert told["OVERSEERR_API_KEY"] == SECRET
    assert environ == {"HOME": str(tmp_path)}  # which children inherit


def test_the_passphrase_is_asked_for_before_an_agent_starts_and_not_again(
    asked: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "listsync.yaml"
    vault = open_vault(config, tmp_path / "state", {})
    vault.rotate("the only passphrase")
    vault.set("seerr-key", SECRET)
    forget_all()
    config.write_text(
        "server: {url: 'http://h:1', api_key: {encrypted: seerr-key}}\nlists: [{file: a.csv}]\n"
    )
    asked["Passphrase of"] = "the only passphrase"
    options.environment_with_told(config, tmp_path / "state", {"HOME": str(tmp_path)})
    assert not asked
    assert vault.get("seerr-key") == SECRET  # as the agent does, which can ask nobody
