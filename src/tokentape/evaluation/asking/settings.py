"""What a command line says about how to ask: `--set temperature=0 --system FILE`."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING

from tokentape.errors import UsageError
from tokentape.upstreams.parameters import PARAMETERS, misfit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.wire.interaction import Json


def parameters_of(pairs: Iterable[str]) -> dict[str, Json]:
    """Parameters from texts such as "temperature=0". Raises `UsageError` for a name that nobody knows, and
    for a value that does not fit; values are JSON, or else texts.
    """
    return dict(map(_pair, pairs))


def _pair(text: str) -> tuple[str, Json]:
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals:
        raise UsageError(f"--set {text}: write NAME=VALUE, such as temperature=0")
    if name not in PARAMETERS:
        near = difflib.get_close_matches(name, PARAMETERS, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(PARAMETERS))}"
        raise UsageError(f"--set {name}: there is no such parameter; {hint}")
    found = _value(value.strip())
    if wrong := misfit(name, found):
        raise UsageError(f"--set {name}: {wrong}")
    return name, found


def _value(text: str) -> Json:
    try:
        value: Json = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return text
    return value


def _no_number(text: str) -> Json:
    """JSON has no word for it (`NaN`)."""
    raise ValueError(text)
