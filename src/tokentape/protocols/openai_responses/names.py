"""Names of fields and items of Responses that several modules share (API reference, "Responses")."""

from __future__ import annotations

from tokentape.protocols.options import Place

NAME = "openai.responses"

OPTIONS = (
    Place("max_output_tokens", ("max_output_tokens",), "integer"),
    Place("temperature", ("temperature",), "number"),
    Place("top_p", ("top_p",), "number"),
    Place("top_logprobs", ("top_logprobs",), "integer"),
    Place("parallel_tool_calls", ("parallel_tool_calls",), "flag"),
    Place("verbosity", ("text", "verbosity"), "text"),
    Place("service_tier", ("service_tier",), "text"),
    Place("store", ("store",), "flag"),
    Place("truncation", ("truncation",), "text"),
    Place("cache_key", ("prompt_cache_key",), "text"),
    Place("cache_retention", ("prompt_cache_retention",), "text"),
    Place("user", ("safety_identifier",), "text"),
    Place("metadata", ("metadata",), "json"),
)
BY_USER = tuple(place if place.option != "user" else Place("user", ("user",), "text") for place in OPTIONS)
"""The same where the request names its user in the older field."""

TIERS = frozenset({"auto", "default", "flex", "priority", "fast", "scale", "ultrafast"})

LOGPROBS = "message.output_text.logprobs"
"""What `include` says of a request that wants logprobs."""

MEANING = frozenset(
    {
        "background",
        "context_management",
        "moderation",
        "namespace",
        "prompt",
        "server_label",
        "text",
        "type",
    }
)
"""Fields without which another answer comes; `type` is left over of a choice of a tool that is not the
caller's, `text` of a form that is not known.
"""

ECHOED = frozenset(
    {
        "access_programs",
        "background",
        "conversation",
        "frequency_penalty",
        "include",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "moderation",
        "parallel_tool_calls",
        "presence_penalty",
        "previous_response_id",
        "prompt",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    }
)
"""Fields of a response that say what the request said."""

IMPLIED = frozenset(
    {"billing", "completed_at", "object", "service_tier", "status", "stream_options", "tool_usage"}
)
"""Fields that say nothing to a caller of another dialect."""

SERVER_TOOLS = {
    "web_search_call": "web_search",
    "file_search_call": "file_search",
    "code_interpreter_call": "code_execution",
    "image_generation_call": "image_generation",
    "mcp_call": "mcp",
    "mcp_list_tools": "mcp",
    "mcp_approval_request": "mcp",
    "mcp_approval_response": "mcp",
}
"""Items of tools that the provider runs, by what they do. Other items that are not known stay unknown,
with their own types; none of them is ever a function call (case 38).
"""

STREAMED = {"mcp_call": "arguments", "code_interpreter_call": "code"}
"""Fields of those that are written bit by bit."""

NATIVE_TOOLS = {
    "web_search": "web_search",
    "web_search_2025_08_26": "web_search",
    "web_search_preview": "web_search",
    "web_search_preview_2025_03_11": "web_search",
    "code_interpreter": "code_execution",
}
"""Kinds of native tools by their types; of all others the type is the kind."""
