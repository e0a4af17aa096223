"""Providers that speak the Chat dialect, and servers of one's own that do.

What each does differently is in `protocols.compatible`, mostly under the same name.
"""

from __future__ import annotations

from dataclasses import replace

from tokentape.upstreams.provider import CHAT, PLAIN, RESPONSES, WHOLE, Preset

_CHAT = Preset("", "", CHAT, "", "bearer", "")


def _chat(name: str, title: str, base_url: str, docs: str, variable: str = "") -> Preset:
    """A server of the Chat dialect, which is its own provider and wants a key."""
    variables = (variable,) if variable else ()
    return replace(
        _CHAT,
        name=name,
        title=title,
        base_url=base_url,
        docs=docs,
        variables=variables,
        provider=name,
        server=name,
        also=PLAIN,
    )


def _own(name: str, title: str, base_url: str, docs: str, variable: str = "") -> Preset:
    """A server of one's own, which may want a key."""
    return replace(_chat(name, title, base_url, docs, variable), auth="optional", notes=OWN)


OWN = "a server of your own; `base_url` says where"


CHAT_PRESETS = (
    _chat(
        "openrouter",
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        "https://openrouter.ai/docs/api-reference/overview",
        "OPENROUTER_API_KEY",
    ),
    replace(
        _chat(
            "github",
            "GitHub Models",
            "https://models.github.ai/inference",
            "https://docs.github.com/en/rest/models/inference",
            "GITHUB_TOKEN",
        ),
        also=frozenset({"openai.embeddings"}),
        headers=(("X-GitHub-Api-Version", "2022-11-28"),),
        paths={"chat/completions": "chat/completions", "embeddings": "embeddings"},
        notes="models as `openai/gpt-4.1`; the token needs the scope `models:read`",
        server="",
    ),
    replace(
        _chat(
            "groq",
            "Groq",
            "https://api.groq.com/openai/v1",
            "https://console.groq.com/docs/api-reference",
            "GROQ_API_KEY",
        ),
        also=frozenset({"openai.media", "openai.meta"}),
    ),
    replace(
        _chat(
            "mistral",
            "Mistral",
            "https://api.mistral.ai/v1",
            "https://docs.mistral.ai/api/",
            "MISTRAL_API_KEY",
        ),
        also=frozenset({"openai.embeddings", "openai.meta"}),
    ),
    replace(
        _chat(
            "together",
            "Together AI",
            "https://api.together.xyz/v1",
            "https://docs.together.ai/reference/chat-completions",
            "TOGETHER_API_KEY",
        ),
        also=PLAIN | {"openai.media", "rerank"},
    ),
    replace(
        _chat(
            "fireworks",
            "Fireworks AI",
            "https://api.fireworks.ai/inference/v1",
            "https://docs.fireworks.ai/api-reference/post-chatcompletions",
            "FIREWORKS_API_KEY",
        ),
        notes="models as `accounts/fireworks/models/NAME`",
    ),
    replace(
        _chat(
            "deepseek",
            "DeepSeek",
            "https://api.deepseek.com/v1",
            "https://api-docs.deepseek.com",
            "DEEPSEEK_API_KEY",
        ),
        also=frozenset({"openai.meta"}),
    ),
    replace(
        _chat("xai", "xAI", "https://api.x.ai/v1", "https://docs.x.ai/docs/api-reference", "XAI_API_KEY"),
        also=frozenset({"openai.media", "openai.meta", RESPONSES}),
    ),
    replace(
        _chat(
            "cerebras",
            "Cerebras",
            "https://api.cerebras.ai/v1",
            "https://inference-docs.cerebras.ai/api-reference/chat-completions",
            "CEREBRAS_API_KEY",
        ),
        also=frozenset({"openai.completions", "openai.meta"}),
    ),
    replace(
        _chat(
            "perplexity",
            "Perplexity",
            "https://api.perplexity.ai",
            "https://docs.perplexity.ai/api-reference/chat-completions-post",
            "PERPLEXITY_API_KEY",
        ),
        also=frozenset(),
        paths={"chat/completions": "chat/completions"},
        notes="no version in its paths",
    ),
    replace(
        _chat(
            "sambanova",
            "SambaNova",
            "https://api.sambanova.ai/v1",
            "https://docs.sambanova.ai/cloud/api-reference/endpoints/chat",
            "SAMBANOVA_API_KEY",
        ),
        also=frozenset({"openai.embeddings", "openai.meta"}),
    ),
    replace(
        _chat(
            "huggingface",
            "Hugging Face router",
            "https://router.huggingface.co/v1",
            "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
            "HF_TOKEN",
        ),
        also=frozenset({"openai.meta"}),
        notes="models as `openai/gpt-oss-120b:fastest`",
    ),
    replace(
        _chat(
            "dashscope",
            "DashScope (Qwen)",
            "https://{host}/compatible-mode/v1",
            "https://www.alibabacloud.com/help/en/model-studio/use-qwen-by-calling-api",
            "DASHSCOPE_API_KEY",
        ),
        also=frozenset({"openai.embeddings", "openai.meta"}),
        places={"host": "dashscope-intl.aliyuncs.com"},
        notes="`host`: dashscope.aliyuncs.com in China",
    ),
    replace(
        _chat(
            "moonshot",
            "Moonshot (Kimi)",
            "https://{host}/v1",
            "https://platform.moonshot.ai/docs/api/chat",
            "MOONSHOT_API_KEY",
        ),
        also=frozenset({"openai.meta"}),
        places={"host": "api.moonshot.ai"},
    ),
    replace(
        _chat(
            "zai",
            "Z.ai (GLM)",
            "https://{host}/api/paas/v4",
            "https://docs.z.ai/api-reference/llm/chat-completion",
            "ZAI_API_KEY",
        ),
        also=frozenset(),
        places={"host": "api.z.ai"},
    ),
    replace(
        _chat(
            "nvidia",
            "NVIDIA NIM",
            "https://integrate.api.nvidia.com/v1",
            "https://docs.api.nvidia.com/nim/reference/llm-apis",
            "NVIDIA_API_KEY",
        ),
        server="",
    ),
    replace(
        _own(
            "vllm",
            "vLLM",
            "http://127.0.0.1:8000/v1",
            "https://docs.vllm.ai/en/latest/serving/openai_compatible_server/",
        ),
        also=PLAIN | {"rerank"},
    ),
    _own(
        "llama.cpp",
        "llama.cpp",
        "http://127.0.0.1:8080/v1",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
    ),
    _own(
        "lmstudio",
        "LM Studio",
        "http://127.0.0.1:1234/v1",
        "https://lmstudio.ai/docs/developer/openai-compat",
    ),
    replace(
        _own(
            "litellm",
            "A LiteLLM server",
            "http://127.0.0.1:4000/v1",
            "https://docs.litellm.ai/docs/simple_proxy",
            "LITELLM_API_KEY",
        ),
        also=PLAIN | {"openai.files", "openai.media", "rerank"},
        notes="reaches every provider that has no dialect here",
        server="",
    ),
    replace(
        _own("tokentape", "Another tokentape gateway", "http://127.0.0.1:8420", "", "TOKENTAPE_KEY"),
        also=WHOLE | {"anthropic.messages", "cohere", "gemini", "ollama", "rerank"},
        notes="asked in each client's own dialect",
        server="",
    ),
)
