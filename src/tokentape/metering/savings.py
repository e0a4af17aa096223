"""What replays saved in this process: calls, tokens, money and time that the real ones would have taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Self, cast

from tokentape.metering.cost import cost_of
from tokentape.metering.own import own_prices
from tokentape.metering.plays import ledger
from tokentape.metering.snapshot import prices as published
from tokentape.protocols.usage import COUNTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.metering.call import Call
    from tokentape.metering.cost import Cost
    from tokentape.metering.own import OwnPrices


@dataclass(frozen=True, slots=True)
class Saved:
    """Sums over replayed calls. Tokens are those that are known, by kind as in `Usage`: `input` and
    `output` are all of them, the others parts.

    `uncounted` calls asked a model, and their reply does not say all its tokens; `usd` is the money of the
    calls whose price is known (None if there is none such), `unpriced` counts the others; `seconds` is how
    long the recorded calls took.
    """

    calls: int = 0
    input: int = 0
    output: int = 0
    cache_read: int = 0
    reasoning: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    audio_input: int = 0
    audio_cached: int = 0
    audio_output: int = 0
    image_input: int = 0
    image_cached: int = 0
    image_output: int = 0
    video_input: int = 0
    searches: int = 0
    uncounted: int = 0
    unpriced: int = 0
    seconds: float = 0.0
    usd: Decimal | None = None

    @property
    def tokens(self) -> int:
        """All tokens that are known."""
        return self.input + self.output

    def __add__(self, other: Saved) -> Saved:
        """Both together."""
        names = [each.name for each in fields(Saved) if each.name != "usd"]
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        known = [usd for usd in (self.usd, other.usd) if usd is not None]
        return Saved(**sums, usd=sum(known, Decimal(0)) if known else None)

    @property
    def plain(self) -> dict[str, int | float | str | None]:
        """The sums as plain values, for another process; `of_plain` reads them."""
        found = {each.name: getattr(self, each.name) for each in fields(Saved)}
        return {**found, "usd": None if self.usd is None else str(self.usd)}

    @staticmethod
    def of_plain(plain: Mapping[str, object]) -> Saved:
        """What `plain` wrote."""
        sums = cast("dict[str, int]", {name: value for name, value in plain.items() if name != "usd"})
        usd = plain["usd"]
        return Saved(usd=None if usd is None else Decimal(str(usd)), **sums)

    def __str__(self) -> str:
        """One line: `saved: 12 calls, 3,456 tokens, $0.0123 (2 calls of unknown price), 4.20 s`."""
        uncounted = f" (not known for {_calls(self.uncounted)})" if self.uncounted else ""
        tokens = f"{self.tokens:,} token{'' if self.tokens == 1 else 's'}{uncounted}"
        return f"saved: {_calls(self.calls)}, {tokens}, {self._money()}, {self._time()}"

    def _time(self) -> str:
        return f"{self.seconds:.2f} s" if self.seconds < 10 else f"{self.seconds:,.0f} s"

    def _money(self) -> str:
        if not self.unpriced:
            return dollars(self.usd or Decimal(0))
        if self.usd is None:
            return "price unknown"
        return f"{dollars(self.usd)} ({_calls(self.unpriced)} of unknown price)"


def _calls(count: int) -> str:
    return f"{count:,} call{'' if count == 1 else 's'}"


def dollars(usd: Decimal) -> str:
    """`$12.35`; small amounts with two digits that say something: `$0.0012`."""
    if usd == 0 or usd >= 1:
        return f"${usd:,.2f}"
    return f"${usd:.{max(2, 1 - usd.adjusted())}f}"


@dataclass(frozen=True, slots=True)
class Savings(Saved):
    """What replays saved so far: an immutable snapshot.

    `models` has the same for each model, by the name that the program calls it; `unknown` says why the
    price of calls is unknown, and of how many; `prices` names the price list and its day.
    """

    models: Mapping[str, Saved] = field(default_factory=dict)
    unknown: Mapping[str, int] = field(default_factory=dict)
    prices: str = ""

    @classmethod
    def of(cls, calls: Iterable[tuple[Call, int, int]], own: OwnPrices | None = None) -> Self:
        """The sums over calls, each with times and milliseconds."""
        mine = own_prices(own)
        models: dict[str, Saved] = {}
        unknown: Counter[str] = Counter()
        total = Saved()
        for call, times, milliseconds in calls:
            cost = cost_of(call, mine)
            saved = _saved(call, times, milliseconds, cost)
            total += saved
            models[call.model] = models.get(call.model, Saved()) + saved
            if cost.usd is None:
                unknown[cost.reason] += times
        sums = {each.name: getattr(total, each.name) for each in fields(Saved)}
        by_model = MappingProxyType(dict(sorted(models.items())))
        return cls(**sums, models=by_model, unknown=MappingProxyType(dict(unknown)), prices=str(published()))


def _saved(call: Call, times: int, milliseconds: int, cost: Cost) -> Saved:
    counts = {name: (getattr(call.usage, name) or 0) * times for name in COUNTS} if call.usage else {}
    return Saved(
        calls=times,
        **counts,
        uncounted=0 if call.is_counted else times,
        unpriced=times if cost.usd is None else 0,
        seconds=milliseconds / 1000,
        usd=None if cost.usd is None else cost.usd * times,
    )


def savings(prices: OwnPrices | None = None) -> Savings:
    """What replays saved in this process since it started, or since `reset_savings()`.

    `prices` overrides the published prices for the models that it names (exactly, as the program or the reply
    calls them): `{"my-model": Price(input="0.5", output="1.5")}`, or the path of a TOML file with a table for
    each. The published ones are those of a dated snapshot; what it does not list is unknown, never 0.

    Counts are exact, over threads and tasks, and those of running blocks included. Raises `UsageError` for
    prices that are none.
    """
    return Savings.of(ledger.calls(), prices)


def reset_savings() -> None:
    """Start counting from 0. Snapshots that were taken stay as they are."""
    ledger.forget()
