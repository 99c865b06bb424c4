"""Configurations that another user may not read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

READ_AS_NOBODY = """
import os, sys
from pathlib import Path
from listsync.config.yaml_document import load_document
from listsync.errors import ConfigError
path = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
try:
    load_document(path)
except ConfigError as error:
    print(error)
"""


def test_an_unreadable_file_names_the_user_who_may_not(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: b")
    path.chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", READ_AS_NOBODY, path], capture_output=True, text=True, check=True
    )
    assert "may not be read by this user (uid " in done.stdout
