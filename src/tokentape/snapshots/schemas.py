"""A JSON schema in any form that tests have it in, as a comparator."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from tokentape.errors import UsageError
from tokentape.evaluation.comparing.extras import demand
from tokentape.evaluation.comparing.kind import Given
from tokentape.evaluation.comparing.schema import Schema
from tokentape.evaluation.comparing.validating import SchemaProblem, unfitting

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json


def schema_comparator(schema: object) -> Schema:
    """The comparator. Raises `UsageError` for what is no schema, or without the packages that it takes."""
    given = Given("schema", "schema")
    demand(given, "jsonschema")
    demand(given, "regex")
    text = _text(schema)
    try:
        unfitting(None, text)
    except SchemaProblem as problem:
        raise UsageError(f"matches_schema: {problem}") from None
    return Schema("schema", text)


def _text(schema: object) -> str:
    made = getattr(schema, "model_json_schema", None)
    if callable(made):
        return json.dumps(cast("Callable[[], Json]", made)())
    if isinstance(schema, Mapping):
        return json.dumps(dict(schema))
    if isinstance(schema, str | os.PathLike):
        try:
            return Path(schema).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise UsageError(f"matches_schema: cannot read {schema}: {error}") from None
    raise UsageError(
        f"matches_schema: a {type(schema).__name__} is no schema; give an object, a file or a model"
    )
