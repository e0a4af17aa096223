"""A translated stone and the target's own, as JSON: all that may differ, and why.

The facets say that both mean the same; this says that they also look the same, but for what is listed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matrix.protocols_cells import MODELS
from matrix.protocols_stones import stone
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.translation import translate_reply, translate_request

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Unlike:
    """What may differ: in which half, at the paths that match, and, if said, of which feature, from or to
    whom.
    """

    half: str
    paths: str
    why: str
    features: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def fits(self, half: str, path: str, feature: str, source: str, target: str) -> bool:
        """True if it is about this difference."""
        return (
            self.half == half
            and feature in (self.features or (feature,))
            and source in (self.sources or (source,))
            and target in (self.targets or (target,))
            and re.fullmatch(self.paths, path) is not None
        )


_LIMITS = (
    r"max_tokens|max_completion_tokens|max_output_tokens|generationConfig(\.maxOutputTokens)?"
    r"|inferenceConfig(\.maxTokens)?|options(\.num_predict)?"
)
_ASKED_AGAIN = (
    r"temperature|top_p|text\..*|background|max_output_tokens|previous_response_id|reasoning|service_tier"
    r"|store|truncation|instructions|tools|tool_choice|max_tool_calls|prompt_cache_key|safety_identifier"
    r"|completed_at|(frequency|presence)_penalty|top_logprobs"
)
NO_ERRORS = ("openai.chat", "openai.responses", "ollama", "cohere")
"""Dialects in which the result of a tool is its text, and nothing says that it failed."""

UNLIKE = (
    # Requests
    Unlike("request", _LIMITS, "Messages must have a limit: kept from there, the model's own there (case 29)",
           sources=("anthropic.messages",)),
    Unlike("request", _LIMITS, "the same, on the way there", targets=("anthropic.messages",)),
    Unlike("request", "stream", "Ollama streams unless told not to", sources=("ollama",)),
    Unlike("request", r"input\.\*\.(type|content)", "a message, and a text, have a short and a long form",
           targets=("openai.responses",)),
    Unlike("request", r"messages|input\.\*\.role|instructions|messages\.\*\.(role|content)",
           "system texts lead, and may be one (cases 23, 24)", ("system",)),
    Unlike("request", r"tool_choice|toolConfig(\.toolChoice)?", "auto is what happens anyway",
           ("tools",), ("ollama", "cohere")),
    Unlike("request", r".*(tool_use_id|toolUseId|tool_call_id|call_id|functionResponse\.id|content|text"
           r"|output|functionResponse\.response\.result)", "results stand in the order of the calls (case 5)",
           ("permuted",)),
    Unlike("request", r".*(is_error|response\.error|response\.result|toolResult\.status)",
           "the source does not say that the tool failed", ("tool_error",), NO_ERRORS),
    Unlike("request", r".*(title|displayName|filename)", "Converse takes names without a dot", ("document",),
           ("bedrock.converse",)),
    Unlike("request", r".*detail", "`auto` is what happens anyway", ("image_url", "image_base64"),
           ("openai.responses",)),
    Unlike("request", r".*strict", "only some say whether a schema is strict"),
    Unlike("request", r".*jsonSchema\.name", "only some give a schema a name", ("structured",)),
    Unlike("request", r"messages\.\*\.content|contents\.\*\.parts|input|messages\.\*\.reasoning_content",
           "thoughts go back to their maker only (cases 15, 17, 20)", ("reasoning",)),
    Unlike("request", r"reasoning(_effort|\.summary|\.effort)?|include|store|thinking\..*"
           r"|generationConfig(\.thinkingConfig\..*)?", "a budget and an effort are two measures (case 31)",
           ("reasoning",)),
    # Replies
    Unlike("reply", r"id|responseId|created|created_at|createTime|model|modelVersion|output\.\*\.id",
           "the source's own, and minted where it has none"),
    Unlike("reply", r"(total|load|prompt_eval|eval)_duration|metrics\.latencyMs", "nobody else measures it"),
    Unlike("reply", r"usage(Metadata)?\..*", "told in other detail; the counts are compared as facets"),
    Unlike("reply", r"choices\.\*\.message\.annotations|service_tier", "OpenAI says even nothing",
           targets=("openai.chat",)),
    Unlike("reply", _ASKED_AGAIN, "repeats the request, which is not at hand, or is null as the schema wants",
           targets=("openai.responses",)),
    Unlike("reply", r"stop_reason|stop_sequence|stopReason|finish_reason", "most have one word for both ends",
           ("stop_sequence",)),
    Unlike("reply", r".*(signature|thoughtSignature|encrypted_content)", "only its maker's (case 17)",
           ("reasoning",)),
    Unlike("reply", r"output\.\*\.(summary|content)", "a thought that is shown is no summary", ("reasoning",),
           targets=("openai.responses",)),
)  # fmt: skip


def unlike(feature: str, source: str, target: str) -> Iterator[str]:
    """The differences that nothing above allows."""
    for half in ("request", "reply"):
        for path, mine, theirs in _different(half, feature, source, target):
            if not any(entry.fits(half, path, feature, source, target) for entry in UNLIKE):
                yield f"{half}: {path}: {mine!r} instead of {theirs!r}"


def unused() -> list[Unlike]:
    """Entries that no stone needs any more."""
    from matrix.protocols_stones import DIALECTS, FEATURES

    met = [
        (half, path, feature, source, target)
        for feature in FEATURES
        for source in DIALECTS
        for target in DIALECTS
        for half in ("request", "reply")
        for path, _, _ in _different(half, feature, source, target)
    ]
    return [entry for entry in UNLIKE if not any(entry.fits(*found) for found in met)]


def _different(half: str, feature: str, source: str, target: str) -> Iterator[tuple[str, Any, Any]]:
    mine, theirs = stone(source, feature), stone(target, feature)
    if mine is None or theirs is None or source == target:
        return
    body, own = getattr(mine, half), getattr(theirs, half)
    if body is None or own is None or half in mine.unsupported:
        return
    came, to = Source(source, model=mine.model), Target(target, model=MODELS[target])
    if half == "request":
        made: Any = translate_request(body, came, to, allow_losses=True).result.body
    else:
        made = translate_reply(body, came, to).result
    yield from _walked(made, own, ())


def _walked(made: Any, own: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(made, dict) and isinstance(own, dict):
        for name in {**made, **own}:
            yield from _walked(made.get(name, "nothing"), own.get(name, "nothing"), (*path, name))
    elif isinstance(made, list) and isinstance(own, list) and len(made) == len(own):
        for inner, other in zip(made, own, strict=True):
            yield from _walked(inner, other, (*path, "*"))
    elif made != own:
        yield ".".join(path), made, own
