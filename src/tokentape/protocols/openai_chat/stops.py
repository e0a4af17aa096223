"""Reasons of the end, both ways (`finish_reason`; case 13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses

_READ = {
    "stop": StopReason.END,
    "eos": StopReason.END,
    "eos_token": StopReason.END,
    "end_turn": StopReason.END,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "length": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "model_length": StopReason.CONTEXT_WINDOW,
    "tool_calls": StopReason.TOOL_CALLS,
    "tool_use": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
    "content_filter": StopReason.CONTENT_FILTER,
    "sensitive": StopReason.CONTENT_FILTER,
    "refusal": StopReason.REFUSAL,
    "error": StopReason.ERROR,
    "network_error": StopReason.ERROR,
    "insufficient_system_resource": StopReason.ERROR,
    "abort": StopReason.CANCELLED,
    "cancelled": StopReason.CANCELLED,
}
"""OpenAI's five; `eos` Together and HuggingFace, `model_length` Mistral, `sensitive` and
`network_error` Z.ai, `insufficient_system_resource` DeepSeek, `error` OpenRouter, `abort` vLLM."""

_WRITTEN = {
    StopReason.END: "stop",
    StopReason.STOP_SEQUENCE: "stop",
    StopReason.LENGTH: "length",
    StopReason.CONTEXT_WINDOW: "length",
    StopReason.TOOL_CALLS: "tool_calls",
    StopReason.CONTENT_FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
    StopReason.PAUSE: "stop",
    StopReason.ERROR: "error",
    StopReason.CANCELLED: "error",
    StopReason.OTHER: "stop",
}
"""OpenAI has no word for an error; `error` is OpenRouter's, and cannot be taken for a success."""

_ENDED = (StopReason.END, StopReason.STOP_SEQUENCE)


def read_stop(raw: str, *, called: bool, met: str | None = None) -> Stop:
    """Why a choice ended. With calls a normal end is that of calls (case 12); `met` is a stop sequence."""
    reason = _READ.get(raw.lower(), StopReason.OTHER)
    if called and reason in _ENDED:
        reason = StopReason.TOOL_CALLS
    elif met is not None and reason is StopReason.END:
        reason = StopReason.STOP_SEQUENCE
    return Stop(reason, raw, met)


def has_calls(items: Iterable[Item]) -> bool:
    """True if a tool is called."""
    return any(isinstance(item, ToolCall) for item in items)


def write_stop(stop: Stop, losses: Losses, *, own: bool) -> str:
    """The word for it."""
    if own and stop.raw is not None and _READ.get(stop.raw.lower(), StopReason.OTHER) in _like(stop.reason):
        return stop.raw
    if stop.reason is StopReason.PAUSE:
        losses.meaning((), "pause", "the dialect cannot say that the turn shall be sent back to go on")
    elif stop.reason is StopReason.OTHER:
        losses.tuning((), "stop reason", f"the dialect has no word for {stop.raw or 'it'}")
    if stop.sequence is not None:
        losses.tuning((), "stop sequence", "the dialect does not say which was met")
    if stop.detail is not None:
        losses.tuning((), "details of the stop", "the dialect has no place for them")
    return _WRITTEN[stop.reason]


def _like(reason: StopReason) -> tuple[StopReason, ...]:
    """Reasons whose raw words stand for `reason`, too."""
    return (reason, *_ENDED) if reason in (StopReason.TOOL_CALLS, StopReason.STOP_SEQUENCE) else (reason,)
