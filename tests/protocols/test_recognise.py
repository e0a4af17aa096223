"""Recognition by method, path and body; the host comes last."""

from __future__ import annotations

import gzip
import json

import pytest

from tokentape.protocols.dialect import Kind
from tokentape.protocols.registry import recognise
from tokentape.wire.message import Request

MESSAGES = [{"role": "user", "content": "Hi"}]
CHAT = {"model": "m", "messages": MESSAGES}


def operation(method, url, body=None, headers=()):
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    return recognise(Request(method, url, headers, data)).operation


CHAT_URLS = [
    "https://api.openai.com/v1/chat/completions",
    "https://api.groq.com/openai/v1/chat/completions",
    "https://openrouter.ai/api/v1/chat/completions",
    "https://gateway.example/proxy/openai/chat/completions",
    "https://x.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-10-21",
    "https://x.openai.azure.com//openai/deployments/m/chat/completions?api-version=2024-10-21",
    "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    "https://aiplatform.googleapis.com/v1/projects/p/locations/l/endpoints/openapi/chat/completions",
    "http://localhost:8000/v1/chat/completions/",
    "http://127.0.0.1:1234/v1/chat/completions",
    "https://myorg.snowflakecomputing.com/api/v2/cortex/v1/chat/completions",
    "https://api.writer.com:443/v1/chat",
    "https://dbc-1.cloud.databricks.com/serving-endpoints/llama/invocations",
]


@pytest.mark.parametrize("url", CHAT_URLS)
def test_chat_under_any_base_path(url):
    found = operation("POST", url, CHAT)
    assert (found.full_name, found.kind, found.model) == ("openai.chat/create", Kind.GENERATE, "m")


