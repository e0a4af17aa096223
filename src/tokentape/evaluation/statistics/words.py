"""Figures in words: what a report says, with the interval, the comparison, and whether it is enough.

92 % (95 % interval 88 to 95), 3 points below the baseline; the corpus can show differences from 5 points
on: not enough data to say
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.detectable import ALPHA
from tokentape.evaluation.statistics.standing import Judgement, Standing

if TYPE_CHECKING:
    from tokentape.evaluation.statistics.comparison import Comparison
    from tokentape.evaluation.statistics.estimate import Estimate

MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Unit:
    """How a figure is written: times `factor`, between `sign` and `suffix`; a difference of 1 is one `point`,
    of others so many `points`. Where they are None, differences are written as figures are.
    """

    factor: float = 1.0
    sign: str = ""
    suffix: str = ""
    point: str | None = None
    points: str | None = None

    def figure(self, value: float, digits: int) -> str:
        """`92 %`, `1.8 s`, `$0.12`."""
        number = _number(value * self.factor, digits)
        return f"{'-' if number.startswith('-') else ''}{self.sign}{number.removeprefix('-')}{self.suffix}"

    def difference(self, value: float, digits: int) -> str:
        """`3 points`, `0.2 s`."""
        if self.point is None:
            return self.figure(value, digits)
        number = _number(value * self.factor, digits)
        return f"{number} {self.point if number == '1' else self.points}"


RATE = Unit(100.0, suffix=" %", point="point", points="points")
SECONDS = Unit(suffix=" s")
DOLLARS = Unit(sign="$")
SCORE = Unit()
TOKENS = Unit(suffix=" tokens", point="token", points="tokens")


def figure(found: Estimate, unit: Unit = RATE, *, beside: float | None = None) -> str:
    """`92 % (95 % interval 88 to 95)`. As many digits as the interval is sure of, and one that is short of
    all is never rounded up to all (99.96 % is not 100 %), nor a little down to none. Beside a figure that
    decides something, so many more that it and its ends read as being on the side where they are.
    """
    if found.value is None:
        return "no data"
    digits = _digits(found, unit)
    while digits < MOST_DIGITS and unit is RATE and _reads_as_all_or_none(found.value * 100, digits):
        digits += 1
    if beside is not None:
        digits = _digits_beside(found, unit, beside, digits)
    said, share = unit.figure(found.value, digits), f"{found.confidence * 100:g}"
    if not found.is_bounded:
        return f"{said} ({_half_bounded(found, unit, digits, share)})"
    low, high = (_number(end * unit.factor, digits) for end in (found.low, found.high))
    return f"{said} ({share} % interval {low} to {high})"


def compared(
    found: Comparison,
    judgement: Judgement,
    *,
    unit: Unit = RATE,
    baseline: str = "the baseline",
) -> str:
    """`3 points below the baseline; the corpus can show differences from 5 points on: not enough data to
    say`.

    What the corpus can show is said where it matters: when nothing was found. A reason takes its place where
    not even the largest difference would be shown.
    """
    against = _against(found, unit, baseline)
    match judgement.standing:
        case Standing.HIGHER | Standing.LOWER:
            return f"{against} ({p_value(judgement.p)})"
        case Standing.ALIKE:
            return f"{against}: alike, to within {_rounded_up(found.matters, unit)}"
        case _ if found.detectable is None:
            return f"{against}; {judgement.reason}: {judgement.standing}"
        # A correction for other tests can take back what this corpus alone would show.
        case _ if abs(found.difference.value or 0.0) >= found.detectable:
            return f"{against} ({p_value(judgement.p)}): {judgement.standing}"
        case _:
            return f"{against}; {can_show(found.detectable, unit)}: {judgement.standing}"


def sentence(
    rate: Estimate,
    found: Comparison,
    judgement: Judgement,
    *,
    unit: Unit = RATE,
    baseline: str = "the baseline",
) -> str:
    """The figure and what it is beside the baseline, as at the top of this file."""
    return f"{figure(rate, unit)}, {compared(found, judgement, unit=unit, baseline=baseline)}"


def can_show(detectable: float, unit: Unit = RATE) -> str:
    """`the corpus can show differences from 5 points on`, rounded up."""
    return f"the corpus can show differences from {_rounded_up(detectable, unit)} on"


def needs(found: Comparison, unit: Unit = RATE) -> str:
    """`a difference of 5 points needs 420 rows like these; there are 80`."""
    asked = unit.difference(found.matters, _digits_of(found.matters * unit.factor))
    if not math.isfinite(found.needed):
        return f"how many rows a difference of {asked} needs cannot be told from these"
    there = found.clustering.rows
    return f"a difference of {asked} needs {math.ceil(found.needed)} rows like these; there are {there}"


def p_value(p: float) -> str:
    """`p = 0.03`, `p < 0.001`, with more digits where two would put it on the other side of 0.05."""
    if p < 0.001:
        return "p < 0.001"
    said = (f"{p:.{digits}g}" for digits in range(2, 18))
    return f"p = {next(each for each in said if (float(each) < ALPHA) == (p < ALPHA))}"


def _against(found: Comparison, unit: Unit, baseline: str) -> str:
    value = found.difference.value
    if value is None:
        return f"nothing to compare with {baseline}"
    digits = _digits(found.difference, unit)
    apart = unit.difference(abs(value), digits)
    if not value:
        return f"level with {baseline}"
    if float(_number(abs(value) * unit.factor, digits)) == 0:
        apart = f"less than {unit.difference(10.0**-digits / unit.factor, digits)}"
    return f"{apart} {'above' if value > 0 else 'below'} {baseline}"


def _rounded_up(size: float, unit: Unit) -> str:
    """A bound, which is never told smaller than it is."""
    scaled = size * unit.factor
    digits = _digits_of(scaled / 3)  # rounding up adds no more than a third
    up = math.ceil(scaled * 10**digits - 1e-9) / 10**digits / unit.factor
    return unit.difference(up, digits)


def _half_bounded(found: Estimate, unit: Unit, digits: int, share: str) -> str:
    if math.isfinite(found.low):
        low = _number(found.low * unit.factor, digits)
        return f"{share} % interval from {low} on; too few rows for its end"
    if math.isfinite(found.high):
        high = _number(found.high * unit.factor, digits)
        return f"{share} % interval up to {high}; too few rows for its start"
    return "too few rows for an interval"


def _digits(found: Estimate, unit: Unit) -> int:
    """So many that half of the interval has one digit at least; two of the value where it has no end, or no
    width.
    """
    half = (found.high - found.low) / 2 if found.is_bounded else 0.0
    return _digits_of((half or abs(found.value or 0.0) / 10) * unit.factor)


def _digits_beside(found: Estimate, unit: Unit, beside: float, digits: int) -> int:
    """So many that nothing below `beside` rounds up to it."""
    below = [value for value in (found.low, found.value, found.high) if value is not None and value < beside]
    while digits < MOST_DIGITS and any(
        float(_number(value * unit.factor, digits)) >= round(beside * unit.factor, 9) for value in below
    ):
        digits += 1
    return digits


def _reads_as_all_or_none(value: float, digits: int) -> bool:
    return round(value, digits) in (0, 100) and value not in (0, 100)


def _digits_of(size: float) -> int:
    """Decimals that show the first digit of `size`."""
    return min(MOST_DIGITS, max(0, -math.floor(math.log10(size) + 1e-9))) if size > 0 else 0


def _number(value: float, digits: int) -> str:
    said = f"{value:.{digits}f}"
    return said.removeprefix("-") if float(said) == 0 else said
