"""What is installed here, and whether its calls are seen: the facts behind `tokentape doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from tokentape.interceptors import registry

SDKS: dict[str, tuple[str, ...]] = {
    "openai": ("httpx2", "httpx"),
    "anthropic": ("httpx2", "httpx"),
    "google-genai": ("httpx2", "httpx", "aiohttp"),
    "mistralai": ("httpx2", "httpx"),
    "cohere": ("httpx",),
    "groq": ("httpx",),
    "together": ("httpx",),
    "fireworks-ai": ("httpx", "aiohttp"),
    "cerebras-cloud-sdk": ("httpx",),
    "ollama": ("httpx",),
    "replicate": ("httpx",),
    "litellm": ("httpx", "aiohttp"),
    "huggingface_hub": ("httpx2", "httpx"),
    "boto3": ("urllib3",),
    "aiobotocore": ("aiohttp",),
    "azure-ai-inference": ("requests", "aiohttp"),
    "voyageai": ("requests", "aiohttp"),
    "xai-sdk": ("grpcio",),
    "claude-agent-sdk": ("subprocess",),
}
"""SDKs and the transports they may send through, measured at the first socket send."""

NOT_SEEN: dict[str, str] = {
    "aiohttp": "its calls are not recorded by this version",
    "grpcio": "sends from its C core: no Python seam for HTTP recording",
    "pyqwest": "sends from Rust: no Python seam",
    "curl_cffi": "sends from libcurl: no Python seam",
    "websockets": "WebSocket traffic is not recorded by this version",
}


@dataclass(frozen=True, slots=True)
class Library:
    """One installed distribution. `kind`: "http" or "sdk"; `state`: "patched", "ready", "not seen", ..."""

    name: str
    version: str
    kind: str
    state: str
    note: str


def survey() -> list[Library]:
    """Every HTTP library and LLM SDK that is installed, in a stable order."""
    return [*_seen_libraries(), *_unseen_libraries(), *_sdks()]


def _seen_libraries() -> list[Library]:
    found = []
    for interceptor in registry.interceptors():
        for module in interceptor.modules:
            version = _version(module)
            if version is None:
                continue
            problem = interceptor.unsupported(module)
            state = "not seen" if problem else ("patched" if interceptor.is_attached(module) else "ready")
            note = problem or "recorded and replayed while a cassette is in force"
            found.append(Library(module, version, "http", state, note))
    return found


def _unseen_libraries() -> list[Library]:
    return [
        Library(name, version, "http", "not seen", note)
        for name, note in NOT_SEEN.items()
        if (version := _version(name)) is not None
    ]


def _sdks() -> list[Library]:
    seen = {module for interceptor in registry.interceptors() for module in interceptor.modules}
    found = []
    for name, transports in SDKS.items():
        version = _version(name)
        if version is None:
            continue
        covered = [transport for transport in transports if transport in seen]
        missing = [transport for transport in transports if transport not in seen]
        state = "seen" if covered and not missing else "partly seen" if covered else "not seen"
        note = f"sends through {' or '.join(transports)}"
        if missing:
            note += f"; not through {' or '.join(missing)}, which is not recorded"
        found.append(Library(name, version, "sdk", state, note))
    return found


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
