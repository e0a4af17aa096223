"""A request in canonical form: what was said so far, and how the answer shall be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from tokentape.wire.quick import quick

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.origin import Origin
    from tokentape.protocols.canonical.parts import CacheMark
    from tokentape.wire.interaction import Json


@quick
@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the caller's. `schema` is the JSON schema of its arguments (None: not given); kind
    "custom" takes text instead, whose `format` the native JSON says.
    """

    name: str
    description: str | None = None
    schema: Json = None
    strict: bool | None = None
    kind: str = "function"
    format: Json = None
    cache: CacheMark | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NativeTool:
    """A tool that the provider offers and runs: web search, code execution, MCP servers ..."""

    protocol: str
    kind: str
    json: Json = field(repr=False)
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Which tools may or must be called: `names` for "tool" (one, must) and "allowed" (several).

    `required` says of "allowed" that one of them must be called.
    """

    mode: Literal["auto", "none", "required", "tool", "allowed"]
    names: tuple[str, ...] = ()
    required: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """The form of the answer: any text, any JSON, or JSON by a schema."""

    kind: Literal["text", "json", "schema"]
    schema: Json = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Thinking:
    """How much the model shall think, and what it shows of it.

    `mode` "on", "off" or "adaptive"; `effort` a word ("none", "minimal", "low", "medium", "high",
    "xhigh", "max"); `budget` tokens; `shown` whether thoughts come with the reply; `summary` OpenAI's
    "auto", "concise", "detailed". None: not said.
    """

    mode: Literal["on", "off", "adaptive"] | None = None
    effort: str | None = None
    budget: int | None = None
    shown: bool | None = None
    summary: str | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


@quick
@dataclass(frozen=True, slots=True)
class Options:
    """Sampling, limits and bookkeeping; None where the request does not say."""

    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] | None = None
    candidates: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: Json = None
    parallel_tool_calls: bool | None = None
    modalities: tuple[str, ...] | None = None
    verbosity: str | None = None
    service_tier: str | None = None
    store: bool | None = None
    truncation: str | None = None
    cache_key: str | None = None
    cache_retention: str | None = None
    user: str | None = None
    metadata: Json = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """State kept at the provider that the request goes on from; bound to its `protocol`."""

    protocol: str
    previous_response_id: str | None = None
    conversation: Json = None


@quick
@dataclass(frozen=True, slots=True)
class Conversation:
    """A request. `stream` and `counts_usage` say how the reply shall come (None: not said)."""

    items: tuple[Item, ...]
    model: str | None = None
    tools: tuple[Tool | NativeTool, ...] = ()
    tool_choice: ToolChoice | None = None
    output: OutputFormat | None = None
    thinking: Thinking | None = None
    options: Options = Options()
    stream: bool | None = None
    counts_usage: bool | None = None
    continuation: Continuation | None = None
    origin: Origin | None = field(default=None, compare=False, repr=False)


def options_from(found: Mapping[str, object]) -> Options:
    """Options by name; the values were checked by whoever read them (`protocols.options`)."""
    return Options(**found)  # type: ignore[arg-type]
