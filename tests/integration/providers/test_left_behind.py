"""What a run that was ended leaves behind: nothing counts but a login that was being renewed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from listsync.app.provider_table import PROVIDERS, ProviderContext, login_store
from listsync.cancellation import CancelToken
from listsync.config.schema import ChromiumOptions, ProvidersOptions
from listsync.config_types import SecretStr
from listsync.errors import UnavailableError
from listsync.http.login_store import LoginTokens
from listsync.providers.trakt.source import parse
from listsync.store.database import Database
from tests.integration.providers.trap import HeardRequest, said, trap

RENEWED = {"access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 86400}


def test_a_login_that_is_being_renewed_is_saved_though_the_run_is_over(tmp_path: Path) -> None:
    asked, token = threading.Event(), CancelToken()

    def answer(question: HeardRequest) -> Iterable[bytes]:
        if question.path == "/oauth/token":
            asked.set()
            time.sleep(0.3)
            return [said(json.dumps(RENEWED).encode())]
        return [said(b"[]")]

    tokens = login_store(tmp_path, "trakt")
    soon = datetime.now(UTC) + timedelta(seconds=1)
    tokens.save(LoginTokens(access=SecretStr("a"), refresh=SecretStr("r"), expires_at=soon))
    database = Database(tmp_path / "db")
    with trap(answer) as server, ExitStack() as stack:
        options = ProvidersOptions()
        trakt = replace(
            options.trakt,
            base_url=server.url,
            auth_url=server.url,
            client_id=SecretStr("id"),
            client_secret=SecretStr("secret"),
        )
        context = ProviderContext(
            replace(options, trakt=trakt), ChromiumOptions(), database, tmp_path, stack, token
        )
        provider = PROVIDERS["trakt"](parse("me/watchlist"), context)
        failed: list[Exception] = []

        def read() -> None:
            try:
                provider.fetch(None)
            except UnavailableError as error:
                failed.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        assert asked.wait(30)
        token.revoke()
        stack.close()
        thread.join(30)
        context.login_client("trakt").close()
    database.close()
    assert len(failed) == 1
    login = tokens.load()
    assert login is not None
    assert login.refresh.get_secret_value() == "new-refresh"
    assert [one.path for one in server.asked] == ["/oauth/token"]
