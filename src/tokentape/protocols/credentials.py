"""Environment variables without which SDKs refuse to start, and harmless values for replay."""

from __future__ import annotations

PLACEHOLDERS: dict[str, str] = {
    **dict.fromkeys(
        (
            "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY",
            "AZURE_OPENAI_API_KEY", "COHERE_API_KEY", "CO_API_KEY", "GROQ_API_KEY", "TOGETHER_API_KEY",
            "FIREWORKS_API_KEY", "CEREBRAS_API_KEY", "DEEPSEEK_API_KEY", "OPENROUTER_API_KEY", "XAI_API_KEY",
            "PERPLEXITY_API_KEY", "REPLICATE_API_TOKEN", "HF_TOKEN", "VOYAGE_API_KEY", "AI21_API_KEY",
            "WRITER_API_KEY", "NVIDIA_API_KEY", "WATSONX_API_KEY", "SAMBANOVA_API_KEY",
        ),
        "placeholder-for-replay",
    ),
    "AWS_ACCESS_KEY_ID": "placeholder-for-replay",
    "AWS_SECRET_ACCESS_KEY": "placeholder-for-replay",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "OPENAI_API_VERSION": "2024-10-21",
}  # fmt: skip
"""Both Gemini variables at once make its SDK choose one and say so, hence `ALTERNATIVES`."""

ALTERNATIVES: tuple[tuple[str, ...], ...] = (
    ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    ("CO_API_KEY", "COHERE_API_KEY"),
    ("AWS_DEFAULT_REGION", "AWS_REGION"),
)
"""Variables of which one is enough: none is set where another of the group is there."""


def missing(environment: dict[str, str]) -> dict[str, str]:
    """The placeholders to add to `environment`: for variables that are absent (and have no alternative)."""
    added: dict[str, str] = {}
    for name, value in PLACEHOLDERS.items():
        group = next((names for names in ALTERNATIVES if name in names), (name,))
        if not any(other in environment or other in added for other in group):
            added[name] = value
    return added
