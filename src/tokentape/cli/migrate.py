"""`tokentape migrate`: what another model, prompt or provider would answer, and what it would cost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from tokentape.cli.evaluating import telling
from tokentape.cli.evaluating.options import (
    ASKED,
    CHANGED,
    COMPARED,
    CORPUS,
    REPORTED,
    Chosen,
    Forms,
    of,
    with_options,
)
from tokentape.cli.evaluating.results import INCOMPLETE, gates_of, reported

if TYPE_CHECKING:
    from tokentape.evaluation.asking.schedule import Run
    from tokentape.evaluation.corpus.row import Row
    from tokentape.evaluation.migrating.phases import Asked
    from tokentape.evaluation.migrating.plan import Plan

INTERRUPTED = 130


@click.command("migrate", short_help="ask a corpus again of another model, compare, and price it")
@click.option(
    "--target",
    "targets",
    multiple=True,
    required=True,
    metavar="UPSTREAM/MODEL",
    help="whom to ask; repeatable",
)
@with_options(CORPUS, COMPARED, CHANGED, ASKED, REPORTED)
def command(dry_run: bool, quiet: bool, **given: object) -> int:
    """Ask every recorded conversation of CORPUS (cassettes, folders, stores) again, of each target.

    Answers are recorded, so a second run asks only what is new, and one that was interrupted goes on.

    0: done. 1: a gate failed. 2: wrong input. 3: questions remain without an answer; the same command asks
    them again. 130: interrupted.
    """
    from tokentape.cli.evaluating.opening import planned

    chosen, forms = of(Chosen, given), of(Forms, given)
    with planned(chosen, asks=not dry_run) as plan:
        gates_of(forms, plan)
        _say_what_there_is(plan)
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


def _say_what_there_is(plan: Plan) -> None:
    """What of the corpus is evaluated, and what cannot be."""
    for line in telling.corpus(plan.corpus.summary):
        click.echo(line, err=True)


async def _asked(plan: Plan, *, quiet: bool) -> Asked:
    """Phase one, with progress on a terminal; Ctrl-C finishes what is under way."""
    from contextlib import ExitStack

    from tokentape.evaluation.asking.interrupting import interruptible
    from tokentape.evaluation.migrating.phases import ask

    with ExitStack() as stack:

        def began(run: Run[Row]) -> None:
            total = len(plan.corpus) * plan.samples
            stack.enter_context(telling.shown(run.progress, total, quiet=quiet))
            stack.enter_context(interruptible(run.stop))

        return await ask(plan, began)
