from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from listsync.cli.program import listsync
from listsync.protocol import Exit


def test_the_file_is_named_as_for_all_other_commands(tmp_path: Path) -> None:
    file = tmp_path / "new.yaml"
    file.write_text("server: {url: sandbox}\nlists: [stevenlu: popular, limit: 5]\n")
    arguments = ["check", "--state-dir", str(tmp_path)]
    one = CliRunner().invoke(listsync, [*arguments, "--config", str(file)])
    other = CliRunner().invoke(listsync, [*arguments, str(file)])
    assert str(file) in one.stderr
    assert (one.exit_code, one.stderr) == (other.exit_code, other.stderr)


def test_a_file_is_named_once() -> None:
    ran = CliRunner().invoke(listsync, ["check", "a.yaml", "--config", "b.yaml"])
    assert ran.exit_code == Exit.USAGE
    assert "give one of them" in ran.stderr
