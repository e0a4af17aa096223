"""Parameters that an alias sets: canonical option names, put into a canonical request."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.conversation import Conversation, Options, Thinking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

_OPTIONS = frozenset(field.name for field in fields(Options))
_THINKING = {
    "thinking": "mode",
    "reasoning_effort": "effort",
    "thinking_budget": "budget",
    "thinking_shown": "shown",
    "thinking_summary": "summary",
}
PARAMETERS = _OPTIONS | _THINKING.keys()
"""The names that may be set."""


def with_parameters(asked: Conversation, given: Mapping[str, Json]) -> Conversation:
    """The request with these parameters, which win over its own."""
    if not given:
        return asked
    options: dict[str, object] = {}
    thinking: dict[str, object] = {}
    for name, value in given.items():
        if name in _THINKING:
            thinking[_THINKING[name]] = value
        else:
            options[name] = tuple(value) if isinstance(value, list) and name in _LISTS else value
    if options:
        asked = replace(asked, options=replace(asked.options, **options))  # type: ignore[arg-type]
    if thinking:
        if "effort" in thinking:
            thinking.setdefault("budget", None)
        elif "budget" in thinking:
            thinking.setdefault("effort", None)
        asked = replace(asked, thinking=replace(asked.thinking or Thinking(), **thinking))  # type: ignore[arg-type]
    return asked


_LISTS = frozenset({"stop", "modalities"})
