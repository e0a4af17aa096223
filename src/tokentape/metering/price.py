"""What a model charges by kind of token, and what one usage costs at that."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, cast

from tokentape.errors import UsageError

if TYPE_CHECKING:
    from tokentape.protocols.usage import Usage


@dataclass(frozen=True, slots=True)
class Price:
    """What a model charges: USD per million tokens (`searches` and `requests`: per thousand).

    Numbers may be given as `Decimal`, `int`, text or `float`. A kind without a rate of its own is charged
    as what it is a part of: cached tokens as `input`, reasoning as `output`. `tiers` are whole prices for
    calls with a longer input than so many tokens: `((200_000, Price("5", "22.5")),)`.

    Raises `UsageError` for something that is not a number from 0 on.
    """

    input: Decimal | str | float | None = None
    output: Decimal | str | float | None = None
    cache_read: Decimal | str | float | None = None
    cache_write: Decimal | str | float | None = None
    cache_write_1h: Decimal | str | float | None = None
    reasoning: Decimal | str | float | None = None
    audio_input: Decimal | str | float | None = None
    audio_cached: Decimal | str | float | None = None
    audio_output: Decimal | str | float | None = None
    image_input: Decimal | str | float | None = None
    image_cached: Decimal | str | float | None = None
    image_output: Decimal | str | float | None = None
    video_input: Decimal | str | float | None = None
    searches: Decimal | str | float | None = None
    requests: Decimal | str | float | None = None
    tiers: tuple[tuple[int, Price], ...] = ()

    def __post_init__(self) -> None:
        for name in RATES:
            object.__setattr__(self, name, _decimal(name, getattr(self, name)))
        object.__setattr__(self, "tiers", tuple(sorted(self.tiers, key=lambda tier: tier[0])))

    def rate(self, *kinds: str) -> Decimal | None:
        """The rate of the first of `kinds` that has one."""
        for kind in kinds:
            if (rate := cast("Decimal | None", getattr(self, kind))) is not None:
                return rate
        return None

    def at(self, tokens: int) -> Price:
        """The price of a call with an input of so many tokens: the whole call is charged at its tier."""
        return next((price for start, price in reversed(self.tiers) if tokens > start), self)

    @property
    def is_empty(self) -> bool:
        """True if nothing is charged for by a known rate."""
        return all(getattr(self, name) is None for name in RATES)


RATES = tuple(field.name for field in fields(Price) if field.name != "tiers")
"""The fields that are rates."""


def _decimal(name: str, value: object) -> Decimal | None:
    if value is None:
        return None
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number < 0:
        raise UsageError(f"Price: {name} is {value!r}; give USD per million tokens, such as '2.5'")
    return number


_PARTS: tuple[tuple[str, ...], ...] = (
    ("cache_write_1h", "cache_write", "input"),
    ("cache_write", "input"),
    ("audio_cached", "cache_read", "audio_input", "input"),
    ("image_cached", "cache_read", "image_input", "input"),
    ("cache_read", "input"),
    ("audio_input", "input"),
    ("image_input", "input"),
    ("video_input", "input"),
    ("input",),
    ("reasoning", "output"),
    ("audio_output", "output"),
    ("image_output", "output"),
    ("output",),
)
"""Every kind, with the rates that may count for it, its own first."""

_OF_INPUT = tuple(kinds[0] for kinds in _PARTS if kinds[-1] == "input" and len(kinds) > 1)
_OF_OUTPUT = tuple(kinds[0] for kinds in _PARTS if kinds[-1] == "output" and len(kinds) > 1)
"""The kinds that are parts of all input, and of all output."""


def disjoint(usage: Usage) -> dict[str, int]:
    """The tokens of `usage` by kind, each token in one of them: `input` is what is left of the prompt when
    cached, audio and image tokens are taken out. Counts that contradict each other give negative numbers.
    """
    known = {name: count or 0 for name, count in usage.counts.items()}
    cached = known["cache_read"] - known["audio_cached"] - known["image_cached"]
    parts = {
        "cache_write_1h": known["cache_write_1h"],
        "cache_write": known["cache_write"] - known["cache_write_1h"],
        "audio_cached": known["audio_cached"],
        "image_cached": known["image_cached"],
        "cache_read": cached,
        "audio_input": known["audio_input"] - known["audio_cached"],
        "image_input": known["image_input"] - known["image_cached"],
        "video_input": known["video_input"],
        "reasoning": known["reasoning"],
        "audio_output": known["audio_output"],
        "image_output": known["image_output"],
    }
    asked = sum([parts[kind] for kind in _OF_INPUT])
    said = sum([parts[kind] for kind in _OF_OUTPUT])
    return {**parts, "input": known["input"] - asked, "output": known["output"] - said}


def amount(price: Price, usage: Usage) -> Decimal | str:
    """What `usage` costs, in USD; or why that cannot be known. Parts that are not counted count as none."""
    parts = disjoint(usage)
    if min(parts.values()) < 0:
        return "the reply's token counts contradict each other"
    if usage.input is None and price.rate("input"):
        return "the reply does not count its input"
    if usage.output is None and price.rate("output"):
        return "the reply does not count its output"
    price = price.at(usage.input or 0)
    total = Decimal(0)
    for kinds in _PARTS:
        count = parts[kinds[0]]
        if count:
            total += count * (price.rate(*kinds) or Decimal(0))
    millionth, thousandth = Decimal("0.000001"), Decimal("0.001")
    apart = (usage.searches or 0) * (price.rate("searches") or 0) + (price.rate("requests") or 0)
    return total * millionth + apart * thousandth
