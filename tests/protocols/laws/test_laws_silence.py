"""Nothing is lost in silence: without the field, either what is written or the report is another one.

And what the report says stands where it says: its paths lead to nodes of the request.
"""

from __future__ import annotations

import re
from copy import deepcopy

import pytest

from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import codec_of, translate_request

MODELS = {"gemini": "gemini-2.5-flash", "bedrock.converse": "anthropic.claude-sonnet-4-5-20250929-v1:0"}
DIALECTS = (
    "openai.chat", "openai.responses", "anthropic.messages", "gemini", "bedrock.converse", "ollama", "cohere",
)  # fmt: skip
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
HOUR = {"type": "ephemeral", "ttl": "1h"}
CITED = [
    {
        "type": "url_citation",
        "url_citation": {"start_index": 0, "end_index": 2, "title": "t", "url": "https://c/"},
    }
]
LIKELY = [{"token": "A", "logprob": -0.25, "bytes": [65], "top_logprobs": []}]


def chat(*messages, **more):
    return {"model": "gpt-5-mini", "messages": [*messages, {"role": "user", "content": "hi"}], **more}


def responses(*items, **more):
    return {"model": "gpt-5-mini", "input": [*items, {"role": "user", "content": "hi"}], **more}


def messages(*blocks, **more):
    said = {"role": "user", "content": [*blocks, {"type": "text", "text": "hi"}]}
    return {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": [said], **more}


def gemini(*parts, **more):
    return {"contents": [{"role": "user", "parts": [*parts, {"text": "hi"}]}], **more}


def converse(*blocks, **more):
    return {"messages": [{"role": "user", "content": [*blocks, {"text": "hi"}]}], **more}


TOOL = {"name": "f", "input_schema": {"type": "object"}}
OUTPUT = {
    "type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
    "content": [{"type": "output_text", "text": "A", "annotations": [], "logprobs": LIKELY}],
}  # fmt: skip
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
RESULT = {"type": "function_call_output", "id": "fco_1", "call_id": "c", "output": "1"}
CITES = {
    "type": "text", "text": "A",
    "citations": [{"type": "char_location", "cited_text": "x", "document_index": 0, "document_title": "d"}],
}  # fmt: skip
PLAIN = {
    "type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "p"},
    "title": "T", "context": "C", "citations": {"enabled": True}, "cache_control": HOUR,
}  # fmt: skip

FIELDS = [
    ("openai.chat", chat({"role": "system", "content": "s", "name": "n"}), ("messages", 0, "name")),
    ("openai.chat", chat({"role": "user", "content": "s", "name": "n"}), ("messages", 0, "name")),
    ("openai.chat", chat({"role": "assistant", "content": "A", "annotations": CITED}), ("messages", 0, "annotations")),
    ("openai.chat", chat({"role": "assistant", "content": "A", "audio": {"id": "a"}}), ("messages", 0, "audio")),
    ("openai.chat", chat({"role": "assistant", "content": None, "refusal": "no"}), ("messages", 0, "refusal")),
    ("openai.chat", chat({"role": "assistant", "content": "A", "reasoning_content": "t"}), ("messages", 0, "reasoning_content")),
    ("openai.chat", chat({"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}", "detail": "low"}}]}), ("messages", 0, "content", 0, "image_url", "detail")),
    ("openai.chat", chat({"role": "developer", "content": [{"type": "text", "text": "x", "cache_control": HOUR}]}), ("messages", 0, "content", 0, "cache_control")),
    *(("openai.chat", chat(**{name: value}), (name,)) for name, value in {
        "n": 2, "seed": 7, "logprobs": True, "logit_bias": {"1": 5}, "user": "u", "metadata": {"a": "b"},
        "service_tier": "flex", "store": True, "verbosity": "low", "prompt_cache_key": "k", "stop": ["END"],
        "modalities": ["text", "audio"], "audio": {"voice": "v"}, "prediction": {"type": "content"},
        "web_search_options": {}, "frequency_penalty": 0.5, "presence_penalty": 0.5, "unheard_of": 1,
        "reasoning_effort": "high", "temperature": 0.5, "top_p": 0.5, "max_completion_tokens": 77,
        "safety_identifier": "s", "response_format": {"type": "json_object"},
    }.items()),
    ("openai.responses", responses(OUTPUT), ("input", 0, "id")),
    ("openai.responses", responses(OUTPUT), ("input", 0, "phase")),
    ("openai.responses", responses(OUTPUT), ("input", 0, "content", 0, "logprobs")),
    ("openai.responses", responses(CALL, RESULT), ("input", 0, "id")),
    ("openai.responses", responses({**CALL, "namespace": "n"}, RESULT), ("input", 0, "namespace")),
    *(("openai.responses", responses(**{name: value}), (name,)) for name, value in {
        "previous_response_id": "r", "conversation": "c", "prompt": {"id": "p"}, "background": True,
        "truncation": "auto", "max_tool_calls": 3, "store": False, "metadata": {"a": "b"}, "user": "u",
        "include": ["reasoning.encrypted_content"], "tools": [{"type": "web_search"}],
    }.items()),
    ("anthropic.messages", messages(PLAIN), ("messages", 0, "content", 0, "context")),
    ("anthropic.messages", messages(PLAIN), ("messages", 0, "content", 0, "citations")),
    ("anthropic.messages", messages(PLAIN), ("messages", 0, "content", 0, "title")),
    ("anthropic.messages", messages(PLAIN), ("messages", 0, "content", 0, "cache_control")),
    ("anthropic.messages", messages({"type": "text", "text": "x", "cache_control": HOUR}), ("messages", 0, "content", 0, "cache_control")),
    ("anthropic.messages", messages(system=[{"type": "text", "text": "x", "cache_control": HOUR}]), ("system", 0, "cache_control")),
    ("anthropic.messages", messages(tools=[{**TOOL, "cache_control": HOUR}]), ("tools", 0, "cache_control")),
    ("anthropic.messages", messages(tools=[{**TOOL, "input_examples": [{}]}]), ("tools", 0, "input_examples")),
    ("anthropic.messages", messages(tools=[TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True}), ("tool_choice", "disable_parallel_tool_use")),
    *(("anthropic.messages", messages(**{name: value}), (name,)) for name, value in {
        "container": "c", "mcp_servers": [{"name": "m"}], "context_management": {"edits": []}, "top_k": 4,
        "metadata": {"user_id": "u"}, "cache_control": HOUR, "stop_sequences": ["END"],
    }.items()),
    ("gemini", gemini({"inlineData": {"mimeType": "video/mp4", "data": "VklE"}, "videoMetadata": {"fps": 2}}), ("contents", 0, "parts", 0, "videoMetadata")),
    ("gemini", gemini({"text": "x", "thoughtSignature": "U0lH"}), ("contents", 0, "parts", 0, "thoughtSignature")),
    *(("gemini", gemini(**{name: value}), (name,)) for name, value in {
        "cachedContent": "c", "safetySettings": [{"category": "c", "threshold": "t"}], "labels": {"a": "b"},
        "tools": [{"googleSearch": {}}],
    }.items()),
    *(("bedrock.converse", converse(**{name: value}), (name,)) for name, value in {
        "guardrailConfig": {"guardrailIdentifier": "g"}, "promptVariables": {"a": {"text": "b"}},
        "requestMetadata": {"a": "b"}, "performanceConfig": {"latency": "optimized"},
    }.items()),
    ("bedrock.converse", converse({"text": "x"}, {"cachePoint": {"type": "default"}}), ("messages", 0, "content", 1)),
    ("cohere", chat(documents=["d"], model="command-a-03-2025"), ("documents",)),
    ("cohere", chat(safety_mode="STRICT", model="command-a-03-2025"), ("safety_mode",)),
    ("ollama", chat(keep_alive="5m", model="qwen3"), ("keep_alive",)),
    ("ollama", chat(options={"num_ctx": 9}, model="qwen3"), ("options",)),
]  # fmt: skip


