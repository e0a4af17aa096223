"""Why a reply ended (API reference, "Converse", `stopReason`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.bedrock_converse.media import NAME
from tokentape.protocols.canonical.reply import Stop, StopReason

if TYPE_CHECKING:
    from tokentape.protocols.canonical.losses import Losses

_READ = {
    "end_turn": StopReason.END,
    "tool_use": StopReason.TOOL_CALLS,
    "max_tokens": StopReason.LENGTH,
    "stop_sequence": StopReason.STOP_SEQUENCE,
    "guardrail_intervened": StopReason.CONTENT_FILTER,
    "content_filtered": StopReason.CONTENT_FILTER,
    "malformed_model_output": StopReason.ERROR,
    "malformed_tool_use": StopReason.ERROR,
    "model_context_window_exceeded": StopReason.CONTEXT_WINDOW,
}
_WRITTEN = {
    StopReason.END: "end_turn",
    StopReason.TOOL_CALLS: "tool_use",
    StopReason.LENGTH: "max_tokens",
    StopReason.STOP_SEQUENCE: "stop_sequence",
    StopReason.CONTENT_FILTER: "content_filtered",
    StopReason.REFUSAL: "content_filtered",
    StopReason.CONTEXT_WINDOW: "model_context_window_exceeded",
    StopReason.ERROR: "malformed_model_output",
}


def read_stop(raw: str | None, sequence: str | None, *, calls: bool) -> Stop | None:
    """The reason; a reply that calls tools and ended as usual ended for them (case 12)."""
    if raw is None:
        return None
    reason = _READ.get(raw, StopReason.OTHER)
    if reason is StopReason.END and calls:
        reason = StopReason.TOOL_CALLS
    return Stop(reason, raw, sequence)


def write_stop(stop: Stop | None, protocol: str, losses: Losses, *, calls: bool) -> str:
    """The word; its own comes back as it was (case 13)."""
    if stop is None:
        return "tool_use" if calls else "end_turn"
    if protocol == NAME and stop.raw is not None and read_stop(stop.raw, None, calls=calls) == _bare(stop):
        return stop.raw
    word = _WRITTEN.get(stop.reason)
    if word is None:
        losses.meaning(("stopReason",), f"stop reason {stop.raw or stop.reason}", "there is no word for it")
        return "end_turn"
    return word


def _bare(stop: Stop) -> Stop:
    return Stop(stop.reason, stop.raw)
