"""Prices: golden amounts computed by hand, the package they come from as an oracle, and what stays unknown."""

from __future__ import annotations

import json
import random
import re
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from metering_calls import ANTHROPIC, AZURE, BEDROCK, GATEWAY, GEMINI, OPENAI, OPENROUTER, VERTEX, call

from tokentape.errors import UsageError
from tokentape.metering.cost import cost_of
from tokentape.metering.price import Price, amount
from tokentape.metering.rules import fits, spellings
from tokentape.metering.snapshot import Snapshot, price_of, prices
from tokentape.protocols.dialect import Kind
from tokentape.protocols.usage import Usage

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


def usd(*args, **more):
    cost = cost_of(call(*args, **more), at=NOON)
    return cost.reason if cost.usd is None else cost.usd


# USD per million tokens, as the snapshot of 2026-11-21 lists them.
GOLDEN = [
    # gpt-4o: 2.50 in, 1.25 cached, 10 out: 600 x 2.5 + 400 x 1.25 + 100 x 10 = 3000
    (OPENAI, "gpt-4o", Usage(1000, 100, 400), "0.003"),
    (OPENAI, "gpt-4o-2024-08-06", Usage(1000, 100, 400), "0.003"),
    # its first snapshot cost 5 and 15
    (OPENAI, "gpt-4o-2024-05-13", Usage(1000, 100), "0.0065"),
    (OPENAI, "gpt-4o-mini", Usage(1000, 100), "0.00021"),
    # the families are not one another's: gpt-4 30 and 60, gpt-4.1 2 and 8
    (OPENAI, "gpt-4", Usage(1000, 100), "0.036"),
    (OPENAI, "gpt-4.1", Usage(1000, 100), "0.0028"),
    (OPENAI, "gpt-4-turbo", Usage(1000, 100), "0.013"),
    # o3 since June 2025: 2 and 8; reasoning is output
    (OPENAI, "o3", Usage(1000, 100, None, 90), "0.0028"),
    (OPENAI, "text-embedding-3-small", Usage(1_000_000), "0.02"),
    # claude-3-5-sonnet: 3 in, 0.30 read, 3.75 written, 6 for an hour, 15 out
    # 100 x 3 + 200 x 0.3 + 300 x 3.75 + 400 x 6 + 50 x 15 = 4635
    (ANTHROPIC, "claude-3-5-sonnet-20241022", Usage(1000, 50, 200, None, 700, 400), "0.004635"),
    # with two web searches at 10 per thousand
    (ANTHROPIC, "claude-3-5-sonnet-20241022", Usage(0, 0, searches=2), "0.02"),
    # gemini-2.5-pro: 1.25 and 10 up to 200 000 tokens of input, 2.50 and 15 for all of a longer call
    (GEMINI, "gemini-2.5-pro", Usage(200_000, 1000), "0.26"),
    (GEMINI, "gemini-2.5-pro", Usage(200_001, 1000), "0.5150025"),
    # gemini-2.5-flash: 0.30 in, 1 for audio, 0.10 for cached audio, 2.50 out
    # 100 x 0.3 + 60 x 1 + 40 x 0.1 = 94, out 25
    (GEMINI, "gemini-2.5-flash", Usage(200, 10, 40, audio_input=100, audio_cached=40), "0.000119"),
    (VERTEX, "claude-3-5-sonnet-v2@20241022", Usage(1000, 100), "0.0045"),
    (BEDROCK, "anthropic.claude-3-haiku-20240307-v1:0", Usage(1000, 100), "0.000375"),
    (BEDROCK, "us.anthropic.claude-3-haiku-20240307-v1:0", Usage(1000, 100), "0.000375"),
    (
        BEDROCK,
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0",
        Usage(1000, 100),
        "0.000375",
    ),
    (BEDROCK, "amazon.nova-lite-v1:0", Usage(1000, 100), "0.000084"),
    (OPENROUTER, "openai/gpt-4o", Usage(1000, 100), "0.0035"),
]


@pytest.mark.parametrize(("url", "model", "usage", "expected"), GOLDEN)
def test_golden_amounts(url, model, usage, expected):
    assert usd(model, usage, url=url) == Decimal(expected)


def test_money_is_decimal_and_exact():
    found = usd("gpt-4o-mini", Usage(1, 1))
    assert isinstance(found, Decimal)
    assert found == Decimal("0.00000075")


def test_the_reply_names_the_model_more_exactly_than_the_request():
    assert usd("gpt-4o", Usage(1000, 100), answered="gpt-4o-2024-05-13") == Decimal("0.0065")