def translated(body, source, target):
    found = Source(source, MODELS.get(source))
    written = translate_request(deepcopy(body), found, Target(target), allow_losses=True)
    return written.result, list(written.losses)


def without(body, path):
    changed = deepcopy(body)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return changed


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize(
    ("source", "body", "path"), FIELDS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_field_is_written_or_reported(source, body, path, target):
    assert translated(body, source, target) != translated(without(body, path), source, target)


CITED_TURNS = [
    {"role": "user", "content": [PLAIN, {"type": "image", "source": {"type": "file", "file_id": "f"}}]},
    {"role": "assistant", "content": [CITES, {"type": "tool_use", "id": "t", "name": "f", "input": {}}]},
    {"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": "t", "is_error": True, "content": [
            PLAIN, {"type": "document", "source": {"type": "content", "content": []}},
        ]},
        {"type": "document", "source": {"type": "url", "url": "https://x/d.pdf"}, "cache_control": HOUR},
    ]},
]  # fmt: skip
FILES = [
    {"type": "input_image", "file_id": "f"}, {"type": "input_file", "file_url": "https://x/d.pdf"},
    {"type": "input_audio", "input_audio": {"data": "QVU=", "format": "mp3"}}, {"type": "strange"},
]  # fmt: skip
VIDEO = {"fileData": {"mimeType": "video/mp4", "fileUri": "https://x/v.mp4"}}

WHOLE = [
    ("anthropic.messages", {"model": "claude-sonnet-4-5", "max_tokens": 9, "messages": CITED_TURNS}),
    ("anthropic.messages", messages(tools=[TOOL], tool_choice={"type": "auto", "disable_parallel_tool_use": True})),
    ("openai.responses", responses({"role": "user", "content": FILES}, OUTPUT, CALL, RESULT)),
    ("gemini", gemini(VIDEO, {"inlineData": {"mimeType": "audio/mp3", "data": "QVU="}}, {"odd": {}})),
    ("bedrock.converse", converse({"video": {"format": "mp4", "source": {"bytes": "VklE"}}}, {"cachePoint": {"type": "other", "x": 1}})),
    *((source, body) for source, body, _ in FIELDS),
]  # fmt: skip


def at(body, path):
    for step in re.findall(r"\[\d+\]|[^.\[\]]+", path):
        body = body[int(step[1:-1]) if step[0] == "[" else step]
    return body


INSIDE = {("openai.responses", "logprobs"): "include"}
"""Options that Responses says inside another field."""


@pytest.mark.parametrize("target", DIALECTS)
@pytest.mark.parametrize(("source", "body"), WHOLE, ids=lambda value: value if isinstance(value, str) else "")
def test_a_path_of_the_report_leads_somewhere(source, body, target):
    for loss in translated(body, source, target)[1]:
        if loss.what in ("max_tokens", "beginning"):
            continue  # what the target asks for, and nobody has said
        assert loss.path, loss
        at(body, INSIDE.get((source, loss.path), loss.path))


def test_all_dialects_are_here():
    assert all(codec_of(name).dialect == name for name in DIALECTS)
