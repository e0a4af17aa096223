"""Why a response ended: its status and `incomplete_details` (API reference, "The Response object")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.canonical.items import ToolCall
from tokentape.protocols.canonical.reply import Stop, StopReason
from tokentape.protocols.openai_responses.names import NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.protocols.canonical.items import Item
    from tokentape.protocols.checking import Where
    from tokentape.protocols.codec import Target
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]

_INCOMPLETE = {
    "max_output_tokens": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "content_filter": StopReason.CONTENT_FILTER,
}
_DETAILS: dict[StopReason, str | None] = {
    StopReason.LENGTH: "max_output_tokens",
    StopReason.CONTEXT_WINDOW: "max_output_tokens",
    StopReason.CONTENT_FILTER: "content_filter",
    StopReason.REFUSAL: "content_filter",
    StopReason.PAUSE: None,
    StopReason.OTHER: None,
}
"""Reasons to be incomplete (case 13); those that the schema does not know stay unsaid."""

RUNNING = frozenset({"queued", "in_progress"})
"""States of a response that has not ended."""


def read_stop(response: Fields, items: Iterable[Item], where: Where) -> Stop | None:
    """Why it ended; None while it runs."""
    status = where.text_or_none(response.get("status"), "status")
    details = response.get("incomplete_details")
    if details is not None:
        where.fields(details, "incomplete_details")
    if status in RUNNING:
        return None
    if status == "failed":
        return Stop(StopReason.ERROR, status, detail=details)
    if status == "cancelled":
        return Stop(StopReason.CANCELLED, status, detail=details)
    if status == "incomplete":
        said = details.get("reason") if isinstance(details, dict) else None
        reason = _INCOMPLETE.get(said) if isinstance(said, str) else None
        return Stop(reason or StopReason.OTHER, status, detail=details)
    calls = any(isinstance(item, ToolCall) for item in items)
    return Stop(StopReason.TOOL_CALLS if calls else StopReason.END, status, detail=details)


def write_stop(stop: Stop | None, *, own: bool, target: Target) -> Fields:
    """Status and details; a reply of this dialect says what it said, unless that was changed."""
    if stop is None:
        return {} if own else _said("completed")
    if own and (stop.raw is None or _REASONS.get(stop.raw, stop.reason) is stop.reason):
        written: Fields = {} if stop.raw is None else {"status": stop.raw}
        return written if stop.detail is None else {**written, "incomplete_details": stop.detail}
    if stop.reason is StopReason.ERROR:
        return _said("failed")
    if stop.reason is StopReason.CANCELLED:
        return _said("cancelled")
    if stop.sequence is not None:
        target.losses.tuning((), "stop sequence", f"{NAME} does not say which one was met")
    if stop.reason in _DETAILS:
        if stop.reason in (StopReason.PAUSE, StopReason.OTHER):
            target.losses.tuning(
                (), f"stop reason {stop.raw or stop.reason}", "it is incomplete without a reason"
            )
        reason = _DETAILS[stop.reason]
        return {**_said("incomplete"), "incomplete_details": {"reason": reason} if reason else None}
    return _said("completed")


_REASONS = {"failed": StopReason.ERROR, "cancelled": StopReason.CANCELLED}


def _said(status: str) -> Fields:
    return {"status": status, "incomplete_details": None}
