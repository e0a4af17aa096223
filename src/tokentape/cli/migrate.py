"""`tokentape migrate`: what another model, prompt or provider would answer, and what it would cost."""

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


@click.command("migrate", short_help="ask a corpus again of another model, compare, and price it")
@click.option(
    "--target",
    "targets",
    multiple=True,
    required=True,
    metavar="UPSTREAM/MODEL",
    help="whom to ask; repeatable",
)
@with_options(CORPUS, compared(samples=1), CHANGED, ASKED, REPORTED)
def command(dry_run: bool, quiet: bool, **given: object) -> int:
    """Ask every recorded conversation of CORPUS (cassettes, folders, stores) again, of each target.

    Answers are recorded, so a second run asks only what is new, and one that was interrupted goes on.

    0: done. 1: a gate failed. 2: wrong input. 3: questions remain without an answer; the same command asks
    them again. 130: interrupted.
    """
    from tokentape.cli.evaluating.asking import carried_out
    from tokentape.cli.evaluating.opening import planned
    from tokentape.cli.evaluating.results import check
    from tokentape.cli.evaluating.whom import by_name

    chosen, forms = of(Chosen, given), of(Forms, given)
    check(forms)
    with planned(chosen, by_name, asks=not dry_run) as plan:
        return carried_out(plan, chosen, forms, dry_run=dry_run, quiet=quiet)
