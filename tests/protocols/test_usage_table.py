"""One table over all dialects: every token in one bucket, each bucket once, streams as whole replies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from usage_rows import ROWS, Row

from tokentape.metering.price import disjoint
from tokentape.protocols.payload import Payload
from tokentape.protocols.table import dialect_named

if TYPE_CHECKING:
    from tokentape.protocols.usage import Usage
    from tokentape.wire.interaction import Json


def buckets(usage: Usage | None) -> dict[str, int]:
    """Tokens by bucket, without the empty ones."""
    assert usage is not None
    return {kind: count for kind, count in disjoint(usage).items() if count}


def streamed(row: Row) -> Usage | None:
    """The usage of the row's stream."""
    dialect = dialect_named(row.dialect)
    assert dialect is not None
    assert dialect.stream is not None
    return dialect.stream.usage([Payload(name, json.dumps(event).encode()) for name, event in row.stream])


@pytest.mark.parametrize("name", ROWS)
def test_each_bucket_is_counted_once(name: str) -> None:
    row = ROWS[name]
    dialect = dialect_named(row.dialect)
    assert dialect is not None
    usage = dialect.usage(row.reply)
    assert buckets(usage) == row.buckets
    assert usage is not None
    assert sum(row.buckets.values()) == (usage.input or 0) + (usage.output or 0)


@pytest.mark.parametrize("name", [name for name, row in ROWS.items() if row.stream])
def test_a_stream_counts_as_its_whole_reply_does(name: str) -> None:
    """Case 36: the last that is not null wins, and what is absent is not zero."""
    assert buckets(streamed(ROWS[name])) == ROWS[name].buckets


@pytest.mark.parametrize("name", ROWS)
def test_nothing_counted_is_unknown_and_not_zero(name: str) -> None:
    row = ROWS[name]
    dialect = dialect_named(row.dialect)
    assert dialect is not None
    empty: list[Json] = [{}, {"usage": {}}, {"usage": None}, {"usageMetadata": {}}, None, [], "x"]
    assert [dialect.usage(reply) for reply in empty] == [None] * len(empty)


def test_a_compaction_is_billed_beside_the_counts_of_the_message() -> None:
    """Anthropic's `iterations`: the tokens of a compaction are not in the usage around it."""
    compaction: Json = {
        "type": "compaction",
        "input_tokens": 1000,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
        "output_tokens": 100,
    }
    turn: Json = {"type": "message", "input_tokens": 5, "output_tokens": 9}
    dialect = dialect_named("anthropic.messages")
    assert dialect is not None
    usage = dialect.usage(
        {"usage": {"input_tokens": 5, "output_tokens": 9, "iterations": [compaction, turn]}}
    )
    assert usage is not None
    assert usage.billed is not None
    assert (usage.input, usage.output) == (5, 9)
    assert (usage.billed.input, usage.billed.output) == (1005, 109)


def test_what_is_billed_by_cohere_stands_beside() -> None:
    dialect = dialect_named("cohere")
    assert dialect is not None
    usage = dialect.usage(ROWS["cohere: what is billed is less, and stands beside"].reply)
    assert usage is not None
    assert usage.billed is not None
    assert (usage.billed.input, usage.billed.output) == (5, 7)
