"""The gateway's HTTP interface, as OpenAPI 3.1.

What each API takes is described as far as the gateway itself looks at it; everything else goes on to the
upstream, which judges it. Tests walk through all of it with made-up requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape import __version__
from tokentape.gateway.description_parts import (
    APIS,
    CREDENTIALS,
    NAMING,
    OWN,
    PARAMETERS,
    REPLY_HEADERS,
    SCHEMAS,
    Operation,
)
from tokentape.wire.interaction import Json

if TYPE_CHECKING:
    Fields = dict[str, Json]

ABOUT = (
    "One local server that records, replays and translates calls of language models. Every path may begin "
    "with `/tape/NAME`, `/tag/NAME`, `/session/NAME`, `/conversation/NAME` and `/to/UPSTREAM`, which say "
    "what the headers `X-Tokentape-*` of the same names say. `X-Tokentape-Output` names another dialect, in "
    "which the answer of a model is told, and its errors."
)


def description() -> Fields:
    """The whole document."""
    paths: dict[str, Fields] = {}
    security: list[Json] = [{}]
    security += [{name: list[Json]()} for name in CREDENTIALS]
    for operation in (*APIS, *OWN):
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "tokentape gateway", "version": __version__, "description": ABOUT},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "security": security,
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in (*APIS, *OWN))],
        "paths": {path: dict(item) for path, item in paths.items()},
        "components": {
            "schemas": dict(SCHEMAS),
            "securitySchemes": dict(CREDENTIALS),
            "parameters": dict(NAMING),
            "headers": dict(REPLY_HEADERS),
        },
    }


def _operation(operation: Operation) -> Fields:
    parameters: list[Json] = [dict(PARAMETERS[name]) for name in operation.named]
    if operation.error:
        parameters += [{"$ref": f"#/components/parameters/{name}"} for name in NAMING]
    made: Fields = {
        "tags": [operation.tag],
        "summary": operation.summary,
        "operationId": operation.id,
        "parameters": parameters,
        "responses": _responses(operation),
    }
    if operation.body:
        content: Fields = {operation.sends: {"schema": _ref(operation.body)}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _responses(operation: Operation) -> Fields:
    content: Fields = {kind: {} for kind in operation.gives}
    if operation.reply:
        content["application/json"] = {"schema": _ref(operation.reply)}
    headers: Fields = {name: {"$ref": f"#/components/headers/{name}"} for name in REPLY_HEADERS}
    found: Fields = {"200": {"description": "the answer", "content": content}}
    if operation.error:
        found["200"] = {"description": "the answer", "content": content, "headers": headers}
        failed: Fields = {"application/json": {"schema": _ref(operation.error)}}
        found["4XX"] = {"description": "refused, or a miss, in the client's dialect", "content": failed}
        found["5XX"] = {"description": "no upstream could answer", "content": failed}
        return found
    for status, why in operation.also:
        found[status] = {"description": why, "content": {"application/json": {"schema": {"type": "object"}}}}
    return found


def _ref(name: str) -> Fields:
    return {"$ref": f"#/components/schemas/{name}"}
