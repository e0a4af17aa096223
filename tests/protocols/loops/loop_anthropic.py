"""Anthropic's SDK."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said

OFFERED = [
    {"name": name, "description": said, "input_schema": schema} for name, (said, schema) in TOOLS.items()
]


class Messages(Agent):
    module = "anthropic"
    words = ("tool_use", "end_turn", "max_tokens")
    tools = OFFERED

    def connect(self):
        import anthropic

        return anthropic.Anthropic(api_key="not-a-key", base_url=self.url, max_retries=0)

    def results(self, given):
        told = [{"type": "tool_result", "tool_use_id": call.id, "content": text} for call, text in given]
        return [{"role": "user", "content": told}]

    def send(self):
        asked = {
            "model": self.model,
            "system": SYSTEM,
            "messages": self.history,
            "tools": self.tools,
            "max_tokens": 4000,
        }
        if self.thinks:
            asked["thinking"] = {"type": "enabled", "budget_tokens": 2048}
        if self.stream:
            with self.client.messages.stream(**asked) as events:
                for _ in events:
                    pass
                whole = events.get_final_message()
        else:
            whole = self.client.messages.create(**asked)
        self.history.append(
            {"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in whole.content]}
        )
        said = Said(ended=whole.stop_reason, used=(whole.usage.input_tokens, whole.usage.output_tokens))
        for block in whole.content:
            if block.type == "text":
                said.text += block.text
            elif block.type == "thinking":
                said.thought += block.thinking
            else:
                said.calls.append(Called(block.id, block.name, block.input))
        return said

    @property
    def error(self):
        import anthropic

        return anthropic.APIError

    @property
    def errors(self):
        import anthropic

        busy = anthropic.InternalServerError  # parent of what is told of an overload, in newer versions
        return {400: anthropic.BadRequestError, 429: anthropic.RateLimitError, 503: busy, 529: busy}
