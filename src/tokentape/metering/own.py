"""Prices of one's own: given as they are, or in a file."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from tokentape.errors import UsageError
from tokentape.metering.price import RATES, Price

if TYPE_CHECKING:
    from collections.abc import Mapping

    OwnPrices = Mapping[str, Price] | str | os.PathLike[str]


def own_prices(given: OwnPrices | None) -> Mapping[str, Price]:
    """The prices by the exact name of the model; `given` may name a TOML file with a table for each.

    `["my-model"]` holds rates as `Price` has them, and `tiers = {200000 = {input = 5}}`;
    `["my-model@batch"]` those of a service tier. Raises `UsageError` for a file that cannot be read, an
    unknown rate, or something that is no price.
    """
    if given is None:
        return {}
    if isinstance(given, str | os.PathLike):
        return _of_file(os.fspath(given))
    for name, price in given.items():
        if not isinstance(price, Price):
            raise UsageError(f"prices[{name!r}] is {price!r}; give a tokentape.Price")
    return given


def _of_file(path: str) -> Mapping[str, Price]:
    import tomllib

    try:
        with open(path, "rb") as file:
            text = file.read().decode()
        found = tomllib.loads(text, parse_float=Decimal)
    except (OSError, ValueError) as error:
        raise UsageError(f"prices: cannot read {path}: {error}") from None
    return {name: _price(path, name, table) for name, table in found.items()}


def _price(path: str, name: str, table: object) -> Price:
    if not isinstance(table, dict):
        raise UsageError(f'prices: {path}: {name!r} is no table of rates; write ["{name}"] above them')
    rates = cast("dict[str, object]", dict(table))
    tiers = rates.pop("tiers", {})
    if unknown := sorted(rates.keys() - set(RATES)):
        raise UsageError(f"prices: {path}: {name!r} has no rate {unknown[0]!r}; known are {', '.join(RATES)}")
    if not isinstance(tiers, dict) or not all(str(start).isdigit() for start in tiers):
        raise UsageError(f"prices: {path}: the tiers of {name!r} are no table by number of tokens")
    longer = tuple((int(start), _price(path, name, rest)) for start, rest in tiers.items())
    return Price(**cast("dict[str, str]", rates), tiers=longer)
