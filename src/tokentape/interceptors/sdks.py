"""What LLM SDKs send through, and the way that works where that cannot be seen.

Transports were measured at the first socket send; "subprocess" is a program that the SDK starts,
"sockets" is HTTP that it writes to sockets by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

OWN = frozenset({"subprocess", "sockets"})
"""Transports that come with the SDK, and with no library of their own."""


@dataclass(frozen=True, slots=True)
class Sdk:
    """One SDK by the name of its distribution. `base_url`: what gives it another address, or ""."""

    name: str
    transports: tuple[str, ...]
    base_url: str


SDKS: tuple[Sdk, ...] = (
    Sdk("openai", ("httpx2", "httpx"), "OPENAI_BASE_URL"),
    Sdk("anthropic", ("httpx2", "httpx"), "ANTHROPIC_BASE_URL"),
    Sdk("google-genai", ("httpx2", "httpx", "aiohttp"), "GOOGLE_GEMINI_BASE_URL"),
    Sdk("mistralai", ("httpx2", "httpx"), "the argument server_url"),
    Sdk("cohere", ("httpx",), "CO_API_URL"),
    Sdk("groq", ("httpx",), "GROQ_BASE_URL"),
    Sdk("together", ("httpx",), "TOGETHER_BASE_URL"),
    Sdk("fireworks-ai", ("httpx", "aiohttp"), "FIREWORKS_BASE_URL"),
    Sdk("cerebras-cloud-sdk", ("httpx",), "CEREBRAS_BASE_URL"),
    Sdk("writer-sdk", ("httpx",), "WRITER_BASE_URL"),
    Sdk("ai21", ("httpx",), ""),
    Sdk("ollama", ("httpx",), "OLLAMA_HOST"),
    Sdk("replicate", ("httpx",), "REPLICATE_BASE_URL"),
    Sdk("litellm", ("httpx", "aiohttp"), "the argument api_base"),
    Sdk("dspy", ("httpx", "aiohttp", "sockets"), "api_base, or take engine='litellm', which is seen"),
    Sdk("huggingface_hub", ("httpx2", "httpx"), "HF_INFERENCE_ENDPOINT"),
    Sdk("boto3", ("urllib3",), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
    Sdk("aiobotocore", ("aiohttp",), "AWS_ENDPOINT_URL_BEDROCK_RUNTIME"),
    Sdk("azure-ai-inference", ("requests", "aiohttp"), "the argument endpoint"),
    Sdk("voyageai", ("requests", "aiohttp"), "the argument base_url"),
    Sdk("ibm-watsonx-ai", ("httpx",), ""),
    Sdk("google-cloud-aiplatform", ("requests", "grpcio"), "api_endpoint, or api_transport='rest'"),
    Sdk("xai-sdk", ("grpcio",), "api_host; the openai SDK reaches the same models over HTTP"),
    Sdk("claude-agent-sdk", ("subprocess",), "ANTHROPIC_BASE_URL, for the program that it starts"),
)  # fmt: skip

_FREE = "not recorded, and not held back in mode none"
BEYOND_REACH: dict[str, str] = {
    "grpcio": f"sends from its C core: {_FREE}; use the SDK's HTTP transport",
    "pyqwest": f"sends from Rust: {_FREE}; use the SDK's own HTTP client",
    "primp": f"sends from Rust: {_FREE}; use httpx or requests",
    "rnet": f"sends from Rust: {_FREE}; use httpx or requests",
    "curl_cffi": f"sends from libcurl: {_FREE}; use httpx or requests",
    "pycurl": f"sends from libcurl: {_FREE}; use httpx or requests",
    "tls-client": f"sends from Go: {_FREE}; use httpx or requests",
    "pycares": "looks names up from C: lookups are not held back in mode none, connections are",
}
"""Libraries that open their sockets outside Python."""
