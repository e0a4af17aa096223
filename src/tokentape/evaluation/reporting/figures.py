"""What a report says, apart from its rows. The fields are named as the JSON names them, in its order.

Shares run from 0 to 1, money is in US dollars, time in seconds. None: nobody knows (never 0).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokentape.evaluation.reporting.about import ChangesSaid, CorpusSaid, PricesSaid
    from tokentape.evaluation.statistics.estimate import Estimate
    from tokentape.evaluation.statistics.standing import Standing
    from tokentape.evaluation.statistics.summary import Summary


class Level(StrEnum):
    """The verdict in one word."""

    GOOD = "good"
    BAD = "bad"
    MIXED = "mixed"
    UNSURE = "unsure"
    """Not enough data to say."""
    NONE = "none"
    """Nothing was compared."""


@dataclass(frozen=True, slots=True)
class Said:
    """The verdict in words."""

    level: Level
    headline: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """Before and after, over the same rows: `statistics.comparison.Comparison`, with its p corrected for the
    tests beside it (Holm), and where that leaves it.
    """

    before: float | None
    after: float | None
    difference: Estimate
    differ: int
    p: float
    p_corrected: float
    detectable: float | None
    matters: float
    needed: float | None
    standing: Standing
    sentence: str


@dataclass(frozen=True, slots=True)
class Sides:
    """Sums (cost, tokens) or means (seconds, first) over the `rows` of which both are known; `missing`
    answered ones are without. `ratio` is after by before; `compared` is of the mean per row.
    """

    before: float | None
    after: float | None
    ratio: float | None
    rows: int
    missing: int
    compared: Compared


@dataclass(frozen=True, slots=True)
class Rate:
    """What a comparator says of the `rows` it applies to: `passed`, `failed`, or a score only (`unjudged`).
    `rate` is the share of the judged ones that passed.
    """

    name: str
    rows: int
    passed: int
    failed: int
    unjudged: int
    rate: Estimate
    sentence: str


@dataclass(frozen=True, slots=True)
class Rated(Rate):
    """Of all rows of a target, with the distribution of the scores, and how often each flag was raised."""

    scores: Summary | None
    flags: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the questions."""

    answered: int
    skipped: int
    unanswered: int
    left: int

    @property
    def missing(self) -> int:
        """Those without an answer."""
        return self.skipped + self.unanswered + self.left

    @property
    def all(self) -> int:
        """All of them."""
        return self.answered + self.missing


@dataclass(frozen=True, slots=True)
class Beside:
    """One figure of the recorded answers and of the new ones."""

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """One distribution of the recorded answers and of the new ones."""

    before: Summary
    after: Summary


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of one category, or of one recorded model; sums of tokens and cost, the mean of seconds."""

    name: str
    rows: int
    comparators: tuple[Rate, ...]
    tokens_out: Beside
    cost: Beside
    seconds: Beside


@dataclass(frozen=True, slots=True)
class TargetFigures:
    """One target (`upstream/model`)."""

    name: str
    verdict: Said
    outcomes: Outcomes
    reasons: tuple[tuple[str, str, int], ...]
    losses: tuple[tuple[str, str, str, int], ...]
    comparators: tuple[Rated, ...]
    cost: Sides
    unpriced: tuple[tuple[str, int], ...]
    tokens_in: Sides
    tokens_out: Sides
    seconds: Sides
    first: Sides
    distributions: Mapping[str, Spread]
    categories: tuple[Group, ...]
    models: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Between(Compared):
    """Two targets over the same rows: `before` is `one`'s rate (or mean score), `after` the `other`'s."""

    one: str
    other: str
    comparator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Since(Compared):
    """A target by one comparator, now (`after`) and in the earlier report (`before`)."""

    target: str
    comparator: str


@dataclass(frozen=True, slots=True)
class BaselineFigures:
    """Against an earlier report. `only_now` and `only_then`: lines that the other report does not have."""

    made_at: str
    title: str
    comparisons: tuple[Since, ...]
    only_now: int
    only_then: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifted(Compared):
    """Of the same answers of today: the share that agrees with another one of today (`before`), and with the
    recorded one (`after`). `changed` rows are answered otherwise, and each time alike.
    """

    target: str
    comparator: str
    changed: int


@dataclass(frozen=True, slots=True)
class DriftFigures:
    """Of `kind` "drift". `noise` is by target what today's answers to one question agree in."""

    comparisons: tuple[Drifted, ...]
    noise: tuple[tuple[str, tuple[Rate, ...]], ...]


@dataclass(frozen=True, slots=True)
class GateResult:
    """A condition, whether it holds, and why in words with figures."""

    gate: str
    passed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. `tokentape_report` is the version of the form, `tokentape` that of the program."""

    tokentape_report: int
    tokentape: str
    made_at: str
    title: str
    kind: str
    corpus: CorpusSaid
    changes: ChangesSaid
    samples: int
    compare: tuple[str, ...]
    prices: PricesSaid
    verdict: Said
    targets: tuple[TargetFigures, ...]
    between: tuple[Between, ...]
    baseline: BaselineFigures | None
    drift: DriftFigures | None
    gates: tuple[GateResult, ...]
