"""Which SDKs live together, and which versions are tried side by side."""

from __future__ import annotations

from dataclasses import dataclass

from matrix.catalog import catalog


@dataclass(frozen=True, slots=True)
class Environment:
    """One virtual environment: entries by name, and what else is installed or pinned (pip requirements)."""

    title: str
    about: str
    sdks: tuple[str, ...]
    pins: tuple[str, ...] = ()

    @property
    def is_run(self) -> bool:
        """Whether there is anything to run in it."""
        return bool(self.requirements)

    @property
    def requirements(self) -> list[str]:
        """What to install, each once."""
        known = catalog()
        wanted = [r for name in self.sdks for r in known[name].requires if not known[name].not_run]
        return list(dict.fromkeys([*wanted, *self.pins]))


OPENAI_HTTP = (
    "openai",
    "openai responses",
    "openai AzureOpenAI",
    "openai at OpenRouter",
    "openai at Groq",
    "openai at Together",
    "openai at DeepSeek",
    "openai at xAI",
)
OPENAI = (*OPENAI_HTTP, "openai on aiohttp")
ANTHROPIC = ("anthropic", "anthropic AnthropicBedrock", "anthropic AnthropicVertex")
GOOGLE = ("google-genai", "google-genai on httpx2")

COMPATIBLE = ("groq", "together", "fireworks-ai", "cerebras-cloud-sdk")
REQUESTS = ("voyageai", "azure-ai-inference")
BEDROCK = ("boto3 bedrock-runtime", "boto3 bedrock-runtime InvokeModel")

ENVIRONMENTS: dict[str, Environment] = {
    "current": Environment(
        "Current versions",
        "The SDKs that send through httpx2, and aiohttp beside it.",
        (*OPENAI, *ANTHROPIC, *GOOGLE, "mistralai"),
        ("openai>=3", "anthropic>=2", "google-genai>=3", "mistralai>=3"),
    ),
    "others": Environment(
        "The other providers",
        "SDKs that send through httpx, requests and aiohttp; httpx and httpx2 both in one process.",
        (
            "cohere",
            *COMPATIBLE,
            "huggingface_hub",
            "ollama",
            "replicate",
            *REQUESTS,
            *BEDROCK,
        ),
    ),
    "aiobotocore": Environment(
        "aiobotocore",
        "It pins botocore, so it lives apart.",
        ("aiobotocore", "aiobotocore on httpx2"),
    ),
    "before-httpx2": Environment(
        "Before httpx2",
        "The last versions that send through httpx.",
        (*OPENAI, *ANTHROPIC, "google-genai", "mistralai"),
        ("openai<3", "anthropic<1", "google-genai<3", "mistralai<2", "httpx==0.28.1"),
    ),
    "httpx-0.24": Environment(
        "httpx 0.24",
        "An old httpx, with SDKs that still take it.",
        (*OPENAI_HTTP, *ANTHROPIC, "groq", "replicate"),
        ("openai<3", "anthropic==0.40.0", "httpx==0.24.1"),
    ),
    "httpx2-2.0": Environment(
        "httpx2 2.0",
        "The first httpx2, with SDKs that take it.",
        (*ANTHROPIC, "google-genai on httpx2", "huggingface_hub"),
        ("anthropic>=2", "google-genai>=3", "huggingface_hub>=2", "httpx2==2.0.0"),
    ),
    "urllib3-1.26": Environment(
        "urllib3 1.26",
        "With the requests of its time.",
        (*BEDROCK, *REQUESTS),
        ("urllib3==1.26.20", "requests==2.28.2"),
    ),
    "urllib3-2.0": Environment(
        "urllib3 2.0",
        "With the requests of its time.",
        (*BEDROCK, *REQUESTS),
        ("urllib3==2.0.7", "requests==2.31.0"),
    ),
    "aiohttp-3.9": Environment(
        "aiohttp 3.9",
        "An old aiohttp, with SDKs that still take it.",
        ("google-genai", *REQUESTS, "aiobotocore"),
        ("aiohttp==3.9.5",),
    ),
    "frameworks": Environment(
        "Frameworks",
        "Frameworks over current SDKs. LangChain's models alone send through four libraries in one process.",
        (
            "langchain-openai",
            "langchain-anthropic",
            "langchain-google-genai",
            "langchain-aws",
            "pydantic-ai",
            "pydantic-ai anthropic",
            "openai-agents",
            "haystack",
            "smolagents",
            "strands",
            "strands openai",
        ),
        ("openai>=3", "anthropic>=2", "langchain-google-genai>=4"),
    ),
    "litellm": Environment(
        "LiteLLM, and frameworks that hold SDKs back",
        "LiteLLM and LlamaIndex take openai before 3, LlamaIndex's Anthropic takes anthropic before 1.",
        (
            "litellm",
            "litellm anthropic",
            "litellm gemini",
            "litellm bedrock",
            "dspy",
            "dspy with its own engine",
            "llama-index openai",
            "llama-index anthropic",
        ),
        ("anthropic<1",),
    ),
    "crewai": Environment("CrewAI", "It pins httpx and mcp, so it lives apart.", ("crewai",)),
    "google-adk": Environment(
        "Google ADK and Instructor",
        "Both pin SDKs: google-genai before 3, and an early openai 3.",
        ("google-adk", "instructor"),
    ),
    "beyond": Environment(
        "Not run",
        "What this matrix cannot cover.",
        ("xai-sdk", "google-cloud-aiplatform", "claude-agent-sdk", "ibm-watsonx-ai", "ai21"),
    ),
}
