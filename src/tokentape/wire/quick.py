"""Frozen dataclasses that are made in half the time.

A long conversation is hundreds of small nodes, a call some dozens, and a frozen dataclass sets each field by
name through `object.__setattr__`. Setting its slots directly says the same; nothing else about the class
changes.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def quick(kind: type[T]) -> type[T]:
    """`kind`, a dataclass with slots, with such an `__init__` of the same signature. Not for fields whose
    default is made anew each time.
    """
    known: dict[str, object] = {}
    given, body = [], []
    for field in fields(kind):
        known[f"set_{field.name}"] = getattr(kind, field.name).__set__
        known[f"usual_{field.name}"] = field.default
        usual = "" if field.default is MISSING else f"=usual_{field.name}"
        given.append(field.name + usual)
        body.append(f"set_{field.name}(self, {field.name})")
    made: dict[str, object] = {}
    exec(f"def __init__(self, {', '.join(given)}): {'; '.join(body)}", known, made)
    kind.__init__ = made["__init__"]  # type: ignore[assignment]
    return kind
