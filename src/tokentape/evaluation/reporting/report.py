"""The report: its figures, and its rows worst first. Every form is written from this one object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.baseline import read_baseline
from tokentape.evaluation.reporting.figuring import figured
from tokentape.evaluation.reporting.gates import Gates
from tokentape.evaluation.reporting.plainjson import as_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.evaluation.reporting.about import About
    from tokentape.evaluation.reporting.figures import Figures
    from tokentape.evaluation.reporting.tally import Tally
    from tokentape.wire.interaction import Json


class Report:
    """Made once everything was added to the tally, which has to stay open as long as rows are read:

        with Tally(targets, comparators) as tally:
            for scored in scoring:
                tally.add(scored)
            about = About("Haiku for GPT-4o", corpus=CorpusSaid.of(places, corpus.summary))
            report = Report(tally, about, gates)
            file.writelines(json_pieces(report))

    Raises `UsageError` for a baseline that is no report.
    """

    def __init__(self, tally: Tally, about: About, gates: Gates | None = None) -> None:
        gates = gates or Gates()
        self._tally = tally
        baseline = None if gates.baseline is None else read_baseline(gates.baseline, tally)
        self.figures: Figures = figured(tally, about, gates, baseline)

    @property
    def passed(self) -> bool:
        """True if no gate failed."""
        return all(gate.passed for gate in self.figures.gates)

    @property
    def is_complete(self) -> bool:
        """True if everything could be asked and was answered, but for what a target cannot be asked."""
        return not any(target.outcomes.unanswered + target.outcomes.left for target in self.figures.targets)

    def figures_json(self) -> dict[str, Json]:
        """The figures under the names of the JSON form, without rows."""
        found = as_json(self.figures)
        return found if isinstance(found, dict) else {}

    @property
    def count(self) -> int:
        """How many rows there are: one for each row of the corpus, target and sample."""
        return len(self._tally)

    def rows(self, limit: int | None = None) -> Iterator[dict[str, Json]]:
        """The rows as the JSON form has them, worst first."""
        return self._tally.spool.worst_first(limit)
