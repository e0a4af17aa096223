"""Hosts of LLM providers, exact or by pattern, and what counts as a local server.

A host decides last: it says that a call may be one for a model where the path alone cannot be trusted.
All functions take a bare lower-case host (`wire.url.host_of`), so ports, userinfo and case are no matter,
and lookalikes (`api.openai.com.example.net`) differ.
"""

from __future__ import annotations

import re

PROVIDERS: dict[str, tuple[str, ...]] = {
    "openai": ("api.openai.com",),
    "anthropic": ("api.anthropic.com",),
    "google": ("generativelanguage.googleapis.com", "aiplatform.googleapis.com"),
    "mistral": ("api.mistral.ai", "codestral.mistral.ai"),
    "cohere": ("api.cohere.com", "api.cohere.ai"),
    "groq": ("api.groq.com",),
    "together": ("api.together.xyz", "api.together.ai"),
    "fireworks": ("api.fireworks.ai",),
    "deepseek": ("api.deepseek.com",),
    "xai": ("api.x.ai",),
    "openrouter": ("openrouter.ai",),
    "perplexity": ("api.perplexity.ai",),
    "cerebras": ("api.cerebras.ai",),
    "replicate": ("api.replicate.com",),
    "huggingface": ("api-inference.huggingface.co", "router.huggingface.co"),
    "voyage": ("api.voyageai.com",),
    "jina": ("api.jina.ai",),
    "ai21": ("api.ai21.com",),
    "writer": ("api.writer.com",),
    "sambanova": ("api.sambanova.ai",),
    "nvidia": ("integrate.api.nvidia.com", "ai.api.nvidia.com"),
    "deepinfra": ("api.deepinfra.com",),
    "novita": ("api.novita.ai",),
    "nebius": ("api.studio.nebius.ai", "api.studio.nebius.com", "api.tokenfactory.nebius.com"),
    "hyperbolic": ("api.hyperbolic.xyz",),
    "baseten": ("inference.baseten.co",),
    "alephalpha": ("api.aleph-alpha.com",),
    "moonshot": ("api.moonshot.ai", "api.moonshot.cn"),
    "zai": ("api.z.ai", "open.bigmodel.cn"),
    "alibaba": ("dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-us.aliyuncs.com"),
    "minimax": ("api.minimax.io", "api.minimax.chat", "api.minimaxi.com"),
    "volcengine": ("ark.cn-beijing.volces.com",),
    "baidu": ("qianfan.baidubce.com",),
    "tencent": ("api.hunyuan.cloud.tencent.com",),
    "siliconflow": ("api.siliconflow.cn", "api.siliconflow.com"),
    "github": ("models.github.ai", "models.inference.ai.azure.com", "api.githubcopilot.com"),
    "upstage": ("api.upstage.ai",),
    "reka": ("api.reka.ai",),
    "friendli": ("api.friendli.ai",),
    "inception": ("api.inceptionlabs.ai",),
    "venice": ("api.venice.ai",),
    "lambda": ("api.lambda.ai", "api.lambdalabs.com"),
    "scaleway": ("api.scaleway.ai",),
    "vercel": ("ai-gateway.vercel.sh",),
    "cloudflare": ("gateway.ai.cloudflare.com",),
    "pydantic": ("gateway.pydantic.dev",),
    "portkey": ("api.portkey.ai",),
    "ollama": ("ollama.com",),
}
"""Hosts that do nothing but answer for models."""

_LABEL = r"[a-z0-9][a-z0-9-]*"
_PATTERNS = (
    rf"{_LABEL}\.api\.openai\.com",
    rf"{_LABEL}\.openai\.azure\.(?:com|us|cn)",
    rf"{_LABEL}\.services\.ai\.azure\.com",
    rf"(?:{_LABEL}\.)+(?:models|inference)\.ai\.azure\.com",
    rf"{_LABEL}-aiplatform\.googleapis\.com",
    rf"aiplatform\.{_LABEL}\.rep\.googleapis\.com",
    rf"bedrock(?:-agent)?-runtime(?:-fips)?\.{_LABEL}\.(?:amazonaws\.com(?:\.cn)?|api\.aws)",
    rf"(?:{_LABEL}\.)bedrock(?:-agent)?-runtime(?:-fips)?\.{_LABEL}\.vpce\.amazonaws\.com",
    rf"bedrock-mantle\.{_LABEL}\.api\.aws",
    rf"{_LABEL}\.ml\.cloud\.ibm\.com",
    rf"inference\.generativeai\.{_LABEL}\.oci\.oraclecloud\.com",
    rf"(?:{_LABEL}\.)+endpoints\.huggingface\.cloud",
    rf"ark\.{_LABEL}\.volces\.com",
    r"stream(?:ing\.api)?\.replicate\.com",
    rf"stream(?:-{_LABEL})?(?:\.{_LABEL})*\.replicate\.net",
)
_SHARED = (
    r"huggingface\.co",
    r"api\.cloudflare\.com",
    r"api\.runpod\.ai",
    rf"bedrock\.{_LABEL}\.amazonaws\.com",
    rf"runtime\.sagemaker(?:-fips)?\.{_LABEL}\.amazonaws\.com(?:\.cn)?",
    rf"{_LABEL}\.cognitiveservices\.azure\.com",
    rf"(?:{_LABEL}\.)+snowflakecomputing\.com",
    rf"(?:{_LABEL}\.)+(?:databricks\.com|azuredatabricks\.net)",
    rf"(?:{_LABEL}\.)+modal\.run",
)
_EXACT = frozenset(host for hosts in PROVIDERS.values() for host in hosts)
_PATTERN = re.compile("|".join(_PATTERNS))
_SHARED_PATTERN = re.compile("|".join(_SHARED))


def is_provider(host: str) -> bool:
    """True for a host that does nothing but answer for models."""
    return host in _EXACT or _PATTERN.fullmatch(host) is not None


def is_shared(host: str) -> bool:
    """True for a host that serves models among other things: path and body must say which it is."""
    return _SHARED_PATTERN.fullmatch(host) is not None


_LOCAL_NAMES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def is_local(host: str) -> bool:
    """True for this machine and its private network, where anything may listen.

    Loopback, private and link-local addresses, names of one label (containers), `.local` and the like.
    """
    if not host:
        return False
    if ":" in host:
        return host in {"::1", "::"} or host[:2] in {"fc", "fd"} or host.startswith("fe80:")
    numbers = host.split(".")
    if len(numbers) == 4 and all(number.isascii() and number.isdigit() for number in numbers):
        return _is_private(int(numbers[0]), int(numbers[1]))
    return "." not in host or host.endswith(_LOCAL_NAMES)


def _is_private(first: int, second: int) -> bool:
    """RFC 1918, loopback, link-local, 0.0.0.0/8 and carrier-grade NAT (used by overlay networks)."""
    if first in {0, 10, 127}:
        return True
    return (first, second) in {(192, 168), (169, 254)} or (
        (first == 172 and 16 <= second <= 31) or (first == 100 and 64 <= second <= 127)
    )
