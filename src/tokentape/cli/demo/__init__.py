"""`tokentape demo`: the whole idea in one command, offline."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import click

from tokentape import settings
from tokentape.cassette import use_cassette
from tokentape.cli.demo.migrating.command import command as migrate
from tokentape.cli.text import count
from tokentape.errors import ReplayMiss, UsageError
from tokentape.testing.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tokentape.cli.demo.agent import Run
    from tokentape.cli.demo.listening import Call
    from tokentape.options import OptionArgs

OPTIONS: OptionArgs = {
    "match_on": "default",
    "record": "all",
    "repeat": "error",
    "redact": (),
    "errors": "record",
    "max_age": None,
    "pace": "fast",
    "on_miss": "answer",
}
"""What a project may set otherwise: the demo is the same everywhere."""


@click.group("demo", invoke_without_command=True, short_help="record and replay a short agent run, offline")
@click.option("--keep", type=click.Path(), metavar="FOLDER", help="keep the cassette in this folder")
@click.pass_context
def command(ctx: click.Context, keep: str | None) -> None:
    """Record a short agent run against a bundled provider, stop the provider, and replay it.

    The run goes through the real openai and anthropic SDKs; no key and no network are needed. `demo migrate`
    is another one: a corpus, asked of three other models.
    """
    if ctx.invoked_subcommand is not None:
        return
    agent = _agent()
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(_folder(keep) or temporary, "demo.json")
        try:
            differ = _run(agent, path, keep)
        finally:
            settings.set_command_line_mode(None)
    if differ:
        raise ReplayDiffers("the replay differs from the recording; please report this")


command.add_command(migrate)


class ReplayDiffers(click.ClickException):
    """The replayed run was not equal to the recorded one."""


def _folder(keep: str | None) -> str | None:
    if keep is not None and os.path.exists(keep) and not os.path.isdir(keep):
        raise UsageError(f"--keep {keep}: this is a file; name a folder")
    return keep


def _agent() -> type[Run]:
    try:
        from tokentape.cli.demo.agent import Run
    except ImportError as error:
        raise UsageError(f"the demo needs {error.name}: pip install 'tokentape[demo]'") from None
    return Run


def _run(agent: type[Run], path: str, keep: str | None) -> bool:
    """The three acts; True if the replay differs."""
    click.echo("1. Record: a short agent run over four APIs, asking a provider on this machine.")
    url, live = _record(agent, path)
    click.echo("2. Replay: the provider is stopped; the same run, played from the cassette.\n")
    replayed = _replay(agent, path, url)
    _show(live, replayed)
    if keep is not None:
        click.echo(f"The cassette: {path} (try: tokentape show {path})")
    click.echo("\n3. Now one question that was not recorded, by a program that swallows every error:\n")
    _miss(path, url)
    return any(not same for same in _equal(live, replayed))


def _record(agent: type[Run], path: str) -> tuple[str, list[Call]]:
    settings.set_command_line_mode("all", "tokentape demo")
    with Provider(gap=0.015) as provider, use_cassette(path, **OPTIONS):
        return provider.url, agent(provider.url).calls()


def _replay(agent: type[Run], path: str, url: str) -> list[Call]:
    settings.set_command_line_mode("none", "tokentape demo")
    with use_cassette(path, **OPTIONS):
        return agent(url).calls()


def _equal(live: list[Call], replayed: list[Call]) -> Iterator[bool]:
    return (one.chunks == two.chunks for one, two in zip(live, replayed, strict=True))


def _show(live: list[Call], replayed: list[Call]) -> None:
    from rich.console import Console

    from tokentape.cli.demo.table import comparison

    Console().print(comparison(live, replayed))
    click.echo("\nTimes are in milliseconds; first: until the first chunk of the reply.")
    equal = sum(_equal(live, replayed))
    click.echo(f"{equal} of {count(len(live), 'call')} replayed equal, byte for byte and chunk for chunk.")
    click.echo("The provider was stopped before the replay: nothing went over a network.")


def _miss(path: str, url: str) -> None:
    """Ask something that was not recorded, swallow the SDK's error, and show what comes all the same."""
    from tokentape.cli.demo.agent import ask_something_else

    try:
        with use_cassette(path, **OPTIONS):
            ask_something_else(url)
    except ReplayMiss as miss:
        click.echo(f"ReplayMiss: {miss}")
