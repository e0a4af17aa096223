"""`tokentape drift`: does the same model still answer the same?"""

from __future__ import annotations

import click

from tokentape.cli.evaluating.options import (
    ASKED,
    CHANGED,
    CORPUS,
    REPORTED,
    Chosen,
    Forms,
    compared,
    of,
    with_options,
)
from tokentape.errors import UsageError
from tokentape.evaluation.reporting.gates import DRIFT


@click.command("drift", short_help="ask the same models again: do they still answer the same?")
@click.option("--via", metavar="UPSTREAM", help="ask this one for all models, in place of where they were")
@click.option("--run", metavar="NAME", help="this run's name; else the date, so that a day's run goes on")
@click.option(
    "--fail-on",
    type=click.Choice(DRIFT),
    default=DRIFT[0],
    show_default=True,
    help="exit code 1 for drift beyond the noise, for any answer that differs, or for neither",
)
@with_options(CORPUS, compared(samples=2), CHANGED, ASKED, REPORTED)
def command(dry_run: bool, quiet: bool, **given: object) -> int:
    """Ask the models of CORPUS what they were asked, where they were asked, and say what changed.

    Each question is asked twice or more, since a model's own answers differ, too: drift is what goes beyond.

    0: done. 1: a gate failed. 2: wrong input. 3: questions remain without an answer; the same command asks
    them again. 130: interrupted.
    """
    from tokentape.cli.evaluating.asking import carried_out
    from tokentape.cli.evaluating.opening import planned
    from tokentape.cli.evaluating.results import check
    from tokentape.cli.evaluating.whom import their_own

    chosen, forms = of(Chosen, given), of(Forms, given)
    check(forms)
    if chosen.samples < 2 and forms.fail_on == DRIFT[0]:
        raise UsageError("--samples 1 leaves the noise unknown: ask twice or more, or --fail-on any or never")
    with planned(chosen, their_own, asks=not dry_run) as plan:
        return carried_out(plan, chosen, forms, dry_run=dry_run, quiet=quiet)
