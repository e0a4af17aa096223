"""What the providers' own SDKs read from a reply: text, thoughts, calls, why it ended, what it used."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache

ASKED = [{"role": "user", "content": "?"}]


@dataclass
class Read:
    """`ended` is the SDK's own word; `used` is input and output as the SDK counts them."""

    text: str = ""
    reasoning: str = ""
    calls: list = field(default_factory=list)
    ended: str | None = None
    used: tuple = (None, None)


def arguments(value):
    return json.dumps(json.loads(value or "{}") if isinstance(value, str) else value or {}, sort_keys=True)


# ---- OpenAI


@cache
def openai_client(url):
    import openai

    return openai.OpenAI(api_key="not-a-key", base_url=f"{url}/v1", max_retries=0)


def chat(url, model, stream):
    completions = openai_client(url).chat.completions
    if stream:
        asked = {"stream": True, "stream_options": {"include_usage": True}}
        return _chat_chunks(completions.create(model=model, messages=ASKED, **asked))
    whole = completions.create(model=model, messages=ASKED)
    (choice,) = whole.choices
    message = choice.message
    calls = [(call.function.name, arguments(call.function.arguments)) for call in message.tool_calls or ()]
    text = (message.content or "") + (message.refusal or "")
    return Read(text, _chat_thought(message), calls, choice.finish_reason, _chat_used(whole.usage))


def _chat_chunks(chunks):
    read, calls = Read(), {}
    for chunk in chunks:
        chunk.model_dump()  # warns of what is not of its type
        read.used = _chat_used(chunk.usage) if chunk.usage else read.used
        for choice in chunk.choices:
            read.ended = choice.finish_reason or read.ended
            read.text += (choice.delta.content or "") + (choice.delta.refusal or "")
            read.reasoning += _chat_thought(choice.delta)
            for call in choice.delta.tool_calls or ():
                known = calls.setdefault(call.index, ["", ""])
                known[0] += call.function.name or ""
                known[1] += call.function.arguments or ""
    read.calls = [(name, arguments(told)) for name, told in calls.values()]
    return read


def _chat_thought(message):
    return getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None) or ""


def _chat_used(usage):
    return (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)


def responses(url, model, stream):
    client = openai_client(url).responses
    if stream:
        with client.stream(model=model, input="?") as events:
            final = None
            for event in events:
                if event.type in ("response.completed", "response.incomplete"):
                    final = event.response
        whole = final
    else:
        whole = client.create(model=model, input="?")
    read = Read(ended=whole.status)
    for item in whole.output:
        if item.type == "message":
            read.text += "".join(
                getattr(part, "text", "") + getattr(part, "refusal", "") for part in item.content
            )
        elif item.type == "function_call":
            read.calls.append((item.name, arguments(item.arguments)))
        elif item.type == "reasoning":
            read.reasoning += "".join(part.text for part in (*item.summary, *(item.content or ())))
    if whole.usage:
        read.used = (whole.usage.input_tokens, whole.usage.output_tokens)
    return read


# ---- Anthropic


@cache
def anthropic_client(url):
    import anthropic

    return anthropic.Anthropic(api_key="not-a-key", base_url=url, max_retries=0)


def messages(url, model, stream):
    client = anthropic_client(url).messages
    asked = {"model": model, "max_tokens": 100, "messages": ASKED}
    if stream:
        with client.stream(**asked) as events:
            whole = events.get_final_message()
    else:
        whole = client.create(**asked)
    read = Read(ended=whole.stop_reason, used=(whole.usage.input_tokens, whole.usage.output_tokens))
    for block in whole.content:
        if block.type == "text":
            read.text += block.text
        elif block.type == "thinking":
            read.reasoning += block.thinking
        elif block.type == "tool_use":
            read.calls.append((block.name, arguments(block.input)))
    return read


# ---- Google


@cache
def google_client(url):
    from google import genai

    return genai.Client(api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options={"base_url": url})


def gemini(url, model, stream):
    client = google_client(url).models
    if stream:
        chunks = list(client.generate_content_stream(model=model, contents="?"))
    else:
        chunks = [client.generate_content(model=model, contents="?")]
    read = Read()
    for chunk in chunks:
        for candidate in chunk.candidates or ():
            read.ended = candidate.finish_reason.value if candidate.finish_reason else read.ended
            for part in (candidate.content.parts if candidate.content else None) or ():
                if part.function_call:
                    read.calls.append((part.function_call.name, arguments(part.function_call.args)))
                elif part.text and part.thought:
                    read.reasoning += part.text
                else:
                    read.text += part.text or ""
        if (usage := chunk.usage_metadata) is not None:
            read.used = (
                usage.prompt_token_count,
                (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0),
            )
    return read


