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


_KINDS = {each.name: str(each.type) for each in fields(Options)} | {
    name: {each.name: str(each.type) for each in fields(Thinking)}[own] for name, own in _THINKING.items()
}
"""The types of the parameters, as they are annotated."""

_WORDS: dict[str, tuple[str, ...]] = {"thinking": ("on", "off", "adaptive")}


def misfit(name: str, value: Json) -> str:
    """Why a parameter cannot have this value; "" where it can."""
    if name in _WORDS and value not in _WORDS[name]:
        return f"{value!r} does not fit; use {', '.join(_WORDS[name])}"
    kind = _KINDS[name]
    if kind.startswith("tuple"):
        fits = isinstance(value, str) or (
            isinstance(value, list) and all(isinstance(each, str) for each in value)
        )
        return "" if fits else f"{value!r} does not fit; give a text, or a list of texts"
    for start, types, wanted in _PLAIN:
        if kind.startswith(start):
            fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
            return "" if fits else f"{value!r} does not fit; give {wanted}"
    return "" if isinstance(value, dict) else f"{value!r} does not fit; give a table"


_PLAIN: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("int", (int,), "a whole number"),
    ("float", (int, float), "a number"),
    ("bool", (bool,), "true or false"),
    ("str", (str,), "a text"),
    ("Literal", (str,), "a text"),
)


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
            options[name] = _several(value) if name in _LISTS else value
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


def _several(value: Json) -> object:
    """Texts; one alone stands for a list of it."""
    if isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value
