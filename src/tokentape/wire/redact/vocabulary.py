"""Word lists, written as running text."""

from __future__ import annotations


def vocabulary(text: str) -> frozenset[str]:
    """The words of `text`."""
    return frozenset(text.split())
