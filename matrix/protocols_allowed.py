"""What may differ between a translated stone and the one that was written by hand, and why.

Each entry: the half, the feature ("*": any), the facet, the dialects it comes from and goes to ("*": any).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Allowed:
    """One difference between stones that is none of the translator's."""

    half: str
    feature: str
    facet: str
    source: str
    target: str
    why: str

    def fits(self, half: str, feature: str, facet: str, source: str, target: str) -> bool:
        """True if it is about this difference."""
        asked = (half, feature, facet, source, target)
        own = (self.half, self.feature, self.facet, self.source, self.target)
        return all(mine in ("*", theirs) for mine, theirs in zip(own, asked, strict=True))


ALLOWED = (
    Allowed(
        "request", "*", "option max_output_tokens", "anthropic.messages", "*", "Messages must have a limit"
    ),
    Allowed(
        "request", "*", "option max_output_tokens", "*", "anthropic.messages", "Messages must have a limit"
    ),
    Allowed("request", "reasoning", "effort", "*", "*", "a budget and an effort are two measures (case 31)"),
    Allowed(
        "*", "reasoning", "opaque", "*", "*", "signatures go back to their maker only (cases 15, 17, 20)"
    ),
    Allowed("request", "structured", "output name", "*", "openai.chat", "a schema must have a name"),
    Allowed("request", "structured", "output name", "*", "openai.responses", "a schema must have a name"),
    Allowed("reply", "*", "stop sequence", "*", "*", "most dialects do not tell which sequence it was"),
)


LACKS = {
    "openai.chat": {"tool errors": "the result of a tool is its text", "opaque": "thoughts are plain text"},
    "openai.responses": {"tool errors": "the result of a tool is its text"},
    "anthropic.messages": {"output name": "a schema has no name"},
    "gemini": {"output name": "a schema has no name"},
    "bedrock.converse": {"usage reasoning": "thoughts are not counted apart"},
    "ollama": {
        "tool errors": "the result of a tool is its text",
        "output name": "a schema has no name",
        "strict tools": "no such flag",
        "usage cache_read": "the cache is not counted",
        "usage reasoning": "thoughts are not counted apart",
        "opaque": "thoughts are plain text",
    },
    "cohere": {
        "tool errors": "the result of a tool is its text",
        "output name": "a schema has no name",
        "usage reasoning": "thoughts are not counted apart",
        "opaque": "thoughts are plain text",
    },
}
"""By dialect, the facets that its stones cannot have: they neither reach it, nor come from it."""


def why_lacking(facet: str, source: str, target: str) -> str | None:
    """Why a translated stone is unlike the target's own: the source, or the target, has no word for it."""
    return LACKS.get(source, {}).get(facet) or LACKS.get(target, {}).get(facet)


def why_allowed(half: str, feature: str, facet: str, source: str, target: str) -> str | None:
    """Why a difference is no fault; None if it is one."""
    found = (entry for entry in ALLOWED if entry.fits(half, feature, facet, source, target))
    return next((entry.why for entry in found), None)
