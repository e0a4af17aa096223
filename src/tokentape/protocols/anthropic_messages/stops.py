"""Why the model stopped, in Anthropic's words (API reference, "Handling stop reasons")."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import Message, ToolCall
from tokentape.protocols.canonical.parts import Refusal
from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_REASONS = {
    "end_turn": StopReason.END,
    "max_tokens": StopReason.LENGTH,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "tool_use": StopReason.TOOL_CALLS,
    "pause_turn": StopReason.PAUSE,
    "compaction": StopReason.PAUSE,
    "refusal": StopReason.REFUSAL,
    "model_context_window_exceeded": StopReason.CONTEXT_WINDOW,
}
_WORDS = {
    StopReason.END: "end_turn",
    StopReason.LENGTH: "max_tokens",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.TOOL_CALLS: "tool_use",
    StopReason.PAUSE: "pause_turn",
    StopReason.REFUSAL: "refusal",
    StopReason.CONTENT_FILTER: "refusal",
    StopReason.CONTEXT_WINDOW: "model_context_window_exceeded",
}
"""A filter's stop is a refusal here: Anthropic has one word for both (case 13)."""


def stop_of(told: Fields, where: Where) -> Stop | None:
    """`stop_reason`, with the sequence that was met and the details of a refusal."""
    raw = where.text_or_none(told.get("stop_reason"), "stop_reason")
    sequence = where.text_or_none(told.get("stop_sequence"), "stop_sequence")
    if raw is None:
        return None
    return Stop(_REASONS.get(raw, StopReason.OTHER), raw, sequence, told.get("stop_details"))


def with_calls(stop: Stop | None, *, calls: bool) -> Stop | None:
    """A reply that calls tools and ended normally ended for them."""
    if stop is not None and calls and stop.reason is StopReason.END:
        return replace(stop, reason=StopReason.TOOL_CALLS)
    return stop


def written_stop(stop: Stop | None, *, own: bool, refused: bool, calls: bool, losses: Losses) -> Fields:
    """`stop_reason`, `stop_sequence` and `stop_details`.

    The own word stays, while it says the reason. A reply of another dialect that does not say why it ended
    ended as its content suggests: clients wait for a reason.
    """
    if stop is None:
        if own:
            return {"stop_reason": None}
        stop = Stop(StopReason.TOOL_CALLS if calls else StopReason.END)
    written: Fields = {"stop_reason": _word(stop, own, refused, losses), "stop_sequence": stop.sequence}
    if own and stop.detail is not None:
        written["stop_details"] = stop.detail
    return written


def _word(stop: Stop, own: bool, refused: bool, losses: Losses) -> str:
    if own and stop.raw is not None:
        said = _REASONS.get(stop.raw, StopReason.OTHER)
        if said is stop.reason or (said is StopReason.END and stop.reason is StopReason.TOOL_CALLS):
            return stop.raw
    if refused and stop.reason is StopReason.END:
        return "refusal"
    if stop.reason not in _WORDS:
        losses.meaning((), f"stop reason {stop.raw or stop.reason}", "Anthropic has no such word")
    return _WORDS.get(stop.reason, "end_turn")


def has_calls(items: Iterable[Item]) -> bool:
    """True if a tool of the caller's is called."""
    return any(isinstance(item, ToolCall) for item in items)


def has_refusal(items: Iterable[Item]) -> bool:
    """True if the model said that it will not answer."""
    return any(
        isinstance(part, Refusal) for item in items if isinstance(item, Message) for part in item.parts
    )
