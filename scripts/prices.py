"""Take a snapshot of the published prices: `make prices` writes src/tokentape/metering/prices.json.

The data is that of the genai-prices package (MIT), as installed. Tokentape does not import it: that takes
300 ms and three packages, and a test run should not change its figures because somebody updated one.
Descriptions, context windows and usage extractors stay behind; match rules and prices are kept as they are:

    {"source", "date", "notice",
     "providers": [{"id", "url": regex, "model"?: RULE, "fallback"?: [id], "models": [
        {"id", "match": RULE, "prices": [LIST, ...], "tiers"?: {"flex": [LIST, ...], "batch": ...}}]}]}

    RULE   "=text" equals, "^text" starts with, "$text" ends with, "*text" contains, "~text" regex searches,
           [RULE, ...] any of them, {"all": [RULE, ...]} all of them; over the name in lower case
    LIST   {"input": RATE, ..., "from"?: "2026-10-12", "hours"?: ["00:30", "16:30"]}, the last valid one
           counts; "from" is a day and "hours" are times of day, in UTC. "other" names what is charged
           that replies do not count: audio hours, pages, characters.
    RATE   "2.5", USD per million tokens (`searches` and `requests`: per thousand), or {"0": "2.5",
           "200000": "5"}: the rate of a call whose input is longer than that many tokens
"""

from __future__ import annotations

import datetime
import json
import sys
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "tokentape" / "metering" / "prices.json"

TIERS = frozenset({"service_tier", "speed", "processing"})
"""What their variants of a price depend on that is a service tier to us; `processing` is "batch"."""

KINDS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
    "input_audio_mtok": "audio_input",
    "cache_audio_read_mtok": "audio_cached",
    "output_audio_mtok": "audio_output",
    "input_image_mtok": "image_input",
    "cache_image_read_mtok": "image_cached",
    "output_image_mtok": "image_output",
    "input_video_mtok": "video_input",
    "web_searches_kcount": "searches",
    "requests_kcount": "requests",
}
"""Their names of what is charged, and ours."""

ON_TOP = frozenset({"storage_searches_kcount", "output_video_mtok", "output_citation_mtok"})
"""Charged for extras that few calls ask for and replies do not count: left out."""

NOT_COUNTED = frozenset(
    {
        "audio_hours",
        "input_audio_hours",
        "input_document_kpages",
        "input_annotated_document_kpages",
        "input_mchars",
        "input_text_messages_kcount",
    }
)
"""Charged for instead of tokens: without them there is no price."""


def snapshot(date: str) -> dict[str, Any]:
    """The whole file. Raises `ValueError` where the package says something that this format cannot."""
    from genai_prices.data import providers

    licence = next(file for file in distribution("genai-prices").files or () if file.name == "LICENSE")
    return {
        "source": f"genai-prices {version('genai-prices')}",
        "date": date,
        "notice": licence.read_text().strip(),
        "providers": [_provider(provider) for provider in providers],
    }


def _provider(provider: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"id": provider.id, "url": provider.api_pattern}
    if provider.model_match is not None:
        found["model"] = _rule(provider.model_match)
    if provider.fallback_model_providers:
        found["fallback"] = provider.fallback_model_providers
    return {**found, "models": [_model(model) for model in provider.models]}


def _model(model: Any) -> dict[str, Any]:
    found = {"id": model.id, "match": _rule(model.match), "prices": _lists(model.prices)}
    tiers: dict[str, list[dict[str, Any]]] = {}
    for variant in model.price_variants or ():
        ((name, value),) = variant.when.items()
        if name in TIERS and value != "default":
            tiers.setdefault(value, []).append(_list(variant.prices, variant.constraint))
    return {**found, "tiers": tiers} if tiers else found


def _lists(prices: Any) -> list[dict[str, Any]]:
    if not isinstance(prices, list):
        return [_list(prices, None)]
    return [_list(entry.prices, entry.constraint) for entry in prices]


def _list(prices: Any, constraint: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in vars(prices).items():
        if value is None or name in ON_TOP:
            continue
        if name in NOT_COUNTED:
            found["other"] = name
        elif name in KINDS:
            found[KINDS[name]] = _rate(value)
        else:
            raise ValueError(f"{name!r} is charged for, and this script does not know it")
    return {**found, **_when(constraint)}


def _rate(value: Any) -> str | dict[str, str]:
    if not hasattr(value, "tiers"):
        return str(value)
    return {"0": str(value.base), **{str(tier.start): str(tier.price) for tier in value.tiers}}


def _when(constraint: Any) -> dict[str, Any]:
    if constraint is None:
        return {}
    if hasattr(constraint, "start_date"):
        return {"from": constraint.start_date.isoformat()}
    times = (constraint.start_time, constraint.end_time)
    if any(time.utcoffset() != datetime.timedelta(0) or time.second for time in times):
        raise ValueError(f"hours that are not whole minutes in UTC: {times}")
    return {"hours": [f"{time:%H:%M}" for time in times]}


_MARKS = {"equals": "=", "starts_with": "^", "ends_with": "$", "contains": "*"}


def _rule(clause: Any) -> Any:
    ((name, value),) = vars(clause).items()
    if name == "or_":
        return [_rule(each) for each in value]
    if name == "and_":
        return {"all": [_rule(each) for each in value]}
    if name == "regex":
        return f"~{value}"
    return _MARKS[name] + value.lower()


def written(found: dict[str, Any]) -> str:
    """One model, one line: an update is a readable change."""
    providers = []
    for provider in found["providers"]:
        models = ",\n".join(json.dumps(model, ensure_ascii=False) for model in provider["models"])
        head = json.dumps({**provider, "models": []}, ensure_ascii=False)
        providers.append(f"{head[:-2]}\n{models}\n]}}")
    head = json.dumps({**found, "providers": []}, ensure_ascii=False)
    return head[:-2] + "\n" + ",\n".join(providers) + "\n]}\n"


if __name__ == "__main__":
    day = sys.argv[1] if len(sys.argv) > 1 else datetime.datetime.now(datetime.UTC).date().isoformat()
    TARGET.write_text(written(snapshot(day)), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size >> 10} KB, {day}")
