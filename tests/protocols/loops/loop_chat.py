"""OpenAI's SDK, Chat Completions."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said, parsed

OFFERED = [
    {"type": "function", "function": {"name": name, "description": said, "parameters": schema}}
    for name, (said, schema) in TOOLS.items()
]


class OpenAI(Agent):
    """What both of OpenAI's APIs share."""

    module = "openai"

    def connect(self):
        import openai

        return openai.OpenAI(api_key="not-a-key", base_url=f"{self.url}/v1", max_retries=0)

    @property
    def error(self):
        import openai

        return openai.APIError

    @property
    def errors(self):
        import openai

        busy = openai.InternalServerError
        return {400: openai.BadRequestError, 429: openai.RateLimitError, 503: busy, 529: busy}


class Chat(OpenAI):
    words = ("tool_calls", "stop", "length")
    tools = OFFERED

    def results(self, given):
        return [{"role": "tool", "tool_call_id": call.id, "content": text} for call, text in given]

    def send(self):
        asked = {
            "model": self.model,
            "messages": [{"role": "system", "content": SYSTEM}, *self.history],
            "tools": self.tools,
            "max_completion_tokens": 4000,
        }
        if self.thinks:
            asked["reasoning_effort"] = "medium"
        completions = self.client.chat.completions
        if self.stream:
            asked |= {"stream": True, "stream_options": {"include_usage": True}}
            return self._streamed(completions.create(**asked))
        whole = completions.create(**asked)
        (choice,) = whole.choices
        message = choice.message
        self.history.append(message.model_dump(exclude_none=True))
        calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
        thought = getattr(message, "reasoning_content", None) or ""
        return _said(message.content or "", thought, calls, choice.finish_reason, whole.usage)

    def _streamed(self, chunks):
        message, calls, ended, usage = {"role": "assistant", "content": ""}, {}, None, None
        thought = ""
        for chunk in chunks:
            chunk.model_dump()  # warns of what is not of its type
            usage = chunk.usage or usage
            for choice in chunk.choices:
                ended = choice.finish_reason or ended
                message["content"] += choice.delta.content or ""
                thought += getattr(choice.delta, "reasoning_content", None) or ""
                for call in choice.delta.tool_calls or ():
                    known = calls.setdefault(call.index, [call.id, "", ""])
                    known[1] += call.function.name or ""
                    known[2] += call.function.arguments or ""
        if thought:
            message["reasoning_content"] = thought
        if calls:
            message["tool_calls"] = [
                {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
                for id_, name, arguments in calls.values()
            ]
        self.history.append(message)
        return _said(message["content"], thought, list(calls.values()), ended, usage)


def _said(text, thought, calls, ended, usage):
    called = [Called(id_, name, parsed(arguments, ended)) for id_, name, arguments in calls]
    used = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
    return Said(text, thought, called, ended, used)
