"""Validators of the published schemas in `tests/schemas`."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

HOME = Path(__file__).parent.parent / "schemas"


@cache
def validator(file, name):
    described = json.loads((HOME / f"{file}.json").read_text(encoding="utf-8"))
    # A message with a list of parts is an EasyInputMessage and an InputMessage alike: of these alternatives
    # not just one is right.
    alternatives = described["components"]["schemas"].get("InputItem")
    if alternatives is not None and "oneOf" in alternatives:
        alternatives["anyOf"] = alternatives.pop("oneOf")
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", **described})


def problems(file, name, value):
    """What is wrong with `value`, one line each."""
    found = validator(file, name).iter_errors(value)
    return [f"{error.json_path}: {_deepest(error)}" for error in found]


def _deepest(error):
    """Of alternatives that all fail, what the nearest one says."""
    while error.context:
        error = max(error.context, key=lambda inner: len(inner.absolute_path))
    return f"{error.json_path}: {error.message[:300]}"
