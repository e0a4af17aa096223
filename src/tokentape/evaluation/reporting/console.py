"""The report in a terminal: the verdict, what was asked, rates, costs, categories, gates and the worst rows.

It reads at 80 columns; in a pipe there are no colours, and the width is 80 unless said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tokentape.evaluation.reporting.markdown import seconds, tokens
from tokentape.evaluation.reporting.rowtext import reasons
from tokentape.evaluation.reporting.verdict import money
from tokentape.evaluation.statistics.words import figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console

    from tokentape.evaluation.reporting.figures import Group, Sides, TargetFigures
    from tokentape.evaluation.reporting.report import Report

WORST = 5
MOST_GROUPS = 12
"""Categories, reasons and losses that are listed of each target; the other forms have all."""
MOST_COMPARATORS = 4
"""Of the table of categories; more do not fit beside each other."""
_STYLES = {
    "good": "bold green",
    "bad": "bold red",
    "mixed": "bold yellow",
    "unsure": "bold yellow",
    "none": "bold",
}


def print_report(report: Report, console: Console | None = None, *, worst: int = WORST) -> None:
    """Print it; to the standard output, if there is no console."""
    from rich.console import Console

    Printer(console or Console(highlight=False)).report(report, worst)


class Printer:
    """Prints texts as they are: nothing in them is markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def report(self, report: Report, worst: int) -> None:
        """All of it."""
        figures = report.figures
        self._line(figures.title, "bold")
        self._line(figures.verdict.headline, _STYLES[figures.verdict.level])
        for line in figures.verdict.lines:
            self._line(line, indent=2)
        for target in figures.targets:
            if len(figures.targets) > 1:
                self._line("")
                self._line(target.name, "bold")
            self._target(target)
        if figures.gates:
            self._title("Gates")
        for gate in figures.gates:
            sign, style = ("holds", "green") if gate.passed else ("FAILED", "bold red")
            self._line(f"{sign}  {gate.gate}: {gate.why}", style, indent=2)
        self._worst(report, worst)

    def _line(self, text: str, style: str = "", indent: int = 0) -> None:
        """Some text, whose further lines are indented as the first is."""
        from rich.text import Text

        whole = Text(printable(text), style=style)
        for line in whole.wrap(self._console, max(20, self._console.width - indent)) or [whole]:
            line.rstrip()
            self._console.print(Text(" " * indent) + line, soft_wrap=True)

    def _title(self, text: str) -> None:
        self._line("")
        self._line(text, "bold")

    def _table(self, head: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
        from rich.box import SIMPLE
        from rich.table import Table
        from rich.text import Text

        table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
        for at, name in enumerate(head):
            table.add_column(Text(printable(name)), overflow="fold", justify="left" if at == 0 else "right")
        for line in lines:
            table.add_row(*(Text(printable(cell)) for cell in line))
        self._line("")
        self._console.print(table)

    def _target(self, target: TargetFigures) -> None:
        if target.outcomes.answered:
            self._rates(target)
            self._sides(target)
        if any(group.name for group in target.categories):
            self._groups(target.categories)
        self._counts("Without an answer", [(f"{kind}: {why}", n) for kind, why, n in target.reasons])
        self._counts("Without a price", target.unpriced)
        self._counts(
            "Lost or changed",
            [(f"{path or '(whole)'}: {what}: {why}", n) for path, what, why, n in target.losses],
        )

    def _rates(self, target: TargetFigures) -> None:
        lines = [
            (
                rate.name,
                str(rate.passed) if rate.passed + rate.failed else "",
                str(rate.failed) if rate.passed + rate.failed else "",
                figure(rate.rate).replace(" % (95 % interval ", " % (") if rate.passed + rate.failed else "",
                "" if rate.scores is None else f"{rate.scores.mean or 0.0:.2f}",
            )
            for rate in target.comparators
        ]
        if lines:
            self._table(("", "passed", "failed", "rate (95 % interval)", "mean score"), lines)

    def _sides(self, target: TargetFigures) -> None:
        lines = [
            _both("cost", target.cost, money),
            _both("tokens in", target.tokens_in, tokens),
            _both("tokens out", target.tokens_out, tokens),
            _both("mean time", target.seconds, seconds),
            _both("mean time to first", target.first, seconds),
        ]
        self._table(("", "before", "now", "ratio", "that is"), lines)

    def _groups(self, groups: Sequence[Group]) -> None:
        names = [rate.name for rate in groups[0].comparators[:MOST_COMPARATORS]]
        self._table(("category", "rows", *names, "tokens out"), map(_group, groups[:MOST_GROUPS]))
        self._more(len(groups) - MOST_GROUPS)
        left_out = [rate.name for rate in groups[0].comparators[MOST_COMPARATORS:]]
        if left_out:
            self._line(f"not beside them: {', '.join(left_out)}", "dim")

    def _counts(self, title: str, found: Sequence[tuple[str, int]]) -> None:
        if found:
            self._title(title)
        for text, times in found[:MOST_GROUPS]:
            self._line(f"{times}  {text}", indent=2)
        self._more(len(found) - MOST_GROUPS)

    def _more(self, count: int) -> None:
        if count > 0:
            self._line(f"and {count} more", indent=2)

    def _worst(self, report: Report, worst: int) -> None:
        rows = [(row, why) for row in report.rows(worst) if (why := reasons(row))]
        if rows:
            self._title("Worst rows")
        for row, why in rows:
            self._line(f"{row['target']}  {row['id']}  {row['cassette']}", indent=2)
            for each in why[:3]:
                self._line(each, "dim", indent=4)


def _both(what: str, sides: Sides, write: Callable[[float | None], str]) -> tuple[str, ...]:
    if not sides.rows:
        return (what, write(sides.before), write(sides.after), "", "not known")
    ratio = "" if sides.ratio is None else f"{sides.ratio:.2f}"
    return (
        what,
        write(sides.before),
        write(sides.after),
        ratio,
        sides.compared.standing if sides.compared.differ else "the same",
    )


def _group(group: Group) -> tuple[str, ...]:
    judged = ((rate.passed, rate.passed + rate.failed) for rate in group.comparators[:MOST_COMPARATORS])
    rates = (f"{passed}/{of}" if of else "" for passed, of in judged)
    out = group.tokens_out
    said = "" if out.before is None else f"{tokens(out.before)} to {tokens(out.after)}"
    return (group.name or "(none)", str(group.rows), *rates, said)


def printable(text: str) -> str:
    """Without signs that steer a terminal, and half characters."""
    whole = text.encode("utf-8", "replace").decode()
    return "".join(sign if sign == "\n" or sign.isprintable() else " " for sign in whole)
