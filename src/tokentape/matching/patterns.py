"""The user's regular expressions for volatile text, checked when they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence


def compile_patterns(patterns: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    """The patterns, compiled. Raises `UsageError` naming the one that is wrong."""
    return tuple(map(_compile, patterns))


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"volatile: {pattern!r} is not a regular expression ({error}); mend or remove it"
        ) from None
    if compiled.fullmatch("") is not None:
        raise UsageError(
            f"volatile: {pattern!r} matches the empty text, so everywhere; ask for one character at least"
        )
    return compiled
