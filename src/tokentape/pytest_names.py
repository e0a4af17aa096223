"""What files of a test are called after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def name_of(node: pytest.Item | pytest.Collector) -> str:
    """`Class.test[parameters]`."""
    inner = [part.name for part in node.listchain() if part.nodeid.partition("::")[2]]
    return ".".join(inner) or node.path.stem
