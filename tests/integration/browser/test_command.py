"""`listsync check --live` by an unprivileged user, with a list behind a bot wall."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from tests.integration.browser.place import Place, user
from tests.integration.browser.walled import walled_site

pytestmark = [
    pytest.mark.usefixtures("chromium"),
    pytest.mark.timeout(90),
    pytest.mark.slow,
]


def test_a_list_behind_the_wall_can_be_read(place: Place) -> None:
    home = place.root / "home"
    home.mkdir()
    config = home / "listsync.yaml"
    with walled_site() as walled:
        config.write_text(
            json.dumps(
                {
                    "server": {"url": "sandbox"},
                    "lists": [{"letterboxd": "sample_user/list/synthetic-list", "name": "one"}],
                    "providers": {"letterboxd": {"base_url": walled.url, "pace_s": 0}},
                }
            ),
            encoding="utf-8",
        )
        if os.geteuid() == 0:
            for path in (home, config):
                os.chown(path, user(), user())
        state = str(home / "state")
        done = subprocess.run(
            [
                *(*place.settings.command, "-m", "listsync", "check", str(config)),
                *("--live", "--state-dir", state),
            ],
            env={**os.environ, "HOME": str(home), "TMPDIR": str(place.temp)},
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
            timeout=80,
        )
    assert (done.stderr, done.returncode) == ("", 0)
    assert "one  complete: 7 titles" in done.stdout
    assert place.is_clean(), (place.processes(), place.sessions())
    assert not any((home / "state/browser/sessions").iterdir())
