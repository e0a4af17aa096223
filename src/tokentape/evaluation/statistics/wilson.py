"""How sure a pass rate is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tokentape.evaluation.statistics.clusters import clustering
from tokentape.evaluation.statistics.estimate import Estimate, deviations

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


def pass_rate(
    passes: Sequence[bool], clusters: Sequence[Hashable] | None = None, *, confidence: float = 0.95
) -> Estimate:
    """The share of rows that passed, with Wilson's interval, and the design effect that the rows themselves
    show if `clusters` names the conversation of each. ValueError if the lengths differ.
    """
    effect = clustering([float(each) for each in passes], clusters).design_effect
    return wilson(sum(passes), len(passes), confidence=confidence, design_effect=effect)


def wilson(passed: float, total: float, *, confidence: float = 0.95, design_effect: float = 1.0) -> Estimate:
    """The Wilson score interval (E. B. Wilson, JASA 22, 1927) of the share `passed / total`.

    Unlike "rate plus or minus two standard errors" it stays inside 0..1, and is no single point where all
    passed or none. Without rows it is 0..1, and the value None.

    `design_effect` (1 or more) is for turns of one conversation, which are not independent: the interval is
    that of `total / design_effect` rows with the same share (N. Dean and M. Pagano, JSSAM 3, 2015).

    ValueError for counts that cannot be, and for a design effect below 1.
    """
    if not 0 <= passed <= total:
        raise ValueError(f"{passed} of {total} cannot have passed")
    if design_effect < 1:
        raise ValueError(f"a design effect is 1 or more, not {design_effect}")
    z = deviations(confidence)
    if total == 0:
        return Estimate(None, 0.0, 1.0, confidence)
    rows, share = total / design_effect, passed / total
    drawn = 1 + z * z / rows
    middle = (share + z * z / (2 * rows)) / drawn
    reach = z / drawn * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    # At the ends the formula gives 0 and 1; said here, since floats miss them by a hair.
    low = 0.0 if passed == 0 else max(0.0, middle - reach)
    high = 1.0 if passed == total else min(1.0, middle + reach)
    return Estimate(share, low, high, confidence)
