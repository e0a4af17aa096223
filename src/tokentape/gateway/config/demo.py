"""The configuration of `tokentape serve --demo`: the bundled provider in each of its dialects, and no key."""

_TEXT = """
default = "openai"

[upstreams.openai]
dialect = "openai.chat"
also = ["openai.responses", "openai.embeddings", "openai.files", "openai.media", "openai.meta"]
base_url = "{url}/v1"

[upstreams.anthropic]
dialect = "anthropic.messages"
also = ["anthropic.files"]
base_url = "{url}"

[upstreams.gemini]
dialect = "gemini"
base_url = "{url}"

[upstreams.ollama]
dialect = "ollama"
base_url = "{url}"

[[routes]]
model = "claude-*"
to = "anthropic"

[[routes]]
model = "gemini-*"
to = "gemini"

[[routes]]
model = "gpt-*"
to = "openai"

[[routes]]
dialect = ["anthropic.messages", "anthropic.files"]
to = "anthropic"

[[routes]]
dialect = "gemini"
to = "gemini"

[[routes]]
dialect = "ollama"
to = "ollama"
"""


def demo_text(url: str) -> str:
    """The configuration for a provider at `url`."""
    return _TEXT.format(url=url.rstrip("/"))
