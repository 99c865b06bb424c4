"""HTTP of a running agent: every route, its rights, what the OpenAPI document says."""

from __future__ import annotations

import base64
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator
from prometheus_client.parser import text_string_to_metric_families

from listsync.commands.dispatch import COMMANDS
from listsync.commands.feeds import Feeds
from listsync.web.all_routes import routes_for_programs
from listsync.web.openapi import PATH
from listsync.web.routes import HttpRoute
from listsync.web.settings import TokenScope
from tests.integration.app.conftest import AgentInProcess, StartAgent
from tests.thorough import IS_THOROUGH, tries

if TYPE_CHECKING:  # it takes a second to load: what needs it does so
    from schemathesis import Case
    from schemathesis.generation import GenerationMode
    from schemathesis.schemas import APIOperation

SECRETS = {scope: f"a-token-to-{scope.value}-in-tests-only" for scope in TokenScope}
WITHOUT_TOKEN = {"/healthz", "/readyz", "/health"}
"""All that answers who has no token, beside the login page and its assets."""
BASIC = base64.b64encode(f"me:{SECRETS[TokenScope.READ]}".encode()).decode()
Document = Mapping[str, Any]
A_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


@dataclass
class Api:
    """An agent whose HTTP server is open."""

    agent: AgentInProcess
    client: httpx.Client

    @property
    def routes(self) -> tuple[HttpRoute, ...]:
        backend = self.agent.daemon.http._backend
        assert backend is not None
        web = self.agent.daemon.http
        return routes_for_programs(backend, Feeds(web._context), web._open_intake())

    def send(
        self, method: str, path: str, scope: TokenScope | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {SECRETS[scope]}"} if scope else {}
        return self.client.request(method, path, headers=headers, **more)

    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = self.send("GET", PATH, TokenScope.READ).json()
        return found


@pytest.fixture
def api(start_agent: StartAgent) -> Iterator[Api]:
    agent = start_agent()
    tokens = [
        {"name": scope.value, "token": secret, "scopes": [scope.value]}
        for scope, secret in SECRETS.items()
    ]
    agent.write({"http.listen": "127.0.0.1:0", "http.tokens": tokens})
    assert agent.reload()["pending"] == []
    with httpx.Client(base_url=agent.http_url, trust_env=False, timeout=30) as client:
        yield Api(agent, client)


def address_of(route: HttpRoute) -> str:
    return A_PARAMETER.sub("anything", route.path)


def test_every_route_refuses_who_has_no_token_or_one_that_is_good_for_less(api: Api) -> None:
    open_to_all = {route.path for route in api.routes if route.scope is None}
    assert open_to_all == WITHOUT_TOKEN
    walked = 0
    for route in api.routes:
        if route.scope is None:
            continue
        at = address_of(route)
        assert api.send(route.method, at).status_code == 401, at
        for scope in set(TokenScope) - {route.scope}:
            answer = api.send(route.method, at, scope)
            assert answer.status_code == 403, (at, scope)
            assert answer.json()["reason"] == "forbidden"
        walked += 1
    assert walked > 20


def test_no_route_answers_another_method_or_the_text_of_another_address(api: Api) -> None:
    for route in api.routes:
        others = {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO"} - {
            one.method for one in api.routes if one.path == route.path
        }
        for method in others:
            answer = api.send(method, address_of(route), TokenScope.CONTROL)
            assert answer.status_code == 405, (method, route.path)
    for path in ("/api//sync", "/api/sync/%2e%2e/trigger", "/API/sync", "/api/sync;x", "/%2fsync"):
        assert api.send("POST", path, TokenScope.CONTROL).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Api-Key": SECRETS[TokenScope.READ]},
        {"Authorization": f"bearer {SECRETS[TokenScope.READ]}"},
        {"Authorization": f"Basic {BASIC}"},
    ],
    ids=["key", "bearer", "basic"],
)
def test_a_token_is_taken_in_each_of_the_usual_places(
    api: Api, headers: Mapping[str, str]
) -> None:
    assert api.client.get("/api/v1/status", headers=headers).status_code == 200


