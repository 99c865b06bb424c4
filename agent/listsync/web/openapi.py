"""The OpenAPI 3.1 document, made of the routes themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TypedDict

from msgspec.json import schema_components
from starlette.responses import Response

from listsync import __version__
from listsync.commands.schema import CommandParameter
from listsync.web.routes import HttpRoute, ResponseSpec, WebRequest, json_response
from listsync.web.settings import TokenScope

PATH = "/api/v1/openapi.json"
_REF = "#/components/schemas/{name}"
_JSON = "application/json"
_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")

Schema = Mapping[str, object]


class RefusalReply(TypedDict):
    """*reason* is a word for programs, *message* a sentence for people."""

    success: bool
    reason: str
    message: str


_ALWAYS = {
    400: "The request is not understood, or names a host that this is not.",
    411: "A body needs a Content-Length.",
    413: "The body is too large; what is asked with GET has none.",
    431: "The head of the request is too large.",
    500: "The agent failed: see its log.",
}
_WITH_RIGHTS = {
    401: "No token, or a wrong one.",
    403: "The token is not good for this.",
    429: "Too many wrong tokens: Retry-After says how long to wait.",
}
_HAVE_BODIES = {"POST", "PUT"}
_WITH_BODY = {408: "The body came too slowly."}


def route(routes: Iterable[HttpRoute]) -> HttpRoute:
    """Make the route that gives the document of *routes* and of itself."""

    async def answer(_: WebRequest) -> Response:
        return json_response(document((*routes, own)))

    own = HttpRoute(
        method="GET",
        path=PATH,
        scope=TokenScope.READ,
        handler=answer,
        summary="Describe the API, as this document does.",
        answers=(ResponseSpec(status=200, what="This document.", shapes=(dict,)),),
    )
    return own


def document(routes: Iterable[HttpRoute]) -> dict[str, object]:
    """Describe *routes*, in the order of their paths."""
    told = sorted(routes, key=lambda one: (one.path, one.method))
    shapes = {shape for one in told for spec in one.answers for shape in spec.shapes}
    ordered = sorted({*shapes, RefusalReply}, key=str)
    found, definitions = schema_components(
        ordered, schema_hook=lambda _: {"description": "anything"}, ref_template=_REF
    )
    schemas = dict(zip(ordered, found, strict=True))
    paths: dict[str, dict[str, object]] = {}
    for one in told:
        place = paths.setdefault(_PARAMETER.sub(r"{\1}", one.path), {})
        place[one.method.lower()] = _operation(one, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "listsync", "version": __version__},
        "paths": paths,
        "components": {"schemas": definitions, "securitySchemes": _SECURITY},
    }


_SECURITY: Schema = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic", "description": "The password is the token."},
    "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
}


def _operation(one: HttpRoute, schemas: Mapping[object, Schema]) -> Schema:
    scope = one.scope
    return {
        "operationId": _name(one),
        "summary": one.summary,
        "tags": list(one.tags),
        "parameters": [*_path_parameters(one), *_query_parameters(one)],
        **({"requestBody": _body(one)} if one.method in _HAVE_BODIES and one.takes else {}),
        "responses": _responses(one, schemas),
        "security": [{name: [scope.value]} for name in _SECURITY] if scope else [],
    }


def _name(one: HttpRoute) -> str:
    words = re.findall(r"\w+", one.path)
    return "_".join([one.method.lower(), *words])


def _path_parameters(one: HttpRoute) -> list[Schema]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(one.path)
    ]


def _query_parameters(one: HttpRoute) -> list[Schema]:
    if one.method in _HAVE_BODIES:
        return []
    return [
        {
            "name": parameter.name,
            "in": "query",
            "required": parameter.is_required,
            "description": parameter.about.words,
            "schema": parameter.schema,
        }
        for parameter in one.takes
    ]


def _body(one: HttpRoute) -> Schema:
    required = [parameter.name for parameter in one.takes if parameter.is_required]
    schema = {
        "type": "object",
        "properties": {parameter.name: _property(parameter) for parameter in one.takes},
        **({"required": required} if required else {}),
    }
    return {"required": bool(required), "content": {_JSON: {"schema": schema}}}


def _property(parameter: CommandParameter) -> Schema:
    return {"description": parameter.about.words, **parameter.schema}


def _responses(one: HttpRoute, schemas: Mapping[object, Schema]) -> Schema:
    common = {
        **_ALWAYS,
        **(_WITH_RIGHTS if one.scope else {}),
        **(_WITH_BODY if one.method in _HAVE_BODIES else {}),
    }
    refusal = [schemas[RefusalReply]]
    refusals = {status: _response(what, refusal) for status, what in common.items()}
    own = {
        spec.status: _response(
            spec.what,
            refusal if spec.is_refusal else [schemas[one] for one in spec.shapes],
            spec.media_type,
        )
        for spec in one.answers
    }
    return {str(status): told for status, told in sorted({**refusals, **own}.items())}


def _response(what: str, schemas: list[Schema], media_type: str = _JSON) -> Schema:
    content = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    return {
        "description": what or HTTPStatus(200).phrase,
        **({"content": {media_type: {"schema": content}}} if schemas else {}),
    }
