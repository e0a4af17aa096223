"""From answers to the report: compared, written in every form that is wanted, and judged by its gates."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating import telling
from tokentape.cli.text import count, safe
from tokentape.errors import UsageError

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

    Writer = Callable[[TextIO], object]

GATE_FAILED, INCOMPLETE = 1, 3
"""Exit codes."""
STDOUT = "-"


def gates_of(forms: Forms, plan: Plan) -> Gates:
    """The gates, checked before anything is asked. Raises `UsageError`."""
    from tokentape.evaluation.reporting.gates import DRIFT, Gates

    return Gates.of(
        strict=forms.strict,
        min_pass=forms.min_pass,
        max_cost_ratio=forms.max_cost_ratio,
        baseline=forms.baseline,
        drift=forms.fail_on or DRIFT[0],
        comparators=[each.name for each in plan.comparators],
    )


def reported(plan: Plan, chosen: Chosen, forms: Forms, asked: Asked | None = None) -> int:
    """Compare what is recorded, write the report, and say the exit code. `asked`: what the run before came
    to, after which judges may be asked, too.
    """
    from tokentape.evaluation.reporting.report import Report
    from tokentape.evaluation.reporting.tally import Tally

    gates = gates_of(forms, plan)
    names = [candidate.label for candidate in plan.targets]
    with Tally(names, [each.name for each in plan.comparators]) as tally:
        judged = asyncio.run(_scored(plan, tally, asked, drifts=forms.fail_on is not None))
        if asked is not None:
            for line in telling.ended(judged):
                click.echo(line, err=True)
        report = Report(tally, about_of(plan, chosen, forms), gates)
        written(report, forms)
        if judged.remaining:
            verdicts = count(judged.remaining, "verdict")
            click.echo(f"tokentape: {verdicts} missing: judges did not answer", err=True)
        return code_of(report) or (INCOMPLETE if judged.remaining else 0)


async def _scored(plan: Plan, tally: Tally, asked: Asked | None, *, drifts: bool) -> Asked:
    """Phase two. Where judges are asked, Ctrl-C finishes what is under way, and the report says the rest."""
    from tokentape.evaluation.asking.interrupting import interruptible
    from tokentape.evaluation.migrating.phases import score

    noise = tally.add_noise if drifts else None
    with ExitStack() as stack:
        return await score(
            plan,
            tally.add,
            asked,
            noise=noise,
            asks=asked is not None,
            began=lambda consultant: stack.enter_context(interruptible(consultant.stop)),
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
        prices=PricesSaid(found.source, found.date),
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
    to_stdout = [writer for path, writer in wanted if path == STDOUT]
    for writer in to_stdout:
        writer(sys.stdout)
    if not to_stdout:
        print_report(report)
    for path, writer in wanted:
        if path is not None and path != STDOUT:
            write(path, writer)
            click.echo(safe(f"wrote {path}"), err=bool(to_stdout))


def write(path: str, writer: Writer) -> None:
    """Into a file, all of it or nothing. Raises `UsageError` where it cannot be written."""
    folder, name = os.path.split(os.path.abspath(path))
    part = os.path.join(folder, f".{name}.{os.getpid()}.part")
    try:
        try:
            with open(part, "w", encoding="utf-8", newline="") as file:
                writer(file)
            os.replace(part, path)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(part)
    except OSError as error:
        raise UsageError(f"{path}: the report cannot be written ({error.strerror})") from error
