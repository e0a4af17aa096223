"""Where a Chat request holds its options (API reference; `random_seed` is Mistral's)."""

from __future__ import annotations

from tokentape.protocols.options import Place

NAME = "openai.chat"

OPTIONS = (
    Place("max_output_tokens", ("max_completion_tokens",), "integer"),
    Place("max_output_tokens", ("max_tokens",), "integer"),
    Place("temperature", ("temperature",), "number"),
    Place("top_p", ("top_p",), "number"),
    Place("top_k", ("top_k",), "integer"),
    Place("min_p", ("min_p",), "number"),
    Place("frequency_penalty", ("frequency_penalty",), "number"),
    Place("presence_penalty", ("presence_penalty",), "number"),
    Place("repetition_penalty", ("repetition_penalty",), "number"),
    Place("seed", ("seed",), "integer"),
    Place("seed", ("random_seed",), "integer"),
    Place("stop", ("stop",), "texts"),
    Place("candidates", ("n",), "integer"),
    Place("logprobs", ("logprobs",), "flag"),
    Place("top_logprobs", ("top_logprobs",), "integer"),
    Place("logit_bias", ("logit_bias",), "json"),
    Place("parallel_tool_calls", ("parallel_tool_calls",), "flag"),
    Place("modalities", ("modalities",), "texts"),
    Place("verbosity", ("verbosity",), "text"),
    Place("service_tier", ("service_tier",), "text"),
    Place("store", ("store",), "flag"),
    Place("cache_key", ("prompt_cache_key",), "text"),
    Place("cache_retention", ("prompt_cache_retention",), "text"),
    Place("user", ("user",), "text"),
    Place("metadata", ("metadata",), "json"),
)
"""The second of two places is an older or another server's name; the spelling says which was used."""

OPTION_FIELDS = frozenset(place.path[0] for place in OPTIONS)

MEANING = frozenset(
    {
        "audio",
        "chat_template_kwargs",
        "documents",
        "executed_tools",
        "function_call",
        "functions",
        "grammar",
        "guided_choice",
        "guided_grammar",
        "guided_json",
        "guided_regex",
        "images",
        "plugins",
        "prefix",
        "response_format",
        "safe_prompt",
        "search_domain_filter",
        "search_parameters",
        "structured_outputs",
        "tool_choice",
        "web_search_options",
    }
)
"""Fields of requests and replies without which another answer comes, or a part of the answer is gone."""

IMPLIED = frozenset(
    {
        "error",
        "index",
        "native_finish_reason",
        "object",
        "obfuscation",
        "p",
        "service_tier",
        "system_fingerprint",
        "x_groq",
    }
)
"""Fields that say nothing to a caller of another dialect; `p` and `obfuscation` are padding."""
