"""Token counts as Anthropic writes them: `input_tokens` leaves out what the cache read or wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.anthropic_messages.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def written_usage(counted: Usage | None, *, own: bool) -> Fields:
    """`usage`: as it came, if its counts are still those; else each token charged once (case 35).

    The API's schema wants both totals, so what nobody counted is written as 0.
    """
    if counted is None:
        return {"input_tokens": 0, "output_tokens": 0}
    if own and counted.raw and usage({"usage": dict(counted.raw)}) == counted:
        return dict(counted.raw)
    read, wrote = counted.cache_read or 0, counted.cache_write or 0
    written: Fields = {
        "input_tokens": max((counted.input or 0) - read - wrote, 0),
        "output_tokens": counted.output or 0,
    }
    if counted.cache_read is not None:
        written["cache_read_input_tokens"] = counted.cache_read
    if counted.cache_write is not None:
        written["cache_creation_input_tokens"] = counted.cache_write
    if counted.cache_write_1h is not None:
        written["cache_creation"] = {
            "ephemeral_1h_input_tokens": counted.cache_write_1h,
            "ephemeral_5m_input_tokens": max(wrote - counted.cache_write_1h, 0),
        }
    if counted.reasoning is not None:
        written["output_tokens_details"] = {"thinking_tokens": counted.reasoning}
    if counted.searches is not None:
        written["server_tool_use"] = {"web_search_requests": counted.searches, "web_fetch_requests": 0}
    return written