def test_a_token_in_the_address_is_for_feeds_alone(api: Api) -> None:
    secret = SECRETS[TokenScope.READ]
    assert api.client.get("/api/v1/status", params={"token": secret}).status_code == 401


def test_the_document_names_every_route_and_command(api: Api) -> None:
    document = api.document()
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    known = {(route.method, A_PARAMETER.sub(r"{\1}", route.path)) for route in api.routes}
    assert described == known
    ours = {path for path in document["paths"] if path.startswith("/api/v1/")}
    commands = {f"/api/v1/{name.replace('_', '-')}" for name in COMMANDS}
    assert ours - commands == {PATH, "/api/v1/overview"}
    assert commands <= ours
    names = [one["operationId"] for of in document["paths"].values() for one in of.values()]
    assert len(names) == len(set(names))


def schema_of(
    document: Mapping[str, Any], path: str, method: str, status: int
) -> Mapping[str, Any]:
    """Give the schema of an answer, with all that it refers to."""
    told = document["paths"][path][method]["responses"][str(status)]
    (content,) = told["content"].values()
    return {**content["schema"], "components": document["components"]}


def check(document: Document, answer: httpx.Response, path: str, method: str) -> None:
    schema = schema_of(document, path, method, answer.status_code)
    Draft202012Validator(schema).validate(answer.json())


def test_what_is_answered_is_as_the_document_says(api: Api) -> None:
    document = api.document()
    needs = {
        "/api/v1/explain": {"query": "dune"},
        "/api/v1/plan-result": {"run_id": "none"},
        "/api/v1/backup-result": {"id": "none"},
        "/api/v1/review-decide": {"id": "none", "choice": "none"},
        "/api/v1/exclude": {"item": "no item"},
        "/api/v1/forget": {"item": "no item"},
    }
    statuses = set()
    for path, methods in document["paths"].items():
        for method in methods:
            if path.startswith(("/metrics", "/feeds", "/t/")):
                continue
            given = needs.get(path, {})
            more = {"params": given} if method == "get" else {"json": given}
            scope = TokenScope.READ if method == "get" else TokenScope.CONTROL
            answer = api.send(method, path, scope, **more)
            check(document, answer, path, method)
            statuses.add(answer.status_code)
    assert statuses >= {200, 400, 404}


@pytest.mark.parametrize(
    ("path", "query", "words"),
    [
        ("/api/v1/runs", "limit=x", "limit must be one whole number"),
        ("/api/v1/runs", "limit=0", "runs: limit must be at least 1"),
        ("/api/v1/runs", "limit=1&limit=2", "limit must be one whole number"),
        ("/api/v1/runs", "nothing=1", "unknown: nothing; known: limit, cursor, offset, run_id"),
        ("/api/v1/notices", "open=perhaps", "open must be one true or false"),
        ("/api/v1/items", "offset=" + "9" * 5000, "offset must be one whole number"),
    ],
)
def test_a_bad_parameter_is_named(api: Api, path: str, query: str, words: str) -> None:
    answer = api.send("GET", f"{path}?{query}", TokenScope.READ)
    assert answer.status_code == 400
    assert answer.json() == {"success": False, "reason": "invalid", "message": words} or (
        answer.json()["message"] == words
    )


