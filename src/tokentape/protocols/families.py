"""Which family of models a name belongs to: what decides where opaque state may go."""

from __future__ import annotations

import re
from functools import lru_cache

_FAMILIES = (
    ("claude", re.compile(r"claude")),
    ("gemini", re.compile(r"gemini|gemma|learnlm")),
    ("gpt", re.compile(r"(^|[./])(gpt|chatgpt|o[1-9](-|$)|codex|computer-use)")),
    ("deepseek", re.compile(r"deepseek")),
    ("mistral", re.compile(r"mi[sx]tral|magistral|codestral|devstral|ministral|pixtral")),
    ("qwen", re.compile(r"qwen|qwq")),
    ("grok", re.compile(r"grok")),
    ("command", re.compile(r"command|c4ai|aya")),
    ("llama", re.compile(r"llama")),
    ("nova", re.compile(r"nova")),
)

_USUAL = {
    "anthropic.messages": "claude",
    "gemini": "gemini",
    "openai.responses": "gpt",
    "openai.chat": "gpt",
    "cohere": "command",
}
"""The family that speaks a dialect where no model is named."""


@lru_cache(maxsize=1024)
def family_of(model: str | None, dialect: str) -> str:
    """The family of `model`; of a name that is not known its first word; without a name the dialect's."""
    if not model:
        return _USUAL.get(dialect, dialect)
    name = model.lower()
    known = next((family for family, pattern in _FAMILIES if pattern.search(name)), None)
    return known or re.split(r"[-:._]", name.rpartition("/")[2], maxsplit=1)[0]
