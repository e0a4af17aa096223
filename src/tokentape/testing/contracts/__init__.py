"""The suites that every member of a registry passes: ours, and those of third parties.

Subclass a suite in a test module and override its fixture; pytest runs the inherited tests.
"""

from __future__ import annotations

from importlib import import_module

import pytest

_SUITES = {
    "AskingContract": "asking",
    "CodecContract": "codec",
    "ComparatorContract": "comparator",
    "InterceptorContract": "interceptor",
    "StoreContract": "store",
}

__all__ = ["AskingContract", "CodecContract", "ComparatorContract", "InterceptorContract", "StoreContract"]

pytest.register_assert_rewrite(*(f"{__name__}.{module}" for module in _SUITES.values()))


def __getattr__(name: str) -> object:
    if name not in _SUITES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_SUITES[name]}"), name)
