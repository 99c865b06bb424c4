"""Judges requests by a server's OpenAPI file, more strictly than the server does."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import yaml
from openapi_schema_validator import OAS30WriteValidator

FILES = Path(__file__).parents[2] / "fixtures" / "openapi"
PRODUCTS = ("overseerr", "jellyseerr", "seerr")
PREFIX = "/api/v1"

UNDOCUMENTED_PATHS = frozenset({"/"})
UNDOCUMENTED_FIELDS = frozenset({"tags"})
OUR_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "if-none-match",
        "user-agent",
        "x-api-key",
        "x-api-user",
        "x-xsrf-token",
    }
)
_RESERVED = re.compile(r"[:/?#\[\]@!$&'()*+,;=]")
_KINDS = {"number": float, "integer": int}


class WrongRequestError(AssertionError):
    """The request is not as the OpenAPI file wants it."""


class _Loader(yaml.CSafeLoader):
    """Leaves dates as they are written: as datetime they would be no JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def specification(product: str) -> Specification:
    text = (FILES / f"{product}-api.yml").read_text(encoding="utf-8")
    return Specification(yaml.load(text, Loader=_Loader))


@dataclass(frozen=True)
class Specification:
    """One OpenAPI file."""

    document: dict[str, Any]

    def check(self, request: httpx.Request) -> None:
        """Raise unless *request* is documented, down to every parameter and field."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        _demand(path.startswith(PREFIX), f"{path} is not under {PREFIX}")
        unknown = set(request.headers) - OUR_HEADERS
        _demand(not unknown, f"unexpected headers {unknown}")
        user = request.headers.get("x-api-user")
        _demand(user is None or user.isdigit(), f"X-API-User {user!r} would end the server")
        path = path.removeprefix(PREFIX)
        if path in UNDOCUMENTED_PATHS:
            _demand(request.method == "GET" and not query, "only a plain GET of the root")
            return
        operation, parameters, values = self._operation(request.method.lower(), path)
        self._check_values(parameters, values)
        self._check_query(parameters, query)
        self._check_body(operation, request)

    def _operation(
        self, method: str, path: str
    ) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, str]]:
        templates = sorted(self.document["paths"], key=lambda template: template.count("{"))
        for template in templates:
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
            found = re.fullmatch(pattern, path)
            if found:
                item = self.document["paths"][template]
                _demand(method in item, f"{method} is not documented for {template}")
                operation = item[method]
                parameters = [*item.get("parameters", []), *operation.get("parameters", [])]
                return operation, parameters, found.groupdict()
        raise WrongRequestError(f"{path} is not documented")

    def _check_values(self, parameters: list[dict[str, Any]], values: Mapping[str, str]) -> None:
        schemas = {one["name"]: one["schema"] for one in parameters if one["in"] == "path"}
        for name, value in values.items():
            self._check_text(f"path parameter {name}", value, schemas[name])

    def _check_query(self, parameters: list[dict[str, Any]], query: str) -> None:
        known = {one["name"]: one for one in parameters if one["in"] == "query"}
        given: dict[str, str] = {}
        for part in query.split("&") if query else []:
            name, _, value = part.partition("=")
            _demand(name in known, f"Unknown query parameter '{name}'")
            _demand(name not in given, f"query parameter '{name}' comes twice")
            _demand(value != "", f"Empty value found for query parameter '{name}'")
            _demand(not _RESERVED.search(value), f"query parameter '{name}' must be url encoded")
            given[name] = value
            self._check_text(f"query parameter {name}", value, known[name]["schema"])
        missing = {name for name, one in known.items() if one.get("required")} - given.keys()
        _demand(not missing, f"missing query parameters {missing}")

    def _check_text(self, what: str, text: str, schema: dict[str, Any]) -> None:
        """Check a value that travels as text, taken for the type that its schema wants."""
        value: object = unquote(text, errors="strict")
        convert = _KINDS.get(str(schema.get("type")))
        if convert is not None:
            _demand(re.fullmatch(r"-?\d+(\.\d+)?", text) is not None, f"{what} should be number")
            value = convert(text)
        self._validate(what, value, schema)

    def _check_body(self, operation: dict[str, Any], request: httpx.Request) -> None:
        wanted = operation.get("requestBody")
        if wanted is None:
            _demand(not request.content, "no body is documented")
            return
        kind = request.headers.get("content-type")
        _demand(kind in wanted["content"], f"unsupported media type {kind}")
        schema = wanted["content"][kind]["schema"]
        body = json.loads(request.content)
        unknown = set(body) - set(schema["properties"]) - UNDOCUMENTED_FIELDS
        _demand(not unknown, f"unknown fields {unknown}")
        self._validate("body", body, schema)

    def _validate(self, what: str, value: object, schema: dict[str, Any]) -> None:
        whole = {**schema, "components": self.document["components"]}
        for error in OAS30WriteValidator(whole).iter_errors(value):
            raise WrongRequestError(f"{what}: {error.message}")


def _demand(holds: object, otherwise: str) -> None:
    if not holds:
        raise WrongRequestError(otherwise)
