"""Case 35: Anthropic and Bedrock leave the cache out of the input, the others count it in; each token once."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from tokentape.metering.price import Price, amount, disjoint
from tokentape.protocols.canonical.items import Message, Role
from tokentape.protocols.canonical.parts import Text
from tokentape.protocols.canonical.reply import Choice, Reply, Stop, StopReason
from tokentape.protocols.codec import Source, Target
from tokentape.protocols.table import dialect_named
from tokentape.protocols.translation import codec_of
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.wire.interaction import Json

PRICE = Price(input=3, output=15, cache_read="0.3", cache_write="3.75", cache_write_1h=6)
COUNTS: dict[str, tuple[str, ...]] = {
    "openai.chat": ("cache_read", "cache_write", "reasoning"),
    "openai.responses": ("cache_read", "cache_write", "reasoning"),
    "anthropic.messages": ("cache_read", "cache_write", "cache_write_1h"),
    "gemini": ("cache_read", "reasoning"),
    "bedrock.converse": ("cache_read", "cache_write"),
    "ollama": (),
    "cohere": ("cache_read",),
}
"""What each dialect can count apart, of those below."""

USAGE = Usage(input=135, output=29, cache_read=100, reasoning=4, cache_write=30, cache_write_1h=20)


def reply_with(usage: Usage) -> Reply:
    said = Message(Role.ASSISTANT, (Text("Paris."),))
    return Reply((Choice((said,), Stop(StopReason.END)),), "r1", "m", 1, usage)


def written(dialect: str, usage: Usage) -> dict[str, Json]:
    return codec_of(dialect).write_reply(reply_with(usage), Target(dialect, model="m"))


def counted(dialect: str, reply: dict[str, Json]) -> Usage:
    found = dialect_named(dialect)
    assert found is not None
    usage = found.usage(reply)
    assert usage is not None
    return usage


@pytest.mark.parametrize("dialect", COUNTS)
def test_a_written_reply_counts_each_token_once(dialect: str) -> None:
    usage = counted(dialect, written(dialect, USAGE))
    assert (usage.input, usage.output) == (135, 29)
    for kind in COUNTS[dialect]:
        assert getattr(usage, kind) == getattr(USAGE, kind), kind
    assert min(disjoint(usage).values()) >= 0
    assert sum(disjoint(usage).values()) == 164


@pytest.mark.parametrize(("source", "target"), list(product(COUNTS, COUNTS)), ids="-to-".join)
def test_a_translated_reply_costs_the_same_as_far_as_the_target_counts(source: str, target: str) -> None:
    """What both can count apart is as it was; the rest is charged as fresh input and plain output."""
    read = codec_of(source).read_reply(written(source, USAGE), Source(source, model="m"))
    assert read.usage is not None
    usage = counted(target, written(target, read.usage))
    both = set(COUNTS[source]) & set(COUNTS[target])
    expected = Usage(135, 29, **{kind: getattr(USAGE, kind) for kind in both})
    kept = Usage(135, 29, **{kind: getattr(usage, kind) for kind in both})
    assert kept == expected
    assert amount(PRICE, kept) == amount(PRICE, expected)


def test_the_same_prompt_costs_the_same_in_both_ways_of_counting() -> None:
    anthropic: dict[str, Json] = {
        "usage": {
            "input_tokens": 5,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 30,
            "output_tokens": 29,
        }
    }
    chat: dict[str, Json] = {
        "usage": {
            "prompt_tokens": 135,
            "completion_tokens": 29,
            "prompt_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 30},
        }
    }
    costs = {
        amount(PRICE, counted("anthropic.messages", anthropic)),
        amount(PRICE, counted("openai.chat", chat)),
    }
    assert len(costs) == 1