def test_an_azure_deployment_is_what_the_reply_says_and_not_what_its_owner_calls_it():
    assert usd("gpt-4", Usage(1000, 100), url=AZURE, answered="gpt-4o-2024-08-06") == Decimal("0.0035")
    assert usd("gpt-4", Usage(1000, 100), url=AZURE) == "the reply of azure does not name its model"


def test_a_gateway_in_front_of_a_known_model_costs_what_its_maker_charges():
    assert usd("gpt-4o", Usage(1000, 100), url=GATEWAY) == Decimal("0.0035")
    assert usd(
        "claude-3-haiku-20240307", Usage(1000, 100), url=GATEWAY, dialect="anthropic.messages"
    ) == Decimal("0.000375")


@pytest.mark.parametrize("model", ["gpt-oss-120b", "llama-3.3-70b", "mistral-small", "gpt-9", None])
def test_what_anybody_may_serve_has_no_price_where_nobody_knows_who_does(model):
    assert usd(model, Usage(1000, 100), url="http://127.0.0.1:8000/v1/chat/completions") == (
        "no prices are known for 127.0.0.1:8000"
    )


@pytest.mark.parametrize("model", ["gpt-4.15", "gpt-4x", "gpt-4o-minimal", "gpt-4.1-2025-99-99", "o33"])
def test_a_name_that_only_looks_like_a_known_one_is_unknown(model):
    assert usd(model, Usage(1000, 100)) == f"openai has no listed price for {model}"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"usage": None}, "the reply does not say what it used"),
        ({"usage": Usage(1000)}, "the reply does not count its output"),
        ({"usage": Usage(None, 5)}, "the reply does not count its input"),
        ({"usage": Usage(10, 5, 11)}, "the reply's token counts contradict each other"),
        ({"usage": Usage(10, 5), "tier": "scale"}, "gpt-4o has no listed price in the service tier 'scale'"),
        ({"usage": Usage(10, 5), "kind": Kind.OTHER}, "not a call to a model that tokentape knows"),
        (
            {"usage": None, "problem": "its recording can no longer be read"},
            "its recording can no longer be read",
        ),
    ],
)
def test_unknown_says_why(changes, reason):
    from dataclasses import replace

    cost = cost_of(replace(call("gpt-4o"), **changes), at=NOON)
    assert (cost.usd, cost.reason) == (None, reason)


def test_charged_by_the_hour_is_unknown_and_says_so():
    found = usd("whisper-1", Usage(10, 5), dialect="openai.media")
    assert found == "whisper-1 charges for input audio hours, which replies do not count"


def test_listed_without_a_price_is_unknown_and_a_free_one_is_free():
    assert usd("moderation", Usage(10, 5)) == "moderation is listed without a price"
    assert usd("meta-llama/llama-4-maverick:free", Usage(10, 5), url=OPENROUTER) == 0


def test_a_service_tier_replaces_the_rates_that_it_names():
    assert usd("gpt-4o", Usage(1000, 100), tier="priority") == Decimal("0.00595")  # 4.25 and 17
    assert usd("gpt-4o", Usage(1000, 100, 1000), tier="priority") == Decimal("0.003825")  # 2.125 cached


@pytest.mark.parametrize("kind", [Kind.META, Kind.FILES])
def test_lists_counts_and_uploads_are_not_charged(kind):
    from dataclasses import replace

    assert cost_of(replace(call(), kind=kind)).usd == 0


def test_what_the_reply_says_it_cost_counts_before_the_list_and_own_prices_before_both():
    told = call("gpt-4o", Usage(1000, 100), charged=0.25)
    assert cost_of(told).usd == Decimal("0.25")
    assert cost_of(told).source == "the reply"
    mine = cost_of(told, {"gpt-4o": Price(input=1, output=0)})
    assert (mine.usd, mine.source) == (Decimal("0.001"), "own prices")


def test_billed_units_count_where_they_are_others():
    billed = call("x", Usage(1000, 100), billed=Usage(10, 10))
    assert cost_of(billed, {"x": Price(1, 1)}).usd == Decimal("0.00002")


def test_prices_change_with_the_day_and_the_hour():
    o3 = prices().find("openai", "o3").model
    assert price_of(o3, datetime(2025, 6, 9, tzinfo=UTC)).input == 10
    assert price_of(o3, datetime(2025, 6, 10, tzinfo=UTC)).input == 2
    chat = prices().find("deepseek", "deepseek-chat").model
    assert price_of(chat, datetime(2026, 1, 1, 0, 29, tzinfo=UTC)).input == Decimal("0.135")
    assert price_of(chat, datetime(2026, 1, 1, 0, 30, tzinfo=UTC)).input == Decimal("0.27")
    assert price_of(chat, datetime(2026, 1, 1, 16, 30, tzinfo=UTC)).input == Decimal("0.135")


