"""Why a reply ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses

_REASONS = {"stop": StopReason.END, "length": StopReason.LENGTH}
_WORDS = {StopReason.LENGTH: "length", StopReason.CONTEXT_WINDOW: "length"}
_USUAL = frozenset({StopReason.END, StopReason.TOOL_CALLS})
_SAID = _USUAL | {StopReason.LENGTH}
_UNSAID = {
    StopReason.CONTENT_FILTER: "that a filter stopped the reply",
    StopReason.REFUSAL: "that the model refused",
    StopReason.PAUSE: "that the turn is not over",
    StopReason.ERROR: "that it failed",
    StopReason.CANCELLED: "that it was cancelled",
}


def read_stop(raw: str | None, *, called: bool) -> Stop:
    """The reason of a reply that is done. One with calls says "stop" as any other (case 12); older servers
    say nothing.
    """
    reason = StopReason.END if raw is None else _REASONS.get(raw, StopReason.OTHER)
    return Stop(StopReason.TOOL_CALLS if called and reason is StopReason.END else reason, raw)


def written_stop(stop: Stop | None, losses: Losses, *, own: bool) -> str | None:
    """The word for it: the same one in the same dialect."""
    if own and (stop is None or stop.raw is not None or stop.reason in _USUAL):
        return stop.raw if stop else None
    if stop is None:
        return "stop"
    if stop.reason in _UNSAID:
        losses.meaning(("stop",), f"stop {stop.reason.value!r}", f"nothing says {_UNSAID[stop.reason]}")
    elif stop.reason not in _SAID:
        losses.tuning(("stop",), f"stop {stop.reason.value!r}", "only that the reply stopped can be told")
    return _WORDS.get(stop.reason, "stop")
