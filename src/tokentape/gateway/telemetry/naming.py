"""Names of the conventions: operations, providers, and the address of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tokentape.protocols.dialect import Kind

if TYPE_CHECKING:
    from tokentape.protocols.dialect import Operation
    from tokentape.upstreams.upstream import Upstream

PROVIDERS = {
    "google": "gcp.gemini",
    "gemini": "gcp.gemini",
    "vertex": "gcp.vertex_ai",
    "bedrock": "aws.bedrock",
    "aws": "aws.bedrock",
    "azure": "azure.ai.openai",
    "github": "azure.ai.inference",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "moonshot": "moonshot_ai",
    "watsonx": "ibm.watsonx.ai",
}
"""Providers whose name in the conventions is another one than ours."""

_BY_DIALECT = {
    "anthropic": "anthropic",
    "gemini": "gcp.gemini",
    "bedrock": "aws.bedrock",
    "cohere": "cohere",
    "openai": "openai",
}


def provider_of(upstream: Upstream) -> str:
    """The provider; where none is declared, whose dialect it speaks, which is what telemetry can know."""
    if upstream.provider:
        return PROVIDERS.get(upstream.provider, upstream.provider)
    family = upstream.dialect.partition(".")[0]
    return _BY_DIALECT.get(family, family)


def operation_of(operation: Operation) -> str:
    """`chat`, `generate_content`, `text_completion`, `embeddings`, or the operation's own name."""
    if operation.kind is Kind.EMBED:
        return "embeddings"
    if operation.kind is not Kind.GENERATE:
        return operation.name
    if operation.dialect == "gemini":
        return "generate_content"
    return "text_completion" if operation.dialect in ("openai.completions", "anthropic.complete") else "chat"


def address_of(base_url: str) -> tuple[str, int | None]:
    """Host and port."""
    try:
        found = urlsplit(base_url)
        port = found.port or {"https": 443, "http": 80}.get(found.scheme)
    except ValueError:
        return "", None
    return found.hostname or "", port
