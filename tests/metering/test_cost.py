"""Who says what a call cost, and in which order they are believed."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from metering_calls import ANTHROPIC, BEDROCK, OPENAI, call, chat

from tokentape.metering.call import call_of
from tokentape.metering.cost import cost_of
from tokentape.metering.own import own_prices
from tokentape.metering.price import Price
from tokentape.protocols.usage import Usage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_batches_have_prices_of_their_own():
    assert cost_of(call("gpt-5", Usage(1_000_000, 0)), at=NOON).usd == Decimal("1.25")
    assert cost_of(call("gpt-5", Usage(1_000_000, 0), tier="batch"), at=NOON).usd == Decimal("0.625")
    claude = call(
        "claude-sonnet-4-5", Usage(1000, 0), url=ANTHROPIC, dialect="anthropic.messages", tier="batch"
    )
    assert cost_of(claude, at=NOON).usd == Decimal("0.0015")


def test_a_batch_price_that_only_litellm_publishes_names_its_source():
    nova = call("amazon.nova-pro-v1:0", Usage(1_000_000, 0), url=BEDROCK, dialect="bedrock.converse")
    usual = cost_of(nova, at=NOON)
    batch = cost_of(replace(nova, tier="batch"), at=NOON)
    assert (usual.usd, usual.source.partition(" ")[0]) == (Decimal("0.8"), "genai-prices")
    assert (batch.usd, batch.source.partition(" ")[0]) == (Decimal("0.4"), "litellm")


def test_a_batch_before_its_price_was_listed_is_unknown():
    before = datetime(2026, 10, 13, tzinfo=UTC)
    found = cost_of(call("gpt-5", Usage(1000, 0), tier="batch"), at=before)
    assert found.reason == "gpt-5 has no listed price in the service tier 'batch'"


def test_a_cache_that_is_kept_long_costs_more_and_is_unknown_where_nobody_lists_it():
    long = Usage(1000, 0, cache_write=1000, cache_write_1h=1000)
    claude = call("claude-sonnet-4-5", long, url=ANTHROPIC, dialect="anthropic.messages")
    assert cost_of(claude, at=NOON).usd == Decimal("0.006")
    short = Usage(1000, 0, cache_write=1000)
    assert cost_of(call("gpt-6.1-sol", short), at=NOON).usd == Decimal("0.0025")
    unknown = cost_of(call("gpt-6.1-sol", long), at=NOON)
    assert unknown.reason == "gpt-6.1-sol has no listed price for what is cached for long"
    own = {"gpt-6.1-sol": Price(2, 8, cache_write="2.5", cache_write_1h=5)}
    assert cost_of(call("gpt-6.1-sol", long), own, NOON).usd == Decimal("0.005")


def test_an_own_price_of_a_service_tier_comes_before_that_of_the_model(tmp_path):
    path = tmp_path / "prices.toml"
    path.write_text('["m"]\ninput = 2\noutput = 2\n["m@batch"]\ninput = 1\noutput = 1\n')
    own = own_prices(path)
    used = Usage(1000, 0)
    assert cost_of(call("m", used), own).usd == Decimal("0.002")
    assert cost_of(call("m", used, tier="batch"), own).usd == Decimal("0.001")
    assert cost_of(call("m", used, tier="flex"), own).usd == Decimal("0.002")
    assert cost_of(call("x", used, answered="m", tier="batch"), own).usd == Decimal("0.001")


@pytest.mark.parametrize(
    "told",
    [
        {"cost": 0.25},
        {"estimated_cost": 0.25},
        {"request_cost_usd": 0.25},
        {"cost_in_usd_ticks": 2_500_000_000},
        {"cost": {"input_cost": 0.125, "output_cost": 0.125}},
    ],
)
def test_what_a_recorded_reply_says_it_cost_is_believed_before_the_list(told):
    counts = {"prompt_tokens": 1000, "completion_tokens": 100}
    cost = cost_of(call_of(chat(usage={**counts, **told})))
    assert (cost.usd, cost.source) == (Decimal("0.25"), "the reply")


def test_beside_the_usage_too():
    interaction = chat()
    body = json.dumps({**json.loads(interaction.response.body), "cost": 0.25}).encode()
    told = replace(interaction, response=replace(interaction.response, body=body, chunks=(len(body),)))
    assert cost_of(call_of(told)).usd == Decimal("0.25")
    assert cost_of(call_of(interaction)).source.startswith("genai-prices ")


def test_a_compaction_is_charged():
    claude = call(
        "claude-sonnet-4-5", Usage(5, 9), url=ANTHROPIC, dialect="anthropic.messages", billed=Usage(1005, 109)
    )
    assert cost_of(claude, at=NOON).usd == Decimal("0.00465")
    assert cost_of(call("gpt-4o", None, url=OPENAI), at=NOON).reason == "the reply does not say what it used"
