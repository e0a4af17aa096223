"""Built-in rules: what models sealed or thought, which their APIs want back with the calls that followed.

A client that speaks another dialect has no place for it and drops it; here it is kept beside the turn it
came with, and put back before the request is written. Where it may go is judged once more by
`codec.Target.kept`: a family of models, and a credential it is bound to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.protocols.families import family_of
from tokentape.protocols.reading import fields

if TYPE_CHECKING:
    from tokentape.gateway.fields.notes import Notes
    from tokentape.protocols.canonical.origin import Opaque
    from tokentape.upstreams.upstream import Upstream
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


@dataclass(frozen=True, slots=True)
class StateRule:
    """State of the kinds `blobs` (of `Opaque`; a trailing "*" stands for any ending), and with `thoughts`
    the plain thoughts, for upstreams that are asked in one of `dialects`.

    `families` are those of models, none for all. `wants` names the quirk an upstream has to have, "" for
    none. `is_passed`: also where the client speaks the upstream's own dialect, for dialects whose clients
    are known to drop it; those of the others keep their state, and their bytes go on as they are.
    """

    name: str
    dialects: frozenset[str]
    scope: frozenset[str]
    blobs: tuple[str, ...] = ()
    families: frozenset[str] = frozenset()
    thoughts: bool = False
    wants: str = ""
    is_passed: bool = False
    ttl: float = 86_400.0

    def fits(self, upstream: Upstream, model: str, dialect: str) -> bool:
        """True for a model of an upstream that is asked in `dialect`."""
        return (
            dialect in self.dialects
            and (not self.wants or bool(getattr(upstream.quirks, self.wants)))
            and (not self.families or family_of(model, dialect) in self.families)
        )

    def holds(self, blob: Opaque) -> bool:
        """True for state of its kinds."""
        return any(
            blob.kind == kind or (kind.endswith("*") and blob.kind.startswith(kind[:-1]))
            for kind in self.blobs
        )


_TALK = frozenset({"client", "upstream", "conversation"})
_GEMINI = frozenset({"gemini"})

STATES = (
    # Case 18: refused or answered worse without (ai.google.dev, "Thought signatures"). The signature stands
    # at the call; Google's dummy is what is left if it is lost (`protocols/gemini/signatures`).
    StateRule("gemini-signatures", frozenset({"gemini"}), _TALK, ("thought_signature",), _GEMINI),
    # The same at Chat endpoints of Gemini: in `extra_content`, which SDKs do not know.
    StateRule(
        "gemini-chat-signatures",
        frozenset({"openai.chat"}),
        _TALK,
        ("thought_signature",),
        _GEMINI,
        is_passed=True,
    ),
    # Cases 15 to 17: in a tool loop the thoughts that were signed go back before the calls.
    StateRule(
        "claude-thinking",
        frozenset({"anthropic.messages", "bedrock.converse"}),
        _TALK,
        ("signature", "redacted"),
        frozenset({"claude"}),
    ),
    # Cases 20, 21: sealed for an organisation, so for the credential that got it; and of one model.
    StateRule(
        "openai-reasoning",
        frozenset({"openai.responses"}),
        _TALK | {"credential", "model"},
        ("encrypted",),
    ),
    # Case 22: DeepSeek, Kimi: a 400 for a turn that called tools and comes back without its thought.
    StateRule(
        "reasoning-content",
        frozenset({"openai.chat"}),
        _TALK,
        thoughts=True,
        wants="reasoning_on_calls",
        is_passed=True,
    ),
    # OpenRouter, "Preserving reasoning": the details go back unchanged.
    StateRule(
        "reasoning-details",
        frozenset({"openai.chat"}),
        _TALK,
        ("reasoning*",),
        wants="reasoning_details",
        is_passed=True,
    ),
)
"""All of them are on. Their names are taken: no configured rule may have one."""

BY_NAME = {rule.name: rule for rule in STATES}

CACHE_KEY = "prompt-cache-key"
"""The name under which the cache key of a conversation is told in the trace."""

CACHING = frozenset({"openai", "azure"})
"""Providers that route by `prompt_cache_key` (platform.openai.com, "Prompt caching"); others refuse it."""

SEALED: Json = "reasoning.encrypted_content"


def sealing(body: Fields, notes: Notes) -> Fields:
    """A translated request of Responses that reasons: the reasoning shall come sealed, since what is stored
    at the provider belongs to a client that does not know of it. Models that do not reason refuse this.
    """
    include = body.get("include")
    known = include if isinstance(include, list) else []
    if not fields(body.get("reasoning")).get("effort") or SEALED in known:
        return body
    notes.did("openai-reasoning", "injected")
    return {**body, "include": [*known, SEALED]}
