"""Takes what came of every question, one after the other, and keeps what a report needs.

In memory: columns of numbers (some 150 bytes a line, and 9 more for each comparator). On disk: the rows as
they are shown (`spool`). 100 000 rows of two targets take about 60 MB.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.columns import STATUSES, Columns, Names
from tokentape.evaluation.reporting.shown import badness, category_of, row_shown
from tokentape.evaluation.reporting.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tokentape.evaluation.scoring.scored import Scored

MOST_WORDS = 1_000
"""Different reasons, losses and flags that are counted by their words; the rest together."""
LONGEST = 400
"""Characters of each."""
OTHERS = "(others)"
UNTOLD = "no reason is told"
_INDEX = re.compile(r"\[\d+\]")


class Words:
    """How often each of some texts was said."""

    def __init__(self) -> None:
        self._found: Counter[tuple[str, ...]] = Counter()

    def add(self, *words: str) -> None:
        """Once more."""
        words = tuple(word[:LONGEST] for word in words)
        known = words in self._found or len(self._found) < MOST_WORDS
        self._found[words if known else (words[0], *[OTHERS] * (len(words) - 1))] += 1

    def most_common(self) -> list[tuple[tuple[str, ...], int]]:
        """The most frequent first."""
        return sorted(self._found.items(), key=lambda each: (-each[1], each[0]))


class Target:
    """What is kept of one target."""

    def __init__(self, comparators: Iterable[str]) -> None:
        self.columns = Columns(comparators)
        self.reasons, self.losses, self.flags, self.unpriced = Words(), Words(), Words(), Words()


class Tally:
    """To be closed, or used in a `with`: the rows are in a temporary file.

    `targets` and `comparators` are those that the report shall list also where no row names them, and their
    order.
    """

    def __init__(self, targets: Iterable[str] = (), comparators: Iterable[str] = ()) -> None:
        self._comparators = [*comparators]
        self.targets = {name: Target(self._comparators) for name in targets}
        self.noise: dict[str, Target] = {}
        """By target, how further answers to a question compare with the first (`reporting.drift`)."""
        self.rows, self.clusters, self.categories, self.models = Names(), Names(), Names(), Names()
        self.spool = Spool()

    def __enter__(self) -> Tally:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget the rows."""
        self.spool.close()

    def __len__(self) -> int:
        return sum(len(target.columns) for target in self.targets.values())

    @property
    def comparators(self) -> list[str]:
        """The names of all comparators, in order."""
        met = (name for target in self.targets.values() for name in target.columns.verdicts)
        return list(dict.fromkeys([*self._comparators, *met]))

    def fill_up(self) -> None:
        """Every target has a column for every comparator."""
        for target in (*self.targets.values(), *self.noise.values()):
            target.columns.fill_up(self.comparators)

    def add(self, scored: Scored) -> None:
        """One question, one target, one sample; nothing of `scored` is kept."""
        if scored.target not in self.targets:
            self.targets[scored.target] = Target(self._comparators)
        target = self.targets[scored.target]
        shown = row_shown(scored)
        self._columns(target.columns, scored)
        self._words(target, scored)
        self.spool.add(badness(scored), _order(scored), shown)

    def add_noise(self, scored: Scored) -> None:
        """A further answer to a question, compared with the first one; it is no row of the report."""
        noise = self.noise.setdefault(scored.target, Target(self._comparators))
        self._columns(noise.columns, scored)

    def _columns(self, columns: Columns, scored: Scored) -> None:
        row, verdicts = scored.row, scored.verdicts if scored.after is not None else {}
        columns.add_verdicts(verdicts)
        columns.add_amounts(scored.before, scored.after)
        columns.row.append(self.rows.number(row.same))
        # Samples of one row belong together, as turns of one conversation do.
        columns.cluster.append(self.clusters.number(row.cluster or row.same))
        columns.category.append(self.categories.number(category_of(scored)))
        columns.model.append(self.models.number(row.model or ""))
        columns.sample.append(scored.sample)
        columns.status.append(STATUSES.index(scored.status))

    def _words(self, target: Target, scored: Scored) -> None:
        if scored.reason or scored.after is None:
            target.reasons.add(scored.status.value, scored.reason or UNTOLD)
        for loss in scored.losses:
            target.losses.add(_INDEX.sub("[*]", loss.path), loss.what, loss.why)
        for name, verdict in scored.verdicts.items():
            for flag in verdict.flags:
                target.flags.add(name, flag)
        if scored.after is None:
            return
        columns = target.columns
        if math.isnan(columns.before["cost"][-1]):
            target.unpriced.add(f"recorded: {scored.before.unpriced or UNTOLD}")
        if math.isnan(columns.after["cost"][-1]):
            target.unpriced.add(f"new: {scored.after.unpriced or UNTOLD}")


def _order(scored: Scored) -> str:
    """By what rows of equal badness are sorted: in the order in which they were recorded, whatever the order
    in which judges answer.
    """
    at, same = scored.row.interaction.timing.at, scored.row.same.hex()
    return f"{at} {same} {scored.target} {scored.sample:09}"
