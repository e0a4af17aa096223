"""The loops of `tests/protocols/loops` through the gateway: every SDK, every upstream, plain and streamed."""

from __future__ import annotations

from test_failures import test_an_error_in_the_stream, test_an_error_reply
from test_loops import test_a_loop, test_chat_counts_in_streams_only_if_asked
from test_moves import test_through_all_providers
from test_results import test_errors, test_objects
from test_thoughts import pytestmark, test_thoughts

__all__ = [
    "pytestmark",
    "test_a_loop",
    "test_an_error_in_the_stream",
    "test_an_error_reply",
    "test_chat_counts_in_streams_only_if_asked",
    "test_errors",
    "test_objects",
    "test_thoughts",
    "test_through_all_providers",
]
