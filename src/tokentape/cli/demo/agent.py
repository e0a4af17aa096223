"""A short agent run over four APIs, with tools and streams, as a user of the SDKs would write it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

import anthropic
import openai

from tokentape.cli.demo.listening import Call, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "sk-demo-not-a-real-key"
CITY: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
QUESTION = "Do I need an umbrella in Oslo?"


class Run:
    """One run of the agent against the provider at `url`."""

    def __init__(self, url: str) -> None:
        self._listener = Listener()
        http = self._listener.client()
        self._http, self._url = http, url
        self._openai = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", http_client=http, max_retries=0)
        self._anthropic = anthropic.Anthropic(api_key=KEY, base_url=url, http_client=http, max_retries=0)

    def calls(self) -> list[Call]:
        """Run all steps; what the SDKs' client heard, one `Call` per HTTP call."""
        for step in (self._chat, self._responses, self._messages, self._gemini):
            step()
        return self._listener.calls

    def _note(self, name: str, tokens: int) -> None:
        call = self._listener.calls[-1]
        call.name, call.tokens = name, tokens

    def _chat(self) -> None:
        """Chat Completions: the model asks for a tool, gets its result, and answers."""
        ask: Callable[..., openai.types.chat.ChatCompletion] = self._openai.chat.completions.create
        messages: list[object] = [{"role": "user", "content": QUESTION}]
        tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
        reply = ask(model="gpt-5-mini", messages=messages, tools=[tool])
        self._note("Chat, tool call", reply.usage.total_tokens if reply.usage else 0)
        message = reply.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        messages += [
            {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"rain": True})}
            for call in message.tool_calls or ()
        ]
        reply = ask(model="gpt-5-mini", messages=messages, tools=[tool])
        self._note("Chat, tool result", reply.usage.total_tokens if reply.usage else 0)

    def _responses(self) -> None:
        with self._openai.responses.stream(model="gpt-5-mini", input="Say it as a haiku.") as stream:
            for _ in stream:
                pass
            usage = stream.get_final_response().usage
        self._note("Responses, stream", usage.total_tokens if usage else 0)

    def _messages(self) -> None:
        with self._anthropic.messages.stream(
            model="claude-haiku-4-5",
            max_tokens=300,
            messages=[{"role": "user", "content": QUESTION}],
            tools=[{"name": "get_weather", "input_schema": CITY}],
        ) as stream:
            for _ in stream:
                pass
            usage = stream.get_final_message().usage
        self._note("Messages, stream, tool", usage.input_tokens + usage.output_tokens)

    def _gemini(self) -> None:
        """Gemini without its SDK, to show that any httpx2 client will do."""
        body = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}
        url = f"{self._url}/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse"
        last = {}
        with self._http.stream("POST", url, json=body, headers={"x-goog-api-key": KEY}) as reply:
            for line in reply.iter_lines():
                if line.startswith("data: "):
                    last = json.loads(line.removeprefix("data: "))
        self._note("Gemini, stream", last.get("usageMetadata", {}).get("totalTokenCount", 0))


def ask_something_else(url: str) -> None:
    """A call that was not recorded, in a program that swallows what comes of it."""
    client = openai.OpenAI(api_key=KEY, base_url=f"{url}/v1", http_client=Listener().client())
    question = QUESTION.replace("Oslo", "Bergen")
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": CITY}}
    ask: Callable[..., object] = client.chat.completions.create
    with suppress(openai.OpenAIError):
        ask(model="gpt-5-mini", messages=[{"role": "user", "content": question}], tools=[tool])
