"""What a report is about: the corpus, what was asked of whom, and whose prices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tokentape.evaluation.corpus.choosing import Summary
    from tokentape.wire.interaction import Json


@dataclass(frozen=True, slots=True)
class CorpusSaid:
    """The places and what was found there. `interactions` were recorded, `rows` of them are conversations,
    `matching` fit the condition, `calls` are left where each counts once, `usable` ones have a whole answer,
    `chosen` are in the sample, turns of `clusters` conversations. `reasons` say why calls cannot be used,
    `passed_over` what is no conversation, `unreadable` what could not be read.
    """

    places: tuple[str, ...] = ()
    where: str | None = None
    sample: str | None = None
    interactions: int = 0
    rows: int = 0
    matching: int = 0
    calls: int = 0
    usable: int = 0
    chosen: int = 0
    clusters: int = 0
    reasons: tuple[tuple[str, int], ...] = ()
    passed_over: tuple[tuple[str, int], ...] = ()
    unreadable: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, places: Iterable[str], summary: Summary, *, where: str | None = None, sample: str | None = None
    ) -> CorpusSaid:
        """From a corpus' summary."""
        seen = summary.seen
        return cls(
            places=tuple(places),
            where=where,
            sample=sample,
            interactions=seen.interactions,
            rows=seen.rows,
            matching=summary.matching,
            calls=summary.calls,
            usable=summary.usable,
            chosen=summary.chosen,
            clusters=summary.clusters,
            reasons=summary.reasons,
            passed_over=tuple(seen.passed_over.most_common()),
            unreadable=tuple(seen.unreadable),
        )


@dataclass(frozen=True, slots=True)
class ChangesSaid:
    """What was asked otherwise than it was recorded: the system prompt (None: as recorded), parameters."""

    system: str | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PricesSaid:
    """Whose prices, and of which day (ISO)."""

    source: str = ""
    date: str = ""


def _now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


@dataclass(frozen=True, slots=True)
class About:
    """The head of a report. `made_at` is ISO 8601 in UTC; `samples` how often each question was asked."""

    title: str
    kind: Literal["migration", "drift"] = "migration"
    corpus: CorpusSaid = CorpusSaid()
    changes: ChangesSaid = ChangesSaid()
    samples: int = 1
    prices: PricesSaid = PricesSaid()
    made_at: str = field(default_factory=_now)
