"""`tokentape run`: a program as it is, with a cassette around all of its Python processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

from tokentape import settings
from tokentape.cli.text import safe
from tokentape.errors import ReplayMiss, UsageError

if TYPE_CHECKING:
    from tokentape.launching.running import Run
    from tokentape.options import OptionArgs


@click.command(
    "run",
    short_help="run a program, unmodified, with a cassette",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.option("--cassette", metavar="PLACE", help="a file, or an address in a store; else TOKENTAPE_CASSETTE")
@click.option("--mode", metavar="MODE", help="once, none, verify, new_episodes, refresh, all, off")
@click.option("--record", metavar="WHAT", help="llm: calls of models (the default); all: every HTTP call")
@click.option("--host", "hosts", multiple=True, metavar="NAME", help="a host that serves models, too; repeat")
@click.option("--match-on", multiple=True, metavar="F", help="as in use_cassette; repeat for several")
@click.option("--ignore", multiple=True, metavar="PATH", help="a path to ignore; repeat")
@click.option(
    "--allow-hosts", multiple=True, metavar="NAME", help="a host that may be reached in mode none; repeat"
)
@click.option("--report", is_flag=True, help="at the end, say what was replayed, recorded, missed and unused")
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def command(
    cassette: str | None, mode: str | None, report: bool, program: tuple[str, ...], **given: object
) -> int:
    """Run PROGRAM with its arguments; its Python processes, and theirs, record to and replay from PLACE.

    The exit code is the program's (128 + n if signal n ended it). 1: it exited with 0, but a call was not
    recorded, or a recording failed. 2: wrong input, or no Python took part. 126: the program cannot be run.
    127: there is no such program.
    """
    from tokentape.launching.program import CannotStart
    from tokentape.launching.running import Run

    target = cassette or settings.default_cassette()
    if target is None:
        raise UsageError("name a cassette: tokentape run --cassette FILE.json -- python app.py")
    settings.set_command_line_mode(mode, "--mode")
    run = Run(target, cast("OptionArgs", {name: value for name, value in given.items() if value}), _say)
    try:
        code = run(program)
    except CannotStart as error:
        _say(str(error))
        return error.code
    if report:
        _say(_report(run))
    return code


def _say(text: str) -> None:
    click.echo(f"tokentape: {safe(text)}", err=True)


def _report(run: Run) -> str:
    deck = run.deck
    if deck is None:
        return "mode off: nothing was recorded or replayed"
    # A process that was killed told of its misses and claimed what it played; it could tell no tally.
    misses = sum(isinstance(error, ReplayMiss) for error in deck.errors)
    replayed, missed = max(deck.tally.replayed, deck.played), max(deck.tally.missed, misses)
    return (
        f"{deck.path}: mode {deck.mode.value}, processes: {run.joined}; "
        f"{replayed} replayed, {run.recorded} recorded, {missed} missed, {len(deck.unused)} unused"
    )
