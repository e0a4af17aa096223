"""Could the difference be chance? A permutation test by flipped signs, whole conversations at a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import compress
from random import Random
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.clusters import gathered

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

DRAWS = 4000
ALL_OF = 14  # clusters whose 16384 flips are all gone through
LARGE = 4000  # clusters beyond which the normal distribution tells p as well as draws do
_SMALLEST = 1e-300  # p is never 0
_BITS = bytes.maketrans(b"01", b"\0\1")


@dataclass(frozen=True, slots=True)
class FlipTest:
    """`total` is the sum of all differences, `p` how often it would be as far from 0, in either direction, if
    each of the `changed` clusters (those whose sum is not 0) had the other sign as likely. `draws` is None
    where all flips were gone through, and 0 where the normal distribution tells it.
    """

    total: float
    p: float
    changed: int
    draws: int | None


def flip_test(
    differences: Sequence[float],
    clusters: Sequence[Hashable] | None = None,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> FlipTest:
    """Fisher's paired permutation test (The Design of Experiments, 1935, section 21) on after minus before,
    with one sign for all rows of a cluster. A sample of flips counts the flip that was seen, too, so p is
    never 0 (B. Phipson and G. K. Smyth, SAGMB 9, 2010). More than `LARGE` clusters are not drawn.

    A sample cannot tell a p below one by its draws, and the correction of many tests would make too much of
    that: where the bound that holds for any such sum is lower, it is told instead (`_bound`).

    Of differences -1, 0 and 1 without clusters it is McNemar's exact test; of signs, the sign test.
    ValueError as for `gathered`.
    """
    sums = [total for total in gathered(differences, clusters).totals if total]
    total = math.fsum(sums)
    # Sorted, so that the order of the rows does not decide which flips are drawn.
    sizes = sorted(map(abs, sums))
    # Sums that differ in the order of addition only are equal.
    far = abs(total) - 1e-12 * math.fsum(sizes)
    if len(sizes) <= ALL_OF:
        flipped = _all_flips(sizes)
        return FlipTest(total, sum(abs(each) >= far for each in flipped) / len(flipped), len(sizes), None)
    if len(sizes) > LARGE:
        return FlipTest(total, _by_normal(total, sizes), len(sizes), 0)
    hits = sum(abs(each) >= far for each in _some_flips(sizes, draws, Random(seed)))
    return FlipTest(total, min((hits + 1) / (draws + 1), _bound(far, sizes)), len(sizes), draws)


def _bound(far: float, sizes: list[float]) -> float:
    """The exact p is never above this: W. Hoeffding's inequality (JASA 58, 1963)."""
    return max(2 * math.exp(-far * far / (2 * math.fsum(size * size for size in sizes))), _SMALLEST)


def _by_normal(total: float, sizes: list[float]) -> float:
    """With random signs the sum has the mean 0 and this variance; with so many it is normal (E. J. G. Pitman,
    JRSS Supplement 4, 1937).
    """
    p = math.erfc(abs(total) / math.sqrt(2 * math.fsum(size * size for size in sizes)))
    return max(p, _SMALLEST)


def _all_flips(sizes: list[float]) -> list[float]:
    reached = [0.0]
    for size in sizes:
        reached = [at + size for at in reached] + [at - size for at in reached]
    return reached


def _some_flips(sizes: list[float], draws: int, random: Random) -> list[float]:
    """Sums with random signs: those that random bits pick count twice, less all of them."""
    count, whole = len(sizes), math.fsum(sizes)
    reached = []
    for _ in range(draws):
        bits = f"{random.getrandbits(count):0{count}b}".encode().translate(_BITS)
        reached.append(2 * sum(compress(sizes, bits)) - whole)
    return reached
