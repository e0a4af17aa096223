"""Whose API a call went to, from what traces call a provider: the dialect and the usual address."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from tokentape.protocols.families import family_of
from tokentape.protocols.hosts import PROVIDERS, is_provider

if TYPE_CHECKING:
    from collections.abc import Mapping


class Server(NamedTuple):
    """`name` is ours, `base` an address on which paths stand that begin with their version."""

    name: str
    dialect: str
    base: str


CHAT, RESPONSES = "openai.chat", "openai.responses"
MESSAGES, GEMINI, CONVERSE = "anthropic.messages", "gemini", "bedrock.converse"

_OWN = {
    "openai": Server("openai", CHAT, "https://api.openai.com/v1"),
    "anthropic": Server("anthropic", MESSAGES, "https://api.anthropic.com/v1"),
    "gemini": Server("gemini", GEMINI, "https://generativelanguage.googleapis.com/v1beta"),
    "vertex": Server(
        "vertex",
        GEMINI,
        "https://aiplatform.googleapis.com/v1/projects/unknown/locations/global/publishers/google",
    ),
    "bedrock": Server("bedrock", CONVERSE, "https://bedrock-runtime.us-east-1.amazonaws.com"),
    "azure": Server("azure", CHAT, "https://unknown.openai.azure.com/openai/v1"),
    "github": Server("github", CHAT, "https://models.github.ai/inference"),
    "cohere": Server("cohere", "cohere", "https://api.cohere.com/v2"),
    "ollama": Server("ollama", "ollama", "http://localhost:11434/api"),
}
_PATHS = {
    "groq": "/openai/v1",
    "openrouter": "/api/v1",
    "fireworks": "/inference/v1",
    "perplexity": "",
    "alibaba": "/compatible-mode/v1",
    "zai": "/api/paas/v4",
    "deepinfra": "/v1/openai",
    "volcengine": "/api/v3",
}
"""Where servers of the Chat dialect have it, if not at `/v1`."""
_WORDS = (
    ("azure", re.compile(r"azure|^az\b")),
    ("vertex", re.compile(r"vertex")),
    ("gemini", re.compile(r"gemini|google|gen_ai$")),
    ("bedrock", re.compile(r"bedrock|^aws|amazon|converse")),
    ("anthropic", re.compile(r"anthropic|claude")),
    ("cohere", re.compile(r"cohere")),
    ("ollama", re.compile(r"ollama")),
    ("mistral", re.compile(r"mistral")),
    ("xai", re.compile(r"^x_?ai|grok")),
    ("groq", re.compile(r"groq")),
    ("moonshot", re.compile(r"moonshot")),
    ("together", re.compile(r"together")),
    ("fireworks", re.compile(r"fireworks")),
    ("deepseek", re.compile(r"deepseek")),
    ("perplexity", re.compile(r"perplexity")),
    ("openrouter", re.compile(r"openrouter")),
    ("huggingface", re.compile(r"hugging_?face")),
    ("openai", re.compile(r"open_?ai|chatgpt")),
)
"""Names of the conventions, of SDKs and of frameworks ("az.ai.openai", "amazon_bedrock", "mistralai")."""
_FAMILIES = {"claude": "anthropic", "gemini": "gemini", "gpt": "openai", "command": "cohere"}
"""Whose models they are, where a trace names no provider."""

UNKNOWN = Server("", CHAT, "https://provider.invalid/v1")
"""A provider that nobody names: no address of this name can ever exist (RFC 2606)."""


def server_of(provider: str, model: str | None, dialect: str | None = None, host: str = "") -> Server:
    """The server. `dialect` and `host` win where the trace tells them."""
    server = _named(provider.strip().lower().replace(" ", "_"), family_of(model, "") if model else "")
    if host and is_provider(host):
        scheme, _, rest = server.base.partition("://")
        server = server._replace(base=f"{scheme}://{host}/{rest.partition('/')[2]}".rstrip("/"))
    if dialect is None or dialect == server.dialect or dialect not in _SPEAK.get(server.name, (dialect,)):
        return server
    if dialect in (CHAT, RESPONSES) and server.dialect == CHAT:
        return server._replace(dialect=dialect)
    return next((own for own in _OWN.values() if own.dialect == dialect), server)


_SPEAK: Mapping[str, tuple[str, ...]] = {"cohere": ("cohere",), "bedrock": (CONVERSE,), "ollama": ("ollama",)}
"""Dialects of providers whose calls are written in theirs whatever the trace resembles."""


def _named(provider: str, family: str) -> Server:
    name = provider if provider in _OWN or provider in PROVIDERS else ""
    if provider and not name:
        name = next((name for name, words in _WORDS if words.search(provider)), "")
    if name in ("azure", "vertex") and family == "claude":
        name = "anthropic"
    name = name or _FAMILIES.get(family, "")
    name = "gemini" if name == "google" else name
    if name in _OWN:
        return _OWN[name]
    if name in PROVIDERS:
        return Server(name, CHAT, f"https://{PROVIDERS[name][0]}{_PATHS.get(name, '/v1')}")
    return UNKNOWN._replace(name=provider)
