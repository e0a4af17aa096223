"""jsonschema's validators with a limit of time for the patterns of a schema.

jsonschema searches with `re`, which cannot be stopped, in several keywords (`pattern`, `patternProperties`,
`additionalProperties`, `unevaluatedProperties`). Here its own functions run over a `re` of ours, so that each
keyword of each draft keeps its meaning; jsonschema itself stays as it is.
"""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from time import monotonic
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from attrs import AttrsInstance
    from jsonschema.protocols import Validator

_left: ContextVar[list[float]] = ContextVar("_left")
"""The seconds that are left, in a list of one."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """So long may all searches inside take together; TimeoutError then."""
    token = _left.set([seconds])
    try:
        yield
    finally:
        _left.reset(token)


def _search(pattern: str, text: str) -> object:
    from regex import search

    left = _left.get()
    if left[0] <= 0:
        raise TimeoutError
    began = monotonic()
    try:
        return search(pattern, text, timeout=left[0])
    finally:
        left[0] -= monotonic() - began


@cache
def patient(kind: type[Validator]) -> type[Validator]:
    """A validator of this kind that searches inside of `patience` only."""
    from jsonschema.validators import extend

    ours = {name: _ours(function) for name, function in kind.VALIDATORS.items()}
    made = extend(kind, ours)  # type: ignore[no-untyped-call]
    evolve = made.evolve

    def evolved(self: Validator, **changes: object) -> Validator:
        """For a part of the schema. One that names its draft gets jsonschema's own validator for it."""
        found = evolve(self, **changes)
        return cast("Validator", found if isinstance(found, made) else _as_patient(found))

    made.evolve = evolved
    return cast("type[Validator]", made)


def _as_patient(validator: Validator) -> Validator:
    from attrs import fields

    kind = type(validator)
    parts = cast("type[AttrsInstance]", kind)
    given = {each.alias: getattr(validator, each.name) for each in fields(parts) if each.init}
    return patient(kind)(**given)


def _ours(function: Callable[..., object]) -> Callable[..., object]:
    space = _spaces().get(function.__module__, {})
    return cast("Callable[..., object]", space.get(function.__name__, function))


@cache
def _spaces() -> Mapping[str, Mapping[str, object]]:
    """The modules of jsonschema that search, once more: what is in them, with our `re`, and with each other's
    functions of this kind.
    """
    spaces = {
        name: {**vars(module), "re": _Searching("re")}
        for name, module in list(sys.modules.items())
        if name.startswith("jsonschema._") and vars(module).get("re") is re
    }
    for space in spaces.values():
        for name, value in space.items():
            if isinstance(value, FunctionType) and value.__module__ in spaces:
                space[name] = _over(value, spaces[value.__module__])
    return spaces


def _over(function: FunctionType, space: dict[str, object]) -> FunctionType:
    """The same function, looking up its names in `space`."""
    return FunctionType(
        function.__code__, space, function.__name__, function.__defaults__, function.__closure__
    )


class _Searching(ModuleType):
    """Stands for `re`."""

    search = staticmethod(_search)
