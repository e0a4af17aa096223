"""JSON Schema, asked in bounds: nothing is fetched, patterns keep a limit of time, and whatever is wrong
with a schema is told.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

from tokentape.evaluation.comparing.patience import patience, patient
from tokentape.evaluation.comparing.plain import in_short
from tokentape.wire.jsontext import parse

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

    from tokentape.wire.interaction import Json

MOST = 20
"""Errors of one value that are told."""

SECONDS = 1.0
"""How long the patterns of a schema may take on one value, all together."""


class SchemaProblem(ValueError):
    """The schema cannot be asked; the text says why, in one line."""


class Unfitting(NamedTuple):
    """One place where a value does not fit: the steps to it, and what the schema asks for."""

    steps: tuple[str | int, ...]
    found: Json
    why: str


def unfitting(value: Json, schema: str) -> list[Unfitting]:
    """Where `value` does not fit `schema`, a JSON text. Raises `SchemaProblem`."""
    from referencing.exceptions import Unresolvable
    from regex import error as PatternError

    try:
        with patience(SECONDS):
            errors = list(islice(_validator(schema).iter_errors(value), MOST))
        return [
            Unfitting(tuple(error.absolute_path), cast("Json", error.instance), _why(error))
            for error in errors
        ]
    except TimeoutError:
        raise SchemaProblem("the patterns of the schema take too long on this reply") from None
    except RecursionError:
        raise SchemaProblem("the schema or the reply is nested too deep") from None
    except Unresolvable as error:
        raise SchemaProblem(f"the schema refers to what is not in it: {in_short(str(error))}") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, re.error, PatternError) as error:
        raise SchemaProblem(f"the schema cannot be asked: {in_short(str(error))}") from None


def _why(error: ValidationError) -> str:
    return f"{error.validator}: {in_short(cast('Json', error.validator_value))}"


@lru_cache(64)
def _validator(schema: str) -> Validator:
    """Made once for a schema, since many calls have the same. Raises what `unfitting` catches."""
    from jsonschema import Draft202012Validator, SchemaError
    from jsonschema.validators import validator_for
    from referencing import Registry

    read = parse(schema)
    if not isinstance(read, dict):
        raise SchemaProblem("it is no JSON Schema: it is no object")
    kind = validator_for(read, default=Draft202012Validator)
    try:
        kind.check_schema(read)
    except SchemaError as error:
        raise SchemaProblem(f"it is no JSON Schema: {in_short(error.message)}") from None
    return patient(kind)(read, registry=Registry())
