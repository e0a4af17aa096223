"""Whatever a trace was given, as JSON for people: canonical items, loss reports, settings, errors."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence, Set
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from tokentape.wire.interaction import Json

_DEPTH = 64
_HIDDEN = frozenset({"origin", "spelling"})
"""Fields of canonical nodes that only say where they came from: the body beside them shows it."""


def plain(value: object, depth: int = 0) -> Json:
    """The JSON value that `value` stands for.

    A dataclass is an object with its name as `is` and the fields that are not at their default; what is
    none of the known kinds is named by its class alone, since its text may say anything (a secret).
    """
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, str | int | float):
        return str(value) if isinstance(value, float) and not isfinite(value) else value
    if depth >= _DEPTH:
        return "..."
    if isinstance(value, bytes | bytearray | memoryview):
        return _text(bytes(value))
    if isinstance(value, Mapping):
        return {str(name): plain(each, depth + 1) for name, each in value.items()}
    if isinstance(value, Sequence | Set):
        return [plain(each, depth + 1) for each in value]
    return _other(value, depth)


def _other(value: object, depth: int) -> Json:
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, depth)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}"
    return f"({type(value).__name__})"


def _fields(value: DataclassInstance, depth: int) -> dict[str, Json]:
    found: dict[str, Json] = {"is": type(value).__name__}
    for field in fields(value):
        each = getattr(value, field.name)
        if field.name in _HIDDEN or _is_default(each, field.default):
            continue
        if field.default_factory is not MISSING and not each:
            continue
        found[field.name] = plain(each, depth + 1)
    return found


def _is_default(value: object, default: object) -> bool:
    return value is default or (type(value) is type(default) and value == default)


def _text(data: bytes) -> Json:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
