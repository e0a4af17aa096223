"""What the gateway's description is made of: its operations, and the shapes of bodies and errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

STREAMS = ("application/json", "text/event-stream")
LINES = ("application/json", "application/x-ndjson")
JSON = ("application/json",)


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `body`, `reply` and `error` are names of schemas; `named` of parameters.

    Without `error` it is a page of the gateway itself, whose other answers are in `also`.
    """

    method: str
    path: str
    tag: str
    summary: str
    body: str = ""
    error: str = ""
    gives: tuple[str, ...] = JSON
    named: tuple[str, ...] = ()
    reply: str = ""
    sends: str = "application/json"
    also: tuple[tuple[str, str], ...] = ()

    @property
    def id(self) -> str:
        """A name of its own: method and path in letters."""
        plain = "".join(letter if letter.isalnum() else "_" for letter in self.path)
        return "_".join([self.method, *filter(None, plain.split("_"))])


OPENAI, ANTHROPIC, GEMINI, OLLAMA = "OpenAI", "Anthropic", "Gemini", "Ollama"
FORM = "multipart/form-data"

APIS = (
    Operation("post", "/v1/chat/completions", OPENAI, "A chat completion", "Chat", "OpenAIError", STREAMS),
    Operation("post", "/v1/responses", OPENAI, "A response", "Response", "OpenAIError", STREAMS),
    Operation("get", "/v1/responses/{id}", OPENAI, "A stored response", "", "OpenAIError", STREAMS, ("id",)),
    Operation("delete", "/v1/responses/{id}", OPENAI, "Forget it", "", "OpenAIError", JSON, ("id",)),
    Operation(
        "post",
        "/v1/responses/{id}/cancel",
        OPENAI,
        "Stop one in the background",
        "",
        "OpenAIError",
        JSON,
        ("id",),
    ),
    Operation("get", "/v1/responses/{id}/input_items", OPENAI, "Its input", "", "OpenAIError", JSON, ("id",)),
    Operation("post", "/v1/responses/compact", OPENAI, "A shorter history", "Response", "OpenAIError"),
    Operation("post", "/v1/responses/input_tokens", OPENAI, "Count tokens", "Response", "OpenAIError"),
    Operation("post", "/v1/embeddings", OPENAI, "Embeddings", "Embedding", "OpenAIError"),
    Operation("get", "/v1/models", OPENAI, "Models that can be asked for", "", "OpenAIError"),
    Operation("get", "/v1/models/{id}", OPENAI, "One of them", "", "OpenAIError", JSON, ("id",)),
    Operation("post", "/v1/images/generations", OPENAI, "Images", "Prompt", "OpenAIError"),
    Operation("post", "/v1/images/edits", OPENAI, "Changed images", "Form", "OpenAIError", JSON, sends=FORM),
    Operation("post", "/v1/audio/speech", OPENAI, "Speech", "Speech", "OpenAIError", ("audio/*",)),
    Operation(
        "post", "/v1/audio/transcriptions", OPENAI, "What is said", "Form", "OpenAIError", JSON, sends=FORM
    ),
    Operation("post", "/v1/moderations", OPENAI, "A judgement of texts", "Moderation", "OpenAIError"),
    Operation("get", "/v1/files", OPENAI, "Files", "", "OpenAIError"),
    Operation("post", "/v1/files", OPENAI, "Upload a file", "Form", "OpenAIError", JSON, sends=FORM),
    Operation("post", "/v1/messages", ANTHROPIC, "A message", "Message", "AnthropicError", STREAMS),
    Operation(
        "post", "/v1/messages/count_tokens", ANTHROPIC, "Count tokens", "MessageCount", "AnthropicError"
    ),
    Operation(
        "post",
        "/v1beta/models/{model}:generateContent",
        GEMINI,
        "An answer",
        "Gemini",
        "GeminiError",
        JSON,
        ("model",),
    ),
    Operation(
        "post",
        "/v1beta/models/{model}:streamGenerateContent",
        GEMINI,
        "An answer as a stream",
        "Gemini",
        "GeminiError",
        STREAMS,
        ("model", "alt"),
    ),
    Operation(
        "post",
        "/v1beta/models/{model}:countTokens",
        GEMINI,
        "Count tokens",
        "Gemini",
        "GeminiError",
        JSON,
        ("model",),
    ),
    Operation("get", "/v1beta/models", GEMINI, "Models that can be asked for", "", "GeminiError"),
    Operation("post", "/api/chat", OLLAMA, "A chat", "OllamaChat", "OllamaError", LINES),
    Operation("post", "/api/generate", OLLAMA, "A completion", "OllamaGenerate", "OllamaError", LINES),
    Operation("get", "/api/tags", OLLAMA, "Models that can be asked for", "", "OllamaError"),
)
"""What clients of other APIs ask."""

