"""Google's Gen AI SDK."""

from __future__ import annotations

from loop_agents import SYSTEM, TOOLS, Agent, Called, Said


class Gemini(Agent):
    module = "google.genai"
    words = ("STOP", "STOP", "MAX_TOKENS")

    def connect(self):
        from google import genai

        return genai.Client(
            api_key="AIzaSyA0123456789abcdef0123456789abcdef", http_options={"base_url": self.url}
        )

    def user(self, text):
        from google.genai import types

        return types.Content(role="user", parts=[types.Part.from_text(text=text)])

    def results(self, given):
        from google.genai import types

        parts = [
            types.Part(
                function_response=types.FunctionResponse(
                    id=call.id, name=call.name, response={"output": text}
                )
            )
            for call, text in given
        ]
        return [types.Content(role="user", parts=parts)]

    def send(self):
        from google.genai import types

        declared = [
            types.FunctionDeclaration(name=name, description=said, parameters_json_schema=schema)
            for name, (said, schema) in TOOLS.items()
        ]
        config = types.GenerateContentConfig(
            system_instruction=SYSTEM,
            tools=[types.Tool(function_declarations=declared)],
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            max_output_tokens=4000,
            thinking_config=types.ThinkingConfig(include_thoughts=True, thinking_budget=2048)
            if self.thinks
            else None,
        )
        asked = {"model": self.model, "contents": self.history, "config": config}
        models = self.client.models
        chunks = (
            models.generate_content_stream(**asked) if self.stream else [models.generate_content(**asked)]
        )
        said, parts = Said(), []
        for chunk in chunks:
            for candidate in chunk.candidates or ():
                said.ended = candidate.finish_reason.value if candidate.finish_reason else said.ended
                for part in (candidate.content.parts if candidate.content else None) or ():
                    parts.append(part)
                    _read(said, part)
            if (usage := chunk.usage_metadata) is not None:
                output = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
                said.used = (usage.prompt_token_count, output)
        self.history.append(types.Content(role="model", parts=parts))
        return said

    @property
    def error(self):
        from google.genai import errors

        return errors.APIError

    @property
    def errors(self):
        from google.genai import errors

        return {
            400: errors.ClientError,
            429: errors.ClientError,
            503: errors.ServerError,
            529: errors.ServerError,
        }

    @staticmethod
    def status_of(error):
        return error.code


def _read(said, part):
    if part.function_call:
        call = part.function_call
        said.calls.append(Called(call.id, call.name, dict(call.args or {})))
    elif part.thought:
        said.thought += part.text or ""
    else:
        said.text += part.text or ""
