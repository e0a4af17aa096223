"""Which path leads to which API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis import embeddings, listing, replicate
from tokentape.testing.provider.apis.bedrock import Converse, Invoke
from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.apis.cohere import Cohere
from tokentape.testing.provider.apis.gemini import Gemini, GeminiArray
from tokentape.testing.provider.apis.messages import Messages
from tokentape.testing.provider.apis.mistral import Mistral
from tokentape.testing.provider.apis.ollama import Ollama
from tokentape.testing.provider.apis.responses import Responses
from tokentape.testing.provider.apis.vertex import Vertex

if TYPE_CHECKING:
    from tokentape.testing.provider.apis.base import Api
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

Endpoint = Callable[["Seen", "Json", "Serial"], bytes]
"""An operation that generates nothing: its request to the JSON of its reply."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `endpoint` None: to the API's generated reply."""

    api: Api
    endpoint: Endpoint | None = None
    known: bool = True

    @property
    def generates(self) -> bool:
        """Whether a reply is generated, so that answers and tool calls can be scripted for it."""
        return self.known and self.endpoint is None


CHAT, RESPONSES, MESSAGES, MISTRAL = Chat(), Responses(), Messages(), Mistral()
GEMINI, GEMINI_ARRAY = Gemini(), GeminiArray()
CONVERSE, INVOKE = Converse(), Invoke()
VERTEX = Vertex()
COHERE, OLLAMA, REPLICATE = Cohere(), Ollama(), replicate.Replicate()

POSTS: tuple[tuple[str, Route], ...] = (
    ("/chat/completions", Route(CHAT)),
    ("/responses", Route(RESPONSES)),
    ("/messages", Route(MESSAGES)),
    ("/messages/count_tokens", Route(MESSAGES, listing.anthropic_count)),
    ("/responses/input_tokens", Route(RESPONSES, listing.responses_count)),
    ("/embeddings", Route(CHAT, embeddings.openai_embeddings)),
    (":generateContent", Route(GEMINI)),
    (":streamGenerateContent", Route(GEMINI)),
    (":embedContent", Route(GEMINI, embeddings.gemini_embedding)),
    (":batchEmbedContents", Route(GEMINI, embeddings.gemini_embeddings)),
    (":countTokens", Route(GEMINI, listing.gemini_count)),
    ("/converse", Route(CONVERSE)),
    ("/converse-stream", Route(CONVERSE)),
    ("/invoke", Route(INVOKE)),
    ("/invoke-with-response-stream", Route(INVOKE)),
    ("/v2/chat", Route(COHERE)),
    ("/api/chat", Route(OLLAMA)),
    ("/predictions", Route(REPLICATE, replicate.prediction)),
    (":rawPredict", Route(VERTEX)),
    (":streamRawPredict", Route(VERTEX)),
)
"""By how the path ends, since clients put all kinds of prefixes in front."""

MISTRALS = {
    Route(CHAT): Route(MISTRAL),
    Route(CHAT, embeddings.openai_embeddings): Route(MISTRAL, embeddings.mistral_embeddings),
}
"""Routes whose path Mistral has too."""

MISTRAL_MODELS = (b'"mistral-', b'"magistral-', b'"ministral-', b'"codestral-', b'"pixtral-', b'"devstral-')
"""Mistral shares OpenAI's paths; its models' names tell, or its client."""


def find(seen: Seen) -> Route:
    """The route of a request; one that is not `known` still says whose error shape fits."""
    path = seen.path
    route = _posted(path) if seen.method == "POST" else _read(seen, path)
    if route is None:
        return Route(_whose(seen, path), known=False)
    if route in MISTRALS and _is_mistral(seen):
        return MISTRALS[route]
    if (
        route.api is GEMINI
        and path.endswith(":streamGenerateContent")
        and "sse" not in seen.query.get("alt", [])
    ):
        return Route(GEMINI_ARRAY)
    return route


def _posted(path: str) -> Route | None:
    return next((route for ending, route in POSTS if path.endswith(ending)), None)


def _read(seen: Seen, path: str) -> Route | None:
    if path.startswith(replicate.STREAMS):
        return Route(REPLICATE)
    if seen.method not in ("GET", "HEAD") or "/models" not in path:
        return None
    api = _whose(seen, path)
    lists: dict[Api, Endpoint] = {
        CHAT: listing.openai_models,
        MISTRAL: listing.mistral_models,
        MESSAGES: listing.anthropic_models,
        GEMINI: listing.gemini_models,
    }
    return Route(api, lists[api])


def _whose(seen: Seen, path: str) -> Api:
    if seen.header("anthropic-version"):
        return MESSAGES
    if path.startswith("/v1beta") or seen.header("x-goog-api-key") or "key" in seen.query:
        return GEMINI
    return MISTRAL if _is_mistral(seen) else CHAT


def _is_mistral(seen: Seen) -> bool:
    if "mistral" in (seen.header("user-agent") or ""):
        return True
    start = (seen.body or b"")[:65536]
    place = start.find(b'"model"')
    return place >= 0 and start[place + 7 : place + 40].lstrip(b": \n").startswith(MISTRAL_MODELS)
