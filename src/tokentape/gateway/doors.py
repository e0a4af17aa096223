"""Which door a request goes through: by what it was recognised as, else by its path.

generate    a model shall say something: `exchange`
responses   a stored response of OpenAI's API: `responses`
count       how many tokens a request has
models      which models there are
pass_on     everything else that an API has: it goes on as it is, and is recorded
none        no API has such a path

The gateway's own pages are behind none of them: they are answered before a request is recognised.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tokentape.protocols.dialect import Kind, Operation

if TYPE_CHECKING:
    from tokentape.protocols.registry import Recognised

Door = Literal["generate", "responses", "count", "models", "pass_on", "none"]

_COUNTS = frozenset({"count_tokens", "countTokens"})
_STORED = frozenset({"retrieve", "delete", "cancel", "input_items", "compact"})
GENERATES = {
    "openai.chat": frozenset({"create"}),
    "openai.responses": frozenset({"create"}),
    "anthropic.messages": frozenset({"create"}),
    "gemini": frozenset({"generateContent", "streamGenerateContent"}),
    "ollama": frozenset({"chat", "generate"}),
    "bedrock.converse": frozenset({"create"}),
    "cohere": frozenset({"chat"}),
}
"""The operations that are translated; other ones that generate are passed on only."""

_SHAPES = (
    ("/v1/messages", Operation("anthropic.messages", "create", Kind.GENERATE)),
    ("/v1/responses", Operation("openai.responses", "create", Kind.GENERATE)),
    ("/v1/chat/completions", Operation("openai.chat", "create", Kind.GENERATE)),
    ("/v1beta/", Operation("gemini", "generateContent", Kind.GENERATE)),
    ("/v1alpha/", Operation("gemini", "generateContent", Kind.GENERATE)),
    ("/api/", Operation("ollama", "chat", Kind.GENERATE)),
    ("/v2/chat", Operation("cohere", "chat", Kind.GENERATE)),
    ("/model/", Operation("bedrock.converse", "create", Kind.GENERATE)),
)
_OPENAI = Operation("openai.chat", "create", Kind.GENERATE)
_APIS = ("/v1/", "/v1beta/", "/v1alpha/", "/v2/", "/api/", "/model/", "/openai/")


def door_of(found: Recognised, path: str) -> Door:
    """The door for a request."""
    operation = found.operation
    if operation.name in GENERATES.get(operation.dialect, ()):
        return "generate"
    if operation.dialect == "openai.responses" and operation.name in _STORED:
        return "responses"
    if operation.name in _COUNTS:
        return "count"
    if operation.name in ("models", "tags") and operation.kind is Kind.META:
        return "models"
    return "pass_on" if path.startswith(_APIS) else "none"


def shape_of(path: str) -> Operation:
    """In whose shape an error is told where the request itself was not understood."""
    for start, operation in _SHAPES:
        if path.startswith(start):
            return operation
    return _OPENAI


def is_generation(path: str) -> bool:
    """True for paths on which nothing but a generation can be asked for."""
    return path in ("/v1/messages", "/v1/responses", "/v1/chat/completions", "/api/chat", "/api/generate")
