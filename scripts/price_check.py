"""Take LiteLLM's published prices of the makers' own models, to check ours: `price_check.py DIRECTORY [DAY]`.

DIRECTORY holds the litellm package (MIT), as for `limits.py`. Writes tests/metering/litellm_prices.json:

    {"source", "date", "notice", "models": {"openai/gpt-4o": {"input": "2.5", "input@batch": "1.25",
                                                              "input>272000": ..., ...}}}

PROVIDER/MODEL is named as in our price list; rates are USD per million tokens, `@` names a service tier and
`>` the length of the input from which on the rate counts.
"""

from __future__ import annotations

import datetime
import json
import re
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "tests" / "metering" / "litellm_prices.json"

MAKERS = {
    "anthropic": "anthropic",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "deepseek": "deepseek",
    "gemini": "google",
    "vertex_ai-language-models": "google",
    "groq": "groq",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "openai": "openai",
    "perplexity": "perplexity",
    "xai": "x-ai",
}
"""Who sells what one company offers, and those two hosts that price all that they have: their name, ours."""

KINDS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
}

TIERS = {"batches": "batch", "flex": "flex", "priority": "priority"}

FIELD = re.compile(
    rf"({'|'.join(sorted(KINDS, key=len, reverse=True))})(?:_above_(\d+)k_tokens)?(?:_({'|'.join(TIERS)}))?"
)


def extract(package: Path, date: str) -> dict[str, Any]:
    """The whole file."""
    (info,) = package.glob("litellm-*.dist-info")
    listed = json.loads((package / "litellm/model_prices_and_context_window_backup.json").read_text("utf-8"))
    models: dict[str, dict[str, str]] = {}
    for key, entry in listed.items():
        maker = MAKERS.get(entry.get("litellm_provider"))
        if maker is None or entry.get("mode") not in {"chat", "responses", "completion", "embedding"}:
            continue
        if rates := rates_of(entry):
            name = key.split("/", 1)[-1] if key.startswith(f"{entry['litellm_provider']}/") else key
            models.setdefault(f"{maker}/{name.removeprefix('gemini/')}", rates)
    return {
        "source": info.name.removesuffix(".dist-info").replace("-", " "),
        "date": date,
        "notice": (info / "licenses" / "LICENSE").read_text(encoding="utf-8").strip(),
        "models": dict(sorted(models.items())),
    }


def rates_of(entry: dict[str, Any]) -> dict[str, str]:
    """The rates of an entry that is charged by token."""
    found = {}
    for name, value in entry.items():
        match = FIELD.fullmatch(name)
        if match and isinstance(value, int | float) and entry.get("input_cost_per_token"):
            longer = f">{match[2]}000" if match[2] else ""
            tier = f"@{TIERS[match[3]]}" if match[3] else ""
            found[f"{KINDS[match[1]]}{longer}{tier}"] = _per_million(value)
    return found


def _per_million(value: float) -> str:
    return f"{(Decimal(repr(value)) * 10**6).normalize():f}"


def written(found: dict[str, Any]) -> str:
    """One model, one line."""
    models = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in found["models"].items())
    return json.dumps({**found, "models": {}})[:-2] + "\n" + models + "\n}}\n"


if __name__ == "__main__":
    day = sys.argv[2] if len(sys.argv) > 2 else datetime.datetime.now(datetime.UTC).date().isoformat()
    TARGET.write_text(written(extract(Path(sys.argv[1]), day)), encoding="utf-8")
    print(f"{TARGET.name}: {TARGET.stat().st_size >> 10} KB, {day}")