GATEWAY = "Gateway"
REFUSED = ("400", "it cannot be read")

OWN = (
    Operation("get", "/health", GATEWAY, "The process answers", reply="Status"),
    Operation(
        "get", "/ready", GATEWAY, "It takes calls", reply="Status", also=(("503", "it starts or stops"),)
    ),
    Operation("get", "/openapi.json", GATEWAY, "This document", reply="Document"),
    Operation("get", "/quota", GATEWAY, "What keys have used, and what rests", reply="Page"),
    Operation("get", "/upstreams", GATEWAY, "Where calls may go", reply="Page"),
    Operation("get", "/cassettes", GATEWAY, "The cassettes that are open", reply="Page"),
    Operation(
        "post",
        "/cassettes/{name}/close",
        GATEWAY,
        "Save one, and play it from its start",
        reply="Page",
        named=("name",),
    ),
    Operation(
        "get",
        "/usage",
        GATEWAY,
        "What was spent",
        reply="Page",
        gives=("text/csv",),
        named=("by", "from", "to", "format"),
        also=(REFUSED,),
    ),
    Operation(
        "post",
        "/tokens",
        GATEWAY,
        "About how many tokens a request is, in any dialect",
        "Any",
        reply="Estimate",
        also=(REFUSED,),
    ),
    Operation("post", "/cost", GATEWAY, "About what it costs", "Any", reply="Estimate", also=(REFUSED,)),
    Operation("get", "/traces", GATEWAY, "The last calls", reply="Page"),
    Operation(
        "get",
        "/traces/{id}",
        GATEWAY,
        "Every form that a call took",
        reply="Page",
        named=("id",),
        also=(("404", "no such trace"),),
    ),
)
"""The gateway's own pages."""


def _text(about: str) -> Fields:
    return {"type": "string", "description": about}


def _object(required: tuple[str, ...] = (), **properties: Json) -> Fields:
    made: Fields = {"type": "object", "properties": dict(properties), "additionalProperties": True}
    return {**made, "required": list(required)} if required else made


MODEL = _text("a model, an alias, a group, or `upstream/model`")
STREAM: Fields = {"type": "boolean", "description": "answer as a stream"}
OBJECTS: Fields = {"type": "array", "items": {"type": "object"}}
TURNS: Fields = {
    "type": "array",
    "minItems": 1,
    "items": _object(("role", "content"), role={"enum": ["user", "assistant"]}, content={"type": "string"}),
}
CONTENTS: Fields = {
    "type": "array",
    "minItems": 1,
    "items": _object(
        ("parts",),
        role={"enum": ["user", "model"]},
        parts={"type": "array", "items": _object(text={"type": "string"})},
    ),
}
TEXT_OR_LIST: Json = {"anyOf": [{"type": "string"}, OBJECTS]}
FLAG: Fields = {"const": "error"}

