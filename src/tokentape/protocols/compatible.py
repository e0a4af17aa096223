"""Servers that speak Chat Completions, and what each does differently: data, with its source.

`quirks_of` gives the quirks for a name or a host; a server that is not here has none that we know of, and
is written to as the request came. A server that data cannot describe is a dialect of its own: a `Dialect`
with a `codec` under the entry point `tokentape.protocols`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tokentape.errors import UsageError
from tokentape.protocols.quirks import NO_QUIRKS, Quirks


@dataclass(frozen=True, slots=True)
class Server:
    """One server. A host that begins with a dot stands for all below it; local servers have none.

    `source` is where its rules are documented, `notes` what they are, in words.
    """

    name: str
    source: str
    notes: str
    hosts: tuple[str, ...] = ()
    quirks: Quirks = field(default=NO_QUIRKS)


_SAMPLERS = frozenset({"top_k", "min_p", "repetition_penalty"})
"""Options of open models, which OpenAI and others refuse as unknown."""

SERVERS = (
    # Unknown arguments are refused ("Unrecognized request argument"); `max_tokens` is deprecated, and
    # refused by reasoning models; thoughts are neither shown nor taken back; ids have 64 characters (case 2).
    Server(
        "openai",
        "https://platform.openai.com/docs/api-reference/chat/create",
        "`max_completion_tokens`; ids up to 64 characters; no thoughts; no samplers of open models",
        ("api.openai.com", ".api.openai.com"),
        Quirks(token_limit="max_completion_tokens", tool_ids="openai", drop=_SAMPLERS),
    ),
    # The same API under the customer's own host; older versions of it know `max_tokens` only.
    Server(
        "azure",
        "https://learn.microsoft.com/azure/ai-foundry/openai/reference",
        "as OpenAI; the limit is written as it came, since it depends on `api-version`",
        (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"),
        Quirks(tool_ids="openai", drop=_SAMPLERS),
    ),
    # Fields it does not know are refused with 422 (`extra_forbidden`): those here are not in its SDK's
    # request model. Ids of tool calls must have nine letters or digits (case 3), thoughts are parts of the
    # content, and its streams count tokens without being asked.
    Server(
        "mistral",
        "https://docs.mistral.ai/api/endpoint/chat",
        "ids of nine letters and digits; `random_seed`, `max_tokens`; `thinking` parts",
        ("api.mistral.ai", "codestral.mistral.ai"),
        Quirks(
            rename=(("seed", "random_seed"),),
            drop=frozenset(
                {"logit_bias", "messages.name", "min_p", "modalities", "prompt_cache_retention", "store"}
            )
            | {"user", "verbosity"},
            developer_role="system",
            parts=frozenset({"document_url"}),
            reasoning_field="content",
            token_limit="max_tokens",
            tool_ids="mistral",
            stream_usage="always",
        ),
    ),
    # "Reasoning tokens": `reasoning` in requests, `reasoning` and `reasoning_details` in messages, which
    # go back unchanged; "Prompt caching": `cache_control` as Anthropic has it;
    # "PDF inputs": URLs in `file_data`.
    Server(
        "openrouter",
        "https://openrouter.ai/docs/use-cases/reasoning-tokens",
        "`reasoning`, `reasoning_details` go back; `cache_control`; files by URL, videos",
        ("openrouter.ai",),
        Quirks(
            parts=frozenset({"file_url", "video_url"}),
            cache_marks=True,
            reasoning_field="reasoning",
            reasoning_details=True,
            thinking="reasoning",
        ),
    ),
    # "Currently unsupported": these fields end in a 400.
    Server(
        "groq",
        "https://console.groq.com/docs/openai",
        "no `logprobs`, `logit_bias`, names of speakers; thoughts in `reasoning`",
        ("api.groq.com",),
        Quirks(
            drop=frozenset({"logit_bias", "logprobs", "messages.name", "top_logprobs"}) | _SAMPLERS,
            developer_role="system",
            reasoning_field="reasoning",
            token_limit="max_completion_tokens",
        ),
    ),
    # `response_format` takes a schema; `max_tokens` is its only limit.
    Server(
        "together",
        "https://docs.together.ai/reference/chat-completions",
        "`max_tokens`; thoughts in `reasoning`; videos",
        ("api.together.xyz", "api.together.ai"),
        Quirks(
            developer_role="system",
            parts=frozenset({"video_url", "audio_url"}),
            reasoning_field="reasoning",
            token_limit="max_tokens",
        ),
    ),
    # "Thinking mode": turns that call tools must bring their `reasoning_content` back, or a 400 says so;
    # it is ignored elsewhere (case 22). "JSON output" knows `json_object` only; contents are strings.
    Server(
        "deepseek",
        "https://api-docs.deepseek.com/guides/thinking_mode",
        "`thinking`; `reasoning_content` goes back with all turns that call tools; JSON, no schema",
        ("api.deepseek.com",),
        Quirks(
            developer_role="system",
            text_only=True,
            reasoning_field="reasoning_content",
            reasoning_on_calls=True,
            thinking="thinking",
            output=frozenset({"text", "json"}),
            token_limit="max_tokens",
        ),
    ),
    # "Reasoning": thoughts are shown in `reasoning_content`, and not asked back.
    Server(
        "xai",
        "https://docs.x.ai/docs/api-reference",
        "system text only as `system`; thoughts are shown, not taken back",
        ("api.x.ai",),
        Quirks(developer_role="system", token_limit="max_completion_tokens"),
    ),
    # "OpenAI-compatible server": the message field became `reasoning`; multimodal parts by URL.
    Server(
        "vllm",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server/",
        "thoughts in `reasoning`; videos and sounds by URL; system text depends on the chat template",
        (),
        Quirks(
            developer_role="system",
            parts=frozenset({"video_url", "audio_url"}),
            reasoning_field="reasoning",
            token_limit="max_tokens",
        ),
    ),
    Server(
        "lmstudio",
        "https://lmstudio.ai/docs/developer/openai-compat/chat-completions",
        "`max_tokens`; thoughts in `reasoning_content`",
        (),
        Quirks(developer_role="system", reasoning_field="reasoning_content", token_limit="max_tokens"),
    ),
    # "Reasoning": `reasoning_content` of earlier turns is taken back for interleaved thinking.
    Server(
        "fireworks",
        "https://docs.fireworks.ai/api-reference/post-chatcompletions",
        "`max_tokens`; thoughts in `reasoning_content`",
        ("api.fireworks.ai",),
        Quirks(developer_role="system", reasoning_field="reasoning_content", token_limit="max_tokens"),
    ),
    # "OpenAI compatibility": these fields end in a 400; `developer` is not exposed; "Reasoning": `reasoning`.
    Server(
        "cerebras",
        "https://inference-docs.cerebras.ai/resources/openai",
        "no penalties, no `logit_bias`; thoughts in `reasoning`",
        ("api.cerebras.ai",),
        Quirks(
            drop=frozenset({"frequency_penalty", "logit_bias", "presence_penalty", "store"}) | _SAMPLERS,
            developer_role="system",
            reasoning_field="reasoning",
            token_limit="max_completion_tokens",
        ),
    ),
    # A 400 says "After the (optional) system message(s), user and assistant roles should be alternating"
    # (perplexityai/api-discussion#265); "Structured outputs" takes a schema, and no plain JSON.
    Server(
        "perplexity",
        "https://docs.perplexity.ai/api-reference/chat-completions-post",
        "system text first, roles in turn; JSON by schema only; `max_tokens`; counts tokens in every stream",
        ("api.perplexity.ai",),
        Quirks(
            drop=frozenset({"logit_bias", "parallel_tool_calls", "seed", "store", "user"}),
            developer_role="system",
            system_at_head=True,
            merge_roles=True,
            output=frozenset({"text", "schema"}),
            token_limit="max_tokens",
            stream_usage="always",
        ),
    ),
    # "OpenAI compatibility", "Supported request fields".
    Server(
        "ollama",
        "https://docs.ollama.com/api/openai-compatibility",
        "`max_tokens`; thoughts in `reasoning`",
        ("ollama.com",),
        Quirks(developer_role="system", reasoning_field="reasoning", token_limit="max_tokens"),
    ),
    # Unknown names are refused ("Unknown name ...: Cannot find field"), these among them
    # (page-assist#418, openhanako#394). A call's signature goes back in `extra_content.google` (case 18).
    Server(
        "gemini",
        "https://ai.google.dev/gemini-api/docs/openai",
        "no penalties, no `seed`, no bookkeeping; signatures of calls in `extra_content`",
        ("generativelanguage.googleapis.com", "aiplatform.googleapis.com"),
        Quirks(
            drop=frozenset(
                {"frequency_penalty", "logit_bias", "metadata", "presence_penalty", "seed", "store"}
            )
            | {"user"}
            | _SAMPLERS,
            developer_role="system",
        ),
    ),
    Server(
        "sambanova",
        "https://docs.sambanova.ai/cloud/api-reference/endpoints/chat",
        "`max_tokens`; system text only as `system`",
        ("api.sambanova.ai",),
        Quirks(developer_role="system", token_limit="max_tokens"),
    ),
    # "Use thinking models": a call without `reasoning_content` is a 400 while thinking is on; `thinking` and
    # `reasoning_effort` exclude each other (case 22; continue#11600, nanobot#3939).
    Server(
        "moonshot",
        "https://platform.moonshot.ai/docs/guide/use-kimi-k2-thinking-model",
        "`thinking`, no effort; `reasoning_content` goes back with all turns that call tools",
        ("api.moonshot.ai", "api.moonshot.cn"),
        Quirks(
            drop=frozenset({"reasoning_effort"}),
            developer_role="system",
            parts=frozenset({"video_url"}),
            reasoning_field="reasoning_content",
            reasoning_on_calls=True,
            thinking="thinking",
        ),
    ),
    # "Deep thinking": `enable_thinking`, `thinking_budget`, thoughts in `reasoning_content`.
    Server(
        "dashscope",
        "https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api",
        "`enable_thinking` and `thinking_budget`; `max_tokens`; thoughts in `reasoning_content`; videos",
        ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"),
        Quirks(
            developer_role="system",
            parts=frozenset({"video_url"}),
            reasoning_field="reasoning_content",
            thinking="enable_thinking",
            token_limit="max_tokens",
        ),
    ),
    Server(
        "huggingface",
        "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
        "`max_tokens`; system text only as `system`",
        ("router.huggingface.co", "api-inference.huggingface.co"),
        Quirks(developer_role="system", token_limit="max_tokens"),
    ),
    # tools/server/README.md: `reasoning_format` puts thoughts into `reasoning_content`, which goes back.
    Server(
        "llama.cpp",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
        "`max_tokens`; thoughts in `reasoning_content`; a `grammar` of its own",
        (),
        Quirks(developer_role="system", reasoning_field="reasoning_content", token_limit="max_tokens"),
    ),
    # "Thinking mode": the switch `thinking`; `reasoning_content` goes back with turns that call tools.
    Server(
        "zai",
        "https://docs.z.ai/guides/capabilities/thinking-mode",
        "`thinking`; thoughts in `reasoning_content`; JSON without a schema; `max_tokens`",
        ("api.z.ai", "open.bigmodel.cn"),
        Quirks(
            developer_role="system",
            parts=frozenset({"video_url"}),
            reasoning_field="reasoning_content",
            thinking="thinking",
            output=frozenset({"text", "json"}),
            token_limit="max_tokens",
        ),
    ),
)
"""All that are known, none of them twice."""

_ALIASES = {"google": "gemini", "azure-openai": "azure", "alibaba": "dashscope", "qwen": "dashscope"}
_NAMED = {server.name: server for server in SERVERS}
_AT = {host: server for server in SERVERS for host in server.hosts}


def server_of(name_or_host: str) -> Server | None:
    """The server of that name, or at that host (lower case, without a port); None if it is not known."""
    named = _NAMED.get(_ALIASES.get(name_or_host, name_or_host))
    if named is not None or name_or_host in _AT:
        return named or _AT[name_or_host]
    parts = name_or_host.split(".")
    below = (_AT.get("." + ".".join(parts[n:])) for n in range(1, len(parts)))
    return next((server for server in below if server is not None), None)


def quirks_of(name_or_host: str) -> Quirks:
    """The quirks of the server of that name, or at that host."""
    server = server_of(name_or_host)
    return NO_QUIRKS if server is None else server.quirks


def named_quirks(name_or_host: str) -> Quirks:
    """The same, for a name that somebody gave: raises `UsageError` for one that is not known."""
    server = server_of(name_or_host.lower())
    if server is None:
        raise UsageError(f"no server {name_or_host!r} is known; known are {', '.join(sorted(_NAMED))}")
    return server.quirks
