"""From answers to the report: compared, written in every form that is wanted, and judged by its gates."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating import outputs, telling
from tokentape.cli.text import count, safe

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from tokentape.cli.evaluating.options import Chosen, Forms
    from tokentape.evaluation.migrating.phases import Asked
    from tokentape.evaluation.migrating.plan import Plan
    from tokentape.evaluation.reporting.about import About
    from tokentape.evaluation.reporting.gates import Gates
    from tokentape.evaluation.reporting.report import Report
    from tokentape.evaluation.reporting.tally import Tally
    from tokentape.evaluation.scoring.consulting import Consultant

    Writer = Callable[[TextIO], object]

GATE_FAILED, INCOMPLETE, INTERRUPTED = 1, 3, 130
"""Exit codes."""


def check(forms: Forms) -> None:
    """Raises `UsageError` for a place where no report can be written, and for a baseline that is none: both
    are told before anything is asked.
    """
    from tokentape.evaluation.reporting.baseline import check_baseline

    outputs.check(
        {"--json": forms.as_json, "--csv": forms.csv, "--markdown": forms.markdown, "--html": forms.html}
    )
    if forms.baseline is not None:
        check_baseline(forms.baseline)


def gates_of(forms: Forms, plan: Plan) -> Gates:
    """The gates. Raises `UsageError`."""
    from tokentape.evaluation.reporting.gates import DRIFT, Gates

    return Gates.of(
        strict=forms.strict,
        min_pass=forms.min_pass,
        max_cost_ratio=forms.max_cost_ratio,
        baseline=forms.baseline,
        drift=forms.fail_on or DRIFT[0],
        comparators=[each.name for each in plan.comparators],
    )


def reported(
    plan: Plan, chosen: Chosen, forms: Forms, gates: Gates, asked: Asked | None = None, *, quiet: bool = True
) -> int:
    """Compare what is recorded, write the report, and say the exit code. `asked`: what the run before came
    to, after which judges may be asked, too, unless it was interrupted.
    """
    from tokentape.evaluation.reporting.report import Report
    from tokentape.evaluation.reporting.tally import Tally

    names = [candidate.label for candidate in plan.targets]
    with Tally(names, [each.name for each in plan.comparators]) as tally:
        judged = asyncio.run(_scored(plan, tally, asked, drifts=forms.fail_on is not None, quiet=quiet))
        if asked is not None and not asked.stopped:
            for line in telling.ended(judged):
                click.echo(line, err=True)
        report = Report(tally, about_of(plan, chosen, forms), gates)
        written(report, forms)
        if judged.remaining:
            who = "`tokentape migrate`" if asked is None else "the same command"
            questions = count(judged.remaining, "question")
            click.echo(f"tokentape: {questions} to judges without an answer; {who} asks them", err=True)
        if judged.stopped:
            return INTERRUPTED
        return code_of(report) or (INCOMPLETE if judged.remaining else 0)


async def _scored(plan: Plan, tally: Tally, asked: Asked | None, *, drifts: bool, quiet: bool) -> Asked:
    """Phase two. Where judges are asked, it shows how far they are, and Ctrl-C finishes what is under way:
    the report says the rest.
    """
    from tokentape.evaluation.asking.interrupting import interruptible
    from tokentape.evaluation.migrating.phases import score

    noise = tally.add_noise if drifts else None
    with ExitStack() as stack:

        def began(consultant: Consultant) -> None:
            if not quiet:
                stack.enter_context(telling.shown(lambda: consultant.progress))
            stack.enter_context(interruptible(consultant.stop))

        return await score(
            plan,
            tally.add,
            asked,
            noise=noise,
            asks=asked is not None and not asked.stopped,
            began=began,
        )


def code_of(report: Report) -> int:
    """0: all well; 1: a gate failed; 3: not everything was answered."""
    if not report.passed:
        return GATE_FAILED
    return 0 if report.is_complete else INCOMPLETE


def about_of(plan: Plan, chosen: Chosen, forms: Forms) -> About:
    """The head of the report."""
    from tokentape.evaluation.reporting.about import About, ChangesSaid, CorpusSaid, PricesSaid
    from tokentape.metering.snapshot import prices

    found = prices()
    return About(
        forms.title or f"{' and '.join(each.label for each in plan.targets)} for {', '.join(chosen.places)}",
        "migration" if forms.fail_on is None else "drift",
        corpus=CorpusSaid.of(chosen.places, plan.corpus.summary, where=chosen.where, sample=chosen.sample),
        changes=ChangesSaid(plan.changes.system, plan.changes.parameters),
        samples=plan.samples,
        prices=PricesSaid(f"own, else {found.source}" if plan.prices else found.source, found.date),
    )


def written(report: Report, forms: Forms) -> None:
    """Every form that is wanted, and the console's, but where another one goes to stdout."""
    from tokentape.evaluation.reporting.console import print_report
    from tokentape.evaluation.reporting.csvform import csv_pieces
    from tokentape.evaluation.reporting.jsonform import json_pieces
    from tokentape.evaluation.reporting.markdown import markdown
    from tokentape.viewer.html import write_html

    wanted: list[tuple[str | None, Writer]] = [
        (forms.as_json, lambda out: out.writelines(json_pieces(report))),
        (forms.csv, lambda out: out.writelines(csv_pieces(report))),
        (forms.markdown, lambda out: out.write(markdown(report))),
        (forms.html, lambda out: write_html(out, report.figures_json(), report.rows())),
    ]
    to_stdout = [writer for path, writer in wanted if path == outputs.STDOUT]
    for writer in to_stdout:
        writer(sys.stdout)
    if not to_stdout:
        print_report(report)
    for path, writer in wanted:
        if path is not None and path != outputs.STDOUT:
            with outputs.written(path) as out:
                writer(out)
            click.echo(safe(f"wrote {path}"), err=bool(to_stdout))