CASES = {
    "responses": ("POST", "http://h/v1/responses", {"input": "Hi", "model": "m"}, "openai.responses/create"),
    "responses of a gateway": (
        "POST",
        "http://h/proxy/openai/responses",
        {"input": []},
        "openai.responses/create",
    ),
    "a survey's responses": ("POST", "http://h/survey/responses", {"answers": [1]}, "http/request"),
    "a stored response": ("GET", "http://h/v1/responses/resp_1", None, "openai.responses/retrieve"),
    "items of a response": (
        "GET",
        "http://h/v1/responses/resp_1/input_items",
        None,
        "openai.responses/input_items",
    ),
    "delete a response": ("DELETE", "http://h/v1/responses/resp_1", None, "openai.responses/delete"),
    "cancel a response": ("POST", "http://h/v1/responses/resp_1/cancel", {}, "openai.responses/cancel"),
    "count a response": (
        "POST",
        "http://h/v1/responses/input_tokens",
        {"input": ""},
        "openai.responses/count_tokens",
    ),
    "stored chats": ("GET", "http://h/v1/chat/completions", None, "openai.chat/stored"),
    "messages": ("POST", "http://h/anthropic/v1/messages", CHAT, "anthropic.messages/create"),
    "messages, beta": ("POST", "http://h/v1/messages?beta=true", CHAT, "anthropic.messages/create"),
    "a chat app's messages": ("POST", "http://h/rooms/7/messages", {"messages": []}, "http/request"),
    "messages without a list": ("POST", "http://h/v1/messages", {"text": "Hi"}, "http/request"),
    "messages of a thread": (
        "POST",
        "http://localhost/v1/threads/t/messages",
        {"content": ""},
        "openai.files/threads",
    ),
    "count_tokens": ("POST", "http://h/v1/messages/count_tokens", CHAT, "anthropic.messages/count_tokens"),
    "batches": ("GET", "http://h/v1/messages/batches/b", None, "anthropic.messages/batches"),
    "list messages": ("GET", "http://h/v1/messages", None, "http/request"),
    "converse": ("POST", "http://h/model/a.b-v1%3A0/converse", {"messages": []}, "bedrock.converse/create"),
    "invoke": ("POST", "http://h/model/a.b-v1%3A0/invoke", {"prompt": ""}, "bedrock.invoke/create"),
    "invoke an embedder": (
        "POST",
        "http://h/model/cohere.embed/invoke",
        {"texts": []},
        "bedrock.invoke/create",
    ),
    "no model": ("POST", "http://h/model/converse", {"messages": []}, "http/request"),
    "fim": ("POST", "http://h/v1/fim/completions", {"prompt": "", "suffix": ""}, "openai.completions/fim"),
    "completions without prompt": ("POST", "http://h/v1/completions", {"x": 1}, "http/request"),
    "embeddings": ("POST", "http://h/v1/embeddings", {"input": ["a"]}, "openai.embeddings/create"),
    "ollama": ("POST", "http://h:11434/api/chat", CHAT, "ollama/chat"),
    "ollama embed": ("POST", "http://h/api/embed", {"model": "m", "input": "a"}, "ollama/embed"),
    "ollama tags": ("GET", "http://localhost:11434/api/tags", None, "ollama/tags"),
    "a web app's chat": ("POST", "http://h/api/chat", {"messages": MESSAGES}, "http/request"),
    "cohere v1": ("POST", "http://h/v1/chat", {"message": "Hi"}, "cohere/v1.chat"),
    "cohere v2": ("POST", "http://h/v2/chat", CHAT, "cohere/chat"),
    "rerank": ("POST", "http://h/v1/rerank", {"query": "q", "documents": []}, "rerank/create"),
    "tgi": ("POST", "http://h/generate_stream", {"inputs": "Hi"}, "huggingface/generate"),
    "agents": (
        "POST",
        "http://h/agents/a/agentAliases/b/sessions/c/text",
        {"inputText": ""},
        "bedrock/invoke_agent",
    ),
    "compact a response": (
        "POST",
        "http://h/v1/responses/compact",
        {"model": "m"},
        "openai.responses/compact",
    ),
    "an action on a response": ("POST", "http://h/v1/responses/resp_1/x", {}, "http/request"),
    "a page of responses": ("GET", "http://h/v1/responses/all", None, "http/request"),
    "an interaction": ("GET", "http://h/v1beta/interactions/i?stream=true", None, "gemini/interaction"),
    "another thing of v1beta": ("GET", "http://h/v1beta/things", None, "http/request"),
    "another vertex method": (
        "POST",
        "http://h/v1/publishers/anthropic/models/claude:predict",
        {},
        "gemini/predict",
    ),
    "hugging face model": ("POST", "http://h/models/gpt2", {"inputs": "Hi"}, "huggingface/models"),
    "inputs elsewhere": ("POST", "http://h/x", {"inputs": "Hi"}, "http/request"),
    "a prediction": ("GET", "https://api.replicate.com/v1/predictions/p", None, "replicate/retrieve"),
    "cancel a prediction": (
        "POST",
        "https://api.replicate.com/v1/predictions/p/cancel",
        None,
        "replicate/cancel",
    ),
    "account": ("GET", "https://api.replicate.com/v1/account", None, "http/request"),
    "a video": ("GET", "https://api.openai.com/v1/videos/v", None, "openai.media/videos"),
    "mistral conversation": (
        "POST",
        "https://api.mistral.ai/v1/conversations",
        {"inputs": "Hi"},
        "openai.files/conversations",
    ),
    "ollama without messages": ("POST", "http://h/api/chat", {"model": "m"}, "http/request"),
    "ollama, load a model": ("POST", "http://h/api/generate", {"model": "m"}, "ollama/generate"),
    "nothing": ("GET", "http://h", None, "http/request"),
    "options": ("OPTIONS", "http://h/v1/chat/completions", None, "http/request"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_operation(case):
    method, url, body, expected = case
    assert operation(method, url, body).full_name == expected


VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/l/publishers"
BY_PATH = {
    f"{VERTEX}/google/models/gemini-3:generateContent": ("gemini/generateContent", False, "gemini-3"),
    f"{VERTEX}/google/models/gemini-3:streamGenerateContent?alt=sse": (
        "gemini/streamGenerateContent",
        True,
        "gemini-3",
    ),
    f"{VERTEX}/google/models/gemini-3%3AgenerateContent": ("gemini/generateContent", False, "gemini-3"),
    f"{VERTEX}/anthropic/models/claude@1:rawPredict": ("anthropic.messages/create", False, "claude@1"),
    f"{VERTEX}/anthropic/models/claude@1:streamRawPredict": ("anthropic.messages/create", True, "claude@1"),
    f"{VERTEX}/anthropic/models/count-tokens:rawPredict": ("anthropic.messages/count_tokens", False, None),
    f"{VERTEX}/mistralai/models/m:rawPredict": ("gemini/rawPredict", False, "m"),
    "http://h/v1beta/models/g:streamGenerateContent": ("gemini/streamGenerateContent", True, "g"),
    "http://h/v1beta/tunedModels/g:generateContent": ("gemini/generateContent", False, "g"),
    "http://h/model/anthropic.claude-v1%3A0/converse-stream": (
        "bedrock.converse/create",
        True,
        "anthropic.claude-v1:0",
    ),
    "http://h/model/m/invoke-with-response-stream": ("bedrock.invoke/create", True, "m"),
    "http://h/model/arn:aws:bedrock:r:1:inference-profile/p/converse": (
        "bedrock.converse/create",
        False,
        "arn:aws:bedrock:r:1:inference-profile/p",
    ),
}


@pytest.mark.parametrize("url", BY_PATH)
def test_stream_and_model_by_path(url):
    found = operation("POST", url, {"messages": MESSAGES, "contents": []})
    assert (found.full_name, found.stream, found.model) == BY_PATH[url]


def test_a_path_of_a_converse_call_needs_no_body():
    assert operation("POST", "http://h/model/m/converse").full_name == "bedrock.converse/create"


class TestR05StreamFlag:
    """Body-only `stream: true` is streaming; a nested one is not, however deep; length is no matter."""

    def test_R05_in_the_body_without_accept_header(self):
        assert operation("POST", CHAT_URLS[0], {**CHAT, "stream": True}).stream

    @pytest.mark.parametrize(
        "extra",
        [
            {"metadata": {"stream": True}},
            {"tools": [{"function": {"parameters": {"properties": {"stream": True}}}}]},
            {"stream_options": {"stream": True}},
            {"messages": [{"role": "user", "content": '"stream": true'}]},
            {"stream": "true"},
            {"stream": None},
            {"stream": 1},
        ],
    )
    def test_R05_elsewhere_it_means_something_else(self, extra):
        assert not operation("POST", CHAT_URLS[0], {**CHAT, **extra}).stream

    def test_R05_very_deep_it_means_something_else(self):
        nested = b'{"a":' * 600 + b'{"stream": true}' + b"}" * 600
        body = b'{"messages": [], "model": "m", "metadata": ' + nested + b"}"
        assert not operation("POST", CHAT_URLS[0], body).stream

    def test_R05_after_8_KiB(self):
        long = {"model": "m", "messages": [{"role": "user", "content": "x" * 20_000}], "stream": True}
        assert operation("POST", CHAT_URLS[0], long).stream

    def test_R05_in_the_url_for_gemini(self):
        assert operation(
            "POST", "http://h/v1beta/models/g:streamGenerateContent?alt=sse", {"contents": []}
        ).stream

    def test_R05_ollama_streams_unless_told_not_to(self):
        assert operation("POST", "http://h/api/chat", CHAT).stream
        assert not operation("POST", "http://h/api/chat", {**CHAT, "stream": False}).stream

    def test_R05_in_a_form(self):
        form = b'--b\r\nContent-Disposition: form-data; name="stream"\r\n\r\ntrue\r\n--b--\r\n'
        assert operation("POST", "http://h/v1/audio/transcriptions", form).stream


R23 = {
    ("GET", "https://api.openai.com/v1/models"): ("openai.meta/models", Kind.META),
    ("GET", "https://api.openai.com/v1/models/gpt-5"): ("openai.meta/models", Kind.META),
    ("GET", "http://localhost:8000/v1/models"): ("openai.meta/models", Kind.META),
    ("GET", "https://generativelanguage.googleapis.com/v1beta/models"): ("gemini/models", Kind.META),
    ("GET", "https://api.openai.com/v1/files/f"): ("openai.files/files", Kind.FILES),
    ("POST", "https://api.openai.com/v1/batches"): ("openai.files/batches", Kind.FILES),
    ("POST", "https://api.openai.com/v1/traces/ingest"): ("telemetry/traces", Kind.TELEMETRY),
    ("POST", "https://api.smith.langchain.com/runs/multipart"): ("telemetry/events", Kind.TELEMETRY),
    ("POST", "https://us.i.posthog.com/batch/"): ("telemetry/events", Kind.TELEMETRY),
    ("POST", "https://o1.ingest.sentry.io/api/1/envelope/"): ("telemetry/events", Kind.TELEMETRY),
    ("POST", "http://localhost:4318/v1/traces"): ("telemetry/traces", Kind.TELEMETRY),
    ("GET", "https://huggingface.co/api/telemetry/x"): ("telemetry/events", Kind.TELEMETRY),
    ("GET", "https://huggingface.co/api/agent-harnesses"): ("telemetry/events", Kind.TELEMETRY),
    ("GET", "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"): (
        "telemetry/prices",
        Kind.TELEMETRY,
    ),
    ("GET", "https://api.cerebras.ai/v1/tcp_warming"): ("telemetry/warmup", Kind.WARMUP),
    ("GET", "https://shop.example/v1/models"): ("http/request", Kind.OTHER),
    ("GET", "https://shop.example/v1/files"): ("http/request", Kind.OTHER),
}


@pytest.mark.parametrize("case", R23, ids=" ".join)
def test_R23_other_traffic_is_classed_as_what_it_is(case):
    found = operation(*case, body={} if case[0] == "POST" else None)
    assert (found.full_name, found.kind) == R23[case]


def test_the_body_is_parsed_once_and_handed_on():
    found = recognise(Request("POST", CHAT_URLS[0], (), json.dumps(CHAT).encode()))
    assert found.is_json
    assert found.body == CHAT
    assert found.shape.conversation == "messages"


@pytest.mark.parametrize("body", [None, b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_body_that_is_no_json_is_no_error(body):
    found = recognise(Request("POST", CHAT_URLS[0], (), body))
    assert not found.is_json
    assert found.operation.full_name == "openai.chat/create"


def test_null_is_json():
    found = recognise(Request("POST", "http://h/x", (), b"null"))
    assert (found.body, found.is_json) == (None, True)


def test_a_compressed_body_is_read():
    headers = (("Content-Encoding", "gzip"),)
    found = operation(
        "POST", CHAT_URLS[0], gzip.compress(json.dumps({**CHAT, "stream": True}).encode()), headers
    )
    assert (found.stream, found.model) == (True, "m")
