"""OpenAI's SDK, Responses."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Called, Said, parsed
from loop_chat import OpenAI

OFFERED = [
    {"type": "function", "name": name, "description": said, "parameters": schema, "strict": False}
    for name, (said, schema) in TOOLS.items()
]


class Responses(OpenAI):
    words = ("completed", "completed", "max_output_tokens")
    tools = OFFERED

    def results(self, given):
        return [{"type": "function_call_output", "call_id": call.id, "output": text} for call, text in given]

    def send(self):
        asked = {
            "model": self.model,
            "instructions": SYSTEM,
            "input": self.history,
            "tools": self.tools,
            "max_output_tokens": 4000,
            "store": False,
            "include": ["reasoning.encrypted_content"],
        }
        if self.thinks:
            asked["reasoning"] = {"effort": "medium", "summary": "auto"}
        whole = self._streamed(asked) if self.stream else self.client.responses.create(**asked)
        if whole is None:
            return Said()
        cut_short = whole.incomplete_details.reason if whole.incomplete_details else None
        said = Said(ended=cut_short or whole.status, error=whole.error.message if whole.error else "")
        for item in whole.output:
            if item.type == "message":
                said.text += "".join(part.text for part in item.content)
            elif item.type == "reasoning":
                said.thought += "".join(part.text for part in (*item.summary, *(item.content or ())))
            else:
                said.calls.append(Called(item.call_id, item.name, parsed(item.arguments, whole.status)))
            self.history.append(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}))
        if whole.usage:
            said.used = (whole.usage.input_tokens, whole.usage.output_tokens)
        return said

    def _streamed(self, asked):
        """The response of the last event; None where none ended it."""
        final, text = None, ""
        with self.client.responses.stream(**asked) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    text += event.delta
                elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                    final = event.response
        if final is not None and final.status == "completed":
            assert text == final.output_text
        return final
