"""Why a reply ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses

_REASONS = {
    "COMPLETE": StopReason.END,
    "STOP_SEQUENCE": StopReason.STOP_SEQUENCE,
    "MAX_TOKENS": StopReason.LENGTH,
    "TOOL_CALL": StopReason.TOOL_CALLS,
    "ERROR": StopReason.ERROR,
    "TIMEOUT": StopReason.ERROR,
    "ERROR_TOXIC": StopReason.CONTENT_FILTER,
    "ERROR_LIMIT": StopReason.CONTEXT_WINDOW,
    "USER_CANCEL": StopReason.CANCELLED,
}
"""The words of version 2, and what version 1 and some models say beside them."""

_WORDS = {
    StopReason.END: "COMPLETE",
    StopReason.STOP_SEQUENCE: "STOP_SEQUENCE",
    StopReason.LENGTH: "MAX_TOKENS",
    StopReason.CONTEXT_WINDOW: "MAX_TOKENS",
    StopReason.TOOL_CALLS: "TOOL_CALL",
    StopReason.ERROR: "ERROR",
    StopReason.CANCELLED: "ERROR",
}
_UNSAID = {
    StopReason.CONTENT_FILTER: "that a filter stopped the reply",
    StopReason.REFUSAL: "that the model refused",
    StopReason.PAUSE: "that the turn is not over",
}

FAILED = frozenset({"ERROR", "TIMEOUT"})
"""Words of a reply that failed while it was made."""


def read_stop(raw: str, *, called: bool) -> Stop:
    """The reason."""
    reason = _REASONS.get(raw, StopReason.OTHER)
    return Stop(StopReason.TOOL_CALLS if called and reason is StopReason.END else reason, raw)


def written_stop(stop: Stop | None, losses: Losses, *, is_own: bool) -> str | None:
    """The word for it: the same one in the same dialect."""
    if is_own and (stop is None or stop.raw is not None):
        return stop.raw if stop else None
    if stop is None:
        return "COMPLETE"
    word = _WORDS.get(stop.reason, "COMPLETE")
    if stop.reason in _UNSAID:
        losses.meaning(("stop",), f"stop {stop.reason.value!r}", f"nothing says {_UNSAID[stop.reason]}")
    elif _REASONS[word] is not stop.reason:
        losses.tuning(("stop",), f"stop {stop.reason.value!r}", f"only {word} can be told")
    if stop.sequence is not None:
        losses.tuning(("stop",), "stop sequence", "only that one was met can be told")
    return word
