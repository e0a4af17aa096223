"""`tokentape report`: what a migration found, from what is recorded; no key and no network are needed."""

from __future__ import annotations

import click

from tokentape.cli.evaluating.options import (
    CHANGED,
    CORPUS,
    REPORTED,
    Chosen,
    Forms,
    compared,
    of,
    with_options,
)
from tokentape.cli.evaluating.results import check, gates_of, reported


@click.command("report", short_help="what a migration found, offline")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="UPSTREAM/MODEL",
    help="whose answers; repeatable; else all that are recorded",
)
@with_options(CORPUS, compared(samples=1), CHANGED, REPORTED)
def command(**given: object) -> int:
    """Compare the recorded answers of targets with those of CORPUS, and say what it comes to.

    The options are those of the migration. 0: done. 1: a gate failed. 2: wrong input. 3: answers are missing.
    """
    from tokentape.cli.evaluating.opening import planned
    from tokentape.cli.evaluating.whom import by_name

    chosen, forms = of(Chosen, given), of(Forms, given)
    check(forms)
    with planned(chosen, by_name, asks=False) as plan:
        return reported(plan, chosen, forms, gates_of(forms, plan))
