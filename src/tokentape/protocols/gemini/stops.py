"""Why the model stopped: `finishReason`, and `blockReason` of a prompt that was not answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.canonical.losses import Losses
    from tokentape.protocols.checking import Where
    from tokentape.wire.interaction import Json

_REASONS = {
    "STOP": StopReason.END,
    "MAX_TOKENS": StopReason.LENGTH,
    "SAFETY": StopReason.CONTENT_FILTER,
    "RECITATION": StopReason.CONTENT_FILTER,
    "BLOCKLIST": StopReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": StopReason.CONTENT_FILTER,
    "SPII": StopReason.CONTENT_FILTER,
    "MODEL_ARMOR": StopReason.CONTENT_FILTER,
    "IMAGE_SAFETY": StopReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": StopReason.CONTENT_FILTER,
    "IMAGE_RECITATION": StopReason.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": StopReason.ERROR,
    "UNEXPECTED_TOOL_CALL": StopReason.ERROR,
    "TOO_MANY_TOOL_CALLS": StopReason.ERROR,
    "MISSING_THOUGHT_SIGNATURE": StopReason.ERROR,
    "MALFORMED_RESPONSE": StopReason.ERROR,
    "CONTINUATION": StopReason.PAUSE,
}

_NUMBERS = (
    "FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER", "BLOCKLIST",
    "PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL",
)  # fmt: skip
"""The words by number: what Vertex says to clients that ask for enums as numbers."""

_WORDS = {
    StopReason.END: "STOP",
    StopReason.STOP_SEQUENCE: "STOP",
    StopReason.TOOL_CALLS: "STOP",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.CONTEXT_WINDOW: "MAX_TOKENS",
    StopReason.CONTENT_FILTER: "SAFETY",
    StopReason.REFUSAL: "SAFETY",
}
"""Of every other reason: OTHER (case 13)."""


def word_of(raw: Json, where: Where, *path: str | int) -> str:
    """The word for a finish reason."""
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _NUMBERS[raw] if 0 <= raw < len(_NUMBERS) else str(raw)
    return where.text(raw, *path)


def stop_of(word: str, calls: bool, message: Json = None) -> Stop:
    """The stop. An answer that calls tools stopped for them, though it says STOP (case 12)."""
    reason = _REASONS.get(word.upper(), StopReason.OTHER)
    if calls and reason is StopReason.END:
        reason = StopReason.TOOL_CALLS
    return Stop(reason, word, detail=message)


def blocked(reason: str, message: Json = None) -> Stop:
    """The stop of a prompt that was not answered."""
    return Stop(StopReason.CONTENT_FILTER, reason, detail=message)


def calls_tools(items: Iterable[Item]) -> bool:
    """True if a tool of the caller's is called."""
    return any(isinstance(item, ToolCall) for item in items)


def finish_reason(stop: Stop, own: bool, losses: Losses) -> str:
    """The word for a stop: its own, where it came from here."""
    if own and stop.raw is not None and stop_of(stop.raw, False).reason in _alike(stop.reason):
        return stop.raw
    if stop.reason is StopReason.PAUSE:
        losses.meaning(("stop",), "pause", "the turn is not over, which the dialect cannot say")
    if stop.sequence is not None:
        losses.tuning(("stop",), "stop sequence", "the dialect does not say which one was met")
    return _WORDS.get(stop.reason, "OTHER")


def _alike(reason: StopReason) -> tuple[StopReason, ...]:
    return (reason, StopReason.END) if reason is StopReason.TOOL_CALLS else (reason,)
