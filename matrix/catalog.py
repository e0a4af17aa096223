"""All entries: each file of `matrix/entries`, by name."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

from matrix import entries

if TYPE_CHECKING:
    from matrix.case import Sdk


def catalog() -> dict[str, Sdk]:
    """Every entry by its name, file by file. ValueError where two have one name."""
    found: dict[str, Sdk] = {}
    for module in sorted(pkgutil.iter_modules(entries.__path__), key=lambda module: module.name):
        for sdk in import_module(f"matrix.entries.{module.name}").ENTRIES:
            if sdk.name in found:
                raise ValueError(f"two entries of the matrix are called {sdk.name!r}")
            found[sdk.name] = sdk
    return found
