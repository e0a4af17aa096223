"""The providers that `pytest -m live` calls: where, with which key, and the smallest request each takes."""

from __future__ import annotations

from dataclasses import dataclass, field

ASK = "Reply with the single word: pong"


@dataclass(frozen=True)
class Live:
    """One API of one provider. `keys`: environment variables, of which the first that is set is used.

    `model` may be replaced by TOKENTAPE_LIVE_<NAME>_MODEL, since models come and go.
    """

    name: str
    keys: tuple[str, ...]
    base: str
    model: str
    path: str = "/v1/chat/completions"
    stream_path: str | None = None
    key_header: str = "authorization"
    headers: dict[str, str] = field(default_factory=dict)

    def url(self, *, stream: bool, model: str, base: str | None = None) -> str:
        """The URL; at another server with `base`."""
        path = self.stream_path if stream and self.stream_path else self.path
        return (base or self.base) + path.replace("{model}", model)

    def fields(self, key: str) -> dict[str, str]:
        """The header fields with this key."""
        value = f"Bearer {key}" if self.key_header == "authorization" else key
        return {self.key_header: value, **self.headers}

    def body(self, *, stream: bool, model: str) -> dict[str, object]:
        """The request's JSON."""
        if self.name == "gemini":
            return {"contents": [{"role": "user", "parts": [{"text": ASK}]}]}
        asked: dict[str, object] = {"model": model, "stream": stream}
        if self.name == "openai-responses":
            return {**asked, "input": ASK}
        if self.name == "anthropic":
            asked["max_tokens"] = 16
        return {**asked, "messages": [{"role": "user", "content": ASK}]}


PROVIDERS = (
    Live("openai", ("OPENAI_API_KEY",), "https://api.openai.com", "gpt-4.1-nano"),
    Live("openai-responses", ("OPENAI_API_KEY",), "https://api.openai.com", "gpt-4.1-nano", "/v1/responses"),
    Live("anthropic", ("ANTHROPIC_API_KEY",), "https://api.anthropic.com", "claude-haiku-4-5", "/v1/messages",
         key_header="x-api-key", headers={"anthropic-version": "2023-06-01"}),
    Live("gemini", ("GEMINI_API_KEY", "GOOGLE_API_KEY"), "https://generativelanguage.googleapis.com",
         "gemini-2.5-flash-lite", "/v1beta/models/{model}:generateContent",
         "/v1beta/models/{model}:streamGenerateContent?alt=sse", key_header="x-goog-api-key"),
    Live("mistral", ("MISTRAL_API_KEY",), "https://api.mistral.ai", "mistral-small-latest"),
    Live("cohere", ("CO_API_KEY", "COHERE_API_KEY"), "https://api.cohere.com", "command-r7b-12-2024", "/v2/chat"),
    Live("groq", ("GROQ_API_KEY",), "https://api.groq.com/openai", "llama-3.1-8b-instant"),
    Live("openrouter", ("OPENROUTER_API_KEY",), "https://openrouter.ai/api", "openai/gpt-4.1-nano"),
    Live("deepseek", ("DEEPSEEK_API_KEY",), "https://api.deepseek.com", "deepseek-chat"),
    Live("xai", ("XAI_API_KEY",), "https://api.x.ai", "grok-3-mini"),
    Live("together", ("TOGETHER_API_KEY",), "https://api.together.xyz", "meta-llama/Llama-3.2-3B-Instruct-Turbo"),
    Live("fireworks", ("FIREWORKS_API_KEY",), "https://api.fireworks.ai/inference",
         "accounts/fireworks/models/llama-v3p1-8b-instruct"),
    Live("cerebras", ("CEREBRAS_API_KEY",), "https://api.cerebras.ai", "llama3.1-8b"),
    Live("perplexity", ("PERPLEXITY_API_KEY",), "https://api.perplexity.ai", "sonar", "/chat/completions"),
)  # fmt: skip