def test_hours_over_midnight():
    model = {
        "id": "m",
        "match": "=m",
        "prices": [{"input": "1"}, {"input": "2", "hours": ["22:00", "02:00"]}],
    }
    found = [price_of(model, datetime(2026, 1, 1, hour, tzinfo=UTC)).input for hour in (21, 22, 1, 2)]
    assert found == [1, 2, 2, 1]


@pytest.mark.parametrize("value", [-1, "a lot", "NaN", "Infinity", True, [1]])
def test_a_wrong_price_is_an_error_that_names_it(value):
    with pytest.raises(UsageError, match="Price: input is"):
        Price(input=value)


def test_rates_may_be_numbers_or_text_and_a_float_is_what_it_reads_as():
    assert Price(0.1, "2.5").input == Decimal("0.1")
    assert amount(Price(0.1, "2.5"), Usage(1_000_000, 1_000_000)) == Decimal("2.6")


def test_a_kind_without_a_rate_is_charged_as_what_it_is_part_of():
    everything = Usage(100, 100, 10, 50, 20, 5, 10, 0, 10, 10, 0, 10, 10)
    assert amount(Price(1, 2), everything) == Decimal("0.0003")


def test_rules():
    assert fits("=a", "a")
    assert not fits("=a", "ab")
    assert fits(["^b", "$b"], "ab")
    assert fits({"all": ["*b", "~^a.c$"]}, "abc")
    assert not fits({"all": ["*b", "~^a.c$"]}, "abcd")
    assert spellings("GPT-5.2-20251211") == ("gpt-5.2-20251211", "gpt-5.2-2025-12-11")


def test_the_snapshot_names_its_source_day_and_licence():
    found = prices()
    assert re.fullmatch(r"genai-prices [\d.]+, 20\d\d-\d\d-\d\d", str(found))
    assert "MIT License" in found.notice
    assert "Permission is hereby granted" in found.notice
    assert len(found.providers) > 30


def test_lists_that_nobody_asks_for_take_little_memory():
    place = ROOT / "src/tokentape/metering"
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    found = Snapshot((place / "prices.json").read_text(encoding="utf-8"))
    assert found.find("openai", "gpt-4o").id == "gpt-4o"
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 1_500_000


def is_installed(source):
    try:
        return source == f"genai-prices {version('genai-prices')}"
    except PackageNotFoundError:
        return False


needs_the_package = pytest.mark.skipif(
    not is_installed(prices().source),
    reason="needs the version of genai-prices that the snapshot was taken of",
)


@needs_the_package
def test_the_snapshot_is_what_the_script_makes():
    import importlib.util

    spec = importlib.util.spec_from_file_location("prices_script", ROOT / "scripts" / "prices.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.TARGET.read_text(encoding="utf-8") == script.written(script.snapshot(prices().date))
    assert Snapshot(script.TARGET.read_text(encoding="utf-8")).source == prices().source


ORACLE_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_tokens",
    "cache_write": "cache_write_tokens",
}


@needs_the_package
def test_every_listed_model_costs_what_the_package_says():
    """Same model found, same amount, for each of its 2 300 models by its own id."""
    from genai_prices import Usage as TheirUsage
    from genai_prices import calc_price

    dice = random.Random(7)
    compared = 0
    for provider in json.loads((ROOT / "src/tokentape/metering/prices.json").read_text())["providers"]:
        for model in provider["models"]:
            read, written, fresh = (dice.choice((0, 17, 90_000, 300_000)) for _ in range(3))
            counts = {
                "input": read + written + fresh,
                "output": 1234,
                "cache_read": read,
                "cache_write": written,
            }
            listed = prices().find(provider["id"], model["id"])
            ours = price_of(listed.model, NOON) if listed else "not listed under its id"
            if isinstance(ours, str):
                continue
            theirs = calc_price(
                TheirUsage(**{ORACLE_NAMES[name]: count for name, count in counts.items()}),
                model["id"],
                provider_id=provider["id"],
                genai_request_timestamp=NOON,
            )
            assert (listed.id, amount(ours, Usage(**counts))) == (theirs.model.id, theirs.total_price)
            compared += 1
    assert compared > 1900
