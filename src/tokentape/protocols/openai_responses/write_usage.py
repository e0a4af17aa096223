"""Token counts of a response, written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.protocols.openai_responses.usage import usage

if TYPE_CHECKING:
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json

    Fields = dict[str, Json]


def write_usage(counted: Usage, *, own: bool) -> Fields:
    """The counts, each token once: what was cached is part of the input, what was thought of the output.

    The schema has no place for unknown counts; they are 0.
    """
    if own and counted.raw and usage({"usage": dict(counted.raw)}) == counted:
        return dict(counted.raw)
    asked, said = counted.input or 0, counted.output or 0
    written: Fields = {
        "input_tokens": asked,
        "input_tokens_details": {
            "cached_tokens": counted.cache_read or 0,
            "cache_write_tokens": counted.cache_write or 0,
        },
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": counted.reasoning or 0},
        "total_tokens": asked + said,
    }
    return written
