"""Anything an SDK returns, as plain data that compares and that one can read in a report."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Mapping
from typing import Any

DUMPS = ("model_dump", "to_dict", "as_dict", "dict")
"""How SDKs call the method that makes data of their objects, in the order of preference."""


def plain(value: Any) -> Any:
    """`value` as mappings, lists, strings and numbers; objects nobody knows by their public attributes."""
    if isinstance(value, BaseException):
        return {
            "raised": name_of(type(value)),
            "text": str(value),
            "status": getattr(value, "status_code", None),
        }
    if value is None or isinstance(value, (str, int, float, bool, bytes)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, Iterator)):
        return [plain(item) for item in value]
    return _object(value)


def name_of(kind: type) -> str:
    """`module.Name`, with the module's top package only: SDKs move their classes about."""
    return f"{kind.__module__.partition('.')[0]}.{kind.__qualname__}"


def _object(value: Any) -> Any:
    for name in DUMPS:
        dump = getattr(value, name, None)
        if callable(dump):
            return plain(_dumped(name, dump))
    if dataclasses.is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "__dict__"):
        return {key: plain(item) for key, item in vars(value).items() if not key.startswith("_")}
    return repr(value)


def _dumped(name: str, dump: Any) -> Any:
    if name != "model_dump":
        return dump()
    try:
        return dump(mode="json", warnings=False)
    except TypeError:  # a model_dump of its own, or of pydantic 1's time
        return dump()
