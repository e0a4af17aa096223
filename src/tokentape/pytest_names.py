"""What files of a test are called after, and what runs it again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


_SPECIAL = frozenset('"$`\\!')
"""What a shell reads inside of double quotes, which every system's shell knows."""


def name_of(node: pytest.Item | pytest.Collector) -> str:
    """`Class.test[parameters]`."""
    inner = [part.name for part in node.listchain() if part.nodeid.partition("::")[2]]
    return ".".join(inner) or node.path.stem


def command_of(node: pytest.Item | pytest.Collector) -> str:
    """What runs it again from where pytest was started, which need not be the root of the project."""
    id, start = node.nodeid, node.config.invocation_params.dir
    if start != node.config.rootpath:
        path, mark, inner = id.partition("::")
        id = os.path.relpath(node.path, start).replace(os.sep, "/") + mark + inner if path else id
    if _SPECIAL.isdisjoint(id):
        return f'pytest "{id}"'
    from shlex import quote

    return f"pytest {quote(id)}"
