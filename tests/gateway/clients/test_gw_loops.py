"""The loops of `tests/protocols/loops` through the gateway: every SDK, every upstream, plain and streamed."""

from __future__ import annotations

import pytest
import test_failures as failures
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

BROKEN = [
    pytest.param(*pair.values, broken, id=f"{pair.id}-{broken}")
    for pair in failures.PAIRS
    for broken in failures.BREAKS
    if broken != "ended" or pair.values[0] != pair.values[1]  # passed on as it is, to its end
]


@pytest.mark.parametrize(("source", "target", "broken"), BROKEN)
def test_a_stream_that_breaks_off(agent, provider, source, target, broken):
    failures.test_a_stream_that_breaks_off(agent, provider, source, target, broken)
