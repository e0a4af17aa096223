"""What a person reads while targets are asked, and after it: how far it is, what it costs, what remains."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import contextmanager
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from tokentape.cli.text import count, safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tokentape.evaluation.asking.forecast import Forecast
    from tokentape.evaluation.asking.progress import Progress
    from tokentape.evaluation.corpus.choosing import Summary
    from tokentape.evaluation.migrating.phases import Asked

MOST_REASONS = 5
_EVERY = 0.2
_WIDTH = 160


@contextmanager
def shown(
    progress: Callable[[], Mapping[str, Progress]], total: Callable[[str], int] | None = None
) -> Iterator[None]:
    """While it lasts, a line for each who is asked is drawn again and again on a terminal's stderr; `total`
    says how many questions they are, where that is known.
    """
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    def drawn() -> Text:
        totals = ((name, each, total and total(name)) for name, each in progress().items())
        return Text("\n".join(safe(_line(*each)) for each in totals))

    live = Live(drawn(), console=Console(stderr=True), auto_refresh=False, transient=True)

    async def redrawn() -> None:
        while True:
            await asyncio.sleep(_EVERY)
            live.update(drawn(), refresh=True)

    task = asyncio.get_running_loop().create_task(redrawn())
    try:
        with live:
            yield
    finally:
        task.cancel()


def _line(name: str, progress: Progress, total: int | None) -> str:
    """`anthropic/claude-haiku-4-5  118/120  2 failed, 8 under way  $0.0123`"""
    parts = [name, count(progress.seen, "question") if total is None else f"{progress.seen}/{total}"]
    states = ((progress.failed, "failed"), (progress.skipped, "skipped"), (progress.under_way, "under way"))
    said = ", ".join(f"{number} {what}" for number, what in states if number)
    parts += [said] if said else []
    return "  ".join([*parts, money(progress.usd, progress.unpriced)])


def corpus(summary: Summary) -> list[str]:
    """What of the corpus is evaluated, and why the rest cannot be."""
    seen = summary.seen
    lines = [
        f"{count(seen.interactions, 'interaction')} in {count(seen.cassettes, 'cassette')}: "
        f"{count(summary.chosen, 'conversation turn')} of {count(summary.clusters, 'conversation')}"
    ]
    lines += [f"  {line}" for line in _reasons([*summary.reasons])]
    lines += [f"  passed over: {number} x {name}" for name, number in seen.passed_over.most_common()]
    return [safe(line) for line in (*lines, *seen.unreadable)]


def ended(asked: Asked) -> list[str]:
    """What came of it, a line for each target, with the reasons for what has no answer."""
    lines = []
    for name, progress in asked.progress.items():
        lines.append(f"{name}: {_came(progress)}; {money(progress.usd, progress.unpriced)}")
        lines += [f"  {line}" for line in _reasons(progress.reasons.most_common())]
        if progress.over:
            lines.append(f"  over: {progress.over}")
        if progress.unkept:
            lines.append(f"  {count(progress.unkept, 'answer')} could not be kept, and will be asked again")
    troubles = Counter(map(str, asked.troubles))
    lines += [
        f"trouble: {text}{f' ({times} times)' if times > 1 else ''}" for text, times in troubles.items()
    ]
    return [safe(line) for line in lines]


def remains(asked: Asked) -> str:
    """What is left to do; "" where it is nothing."""
    if asked.remaining:
        return f"{count(asked.remaining, 'question')} without an answer; the same command asks them again"
    return "not everything was asked; the same command goes on" if asked.stopped else ""


def _came(progress: Progress) -> str:
    answered = progress.asked + progress.recalled
    parts = [f"{answered} answered ({progress.asked} now, {progress.recalled} before)"]
    for number, what in (
        (progress.shared, "come to the same request as another"),
        (progress.skipped, "skipped"),
        (progress.failed, "failed"),
        (progress.left, "left"),
    ):
        parts += [f"{number} {what}"] if number else []
    return ", ".join(parts)


def _reasons(reasons: Iterable[tuple[str, int]]) -> Iterator[str]:
    found = [*reasons]
    for reason, number in found[:MOST_REASONS]:
        yield f"{number} x {reason}"
    if len(found) > MOST_REASONS:
        yield f"and {count(len(found) - MOST_REASONS, 'more reason')}"


def foreseen(forecasts: Mapping[str, Forecast], consulted: Iterable[str]) -> None:
    """The forecast, as a table; `consulted` are models that comparators ask."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("target", title="What would be asked", title_justify="left", box=None, pad_edge=False)
    for name in ("calls", "answered", "skipped", "tokens in", "tokens out", "cost", "time"):
        table.add_column(name, justify="right")
    for name, each in forecasts.items():
        table.add_row(
            Text(safe(name)),
            f"{each.calls:,}",
            f"{each.recalled:,}",
            f"{each.skipped.total():,}",
            f"{'~' if each.estimated else ''}{each.input:,}",
            f"{'~' if each.unsized else ''}{each.output:,}",
            money(each.usd, each.unpriced.total()),
            "?" if each.seconds is None else f"{'~' if each.untimed else ''}{duration(each.seconds)}",
        )
    console = Console(width=_WIDTH) if not sys.stdout.isatty() else Console()
    console.print(table)
    for name, each in forecasts.items():
        for line in _reasons([*each.skipped.most_common(), *each.unpriced.most_common()]):
            click.echo(safe(f"{name}: {line}"))
    for model in consulted:
        click.echo(safe(f"{model} is asked about the answers, which is not counted here"))


def money(usd: Decimal, unpriced: int) -> str:
    """`$0.0123`, with a word on calls without a known price: what is not known is not $0."""
    known = f"${usd.quantize(Decimal('0.0001'))}"
    if not unpriced:
        return known
    more = f"{count(unpriced, 'call')} without a known price"
    return f"{known} and {more}" if usd else more


def duration(seconds: float) -> str:
    """`45 s`, `3 min`, `2.5 h`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