SCHEMAS: Mapping[str, Json] = {
    "Chat": _object(("model", "messages"), model=MODEL, messages=TURNS, stream=STREAM, tools=OBJECTS),
    "Response": _object(("model", "input"), model=MODEL, input=TEXT_OR_LIST, stream=STREAM, tools=OBJECTS),
    "Embedding": _object(("model", "input"), model=MODEL, input={"type": ["string", "array"]}),
    "Prompt": _object(("prompt",), model=MODEL, prompt={"type": "string"}),
    "Speech": _object(("model", "input"), model=MODEL, input={"type": "string"}),
    "Moderation": _object(("input",), input={"type": ["string", "array"]}),
    "Form": _object(("file",), file={"type": "string", "format": "binary"}, model=MODEL),
    "Message": _object(
        ("model", "messages", "max_tokens"),
        model=MODEL,
        messages=TURNS,
        max_tokens={"type": "integer", "minimum": 1},
        stream=STREAM,
        tools=OBJECTS,
    ),
    "MessageCount": _object(("model", "messages"), model=MODEL, messages=TURNS),
    "Gemini": _object(("contents",), contents=CONTENTS),
    "OllamaChat": _object(("model", "messages"), model=MODEL, messages=TURNS, stream=STREAM),
    "OllamaGenerate": _object(("model", "prompt"), model=MODEL, prompt={"type": "string"}, stream=STREAM),
    "OpenAIError": _object(("error",), error=_object(("message",), message={"type": "string"})),
    "AnthropicError": _object(
        ("type", "error"), type=FLAG, error=_object(("type", "message"), message={"type": "string"})
    ),
    "GeminiError": {
        "anyOf": [
            _object(("error",), error=_object(("code", "message", "status"))),
            {"type": "array", "items": _object(("error",))},
        ]
    },
    "OllamaError": _object(("error",), error={"type": "string"}),
    "Any": _object(model=MODEL),
    "Estimate": _object(("estimate",), estimate={"type": "boolean"}),
    "Status": _object(("status",), status={"type": "string"}),
    "Document": _object(("openapi", "paths")),
    "Page": _object(),
}


def _parameter(name: str, place: str, about: str, schema: Fields, *, required: bool = False) -> Fields:
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}


NAME: Fields = {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"}
PARAMETERS: Mapping[str, Fields] = {
    "id": _parameter("id", "path", "its id", NAME, required=True),
    "name": _parameter("name", "path", "its name", NAME, required=True),
    "model": _parameter("model", "path", "the model", NAME, required=True),
    "by": _parameter("by", "query", "what to group by, separated by commas", {"type": "string"}),
    "from": _parameter("from", "query", "a day, a moment, or seconds since 1970 (UTC)", {"type": "string"}),
    "to": _parameter("to", "query", "the end, as `from`", {"type": "string"}),
    "format": _parameter("format", "query", "for a program or a spreadsheet", {"enum": ["json", "csv"]}),
    "alt": _parameter("alt", "query", "`sse`: events; else one JSON array", {"enum": ["sse", "json"]}),
}
"""Parameters of a path or query."""


def _named(header: str, about: str) -> Fields:
    return _parameter(header, "header", about, NAME)


NAMING: Mapping[str, Json] = {
    "Cassette": _named("X-Tokentape-Cassette", "the cassette to record on and replay from"),
    "Tag": _named("X-Tokentape-Tag", "a mark that traces and usage carry"),
    "Session": _named("X-Tokentape-Session", "the run that the call belongs to"),
    "Conversation": _named("X-Tokentape-Conversation", "the conversation that the call belongs to"),
    "Class": _named("X-Tokentape-Class", "what the call is for: main, background, title, compaction"),
    "Upstream": _named("X-Tokentape-Upstream", "the upstream to ask, whatever the routes say"),
}
"""What headers name besides the request."""


def _told(about: str) -> Fields:
    return {"description": about, "schema": {"type": "string"}}


REPLY_HEADERS: Mapping[str, Json] = {
    "X-Tokentape-Id": _told("the trace of the call"),
    "X-Tokentape-Attempts": _told("each try, with its key and status"),
    "X-Tokentape-Upstream": _told("who answered"),
    "X-Tokentape-Losses": _told("what the translation lost"),
    "X-Tokentape-Replayed": _told("the recording that answered"),
    "X-Tokentape-Count": _told("how tokens were counted"),
}

CREDENTIALS: Mapping[str, Json] = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
    "gateway": {"type": "apiKey", "in": "header", "name": "X-Tokentape-Key"},
}
"""Where the gateway's own key may stand; none is asked for where it serves this machine only."""