def test_a_place_on_the_agents_machine_is_not_chosen_over_http(api: Api) -> None:
    answer = api.send("POST", "/api/v1/backup", TokenScope.CONTROL, json={"file": "/tmp/x.db"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "unknown: file; known: nothing"
    begun = api.send("POST", "/api/v1/backup", TokenScope.CONTROL).json()
    assert "/state/backups/listsync-" in begun["file"]


def test_a_trigger_is_one_of_http_whatever_a_program_says_of_itself(api: Api) -> None:
    answer = api.send("POST", "/api/v1/trigger", TokenScope.CONTROL, json={"act_as": 1})
    assert answer.status_code == 400
    assert api.send("POST", "/api/v1/trigger", TokenScope.CONTROL).status_code == 200


def test_the_overview_is_flat_and_short(api: Api) -> None:
    facts = api.send("GET", "/api/v1/overview", TokenScope.READ).json()
    assert len(facts) <= 12
    assert not any(isinstance(value, (dict, list)) for value in facts.values())
    assert (facts["state"], facts["lists"]) == ("idle", 1)


def test_totals_have_the_names_that_programs_know(api: Api) -> None:
    totals = api.send("GET", "/stats", TokenScope.READ).json()
    known = {one["name"]: one for one in api.agent.ask("stats")["periods"]}
    assert totals == {
        "session": {
            "movies_synced": known["session"]["movies"],
            "episodes_synced": known["session"]["series"],
            "failures": known["session"]["failed"],
            "bytes_transferred": 0,
            "bytes_transferred_human": "0 B",
        },
        "database": {
            "total_successful": known["total"]["requested"],
            "total_failed": known["total"]["failed"],
            "today_successful": known["today"]["requested"],
            "today_failed": known["today"]["failed"],
        },
    }
    assert api.send("GET", "/stats", TokenScope.FEED).status_code == 403


def test_metrics_can_be_read_by_prometheus(api: Api) -> None:
    answer = api.send("GET", "/metrics", TokenScope.READ)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    samples = {
        (one.name, tuple(one.labels.values())): one.value
        for family in text_string_to_metric_families(answer.text)
        for one in family.samples
    }
    assert samples["listsync_lists", ()] == 1
    assert samples["listsync_state", ("idle",)] + samples["listsync_state", ("running",)] == 1
    assert samples["listsync_last_sync_success", ()] == 1


@pytest.mark.slow
@pytest.mark.timeout(tries(300, 3600))
def test_schemathesis_finds_no_answer_that_the_document_does_not_tell(api: Api) -> None:
    """It sends every other route what the document allows, or what it does not.

    The others are for the next day, and which of both it is is drawn anew in each run.
    """
    import schemathesis  # noqa: PLC0415
    from schemathesis.generation import GenerationMode  # noqa: PLC0415

    document = api.document()
    url = str(api.client.base_url)
    schema = schemathesis.openapi.from_dict(document)
    walked = 0
    today = datetime.now(UTC).toordinal() % 2
    operations = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]  # it raises what is wrong
    taking = [one for one in operations if takes_anything(document["paths"][one.path][one.method])]
    for number, operation in enumerate(taking):
        if number // 2 % 2 == today and not IS_THOROUGH:
            continue  # by pairs: of each command there are two
        takes = document["paths"][operation.path][operation.method]
        ((scope, *_), *_) = takes["security"][0].values() if takes["security"] else (["read"],)
        headers = {"Authorization": f"Bearer {SECRETS[TokenScope(scope)]}"}
        modes = random.sample([*GenerationMode], tries(1, len(GenerationMode)))
        walked += sum(_attack(operation, mode, url, headers) for mode in modes)
    assert walked > 12


def takes_anything(told: Document) -> bool:
    return bool(told["parameters"] or "requestBody" in told)


def _attack(
    operation: APIOperation[Any, Any, Any, Any],
    mode: GenerationMode,
    url: str,
    headers: dict[str, str],
) -> int:
    """Send what *mode* makes up for an operation; gives how much that was."""
    from schemathesis.checks import not_a_server_error  # noqa: PLC0415
    from schemathesis.specs.openapi import checks  # noqa: PLC0415

    sent = 0

    @settings(
        max_examples=tries(2, 100),
        deadline=None,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case[Any]) -> None:
        nonlocal sent
        sent += 1
        answer = case.call(base_url=url, headers=headers)
        case.validate_response(
            answer,
            checks=[
                not_a_server_error,
                checks.response_schema_conformance,
                checks.status_code_conformance,
            ],
        )

    with suppress(Unsatisfiable):  # there is nothing wrong to send where nothing is taken
        send()
    return sent


def test_a_body_that_may_not_be_is_told_of_every_method(api: Api) -> None:
    for methods in api.document()["paths"].values():
        for method, told in methods.items():
            assert {"411", "413"} <= told["responses"].keys()
            assert ("408" in told["responses"]) is (method in {"post", "put"})
