"""The client's own key, passed on exactly as it came, and only to the host it was made for.

The request holds it already: only one that goes on in the client's own dialect keeps what the client showed
(one that is translated holds nothing). A key whose shape names another provider stops here. It is never
stored, shared between clients, or shown in another place than the client did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tokentape.protocols.hosts import PROVIDERS
from tokentape.upstreams.upstream import AuthFailed
from tokentape.wire.url import host_of, split_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.upstreams.upstream import Secret
    from tokentape.wire.message import Request

SHAPES = (
    ("sk-ant-", "anthropic"),
    ("sk-or-", "openrouter"),
    ("sk-proj-", "openai"),
    ("sk-svcacct-", "openai"),
    ("sk-admin-", "openai"),
    ("AIza", "google"),
    ("AQ.", "google"),
    ("ya29.", "google"),
    ("gsk_", "groq"),
    ("xai-", "xai"),
    ("hf_", "huggingface"),
    ("pplx-", "perplexity"),
    ("csk-", "cerebras"),
    ("fw_", "fireworks"),
    ("tgp_v1_", "together"),
    ("r8_", "replicate"),
    ("nvapi-", "nvidia"),
    ("ghp_", "github"),
    ("gho_", "github"),
    ("ghu_", "github"),
    ("ghs_", "github"),
    ("github_pat_", "github"),
    ("bedrock-api-key-", "bedrock"),
    ("ABSK", "bedrock"),
)
"""How keys begin, and whose they are. A bare `sk-` is made by many."""

_BELOW = {
    "bedrock": (".amazonaws.com", ".amazonaws.com.cn", ".api.aws"),
    "google": (".googleapis.com",),
    "huggingface": (".endpoints.huggingface.cloud",),
    "openai": (".api.openai.com",),
}
"""Ends of further hosts of theirs."""

_SAME = {"gemini": "google", "vertex": "google"}
_SHOWN = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})


def provider_of_key(key: str) -> str | None:
    """The provider that a key's shape names; None where it could be anybody's."""
    return next((provider for shape, provider in SHAPES if key.startswith(shape)), None)


def is_host_of(provider: str, host: str) -> bool:
    """True for a host of that provider's."""
    return host in PROVIDERS.get(provider, ()) or host.endswith(_BELOW.get(provider, ()))


class ClientKey:
    """Lets pass what the client showed, if it was made for this host.

    `provider`: keys of that one may go, too, where the upstream is somebody's own way to it.
    """

    def __init__(self, provider: str | None = None) -> None:
        self._provider = _SAME.get(provider or "", provider)

    async def signed(self, request: Request, secret: Secret | None) -> Request:
        """The request as it is. Raises `AuthFailed` where the client showed no key, or another's."""
        keys = list(_shown(request))
        host = host_of(request.url)
        if not keys:
            raise AuthFailed(
                f"no key for {host}: your own key is passed on there, and only by calls in that API's own "
                "dialect; show one, or set a credential for the upstream"
            )
        for key in keys:
            self._must_be_for(host, key)
        return request

    async def refused(self, secret: Secret | None) -> bool:
        """The client's key is the client's to renew."""
        return False

    def _must_be_for(self, host: str, key: str) -> None:
        if key.startswith("AWS4-HMAC-SHA256"):
            raise AuthFailed(
                f"a signature of AWS is for the host that it was made for, which is not {host}: "
                "use an API key of Bedrock's, or set a credential for the upstream"
            )
        maker = provider_of_key(key)
        if maker is not None and maker != self._provider and not is_host_of(maker, host):
            raise AuthFailed(
                f"your key is one of {maker}'s, and is not passed on to {host}: "
                "ask for a model of that provider, or show a key that was made for this one"
            )


def _shown(request: Request) -> Iterator[str]:
    """The keys in a request, without what stands before them."""
    for name, value in request.headers:
        if name.lower() in _SHOWN and value.strip():
            scheme, space, token = value.strip().partition(" ")
            plain = scheme.lower() in ("bearer", "token", "basic")
            yield token.strip() if space and plain else value.strip()
    if "key=" in request.url:
        pairs = split_query(request.url)[1].split("&")
        yield from (unquote(pair[4:]) for pair in pairs if pair.startswith("key=") and pair[4:])
