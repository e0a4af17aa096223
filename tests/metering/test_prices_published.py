"""The price snapshot beside what others publish: the package it is taken from, tier by tier, and LiteLLM's
list (an extract, by `scripts/price_check.py`). Every difference has a name and a reason.
"""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tokentape.metering.price import amount
from tokentape.metering.snapshot import price_of, prices
from tokentape.protocols.usage import Usage

if TYPE_CHECKING:
    from tokentape.metering.price import Price

PEAK = datetime(2026, 11, 20, 7, tzinfo=UTC)
"""A weekday's hour at which those charge most who charge less at night."""

EXTRACT = json.loads((Path(__file__).parent / "litellm_prices.json").read_text(encoding="utf-8"))

OLD_ALIAS = "our list has the price of the model that the name stood for before, LiteLLM's of today's"
DIFFERENCES = {
    "deepseek/deepseek-chat": OLD_ALIAS,
    "deepseek/deepseek-reasoner": OLD_ALIAS,
    "deepseek/deepseek-v3.2": "not a name on DeepSeek's price page: each list has another source",
    "google/gemini-3.8-flash-cyber": "our list has no price of its own for it and takes gemini-3.8-flash's",
    "google/gemini-3.5-flash-lite": "cached tokens of batches: 0.02 in our list; LiteLLM has half of the usual rate",
    "groq/openai/gpt-oss-safeguard-20b": "LiteLLM rounds the cache price to three digits",
    "mistral/magistral-medium-latest": OLD_ALIAS,
    "mistral/magistral-small-latest": OLD_ALIAS,
    "mistral/mistral-large-latest": OLD_ALIAS,
    "mistral/mistral-medium": OLD_ALIAS,
    "mistral/mistral-large-4": "our list has the price since it was lowered again, LiteLLM the one before",
    "mistral/mistral-large-4-0": "our list has the price since it was lowered again, LiteLLM the one before",
    "mistral/open-mistral-nemo": "our list has the price since it was lowered, LiteLLM the first one",
    "openai/gpt-5.6-cyber": "only LiteLLM has a rate for long prompts",
    "openai/gpt-5.5-pro": "only LiteLLM has a batch rate for long prompts",
    "openai/gpt-5.5-pro-2026-04-23": "only LiteLLM has a batch rate for long prompts",
    "x-ai/grok-code-fast": "retired; LiteLLM has the price of the model that answers in its place",
    "x-ai/grok-code-fast-1": "retired; LiteLLM has the price of the model that answers in its place",
    "x-ai/grok-code-fast-1-0825": "retired; LiteLLM has the price of the model that answers in its place",
}
"""By the name under which LiteLLM lists the model."""


def ours(name: str, tier: str | None) -> Price | None:
    """Our price of a model, where we have one."""
    provider, _, model = name.partition("/")
    listed = prices().find(provider, model)
    found = price_of(listed.model, PEAK, tier) if listed else ""
    return None if isinstance(found, str) else found


def compared(name: str) -> dict[str, tuple[Decimal, Decimal]]:
    """Our rate and LiteLLM's, for each that both have."""
    found = {}
    for rate, theirs in EXTRACT["models"][name].items():
        kind, _, tier = rate.partition("@")
        kind, _, longer = kind.partition(">")
        price = ours(name, tier or None)
        mine = getattr(price.at(int(longer or 0) + 1), kind) if price else None
        if mine is not None:
            found[rate] = (mine, Decimal(theirs))
    return found


COMPARED = {name: rates for name in EXTRACT["models"] if (rates := compared(name))}


def test_enough_models_are_in_both_lists() -> None:
    assert len(COMPARED) >= 250
    assert sum(len(rates) for rates in COMPARED.values()) >= 1200
    assert sum("batch" in rate for rates in COMPARED.values() for rate in rates) >= 300


@pytest.mark.parametrize("name", COMPARED)
def test_our_price_is_litellms_or_the_difference_is_explained(name: str) -> None:
    differing = {rate: both for rate, both in COMPARED[name].items() if both[0] != both[1]}
    assert bool(differing) == (name in DIFFERENCES), differing


def test_no_difference_is_explained_that_is_none() -> None:
    assert set(DIFFERENCES) <= set(COMPARED)
    assert all(DIFFERENCES.values())


def test_the_extract_says_where_it_is_from() -> None:
    assert EXTRACT["source"].startswith("litellm ")
    assert EXTRACT["date"] >= "2026-11-21"
    assert "MIT" in EXTRACT["notice"]


def is_installed(source: str) -> bool:
    """True if the package is the one that the snapshot was taken of."""
    try:
        return source == f"genai-prices {version('genai-prices')}"
    except PackageNotFoundError:
        return False


CONTEXTS = [
    (name, value)
    for name in ("service_tier", "speed", "processing")
    for value in ("batch", "flex", "priority", "fast")
]


@pytest.mark.skipif(not is_installed(prices().source), reason="needs the genai-prices of the snapshot")
def test_every_tier_of_every_model_costs_what_the_package_says() -> None:
    """Batches, flex, priority and fast: the same amount as genai-prices for all kinds of tokens."""
    from genai_prices import Usage as TheirUsage
    from genai_prices import calc_price
    from genai_prices.data import providers

    dice = random.Random(11)
    tiers: dict[str, int] = {}
    for provider in providers:
        for model in provider.models:
            whens = [tuple(variant.when.items()) for variant in model.price_variants or ()]
            for (context,) in sorted(set(whens) & {(each,) for each in CONTEXTS}):
                read, written, fresh = (dice.choice((0, 17, 90_000, 300_000)) for _ in range(3))
                listed = prices().find(provider.id, model.id)
                mine = price_of(listed.model, PEAK, context[1]) if listed else "not listed under its id"
                if isinstance(mine, str):
                    continue
                theirs = calc_price(
                    TheirUsage(
                        input_tokens=read + written + fresh,
                        output_tokens=1234,
                        cache_read_tokens=read,
                        cache_write_tokens=written,
                    ),
                    model.id,
                    provider_id=provider.id,
                    genai_request_timestamp=PEAK,
                    price_context=dict([context]),
                )
                usage = Usage(read + written + fresh, 1234, read, cache_write=written)
                assert listed is not None
                assert (listed.id, amount(mine, usage)) == (theirs.model.id, theirs.total_price), model.id
                tiers[context[1]] = tiers.get(context[1], 0) + 1
    assert tiers["batch"] >= 90
    assert tiers["flex"] >= 20
