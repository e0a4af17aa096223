"""What some comparators stand on: looked for when one is chosen, imported when it first compares."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokentape.evaluation.comparing.kind import Given


def demand(given: Given, package: str, extra: str = "evaluation") -> None:
    """Raises `UsageError` if `package`, which the extra brings, is not installed."""
    if find_spec(package) is None:
        raise given.wrong(f"needs {package}: pip install 'tokentape[{extra}]'")
