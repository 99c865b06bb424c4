"""What users may request, as a server process says it."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import pytest

from listsync.domain.media import MediaType, TitleKey
from listsync.domain.server import Asking, RequestBody, ResponseKind
from listsync.domain.server_knowledge import UNLIMITED, Quota
from listsync.sandbox.process import SandboxProcess
from tests.integration.seerr.conftest import Connect

MOVIE, TV = MediaType.MOVIE, MediaType.TV
HD = {(MOVIE, False), (TV, False)}
UHD = {(MOVIE, True), (TV, True)}


@pytest.mark.parametrize(
    ("permissions", "permitted"),
    [
        (0, set()),
        (2, HD | UHD),
        (32, HD),
        (262144, {(MOVIE, False)}),
        (524288, {(TV, False)}),
        (1024, UHD),
        (2048 | 32, HD | {(MOVIE, True)}),
        (4096, {(TV, True)}),
        (16, set()),
    ],
    ids=["none", "admin", "all", "films", "series", "4k", "4k-films", "4k-series", "managing"],
)
def test_permissions_say_what_a_user_may_request(
    connect: Connect,
    sandbox: SandboxProcess,
    permissions: int,
    permitted: AbstractSet[tuple[MediaType, bool]],
) -> None:
    user = 100 + permissions % 89
    sandbox.admin("users", {"id": user, "name": f"Able {permissions}", "permissions": permissions})
    client = connect()
    allowance = client.allowance_of(f"able {permissions}")
    assert (allowance.user_id, allowance.name) == (user, f"Able {permissions}")
    assert allowance.permitted == permitted
    for kind, four_k in HD | UHD:
        number = 986_000_000 + permissions + four_k
        row = {"media_type": kind.value, "tmdb_id": number, "title": "New", "date": "2024-01-01"}
        more = {"tvdb_id": number, "seasons": 1} if kind is TV else {}
        sandbox.admin("titles", {**row, **more})
        answered = client.request(
            RequestBody(
                key=TitleKey(kind, number),
                four_k=four_k,
                seasons=(1,) if kind is TV else (),
                asking=Asking(user=str(user)),
            )
        )
        is_refused = answered.kind is ResponseKind.PERMISSION
        assert is_refused is ((kind, four_k) not in permitted)


def test_quotas_are_read_in_one_call_beside_the_look_up(
    connect: Connect, sandbox: SandboxProcess
) -> None:
    limits = {"movieLimit": 5, "seriesLimit": 10}
    sandbox.admin("users", {"id": 20, "name": "Limited", "permissions": 32, **limits})
    client = connect(act_as=20)
    for kind, seasons in ((MOVIE, ()), (TV, (1, 2, 3))):
        row = {"media_type": kind.value, "tmdb_id": 988_000_001, "title": "New"}
        more = {"tvdb_id": 988_000_001, "seasons": 3} if kind is TV else {}
        sandbox.admin("titles", {**row, "date": "2024-01-01", **more})
        body = RequestBody(key=TitleKey(kind, 988_000_001), four_k=False, seasons=seasons)
        assert client.request(body).kind is ResponseKind.REQUESTED
    before = client.calls
    for user in (None, "limited", "20"):
        assert client.allowance_of(user).quotas == {
            MOVIE: Quota(limit=5, remaining=4, days=7),
            TV: Quota(limit=10, remaining=7, days=7),
        }
    # Each is read anew: a sync reads it once. The look-ups are by id and a page of users.
    assert client.calls - before == 3 + 2 - 1


def test_without_a_limit_there_is_no_quota(connect: Connect) -> None:
    allowance = connect().allowance_of("Kids")
    assert allowance.quotas == {}
    assert allowance.permitted == HD


def test_who_manages_users_has_no_quota(connect: Connect, sandbox: SandboxProcess) -> None:
    user = {"id": 21, "name": "Manager", "permissions": 8 | 32, "movieLimit": 1}
    sandbox.admin("users", user)
    assert connect().allowance_of("manager").quotas == {}


def test_the_owner_may_do_everything_and_costs_no_call(connect: Connect) -> None:
    client = connect()
    assert client.allowance_of(None) == UNLIMITED
    assert client.calls == 0
    assert client.allowance_of("1") == UNLIMITED
