"""`tokentape demo`: the whole idea in one command, offline."""

from __future__ import annotations

import os
import tempfile
from typing import TYPE_CHECKING

import click

from tokentape import settings
from tokentape.cassette import use_cassette
from tokentape.errors import ReplayMiss, UsageError
from tokentape.testing.provider import Provider

if TYPE_CHECKING:
    from tokentape.cli.demo.listening import Call


@click.command("demo", short_help="record and replay a short agent run, offline")
@click.option("--keep", type=click.Path(file_okay=False), help="keep the cassette in this folder")
def command(keep: str | None) -> None:
    """Record a short agent run against a bundled provider, stop the provider, and replay it.

    The run goes through the real openai and anthropic SDKs; no key and no network are needed.
    """
    agent = _agent()
    with tempfile.TemporaryDirectory() as temporary:
        path = os.path.join(keep or temporary, "demo.json")
        url, live = _record(agent, path)
        replayed = _replay(agent, path, url)
        _show(path, live, replayed, kept=keep is not None)
        _miss(path, url)
    if [call.chunks for call in live] != [call.chunks for call in replayed]:
        raise ReplayDiffers("the replay differs from the recording; please report this")


class ReplayDiffers(click.ClickException):
    """The replayed run was not equal to the recorded one."""


def _agent() -> type[_Run]:
    try:
        from tokentape.cli.demo.agent import Run
    except ImportError as error:
        raise UsageError(f"the demo needs {error.name}: pip install 'tokentape[demo]'") from None
    return Run


if TYPE_CHECKING:
    from tokentape.cli.demo.agent import Run as _Run


def _record(agent: type[_Run], path: str) -> tuple[str, list[Call]]:
    settings.set_command_line_mode("all", "tokentape demo")
    with Provider(gap=0.015) as provider, use_cassette(path):
        return provider.url, agent(provider.url).calls()


def _replay(agent: type[_Run], path: str, url: str) -> list[Call]:
    settings.set_command_line_mode("none", "tokentape demo")
    with use_cassette(path):
        return agent(url).calls()


def _show(path: str, live: list[Call], replayed: list[Call], *, kept: bool) -> None:
    from rich.console import Console

    from tokentape.cli.demo.table import comparison

    console = Console()
    console.print(comparison(live, replayed))
    console.print("The provider was stopped before the replay: nothing went over a network.")
    if kept:
        console.print(f"The cassette: {path} (try: tokentape show {path})", highlight=False)


def _miss(path: str, url: str) -> None:
    """Ask something that was not recorded, swallow the SDK's error, and show what comes all the same."""
    from tokentape.cli.demo.agent import ask_something_else

    click.echo("\nNow one question that was not recorded, by a program that swallows every error:\n")
    try:
        with use_cassette(path, command="tokentape demo"):
            ask_something_else(url)
    except ReplayMiss as miss:
        click.echo(f"ReplayMiss: {miss}")
