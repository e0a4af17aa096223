"""What is no conversation is recognised for what it is, so that it can be passed on as it came."""

from __future__ import annotations

import json

import pytest

from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request

OPENAI, ANTHROPIC, COHERE = (
    "https://api.openai.com/v1",
    "https://api.anthropic.com/v1",
    "https://api.cohere.com",
)
GEMINI = "https://generativelanguage.googleapis.com/v1beta"
BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-sonnet-4-5"
FORM = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--\r\n'
ASKED = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}

CALLS = {
    "an image": (f"{OPENAI}/images/generations", {"prompt": "a cat"}, "openai.media/images.generations", Kind.MEDIA),
    "an edited image": (f"{OPENAI}/images/edits", FORM, "openai.media/images.edits", Kind.MEDIA),
    "a variation": (f"{OPENAI}/images/variations", FORM, "openai.media/images.variations", Kind.MEDIA),
    "speech": (f"{OPENAI}/audio/speech", {"input": "Hi", "model": "m"}, "openai.media/audio.speech", Kind.MEDIA),
    "a transcription": (f"{OPENAI}/audio/transcriptions", FORM, "openai.media/audio.transcriptions", Kind.MEDIA),
    "a translation": (f"{OPENAI}/audio/translations", FORM, "openai.media/audio.translations", Kind.MEDIA),
    "a video": (f"{OPENAI}/videos", {"prompt": "a cat"}, "openai.media/videos", Kind.MEDIA),
    "a moderation": (f"{OPENAI}/moderations", {"input": "Hi"}, "openai.media/moderations", Kind.MEDIA),
    "a file": (f"{OPENAI}/files", FORM, "openai.files/files", Kind.FILES),
    "an upload": (f"{OPENAI}/uploads", {"filename": "a"}, "openai.files/uploads", Kind.FILES),
    "a batch": (f"{OPENAI}/batches", {"input_file_id": "f"}, "openai.files/batches", Kind.FILES),
    "a vector store": (f"{OPENAI}/vector_stores", {"name": "a"}, "openai.files/vector_stores", Kind.FILES),
    "vectors": (f"{OPENAI}/embeddings", {"input": "Hi", "model": "m"}, "openai.embeddings/create", Kind.EMBED),
    "tokens of Responses": (
        f"{OPENAI}/responses/input_tokens", {"input": "Hi", "model": "m"}, "openai.responses/count_tokens", Kind.META,
    ),
    "a batch of Messages": (f"{ANTHROPIC}/messages/batches", {"requests": []}, "anthropic.messages/batches", Kind.FILES),
    "tokens of Messages": (f"{ANTHROPIC}/messages/count_tokens", ASKED, "anthropic.messages/count_tokens", Kind.META),
    "tokens of Gemini": (f"{GEMINI}/models/m:countTokens", {"contents": []}, "gemini/countTokens", Kind.META),
    "a batch of Gemini": (
        f"{GEMINI}/models/m:batchGenerateContent", {"batch": {}}, "gemini/batchGenerateContent", Kind.FILES,
    ),
    "vectors of Gemini": (f"{GEMINI}/models/m:embedContent", {"content": {}}, "gemini/embedContent", Kind.EMBED),
    "a picture of Gemini": (f"{GEMINI}/models/m:predict", {"instances": []}, "gemini/predict", Kind.MEDIA),
    "tokens of Converse": (f"{BEDROCK}/count-tokens", {"input": {}}, "bedrock.converse/count_tokens", Kind.META),
    "an order": (f"{COHERE}/v2/rerank", {"query": "q", "documents": [], "model": "m"}, "rerank/create", Kind.MEDIA),
    "an order of Voyage": (
        "https://api.voyageai.com/v1/rerank", {"query": "q", "documents": []}, "rerank/create", Kind.MEDIA,
    ),
    "vectors of Cohere": (f"{COHERE}/v2/embed", {"texts": ["a"], "model": "m"}, "cohere/embed", Kind.EMBED),
    "tokens of Cohere": (f"{COHERE}/v1/tokenize", {"text": "a", "model": "m"}, "cohere/v1.tokenize", Kind.META),
    "vectors of Ollama": (
        "http://localhost:11434/api/embed", {"input": "a", "model": "m"}, "ollama/embed", Kind.EMBED,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_it_is_recognised_and_is_no_conversation(name):
    url, body, operation, kind = CALLS[name]
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    version = (("anthropic-version", "2023-06-01"),) if url.startswith(ANTHROPIC) else ()
    found = recognise(Request("POST", url, version, data))
    assert (found.operation.full_name, found.operation.kind) == (operation, kind)
    assert found.dialect is not None
