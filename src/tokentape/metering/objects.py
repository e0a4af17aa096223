"""What objects of SDKs, and plain dictionaries, say of tokens, model and cost.

No SDK is imported: an object is read by what it offers, `model_dump` or `dict` (pydantic), a mapping, the
fields of a dataclass, or its attributes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING

from tokentape.metering.call import Call
from tokentape.metering.cost import Cost, cost_of
from tokentape.metering.own import own_prices
from tokentape.protocols.dialect import Kind
from tokentape.protocols.replies import dialect_in, model_in, usage_in

if TYPE_CHECKING:
    from datetime import datetime

    from tokentape.metering.own import OwnPrices
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

_DEPTH = 32
"""Levels of an object that are read: usage stands near the top."""


def usage_from(obj: object) -> Usage | None:
    """The tokens that a reply counts, by kind; None where it counts none.

    `obj` is a reply of openai, anthropic, google-genai, cohere, ollama, boto3 (or of anything that has the
    same fields), its usage object alone, or a list of a stream's events; as an object or as JSON values.
    """
    return usage_in(plain_json(obj))


def model_from(obj: object) -> str | None:
    """The model that a reply or a request names; None where it names none, as boto3's replies."""
    return model_in(plain_json(obj))


def cost_from(
    obj: object,
    *,
    url: str = "",
    model: str | None = None,
    tier: str | None = None,
    prices: OwnPrices | None = None,
    at: datetime | None = None,
) -> Cost:
    """What a reply cost, in USD, with the source of that; unknown is None, with the reason.

    `url` is where it came from: it says who charges. Without it, the maker of a model that nobody else
    serves does. `model` is the name that was asked for, `tier` a service tier that the reply does not
    name, such as "batch"; `prices` and `at` are as in `savings` and `cost_of`.
    """
    found = plain_json(obj)
    usage = usage_in(found)
    names = (model, model_in(found))
    call = Call(
        site=url,
        dialect=dialect_in(found) or "http",
        kind=Kind.GENERATE,
        asked=names[0],
        answered=names[1],
        usage=replace(usage, billed=None, raw={}) if usage else None,
        billed=usage.billed if usage else None,
        tier=tier or (usage.tier if usage else None),
        charged=usage.charged if usage else None,
    )
    return cost_of(call, own_prices(prices), at)


def plain_json(obj: object, depth: int = 0) -> Json:
    """The JSON value that `obj` stands for; what is none (and what refers to itself) is left out."""
    if obj is None or isinstance(obj, bool | str | int):
        return obj.value if isinstance(obj, Enum) else obj
    if isinstance(obj, float):
        return int(obj) if obj.is_integer() and abs(obj) < 2**53 else obj
    if depth >= _DEPTH:
        return None
    if isinstance(obj, Enum):
        return plain_json(obj.value, depth + 1)
    if isinstance(obj, Mapping):
        return {str(name): plain_json(value, depth + 1) for name, value in obj.items()}
    if isinstance(obj, Sequence) and not isinstance(obj, bytes | bytearray | memoryview):
        return [plain_json(value, depth + 1) for value in obj]
    return plain_json(_told(obj), depth + 1)


def _told(obj: object) -> dict[str, object] | None:
    """The fields of an object, with those that its class does not declare."""
    names = getattr(type(obj), "model_fields", None) or getattr(type(obj), "__fields__", None)
    if isinstance(names, Mapping):
        found = {name: getattr(obj, name, None) for name in names}
        extra = getattr(obj, "__pydantic_extra__", None) or getattr(obj, "model_extra", None)
        return {**found, **extra} if isinstance(extra, Mapping) else found
    if is_dataclass(obj) and not isinstance(obj, type):
        return {field.name: getattr(obj, field.name) for field in fields(obj)}
    slots = getattr(obj, "__dict__", None)
    return {name: value for name, value in slots.items() if not name.startswith("_")} if slots else None
