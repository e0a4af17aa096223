"""From a plan to its end: what there is, a forecast or the run itself, then the report."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating import telling
from tokentape.cli.evaluating.results import INCOMPLETE, gates_of, reported

if TYPE_CHECKING:
    from tokentape.cli.evaluating.options import Chosen, Forms
    from tokentape.evaluation.asking.schedule import Run
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.migrating.phases import Asked
    from tokentape.evaluation.migrating.plan import Plan

INTERRUPTED = 130


def carried_out(plan: Plan, chosen: Chosen, forms: Forms, *, dry_run: bool, quiet: bool) -> int:
    """Ask, compare, report; the exit code. What is wrong with the gates is told before anything is asked."""
    gates_of(forms, plan)
    for line in telling.corpus(plan.corpus.summary):
        click.echo(line, err=True)
    if dry_run:
        _foresee(plan)
        return 0
    asked = asyncio.run(_asked(plan, quiet=quiet))
    for line in telling.ended(asked):
        click.echo(line, err=True)
    code = reported(plan, chosen, forms, asked)
    if said := telling.remains(asked):
        click.echo(f"tokentape: {said}", err=True)
    if asked.stopped:
        return INTERRUPTED
    return code or (INCOMPLETE if said else 0)


def _foresee(plan: Plan) -> None:
    from tokentape.evaluation.migrating.phases import forecast

    telling.foreseen(forecast(plan))


async def _asked(plan: Plan, *, quiet: bool) -> Asked:
    """With progress on a terminal; Ctrl-C finishes what is under way."""
    from tokentape.evaluation.asking.interrupting import interruptible
    from tokentape.evaluation.migrating.phases import ask

    with ExitStack() as stack:

        def began(run: Run[Row]) -> None:
            total = len(plan.corpus) * plan.samples
            stack.enter_context(telling.shown(run.progress, total, quiet=quiet))
            stack.enter_context(interruptible(run.stop))

        return await ask(plan, began)
