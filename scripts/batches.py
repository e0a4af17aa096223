"""Take the batch prices that only LiteLLM publishes: `batches.py DIRECTORY [DAY]`.

DIRECTORY holds the litellm package (MIT), as for `limits.py`. Kept is what our price list has no batch price
for, if both lists charge the same for the same call outside of batches (else one of the two is wrong), and
if the batch costs about half of that, as every provider's does. Writes src/tokentape/metering/batches.json:

    {"source", "date", "notice", "models": {"aws/amazon.nova-pro-v1:0": {"input": "0.4", "output": "1.6"}}}

PROVIDER/MODEL as in prices.json, rates in USD per million tokens.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

from price_check import MAKERS, rates_of, written

from tokentape.metering.snapshot import Snapshot, price_of

TARGET = Path(__file__).parents[1] / "src" / "tokentape" / "metering" / "batches.json"

OURS = Snapshot(TARGET.with_name("prices.json").read_text(encoding="utf-8"))

PROVIDERS = {**MAKERS, "bedrock": "aws", "bedrock_converse": "aws", "together_ai": "together"}


def batches(package: Path, date: str) -> dict[str, Any]:
    """The whole file."""
    (info,) = package.glob("litellm-*.dist-info")
    listed = json.loads((package / "litellm/model_prices_and_context_window_backup.json").read_text("utf-8"))
    found: dict[str, list[dict[str, str]]] = {}
    for key, entry in listed.items():
        provider = PROVIDERS.get(entry.get("litellm_provider"))
        rates = rates_of(entry) if provider else {}
        batch = {name.removesuffix("@batch"): rate for name, rate in rates.items() if name.endswith("@batch")}
        if provider and _is_about_half(batch, rates) and (name := _ours(provider, key, rates)):
            found.setdefault(f"{provider}/{name}", []).append(batch)
    agreed = {name: each[0] for name, each in found.items() if all(other == each[0] for other in each)}
    return {
        "source": info.name.removesuffix(".dist-info").replace("-", " "),
        "date": date,
        "notice": (info / "licenses" / "LICENSE").read_text(encoding="utf-8").strip(),
        "models": {name: rates for name, rates in sorted(agreed.items()) if not any(">" in r for r in rates)},
    }


def _is_about_half(batch: dict[str, str], rates: dict[str, str]) -> bool:
    return bool(batch) and all(
        name in rates and 0.4 * float(rates[name]) <= float(rate) <= 0.6 * float(rates[name])
        for name, rate in batch.items()
    )


def _ours(provider: str, key: str, rates: dict[str, str]) -> str | None:
    """Our id of a model that both lists price alike, and ours without batches."""
    if provider == "aws" and "/" in key:
        return None  # the price of one region
    found = OURS.find(provider, key.split("/", 1)[-1])
    at = datetime.datetime.now(datetime.UTC)
    usual = price_of(found.model, at) if found else "not listed"
    if found is None or isinstance(usual, str) or "batch" in found.model.get("tiers", {}):
        return None
    same = all(str(getattr(usual, kind)) == rates.get(kind, "None") for kind in ("input", "output"))
    return found.id if same else None


if __name__ == "__main__":
    day = sys.argv[2] if len(sys.argv) > 2 else datetime.datetime.now(datetime.UTC).date().isoformat()
    TARGET.write_text(written(batches(Path(sys.argv[1]), day)), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size >> 10} KB, {day}")
