"""What generates nothing: lists of models, and counts of tokens."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tokentape.testing.provider.reading import compact, indented
from tokentape.testing.provider.turn import EPOCH, count_tokens

if TYPE_CHECKING:
    from tokentape.testing.provider.seen import Seen
    from tokentape.testing.provider.turn import Serial
    from tokentape.wire.interaction import Json

OPENAI = ("gpt-5.5", "gpt-5.5-mini", "text-embedding-3-small")
ANTHROPIC = ("claude-sonnet-4-5", "claude-haiku-4-5")
GEMINI = ("gemini-2.5-flash", "gemini-embedding-001")
OLLAMA = ("llama3.2:latest", "qwen3:8b")
MISTRAL = ("mistral-small-latest", "mistral-embed")


def openai_models(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /v1/models` and `/v1/models/{id}`."""

    def described(name: str) -> Json:
        return {"id": name, "object": "model", "created": EPOCH, "owned_by": "openai"}

    if one := _one(seen):
        return compact(described(one))
    return compact({"object": "list", "data": [described(name) for name in OPENAI]})


def mistral_models(seen: Seen, body: Json, serial: Serial) -> bytes:
    """The same, with what Mistral has and adds."""

    def described(name: str) -> Json:
        card: dict[str, Json] = {"id": name, "object": "model", "created": EPOCH, "owned_by": "mistralai"}
        return card | {"type": "base", "capabilities": {"completion_chat": True}, "aliases": []}

    if one := _one(seen):
        return compact(described(one))
    return compact({"object": "list", "data": [described(name) for name in MISTRAL]})


def anthropic_models(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /v1/models` where an Anthropic version is asked for."""

    def described(name: str) -> Json:
        shown = name.replace("-", " ").title()
        return {"type": "model", "id": name, "display_name": shown, "created_at": "2026-01-01T00:00:00Z"}

    if one := _one(seen):
        return compact(described(one))
    data = [described(name) for name in ANTHROPIC]
    return compact({"data": data, "has_more": False, "first_id": ANTHROPIC[0], "last_id": ANTHROPIC[-1]})


def gemini_models(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /v1beta/models` and `/v1beta/models/{id}`."""

    def described(name: str) -> Json:
        methods: Json = ["generateContent", "countTokens"]
        return {"name": f"models/{name}", "version": "001", "supportedGenerationMethods": methods}

    if one := _one(seen):
        return indented(described(one))
    return indented({"models": [described(name) for name in GEMINI]})


def ollama_models(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /api/tags`."""
    return compact({"models": [_ollama(name) for name in OLLAMA]})


def ollama_running(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /api/ps`."""
    loaded: dict[str, Json] = {"expires_at": "2026-01-01T00:05:00Z", "size_vram": 2_019_393_189}
    return compact({"models": [_ollama(name) | loaded for name in OLLAMA[:1]]})


def ollama_version(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`GET /api/version`."""
    return compact({"version": "0.12.6"})


def ollama_shown(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /api/show`."""
    info: Json = {"general.architecture": "llama", "llama.context_length": 131_072}
    return compact(
        {
            "modelfile": "FROM llama3.2",
            "parameters": 'stop "<|eot_id|>"',
            "template": "{{ .Prompt }}",
            "details": OLLAMA_DETAILS,
            "model_info": info,
            "capabilities": ["completion", "tools"],
            "modified_at": "2026-01-01T00:00:00Z",
        }
    )


OLLAMA_DETAILS: Json = {
    "parent_model": "",
    "format": "gguf",
    "family": "llama",
    "families": ["llama"],
    "parameter_size": "3.2B",
    "quantization_level": "Q4_K_M",
}


def _ollama(name: str) -> dict[str, Json]:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    head: dict[str, Json] = {"name": name, "model": name, "modified_at": "2026-01-01T00:00:00Z"}
    return head | {"size": 2_019_393_189, "digest": digest, "details": OLLAMA_DETAILS}


def anthropic_count(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/messages/count_tokens`."""
    return compact({"input_tokens": _tokens(seen)})


def responses_count(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`POST /v1/responses/input_tokens`."""
    return compact({"object": "response.input_tokens", "input_tokens": _tokens(seen)})


def gemini_count(seen: Seen, body: Json, serial: Serial) -> bytes:
    """`:countTokens`."""
    tokens = _tokens(seen)
    return indented(
        {"totalTokens": tokens, "promptTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}]}
    )


def _tokens(seen: Seen) -> int:
    return count_tokens((seen.body or b"").decode("utf-8", "replace"))


def _one(seen: Seen) -> str:
    """The model's id in `.../models/{id}`; empty for the list."""
    return seen.path.rstrip("/").partition("/models/")[2]
