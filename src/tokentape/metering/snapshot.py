"""The published prices, as of a day: loaded when something is priced for the first time.

A program meets few of the providers. The lists of the others stay text: taken apart they take six times the
memory.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypedDict, cast

from tokentape.metering.price import RATES, Price
from tokentape.metering.rules import fits, spellings

if TYPE_CHECKING:
    from datetime import datetime
    from typing import NotRequired

    from tokentape.wire.interaction import Json

    List = dict[str, str | list[str] | dict[str, str]]

    class Model(TypedDict):
        """One model of a provider."""

        id: str
        match: Json
        prices: list[List]
        tiers: NotRequired[dict[str, list[List]]]

    class Provider(TypedDict):
        """Who charges."""

        id: str
        url: str
        model: NotRequired[Json]
        fallback: NotRequired[list[str]]


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in the price list: who charges for it, and its own id there."""

    provider: str
    id: str
    model: Model


class Snapshot:
    """Prices by provider. `source` says whose data it is, `date` from which day (ISO). `batches`: the batch
    prices that another list has, and this one has not (`scripts/batches.py`).
    """

    def __init__(self, data: str, batches: str = "") -> None:
        found = json.loads(data)
        self.source: str = found["source"]
        self.date: str = found["date"]
        self.notice: str = found["notice"]
        self._lists = {each["id"]: json.dumps(each.pop("models")) for each in found["providers"]}
        self.providers = {each["id"]: each for each in cast("list[Provider]", found["providers"])}
        more = json.loads(batches or '{"source": "", "date": "", "models": {}}')
        self._batches: dict[str, List] = more["models"]
        self._batches_of = f"{more['source']}, {more['date']}"
        self._added: set[str] = set()
        self._models_of = cache(self._read)
        self.find = lru_cache(maxsize=4096)(self._find)
        self.provider_at = lru_cache(maxsize=1024)(self._provider_at)

    def __str__(self) -> str:
        return f"{self.source}, {self.date}"

    def _read(self, provider: str) -> list[Model]:
        """The models of a provider, with the batch prices that its own list has not."""
        models: list[Model] = json.loads(self._lists[provider])
        for model in models:
            name = f"{provider}/{model['id']}"
            if name in self._batches and "batch" not in model.setdefault("tiers", {}):
                model["tiers"]["batch"] = [self._batches[name]]
                self._added.add(name)
        return models

    def source_of(self, listed: Listed, tier: str | None) -> str:
        """Whose price it is, in a service tier."""
        added = tier == "batch" and f"{listed.provider}/{listed.id}" in self._added
        return self._batches_of if added else str(self)

    def _provider_at(self, url: str) -> str | None:
        """The provider that charges for calls to `url`."""
        urls = ((each["id"], each["url"]) for each in self.providers.values())
        return next((id for id, pattern in urls if re.match(pattern, url)), None)

    def _find(self, provider: str, name: str) -> Listed | None:
        """The model that `provider` knows as `name`; else as those do whose models it offers, too."""
        for spelling in spellings(name):
            for place in (provider, *self.providers[provider].get("fallback", ())):
                for model in self._models_of(place):
                    if fits(model["match"], spelling):
                        return Listed(provider, model["id"], model)
        return None


@cache
def prices() -> Snapshot:
    """The snapshots in this package."""
    from importlib.resources import files

    place = files("tokentape.metering")
    names = ("prices.json", "batches.json")
    return Snapshot(*((place / name).read_text(encoding="utf-8") for name in names))


def price_of(model: Model, at: datetime, tier: str | None = None) -> Price | str:
    """The price at a moment (UTC), or why there is none.

    The last list that is valid counts; the first list counts where none is. A `tier` replaces the rates
    that it names.
    """
    found = next((each for each in reversed(model["prices"]) if _is_valid(each, at)), model["prices"][0])
    if tier is not None:
        special = [each for each in model.get("tiers", {}).get(tier, ()) if _is_valid(each, at)]
        if not special:
            return f"{model['id']} has no listed price in the service tier {tier!r}"
        found = {name: value for each in (found, *reversed(special)) for name, value in each.items()}
    if "other" in found:
        charged = str(found["other"]).replace("_", " ")
        return f"{model['id']} charges for {charged}, which replies do not count"
    price = _price(found) if tier is not None else _listed_price(found)
    if not price.is_empty:
        return price
    return Price(0, 0) if model["id"].endswith(":free") else f"{model['id']} is listed without a price"


def _is_valid(found: List, at: datetime) -> bool:
    start, hours = found.get("from"), found.get("hours")
    if isinstance(start, str):
        return f"{at:%Y-%m-%d}" >= start
    if not isinstance(hours, list):
        return True
    first, last, now = hours[0], hours[1], f"{at:%H:%M}"
    return first <= now < last if first <= last else now >= first or now < last


_made: dict[int, tuple[List, Price]] = {}
"""With the list itself, so that its id stays its own."""


def _listed_price(found: List) -> Price:
    """The price of a list of the snapshot, made once."""
    known = _made.get(id(found))
    if known is None:
        known = _made[id(found)] = (found, _price(found))
    return known[1]


def _price(found: List) -> Price:
    rates = {name: value for name, value in found.items() if name in RATES}
    starts = {int(start) for value in rates.values() if isinstance(value, dict) for start in value}
    tiers = tuple((start, _at(rates, start)) for start in sorted(starts - {0}))
    return replace(_at(rates, 0), tiers=tiers)


def _at(rates: List, tokens: int) -> Price:
    found = {name: _rate(value, tokens) for name, value in rates.items()}
    return Price(tiers=(), **found)


def _rate(value: str | list[str] | dict[str, str], tokens: int) -> Decimal:
    if not isinstance(value, dict):
        return Decimal(str(value))
    return Decimal(value[str(max(int(start) for start in value if int(start) <= tokens))])
