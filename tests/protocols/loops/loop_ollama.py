"""Ollama's SDK."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said

OFFERED = [
    {"type": "function", "function": {"name": name, "description": said, "parameters": schema}}
    for name, (said, schema) in TOOLS.items()
]


class Ollama(Agent):
    module = "ollama"
    words = ("stop", "stop", "length")
    keeps_ids = False
    tools = OFFERED

    def connect(self):
        import ollama

        return ollama.Client(host=self.url)

    def close(self):
        self.client._client.close()

    def results(self, given):
        return [{"role": "tool", "tool_name": call.name, "content": text} for call, text in given]

    def send(self):
        import ollama

        found = self.client.chat(
            model=self.model,
            messages=[{"role": "system", "content": SYSTEM}, *self.history],
            tools=self.tools,
            stream=self.stream,
            think=True if self.thinks else None,
            options={"num_predict": 4000},
        )
        said, calls = Said(), []
        for chunk in found if self.stream else [found]:
            said.text += chunk.message.content or ""
            said.thought += chunk.message.thinking or ""
            calls += chunk.message.tool_calls or ()
            said.ended = chunk.done_reason or said.ended
            if chunk.done:
                said.used = (chunk.prompt_eval_count, chunk.eval_count)
        said.calls = [Called(None, call.function.name, dict(call.function.arguments)) for call in calls]
        message = ollama.Message(
            role="assistant", content=said.text, thinking=said.thought or None, tool_calls=calls or None
        )
        self.history.append(message)
        return said

    @property
    def error(self):
        import ollama

        return ollama.ResponseError

    @property
    def errors(self):
        return dict.fromkeys((400, 429, 503, 529), self.error)
