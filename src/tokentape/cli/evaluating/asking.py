"""From a plan to its end: what there is, a forecast or the run itself, then the report."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating import telling
from tokentape.cli.evaluating.results import INCOMPLETE, INTERRUPTED, gates_of, reported

if TYPE_CHECKING:
    from tokentape.cli.evaluating.options import Chosen, Forms
    from tokentape.evaluation.asking.schedule import Run
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.migrating.phases import Asked
    from tokentape.evaluation.migrating.plan import Plan


def carried_out(plan: Plan, chosen: Chosen, forms: Forms, *, dry_run: bool, quiet: bool) -> int:
    """Ask, compare, report; the exit code. What is wrong with the gates is told before anything is asked."""
    gates = gates_of(forms, plan)
    for line in telling.corpus(plan.corpus.summary):
        click.echo(line, err=True)
    if dry_run:
        _foresee(plan)
        return 0
    asked = asyncio.run(_asked(plan, quiet=quiet))
    for line in telling.ended(asked):
        click.echo(line, err=True)
    if asked.stopped:
        click.echo(f"{asked.stopped}: questions that were not reached are not counted", err=True)
    code = reported(plan, chosen, forms, gates, asked, quiet=quiet)
    if said := telling.remains(asked):
        click.echo(f"tokentape: {said}", err=True)
    if asked.stopped:
        return INTERRUPTED
    return code or (INCOMPLETE if said else 0)


def _foresee(plan: Plan) -> None:
    from tokentape.evaluation.comparing.comparator import models_in
    from tokentape.evaluation.migrating.phases import forecast

    telling.foreseen(forecast(plan), models_in(plan.comparators))


async def _asked(plan: Plan, *, quiet: bool) -> Asked:
    """With progress on a terminal; Ctrl-C finishes what is under way."""
    from tokentape.evaluation.asking.interrupting import interruptible
    from tokentape.evaluation.migrating.phases import ask

    with ExitStack() as stack:

        def began(run: Run[Row]) -> None:
            if not quiet:
                stack.enter_context(telling.shown(lambda: run.progress, plan.count))
            stack.enter_context(interruptible(run.stop))

        return await ask(plan, began)
