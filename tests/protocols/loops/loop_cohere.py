"""Cohere's SDK."""

from __future__ import annotations

import json

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said, parsed

ONCE = {"max_retries": 0}


OFFERED = [
    {"type": "function", "function": {"name": name, "description": said, "parameters": schema}}
    for name, (said, schema) in TOOLS.items()
]


class Cohere(Agent):
    module = "cohere"
    words = ("TOOL_CALL", "COMPLETE", "MAX_TOKENS")
    tools = OFFERED

    def connect(self):
        import cohere
        import httpx

        self.http = httpx.Client(timeout=20)
        return cohere.ClientV2(api_key="not-a-key", base_url=self.url, httpx_client=self.http)

    def close(self):
        self.http.close()

    def results(self, given):
        return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in given]

    def send(self):
        asked = {
            "model": self.model,
            "messages": [{"role": "system", "content": SYSTEM}, *self.history],
            "tools": self.tools,
            "max_tokens": 4000,
            "request_options": ONCE,
        }
        if self.thinks:
            asked["thinking"] = {"type": "enabled", "token_budget": 2048}
        said = (
            _streamed(self.client.chat_stream(**asked)) if self.stream else _whole(self.client.chat(**asked))
        )
        self.history.append(_message(said))
        return said

    @property
    def error(self):
        from cohere.core import ApiError

        return ApiError

    @property
    def errors(self):
        import cohere

        busy = cohere.ServiceUnavailableError
        return {400: cohere.BadRequestError, 429: cohere.TooManyRequestsError, 503: busy, 529: busy}


def _message(said):
    message = {"role": "assistant"}
    if said.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments)},
            }
            for call in said.calls
        ]
        if said.thought:
            message["tool_plan"] = said.thought
    elif said.thought:
        message["content"] = [{"type": "thinking", "thinking": said.thought}]
    if said.text:
        message["content"] = [*message.get("content", ()), {"type": "text", "text": said.text}]
    return message


def _whole(whole):
    said = Said(thought=whole.message.tool_plan or "", ended=whole.finish_reason, used=_used(whole.usage))
    for block in whole.message.content or ():
        said.text += getattr(block, "text", None) or ""
        said.thought += getattr(block, "thinking", None) or ""
    said.calls = [
        Called(call.id, call.function.name, json.loads(call.function.arguments))
        for call in whole.message.tool_calls or ()
    ]
    return said


def _streamed(events):
    said, calls = Said(), []
    for event in events:
        if event.type == "content-delta":
            content = event.delta.message.content
            said.text += content.text or ""
            said.thought += getattr(content, "thinking", None) or ""
        elif event.type == "tool-plan-delta":
            said.thought += event.delta.message.tool_plan
        elif event.type == "tool-call-start":
            call = event.delta.message.tool_calls
            calls.append([call.id, call.function.name, call.function.arguments or ""])
        elif event.type == "tool-call-delta":
            calls[event.index][2] += event.delta.message.tool_calls.function.arguments
        elif event.type == "message-end":
            said.ended, said.used = event.delta.finish_reason, _used(event.delta.usage)
            said.error = getattr(event.delta, "error", None) or ""
    said.calls = [Called(id_, name, parsed(text, said.ended)) for id_, name, text in calls]
    return said


def _used(usage):
    tokens = usage.tokens if usage else None
    return (tokens.input_tokens, tokens.output_tokens) if tokens else (None, None)
