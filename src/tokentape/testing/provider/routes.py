"""Which path leads to which API."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.testing.provider.apis import embeddings, listing, openai_media, replicate, responses_kept
from tokentape.testing.provider.apis.bedrock import Converse, Invoke
from tokentape.testing.provider.apis.chat import Chat
from tokentape.testing.provider.apis.cohere import Cohere
from tokentape.testing.provider.apis.files import files
from tokentape.testing.provider.apis.gemini import Gemini, GeminiArray
from tokentape.testing.provider.apis.messages import Messages
from tokentape.testing.provider.apis.mistral import Mistral
from tokentape.testing.provider.apis.ollama import Ollama, OllamaGenerate
from tokentape.testing.provider.apis.responses import Responses, keep
from tokentape.testing.provider.apis.vertex import Vertex

if TYPE_CHECKING:
    from tokentape.testing.provider.apis.base import Api
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.shelf import Asked, Shelf, Told
    from tokentape.testing.provider.turn import Question, Serial, Turn
    from tokentape.wire.interaction import Json

Endpoint = Callable[["Seen", "Json", "Serial"], bytes]
"""An operation that generates nothing: its request to the body of its reply."""

Service = Callable[["Asked"], "Told"]
"""An operation on what the provider keeps between requests."""

Keeps = Callable[["Question", "Turn", "Serial", "Shelf"], None]
"""What puts a generated reply where it can be asked for again."""


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. Without `endpoint` and `service`: to the API's generated reply.

    `is_form`: the request is no JSON. `media`: the reply is none either, but this. `keeps`: a generated
    reply can be asked for later.
    """

    api: Api
    endpoint: Endpoint | None = None
    service: Service | None = None
    known: bool = True
    is_form: bool = False
    media: str | None = None
    keeps: Keeps | None = None

    @property
    def generates(self) -> bool:
        """Whether a reply is generated, so that answers and tool calls can be scripted for it."""
        return self.known and self.endpoint is None and self.service is None


CHAT, RESPONSES, MESSAGES, MISTRAL = Chat(), Responses(), Messages(), Mistral()
GEMINI, GEMINI_ARRAY = Gemini(), GeminiArray()
CONVERSE, INVOKE = Converse(), Invoke()
VERTEX = Vertex()
COHERE, OLLAMA, REPLICATE = Cohere(), Ollama(), replicate.Replicate()
FILES = Route(CHAT, service=files, is_form=True)
STORED = Route(RESPONSES, service=responses_kept.stored)

POSTS: tuple[tuple[str, Route], ...] = (
    ("/chat/completions", Route(CHAT)),
    ("/responses", Route(RESPONSES, keeps=keep)),
    ("/messages", Route(MESSAGES)),
    ("/messages/count_tokens", Route(MESSAGES, listing.anthropic_count)),
    ("/responses/input_tokens", Route(RESPONSES, listing.responses_count)),
    ("/responses/compact", Route(RESPONSES, service=responses_kept.compacted)),
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
    ("/api/generate", Route(OllamaGenerate())),
    ("/api/show", Route(OLLAMA, listing.ollama_shown)),
    ("/images/generations", Route(CHAT, openai_media.generated_images)),
    ("/images/edits", Route(CHAT, openai_media.edited_images, is_form=True)),
    ("/audio/speech", Route(CHAT, openai_media.speech, media="audio/wav")),
    ("/audio/transcriptions", Route(CHAT, openai_media.transcription, is_form=True)),
    ("/moderations", Route(CHAT, openai_media.moderation)),
    ("/files", FILES),
    ("/predictions", Route(REPLICATE, replicate.prediction)),
    (":rawPredict", Route(VERTEX)),
    (":streamRawPredict", Route(VERTEX)),
)
"""By how the path ends, since clients put all kinds of prefixes in front."""

READS: tuple[tuple[str, Route], ...] = (
    ("/api/tags", Route(OLLAMA, listing.ollama_models)),
    ("/api/ps", Route(OLLAMA, listing.ollama_running)),
    ("/api/version", Route(OLLAMA, listing.ollama_version)),
)

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
        route = _kept(path)
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
    if seen.method not in ("GET", "HEAD"):
        return None
    told = next((route for ending, route in READS if path.endswith(ending)), None)
    if told is not None or "/models" not in path:
        return told
    api = _whose(seen, path)
    lists: dict[Api, Endpoint] = {
        CHAT: listing.openai_models,
        MISTRAL: listing.mistral_models,
        MESSAGES: listing.anthropic_models,
        GEMINI: listing.gemini_models,
    }
    return Route(api, lists[api])


def _kept(path: str) -> Route | None:
    """Files and stored responses, whose id stands in the path."""
    if path.endswith("/files") or "/files/" in path:
        return FILES
    return STORED if "/responses/" in path else None


def _whose(seen: Seen, path: str) -> Api:
    if path.startswith("/api/") and "/models" not in path and not path.startswith("/api/v1/"):
        return OLLAMA  # OpenRouter's paths begin with /api/v1
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
