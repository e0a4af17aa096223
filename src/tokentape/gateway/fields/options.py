"""Canonical requests as field rules see them: JSON to read from, options to set."""

from __future__ import annotations

from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.protocols.canonical.conversation import Conversation, Options

if TYPE_CHECKING:
    from tokentape.gateway.fields.paths import Steps
    from tokentape.wire.interaction import Json

_OPTIONS = {each.name: str(each.type) for each in fields_of(Options)}


def check_option(steps: Steps) -> None:
    """Raises `UsageError` for a path that names no option."""
    if len(steps) != 2 or steps[0] != "options" or steps[1] not in _OPTIONS:
        raise UsageError(
            f"in a canonical request only options can be set, such as 'options.cache_key', not {steps!r}"
        )


def option_of(asked: Conversation, name: str) -> Json:
    """The option, None where the request does not say."""
    value: Json = getattr(asked.options, name)
    return value


def with_option(asked: Conversation, name: str, value: Json) -> Conversation | None:
    """The request with an option; None for a value that it cannot have."""
    kind = _OPTIONS[name]
    wanted: tuple[type, ...] = (object,)
    if kind.startswith("str"):
        wanted = (str,)
    elif kind.startswith("int"):
        wanted = (int,)
    elif kind.startswith("float"):
        wanted = (int, float)
    elif kind.startswith("bool"):
        wanted = (bool,)
    elif kind.startswith("tuple"):
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            return None
        return replace(asked, options=replace(asked.options, **{name: tuple(map(str, value))}))  # type: ignore[arg-type]
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted != (bool,)):
        return None
    return replace(asked, options=replace(asked.options, **{name: value}))  # type: ignore[arg-type]


def as_json(node: object) -> Json:
    """A canonical node as JSON: its fields by name, without where it came from and what is not said; None
    for what is nested too deep.
    """
    try:
        return _as_json(node)
    except RecursionError:
        return None


def _as_json(node: object) -> Json:
    if isinstance(node, Enum):
        return str(node.value)
    if is_dataclass(node) and not isinstance(node, type):
        kind: dict[str, Json] = {"kind": type(node).__name__.lower()} if not hasattr(node, "kind") else {}
        named = ((each.name, getattr(node, each.name)) for each in fields_of(node) if each.name != "origin")
        return kind | {name: _as_json(value) for name, value in named if value is not None and value != ()}
    if isinstance(node, list | tuple):
        return [_as_json(each) for each in node]
    if isinstance(node, dict):
        return {str(name): _as_json(value) for name, value in node.items()}
    return node if isinstance(node, str | int | float | bool) else None