# ---- AWS


@cache
def bedrock_client(url):
    import boto3

    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="not-a-key",
        aws_secret_access_key="not-a-secret",
    )


def converse(url, model, stream):
    client = bedrock_client(url)
    asked = {"modelId": model, "messages": [{"role": "user", "content": [{"text": "?"}]}]}
    return (
        _converse_stream(client.converse_stream(**asked)) if stream else _converse(client.converse(**asked))
    )


def _converse(whole):
    usage = whole.get("usage", {})
    read = Read(ended=whole["stopReason"], used=(usage.get("inputTokens"), usage.get("outputTokens")))
    for block in whole["output"]["message"]["content"]:
        read.text += block.get("text", "")
        read.reasoning += block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "")
        if "toolUse" in block:
            read.calls.append((block["toolUse"]["name"], arguments(block["toolUse"]["input"])))
    return read


def _converse_stream(whole):
    read, calls = Read(), {}
    for event in whole["stream"]:
        if "contentBlockStart" in event:
            begun = event["contentBlockStart"]
            calls[begun["contentBlockIndex"]] = [begun["start"]["toolUse"]["name"], ""]
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            read.text += delta.get("text", "")
            read.reasoning += delta.get("reasoningContent", {}).get("text", "")
            if "toolUse" in delta:
                calls[event["contentBlockDelta"]["contentBlockIndex"]][1] += delta["toolUse"]["input"]
        elif "messageStop" in event:
            read.ended = event["messageStop"]["stopReason"]
        elif "metadata" in event:
            usage = event["metadata"].get("usage", {})
            read.used = (usage.get("inputTokens"), usage.get("outputTokens"))
    read.calls = [(name, arguments(told)) for name, told in calls.values()]
    return read


# ---- Ollama


@cache
def ollama_client(url):
    import ollama

    return ollama.Client(host=url)


def ollama(url, model, stream):
    found = ollama_client(url).chat(model=model, messages=ASKED, stream=stream)
    read = Read()
    for chunk in found if stream else [found]:
        read.text += chunk.message.content or ""
        read.reasoning += chunk.message.thinking or ""
        read.calls += [
            (call.function.name, arguments(dict(call.function.arguments)))
            for call in chunk.message.tool_calls or ()
        ]
        read.ended = chunk.done_reason or read.ended
        if chunk.done:
            read.used = (chunk.prompt_eval_count, chunk.eval_count)
    return read


# ---- Cohere


@cache
def cohere_client(url):
    import cohere

    return cohere.ClientV2(api_key="not-a-key", base_url=url)


def cohere(url, model, stream):
    client = cohere_client(url)
    if stream:
        return _cohere_stream(client.chat_stream(model=model, messages=ASKED))
    whole = client.chat(model=model, messages=ASKED)
    read = Read(ended=whole.finish_reason, used=_cohere_used(whole.usage))
    for block in whole.message.content or ():
        read.text += getattr(block, "text", None) or ""
        read.reasoning += getattr(block, "thinking", None) or ""
    read.calls = [
        (call.function.name, arguments(call.function.arguments)) for call in whole.message.tool_calls or ()
    ]
    return read


def _cohere_stream(events):
    read, calls = Read(), []
    for event in events:
        if event.type == "content-delta":
            content = event.delta.message.content
            read.text += content.text or ""
            read.reasoning += getattr(content, "thinking", None) or ""
        elif event.type == "tool-call-start":
            function = event.delta.message.tool_calls.function
            calls.append([function.name, function.arguments or ""])
        elif event.type == "tool-call-delta":
            calls[-1][1] += event.delta.message.tool_calls.function.arguments
        elif event.type == "message-end":
            read.ended = event.delta.finish_reason
            read.used = _cohere_used(event.delta.usage)
    read.calls = [(name, arguments(told)) for name, told in calls]
    return read


def _cohere_used(usage):
    tokens = usage.tokens if usage else None
    return (tokens.input_tokens, tokens.output_tokens) if tokens else (None, None)


READERS = {
    "openai.chat": (chat, "openai"),
    "openai.responses": (responses, "openai"),
    "anthropic.messages": (messages, "anthropic"),
    "gemini": (gemini, "google.genai"),
    "bedrock.converse": (converse, "boto3"),
    "ollama": (ollama, "ollama"),
    "cohere": (cohere, "cohere"),
}
"""By dialect, how its SDK reads, and what has to be installed."""
