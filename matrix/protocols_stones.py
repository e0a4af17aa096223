"""The stones: one conversation per feature, written by hand in every dialect."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tokentape.testing.contracts.codec import Exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

STONES = Path(__file__).parents[1] / "tests" / "rosetta"

DIALECTS = {
    "openai.chat": "Chat",
    "openai.responses": "Responses",
    "anthropic.messages": "Messages",
    "gemini": "Gemini",
    "bedrock.converse": "Converse",
    "ollama": "Ollama",
    "cohere": "Cohere",
}
"""By name, what the table calls them."""

FEATURES = {
    "text": "text",
    "system": "system and developer",
    "turns": "multi-turn",
    "tools": "tools",
    "parallel": "parallel tools",
    "permuted": "permuted results",
    "tool_error": "tool errors",
    "image_url": "images by URL",
    "image_base64": "images by base64",
    "document": "documents",
    "reasoning": "reasoning with signature",
    "structured": "structured output",
    "stop_length": "stopped by the limit",
    "stop_filter": "stopped by a filter",
    "stop_sequence": "stopped by a sequence",
    "usage": "usage",
}
"""By name, what the table calls them; errors are a file of their own."""


@dataclass(frozen=True)
class Stone:
    """One conversation in one dialect. A half that the dialect cannot say has its reason in
    `unsupported`; the nearest thing may still stand there.
    """

    dialect: str
    feature: str
    request: dict[str, Any] | None
    reply: dict[str, Any] | None
    model: str | None
    unsupported: dict[str, str]


@cache
def stone(dialect: str, feature: str) -> Stone | None:
    """The stone, or None where nobody has written it."""
    path = STONES / dialect / f"{feature}.json"
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    return Stone(
        dialect,
        feature,
        found.get("request"),
        found.get("reply"),
        found.get("model"),
        found.get("unsupported", {}),
    )


@cache
def errors(dialect: str) -> dict[int, Any]:
    """The error bodies of a dialect, by status."""
    path = STONES / dialect / "errors.json"
    if not path.exists():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    return {int(status): body for status, body in found.items() if status.isdigit()}


def stones_of(dialect: str) -> Iterator[Stone]:
    """All stones of a dialect, in the order of the features."""
    for feature in FEATURES:
        if (found := stone(dialect, feature)) is not None:
            yield found


def exchanges_of(dialect: str) -> list[Exchange]:
    """The stones of which both halves are there, as the contract takes them."""
    return [
        Exchange(found.request, found.reply, found.model, found.feature)
        for found in stones_of(dialect)
        if found.request is not None and found.reply is not None
    ]
