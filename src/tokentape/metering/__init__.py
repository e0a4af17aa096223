"""What calls use and cost, and what replays saved. Usage itself is read by the dialects.

usage_from, model_from, cost_from
                          tokens, model and money of a reply, as an SDK's object or as plain values
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.metering.objects import cost_from as cost_from
    from tokentape.metering.objects import model_from as model_from
    from tokentape.metering.objects import usage_from as usage_from

__all__ = ["cost_from", "model_from", "usage_from"]


def __getattr__(name: str) -> object:
    """Load a public name on its first use (PEP 562): whoever counts needs no prices."""
    if name not in __all__:
        raise AttributeError(f"module 'tokentape.metering' has no attribute {name!r}")
    from tokentape.metering import objects

    value: object = getattr(objects, name)
    globals()[name] = value
    return value
